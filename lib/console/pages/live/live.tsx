import { Badge, Box, Grid, Group, Paper, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, memo, Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Live } from '../../../api/types.ts';
import { minutes, useLive, type LiveView } from '../../api/live.ts';
import { status } from '../../api/status.ts';
import { Loaded, Page } from '../../ui/page.tsx';
import { isResult, ResultBadge } from '../../ui/result.tsx';
import { useNow } from '../../ui/when.tsx';
import { LiveCallTable, STATES } from './live-calls.tsx';
import { BreakerPanel, DeliveriesPanel, RouterPanel, StorePanel } from './panels.tsx';

// Charts are the largest part of all, and nobody waits for them to see the calls; they come beside what they show.
const loadCharts = () => import('./charts.tsx');
const LiveCharts = lazy(async () => ({ default: (await loadCharts()).LiveCharts }));
const CHART_PX = 238;

/** What goes on now: every call, and whether all that it needs is well. Only what shows calls is drawn again with each event. */
export function LivePage() {
  const { t } = useTranslation();
  const view = useLive();
  const { data } = view;
  return (
    <Page title={t('live.title')} actions={<StreamState view={view} />}>
      <Figures data={data} />
      <Lately />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 9 }}>
          <Paper withBorder p="sm">
            <LiveCallTable calls={data?.calls ?? []} skewMs={skewOf(view)} />
            {data !== null && data.counts.live > data.calls.length && (
              <Text size="sm" c="dimmed" p="xs">
                {t('live.more', { count: data.counts.live - data.calls.length })}
              </Text>
            )}
          </Paper>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 3 }}>
          <Health />
        </Grid.Col>
      </Grid>
    </Page>
  );
}

const Lately = memo(function Lately() {
  const query = useQuery(minutes);
  useEffect(() => {
    loadCharts().catch(() => undefined);
  }, []);
  return (
    <Suspense fallback={<Skeleton h={CHART_PX} aria-busy="true" />}>
      <Loaded query={query} rows={4}>
        {(list) => <LiveCharts minutes={list} />}
      </Loaded>
    </Suspense>
  );
});

const Health = memo(function Health() {
  const query = useQuery({ ...status, refetchInterval: 5_000 });
  return (
    <Loaded query={query}>
      {(now) => (
        <Stack gap="md">
          <RouterPanel status={now} />
          <StorePanel status={now} />
          <DeliveriesPanel />
          <BreakerPanel breakers={now.breakers} />
        </Stack>
      )}
    </Loaded>
  );
});

/** How much this machine's clock is ahead of the router's, so that "since" is right on both. */
function skewOf({ data, heardAt }: LiveView): number {
  return data === null || heardAt === null ? 0 : heardAt - Date.parse(data.at);
}

function StreamState({ view: { state, heardAt } }: { readonly view: LiveView }) {
  const { t } = useTranslation();
  const now = useNow(1_000);
  const color = { connecting: 'gray', open: 'teal', lost: 'red' }[state];
  const seconds = heardAt === null ? null : Math.max(0, Math.round((now - heardAt) / 1000));
  return (
    <Group gap="xs" role="status">
      <Badge color={color} variant="light" tt="none">
        {t(`live.stream.${state}`)}
      </Badge>
      {seconds !== null && (
        <Text size="sm" c="dimmed" aria-hidden>
          {t('live.stream.age', { seconds })}
        </Text>
      )}
    </Group>
  );
}

function Figures({ data }: { readonly data: Live | null }) {
  const { t } = useTranslation();
  const count = (state: keyof typeof STATES): number =>
    data?.calls.filter((call) => call.state === state).length ?? 0;
  const ended = Object.entries(data?.counts.byResult ?? {}).filter(
    ([result, number]) => isResult(result) && number > 0,
  );
  return (
    <Paper withBorder p="sm">
      <Group gap="lg" align="flex-start">
        <Figure label={t('live.now')} value={data?.counts.live ?? null} />
        {(['asking', 'ringing', 'talking'] as const).map((state) => (
          <Figure key={state} label={t(`live.states.${state}`)} value={data === null ? null : count(state)} />
        ))}
        <Box>
          <Text size="sm" c="dimmed">
            {t('live.ended')}
          </Text>
          <Group gap="sm" mt={6}>
            {ended.length === 0 && <Text>–</Text>}
            {ended.map(([result, number]) => (
              <Group key={result} gap={4} wrap="nowrap">
                <ResultBadge result={result} />
                <Text fw={600}>{number}</Text>
              </Group>
            ))}
          </Group>
        </Box>
      </Group>
    </Paper>
  );
}

function Figure({ label, value }: { readonly label: string; readonly value: number | null }) {
  return (
    <Box miw={84}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={26} lh={1.2} fw={600}>
        {value ?? '–'}
      </Text>
    </Box>
  );
}
