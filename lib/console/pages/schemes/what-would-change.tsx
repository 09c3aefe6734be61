import { Group, Loader, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { FailureOf } from '../../ui/failure.tsx';
import { PageLink } from '../../ui/link.tsx';
import { inShort } from './changes.ts';
import type { SchemeDocument } from './document.ts';
import { Outlook } from './outlook.tsx';
import { whatWouldChange } from './queries.ts';

const EXAMPLES = 3;

/** The last calls decided again by the document: how many would go elsewhere, and from where to where. */
export function WhatWouldChangeView({ document }: { readonly document: SchemeDocument }) {
  const { t } = useTranslation();
  const asked = useQuery({
    queryKey: ['what would change', JSON.stringify(document)],
    staleTime: 60_000,
    retry: false,
    queryFn: ({ signal }) => whatWouldChange(document, signal),
  });
  if (asked.error !== null) return <FailureOf error={asked.error} again={() => void asked.refetch()} />;
  if (asked.data === undefined) {
    return (
      <Group gap="xs" aria-busy="true">
        <Loader size="xs" />
        <Text size="sm" c="dimmed">
          {t('schemes.change.asking')}
        </Text>
      </Group>
    );
  }
  const { same, moved, movements, untold, unread } = inShort(asked.data);
  const all = asked.data.verdicts.length;
  if (all === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t('schemes.change.noCalls')}
      </Text>
    );
  }
  return (
    <Stack gap="xs">
      <Text size="sm">
        <b>{t('schemes.change.moved', { count: moved })}</b> {t('schemes.change.same', { count: same })}
      </Text>
      {movements.length > 0 && (
        <Table.ScrollContainer minWidth={480} mah={260} type="native">
          <Table verticalSpacing={4} withTableBorder>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('schemes.change.calls')}</Table.Th>
                <Table.Th>{t('schemes.change.from')}</Table.Th>
                <Table.Th>{t('schemes.change.to')}</Table.Th>
                <Table.Th>{t('schemes.change.examples')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {movements.map(({ from, to, calls }) => (
                <Table.Tr key={JSON.stringify([from, to])}>
                  <Table.Td ta="right">{calls.length}</Table.Td>
                  <Table.Td>
                    <Outlook outlook={from} />
                  </Table.Td>
                  <Table.Td>
                    <Outlook outlook={to} />
                  </Table.Td>
                  <Table.Td>
                    <Stack gap={0}>
                      {calls.slice(0, EXAMPLES).map((id, index) => (
                        <PageLink
                          key={id}
                          to="/calls/$id"
                          params={{ id }}
                          search={{}}
                          target="_blank"
                          size="xs"
                          py={4}
                          style={{ whiteSpace: 'nowrap' }}
                        >
                          {t('schemes.change.example', { number: index + 1 })}
                        </PageLink>
                      ))}
                    </Stack>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {untold.map(({ why, calls }) => (
        <Text key={why} size="xs" c="dimmed">
          {t('schemes.change.untold', { count: calls.length })} <span className="foreign">{why}</span>
        </Text>
      ))}
      {unread > 0 && (
        <Text size="xs" c="dimmed">
          {t('schemes.change.unread', { count: unread })}
        </Text>
      )}
    </Stack>
  );
}
