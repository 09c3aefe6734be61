import { Button, Group, Paper, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { send } from '../../api/client.ts';
import { may, session } from '../../api/session.ts';
import { deliveries } from '../../api/system.ts';
import { useAction } from '../../ui/action.ts';
import { PageLink } from '../../ui/link.tsx';
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
              <Empty title={t('system.deliveries.none')}>{t('system.deliveries.noneHint')}</Empty>
            ) : (
              <Table.ScrollContainer minWidth={760}>
                <Table verticalSpacing={6} highlightOnHover>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t('system.deliveries.created')}</Table.Th>
                      <Table.Th>{t('system.deliveries.event')}</Table.Th>
                      <Table.Th>{t('system.deliveries.scheme')}</Table.Th>
                      <Table.Th ta="right">{t('system.deliveries.tries')}</Table.Th>
                      <Table.Th>{t('system.deliveries.error')}</Table.Th>
                      <Table.Th />
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {parked.map((one) => (
                      <Table.Tr key={one.id}>
                        <Table.Td>
                          <When at={one.createdAt} form="time" />
                        </Table.Td>
                        <Table.Td>{one.event}</Table.Td>
                        <Table.Td>{one.scheme}</Table.Td>
                        <Table.Td ta="right">{one.attempts}</Table.Td>
                        <Table.Td>
                          <Text size="sm" className="foreign">
                            {one.error.slice(0, 300)}
                          </Text>
                        </Table.Td>
                        <Table.Td>
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
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            )}
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}
