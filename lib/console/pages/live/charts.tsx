import { BarChart, LineChart } from '@mantine/charts';
import '@mantine/charts/styles.css';
import { Grid, Paper, Text, Title } from '@mantine/core';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Minute, Result } from '../../../api/types.ts';
import { RESULTS } from '../../ui/result.tsx';

/** The last hour: calls a minute by result, and how long CRMs took. */
export const LiveCharts = memo(function LiveCharts({ minutes }: { readonly minutes: readonly Minute[] }) {
  const { t, i18n } = useTranslation();
  const time = new Intl.DateTimeFormat(i18n.language, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const data = minutes.map(({ at, byResult, crm }) => ({
    time: time.format(new Date(at)),
    ...byResult,
    p50: crm.p50,
    p95: crm.p95,
    p99: crm.p99,
  }));
  // Of results that nobody had, the legend says nothing.
  const results = (Object.keys(RESULTS) as Result[])
    .filter((name) => minutes.some(({ byResult }) => byResult[name] > 0))
    .map((name) => ({ name, label: t(`results.${name}`), color: `${RESULTS[name].color}.6` }));
  return (
    <Grid gap="md">
      <Grid.Col span={{ base: 12, md: 7 }}>
        <Paper withBorder p="sm" component="section" h="100%">
          <Title order={2} fz="md" mb="xs">
            {t('live.perMinute')}
          </Title>
          <BarChart
            h={180}
            data={data}
            dataKey="time"
            type="stacked"
            series={results}
            gridAxis="x"
            tickLine="none"
            withLegend
            yAxisProps={{ allowDecimals: false, width: 36 }}
            xAxisProps={{ minTickGap: 40 }}
            barProps={{ isAnimationActive: false }}
          />
        </Paper>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 5 }}>
        <Paper withBorder p="sm" component="section" h="100%">
          <Title order={2} fz="md">
            {t('live.latency')}
          </Title>
          <Text size="xs" c="dimmed" mb="xs">
            {t('live.latencyOf')}
          </Text>
          <LineChart
            h={180}
            data={data}
            dataKey="time"
            // Where two are the same, the lower one is drawn over a broader line.
            series={[
              { name: 'p99', color: 'red.7' },
              { name: 'p95', color: 'petrol.7' },
              { name: 'p50', color: 'petrol.4' },
            ]}
            unit=" ms"
            gridAxis="x"
            tickLine="none"
            curveType="linear"
            connectNulls={false}
            dotProps={{ r: 2 }}
            withLegend
            yAxisProps={{ width: 64 }}
            xAxisProps={{ minTickGap: 40 }}
            lineProps={({ name }) => ({ isAnimationActive: false, strokeWidth: name === 'p99' ? 4 : 2 })}
          />
        </Paper>
      </Grid.Col>
    </Grid>
  );
});
