import { Button, Group, Paper, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Breaker } from '../../../api/types.ts';
import { send } from '../../api/client.ts';
import { may, session } from '../../api/session.ts';
import { status } from '../../api/status.ts';
import { useAction } from '../../ui/action.ts';
import { Loaded, Page } from '../../ui/page.tsx';
import { When } from '../../ui/when.tsx';
import { RouterPanel, StorePanel } from '../live/panels.tsx';
import { Settings } from './settings.tsx';

export function StatusPage() {
  const { t } = useTranslation();
  const { data: me } = useQuery(session);
  const query = useQuery({ ...status, refetchInterval: 5_000 });
  return (
    <Page title={t('system.status.title')}>
      <Loaded query={query}>
        {(now) => (
          <Stack gap="md">
            <SimpleGrid cols={{ base: 1, sm: 3 }}>
              <RouterPanel status={now} />
              <StorePanel status={now} />
              <Paper withBorder p="sm" component="section">
                <Title order={2} fz="md" mb={6}>
                  {t('system.status.version')} {now.version}
                </Title>
                <Text size="sm" c="dimmed">
                  {t('system.status.since')} <When at={now.startedAt} />
                </Text>
                <Text size="sm" c="dimmed" className="foreign">
                  {now.store.kind} {now.store.place}
                </Text>
              </Paper>
            </SimpleGrid>
            <Breakers breakers={now.breakers} mayForce={may(me, 'operator')} />
          </Stack>
        )}
      </Loaded>
      {may(me, 'operator') && <Settings />}
    </Page>
  );
}

interface BreakersProps {
  readonly breakers: readonly Breaker[];
  readonly mayForce: boolean;
}

function Breakers({ breakers, mayForce }: BreakersProps) {
  const { t } = useTranslation();
  const force = useAction({
    act: (body: { readonly name: string; readonly force: 'open' | 'closed' | 'none' }) =>
      send('/breakers', { method: 'POST', body }),
    changes: [status.queryKey],
    done: () => t('system.status.changed'),
  });
  return (
    <Paper withBorder p="sm" component="section">
      <Title order={2} fz="md" mb={6}>
        {t('system.status.breakers')}
      </Title>
      {breakers.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('live.noBreakers')}
        </Text>
      ) : (
        <Table.ScrollContainer minWidth={560}>
          <Table verticalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('system.status.crm')}</Table.Th>
                <Table.Th>{t('system.status.state')}</Table.Th>
                <Table.Th />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {breakers.map(({ name, state }) => (
                <Table.Tr key={name}>
                  <Table.Td className="foreign">{name}</Table.Td>
                  <Table.Td>{t(`live.breaker.${state}`)}</Table.Td>
                  <Table.Td>
                    {mayForce && (
                      <Group gap="xs" justify="flex-end" wrap="nowrap">
                        {(['open', 'closed', 'none'] as const).map((to) => (
                          <Button
                            key={to}
                            size="compact-xs"
                            variant="default"
                            disabled={to === 'none' ? !state.startsWith('forced') : state === `forced-${to}`}
                            onClick={() => {
                              force.mutate({ name, force: to });
                            }}
                          >
                            {t(
                              `system.status.${({ open: 'hold', closed: 'close', none: 'release' } as const)[to]}`,
                            )}
                          </Button>
                        ))}
                      </Group>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Paper>
  );
}
