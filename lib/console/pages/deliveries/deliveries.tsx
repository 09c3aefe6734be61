import { Button, Group, Paper, SimpleGrid, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { send } from '../../api/client.ts';
import { may, session } from '../../api/session.ts';
import { deliveries } from '../../api/system.ts';
import { useAction } from '../../ui/action.ts';
import { PageLink } from '../../ui/link.tsx';
import { Listing } from '../../ui/listing.tsx';
import { Empty, Loaded, Page } from '../../ui/page.tsx';
import { When } from '../../ui/when.tsx';

export function Deliveries() {
  const { t } = useTranslation();
  const { data: me } = useQuery(session);
  const query = useQuery(deliveries);
  const retry = useAction({
    act: async (id: string | null) =>
      (
        await send<{ retried: number }>('/deliveries/retry', {
          method: 'POST',
          body: id === null ? {} : { id },
        })
      ).value,
    changes: [deliveries.queryKey],
    done: ({ retried }) => t('system.deliveries.retried', { count: retried }),
  });
  const mayRetry = may(me, 'operator');
  return (
    <Page
      title={t('system.deliveries.title')}
      lead={t('system.deliveries.lead')}
      actions={
        mayRetry &&
        (query.data?.parked.length ?? 0) > 0 && (
          <Button
            size="xs"
            loading={retry.isPending && retry.variables === null}
            onClick={() => {
              retry.mutate(null);
            }}
          >
            {t('system.deliveries.retryAll')}
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {({ counts, parked }) => (
          <Stack gap="md">
            <SimpleGrid cols={{ base: 1, xs: 3 }}>
              {(['waiting', 'delivered', 'parked'] as const).map((state) => {
                const one = counts.find((count) => count.state === state);
                return (
                  <Paper key={state} withBorder p="sm">
                    <Text size="sm" c="dimmed">
                      {t(`system.deliveries.${state}`)}
                    </Text>
                    <Text fz={26} lh={1.2} fw={600}>
                      {one?.count ?? 0}
                    </Text>
                    {one !== undefined && state !== 'delivered' && (
                      <Text size="sm" c="dimmed">
                        <When at={one.oldest} form="time" />
                      </Text>
                    )}
                  </Paper>
                );
              })}
            </SimpleGrid>
            {parked.length === 0 ? (
              <Empty title={t('system.deliveries.none')}>
                {t(counts.length === 0 ? 'system.deliveries.noEvents' : 'system.deliveries.noneHint')}
              </Empty>
            ) : (
              <Listing
                minWidth={760}
                rows={parked}
                keyOf={({ id }) => id}
                columns={[
                  {
                    title: t('system.deliveries.created'),
                    cell: ({ createdAt }) => <When at={createdAt} form="time" />,
                  },
                  { title: t('system.deliveries.event'), cell: ({ event }) => event },
                  { title: t('system.deliveries.scheme'), cell: ({ scheme }) => scheme },
                  { title: t('system.deliveries.tries'), cell: ({ attempts }) => attempts, isRight: true },
                  {
                    title: t('system.deliveries.error'),
                    cell: ({ error }) => error.slice(0, 300),
                    isForeign: true,
                  },
                  {
                    cell: (one) => (
                      <Group gap="xs" wrap="nowrap" justify="flex-end">
                        <PageLink to="/calls/$id" params={{ id: one.call }} size="sm">
                          {t('system.deliveries.call')}
                        </PageLink>
                        {mayRetry && (
                          <Button
                            size="compact-xs"
                            variant="default"
                            onClick={() => {
                              retry.mutate(one.id);
                            }}
                          >
                            {t('system.deliveries.retry')}
                          </Button>
                        )}
                      </Group>
                    ),
                  },
                ]}
              />
            )}
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}
