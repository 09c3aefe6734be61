import { Button, Group, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { AuditPage as Entries } from '../../../api/types.ts';
import { read } from '../../api/client.ts';
import { FailureOf } from '../../ui/failure.tsx';
import { Listing } from '../../ui/listing.tsx';
import { Empty, Page, Waiting } from '../../ui/page.tsx';
import { When } from '../../ui/when.tsx';
import { useWord } from '../../ui/word.ts';
import { auditedFields } from './audited.ts';

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
        <Listing
          minWidth={760}
          rows={entries}
          keyOf={({ id }) => id}
          columns={[
            {
              title: t('system.audit.at'),
              cell: ({ at }) => (
                <Unbroken>
                  <When at={at} form="time" />
                </Unbroken>
              ),
            },
            { title: t('system.audit.who'), cell: ({ who }) => <Unbroken>{who}</Unbroken>, isForeign: true },
            { title: t('system.audit.address'), cell: ({ address }) => <Unbroken>{address}</Unbroken> },
            { title: t('system.audit.action'), cell: ({ action }) => action },
            { title: t('system.audit.subject'), cell: ({ subject }) => subject, isForeign: true },
            {
              title: t('system.audit.change'),
              cell: ({ change }) => <Change change={change} />,
            },
          ]}
        />
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

/** `role: viewer → admin`, a line each; the JSON is behind it. */
function Change({ change }: { readonly change: unknown }) {
  const word = useWord();
  const fields = auditedFields(change);
  if (fields.length === 0) return null;
  return (
    <>
      {fields.map(({ field, from, to }) => (
        <Text key={field} size="sm" className="foreign" lineClamp={3}>
          {word('system.audit.fields', field)}: {from === null ? to : `${from} → ${to}`}
        </Text>
      ))}
      <details>
        <summary>
          <Text span size="xs" c="dimmed">
            JSON
          </Text>
        </summary>
        <Text size="xs" className="mono foreign">
          {JSON.stringify(change)}
        </Text>
      </details>
    </>
  );
}

/** What is short leaves the room to what is long. */
function Unbroken({ children }: { readonly children: React.ReactNode }) {
  return <span style={{ whiteSpace: 'nowrap' }}>{children}</span>;
}
