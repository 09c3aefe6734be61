import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { WaysView } from '../../../api/types.ts';

/** How FreeSWITCH took the last calls. */
export function Ways({ ways }: Pick<WaysView, 'ways'>) {
  const { t } = useTranslation();
  if (ways.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t('start.rings.nothingSeen')}
      </Text>
    );
  }
  return (
    <Table.ScrollContainer minWidth={420}>
      <Table verticalSpacing={6} maw={720}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('start.rings.way')}</Table.Th>
            <Table.Th ta="right">{t('start.rings.dialled')}</Table.Th>
            <Table.Th ta="right">{t('start.rings.answered')}</Table.Th>
            <Table.Th>{t('start.rings.cause')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ways.map(({ kind, name, dialled, answered, cause }) => (
            <Table.Tr key={`${kind} ${name}`}>
              <Table.Td>
                {t(`start.rings.${kind}`)} <span className="foreign">{name}</span>
              </Table.Td>
              <Table.Td ta="right">{dialled}</Table.Td>
              <Table.Td ta="right">{answered}</Table.Td>
              <Table.Td className="mono">{cause ?? '–'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
