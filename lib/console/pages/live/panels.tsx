import { Badge, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Breaker, Status } from '../../../api/types.ts';
import { deliveryCounts } from '../../api/system.ts';
import { PageLink } from '../../ui/link.tsx';

/** Whether all that calls need is well, a part each. */

function Panel({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Paper withBorder p="sm" component="section">
      <Title order={2} fz="md" mb={6}>
        {title}
      </Title>
      <Stack gap={4}>{children}</Stack>
    </Paper>
  );
}

interface SignProps {
  readonly well: boolean;
  readonly children: ReactNode;
}

function Sign({ well, children }: SignProps) {
  return (
    <Badge color={well ? 'teal' : 'red'} variant="light" tt="none" flex="none">
      {children}
    </Badge>
  );
}

const READY = ['ready', 'overloaded', 'draining', 'closed'] as const;

export function RouterPanel({ status: { readiness, version } }: { readonly status: Status }) {
  const { t } = useTranslation();
  const known = READY.find((one) => one === readiness.status);
  return (
    <Panel title={t('live.router')}>
      <Sign well={readiness.status === 'ready'}>
        {known === undefined ? readiness.status : t(`live.ready.${known}`)}
      </Sign>
      {(known === 'overloaded' || known === 'draining') && (
        <PageLink to="/reasons" hash={known} size="sm">
          {t('live.cureOverload')}
        </PageLink>
      )}
      <Text size="sm" c="dimmed">
        {t('live.lag', { ms: Number(readiness['lagMs'] ?? 0) })} · {t('live.version', { version })}
      </Text>
    </Panel>
  );
}

/** Events that wait for their CRM, and those that it never took. */
export function DeliveriesPanel() {
  const { t } = useTranslation();
  const { data } = useQuery(deliveryCounts);
  if (data === undefined) return null;
  const count = (state: 'waiting' | 'parked'): number => data.find((one) => one.state === state)?.count ?? 0;
  const [waiting, parked] = [count('waiting'), count('parked')];
  return (
    <Panel title={t('live.deliveries')}>
      <Sign well={parked === 0}>
        {parked === 0 ? t('live.delivered') : t('live.parked', { count: parked })}
      </Sign>
      <Text size="sm" c="dimmed">
        {t('live.waiting', { count: waiting })}
      </Text>
      {parked > 0 && (
        <PageLink to="/deliveries" size="sm">
          {t('live.cureParked')}
        </PageLink>
      )}
    </Panel>
  );
}

export function StorePanel({ status: { store } }: { readonly status: Status }) {
  const { t } = useTranslation();
  const isUp = store.status === 'up';
  const { queued, lost } = store;
  return (
    <Panel title={t('live.store')}>
      <Sign well={isUp}>{isUp ? t('live.storeUp') : t('live.storeDown')}</Sign>
      <Text size="sm" c="dimmed">
        {t('live.queued', { count: queued })}
      </Text>
      {lost > 0 && (
        <Text size="sm" c="red">
          {t('live.lost', { count: lost })}
        </Text>
      )}
    </Panel>
  );
}

export function BreakerPanel({ breakers }: { readonly breakers: readonly Breaker[] }) {
  const { t } = useTranslation();
  return (
    <Panel title={t('live.breakers')}>
      {breakers.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('live.noBreakers')}
        </Text>
      )}
      {breakers.map(({ name, state }) => (
        <Group key={name} justify="space-between" gap="xs" wrap="nowrap">
          <Text size="sm" truncate title={name}>
            {name.replace(/^https?:\/\//, '')}
          </Text>
          <Sign well={state === 'closed' || state === 'forced-closed'}>{t(`live.breaker.${state}`)}</Sign>
        </Group>
      ))}
    </Panel>
  );
}
