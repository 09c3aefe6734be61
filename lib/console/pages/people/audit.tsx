import { Button, Group, Table, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { AuditPage as Entries } from '../../../api/types.ts';
import { read } from '../../api/client.ts';
import { FailureOf } from '../../ui/failure.tsx';
import { Empty, Page, Waiting } from '../../ui/page.tsx';
import { When } from '../../ui/when.tsx';

export function AuditPage() {
  const { t } = useTranslation();
  const { data, error, isPending, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } =
    useInfiniteQuery({
      queryKey: ['audit'],
      queryFn: ({ pageParam, signal }) => read<Entries>('/audit', { cursor: pageParam, limit: 100 }, signal),
      initialPageParam: null as string | null,
      getNextPageParam: ({ next }) => next,
    });
  const entries = data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <Page title={t('system.audit.title')} lead={t('system.audit.lead')}>
      {error !== null && <FailureOf error={error} again={() => void refetch()} />}
      {isPending && <Waiting />}
      {data !== undefined && entries.length === 0 && <Empty title={t('system.audit.none')} />}
      {entries.length > 0 && (
        <Table.ScrollContainer minWidth={760}>
          <Table verticalSpacing={6} highlightOnHover>
            <Table.Thead>
              <Table.Tr>
                {(['at', 'who', 'address', 'action', 'subject', 'change'] as const).map((name) => (
                  <Table.Th key={name}>{t(`system.audit.${name}`)}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {entries.map(({ id, at, who, address, action, subject, change }) => (
                <Table.Tr key={id}>
                  <Table.Td>
                    <When at={at} form="time" />
                  </Table.Td>
                  <Table.Td className="foreign">{who}</Table.Td>
                  <Table.Td>{address}</Table.Td>
                  <Table.Td>{action}</Table.Td>
                  <Table.Td className="foreign">{subject}</Table.Td>
                  <Table.Td>
                    <Text size="xs" className="mono foreign" lineClamp={3}>
                      {change === null ? '' : JSON.stringify(change)}
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {hasNextPage && (
        <Group justify="center">
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('system.audit.older')}
          </Button>
        </Group>
      )}
    </Page>
  );
}
