import { Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Difference } from './document.ts';
import { useEditing } from './editing.ts';
import { LongText } from './long-text.tsx';
import { labelOf } from './words.ts';

/** What is otherwise, field by field: as it was, and as it is. */
export function DifferenceList({ differences }: { readonly differences: readonly Difference[] }) {
  const { t } = useTranslation();
  const { schema, table } = useEditing();
  if (differences.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t('schemes.diff.none')}
      </Text>
    );
  }
  return (
    <Table.ScrollContainer minWidth={420} mah={320} type="native">
      <Table verticalSpacing={4} withTableBorder>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('schemes.diff.field')}</Table.Th>
            <Table.Th>{t('schemes.diff.before')}</Table.Th>
            <Table.Th>{t('schemes.diff.after')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {differences.map(({ path, from, to }) => (
            <Table.Tr key={path.join('/')}>
              <Table.Td>{labelOf(path, schema, table)}</Table.Td>
              <Table.Td>
                <JsonValue value={from} />
              </Table.Td>
              <Table.Td>
                <JsonValue value={to} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** A value of a document in a cell; a long one is cut. */
export function JsonValue({ value }: { readonly value: unknown }) {
  const { t } = useTranslation();
  if (value === undefined) {
    return (
      <Text span size="xs" c="dimmed">
        {t('schemes.diff.absent')}
      </Text>
    );
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 1);
  return <LongText text={text} />;
}
