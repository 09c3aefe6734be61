import { Box, Group, SegmentedControl, Text, Tooltip, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallRecord } from '../../../api/types.ts';
import { axisOf, SCALES, type Axis, type Scale } from './axis.ts';
import classes from './calls.module.css';
import { RowLabel } from './row-label.tsx';
import { timeText } from './time.ts';
import { waterfallOf, type Part, type Row, type Waterfall } from './waterfall.ts';

interface WaterfallProps {
  readonly record: CallRecord;
  /** Of a row: shows what the record has of it. */
  readonly onPick?: (row: Row) => void;
}

/** Where the time of a call went. */
export function WaterfallView({ record, onPick }: WaterfallProps) {
  const { t } = useTranslation();
  const fall = waterfallOf(record);
  const [chosen, setScale] = useState<Scale>('phases');
  const scales = SCALES.filter(
    (scale) => scale !== 'limits' || fall.budgetMs !== null || fall.guardMs !== null,
  );
  const scale = scales.includes(chosen) ? chosen : 'phases';
  const isNarrow = useMediaQuery('(max-width: 700px)');
  const axis = axisOf(fall, scale, isNarrow);
  return (
    <Box>
      <Group justify="space-between" mb={6} gap="xs">
        <Limits fall={fall} record={record} />
        <SegmentedControl
          size="xs"
          value={scale}
          aria-label={t('calls.fall.scale')}
          onChange={(value) => {
            setScale(value);
          }}
          data={scales.map((value) => ({ value, label: t(`calls.fall.scales.${value}`) }))}
        />
      </Group>
      <div className={classes['fall']}>
        <Grid axis={axis} fall={fall} />
        <Head axis={axis} isOne={scale !== 'phases'} />
        {fall.rows.map((row) => (
          <Line key={`${row.kind}-${row.index}`} row={row} axis={axis} record={record} onPick={onPick} />
        ))}
      </div>
      <Legend fall={fall} />
    </Box>
  );
}

function Limits({ fall, record }: { readonly fall: Waterfall; readonly record: CallRecord }) {
  const { t } = useTranslation();
  const { budgetMs, guardMs } = fall;
  const { decidedMs } = record;
  const parts = [
    ...(decidedMs === null ? [] : [t('calls.fall.decidedIn', { time: timeText(decidedMs) })]),
    ...(budgetMs === null ? [] : [t('calls.fall.budget', { time: timeText(budgetMs) })]),
    ...(guardMs === null ? [] : [t('calls.fall.guard', { time: timeText(guardMs) })]),
  ];
  return (
    <Text size="sm" c="dimmed">
      {parts.join(' · ')}
    </Text>
  );
}

function Grid({ axis, fall: { budgetMs, guardMs } }: { readonly axis: Axis; readonly fall: Waterfall }) {
  const { t } = useTranslation();
  const [first] = axis.segments;
  const limits = [
    { name: t('calls.fall.budgetEnds'), ms: budgetMs, tone: 'odd' },
    { name: t('calls.fall.guardFires'), ms: guardMs, tone: 'lost' },
  ].filter(({ ms }) => ms !== null && first !== undefined && ms <= first.toMs);
  return (
    <div className={classes['grid']} aria-hidden>
      <div />
      <div style={{ position: 'relative' }}>
        {axis.ticks.map(({ ms, left }) => (
          <div key={`${left}-${ms}`} className={classes['rule']} style={{ left: percent(left) }} />
        ))}
        {axis.segments.slice(1).map(({ left }) => (
          <div key={left} className={classes['break']} style={{ left: percent(left) }} />
        ))}
        {limits.map(({ name, ms, tone }) => (
          <div
            key={name}
            title={name}
            className={`${classes['limit'] ?? ''} ${classes[tone] ?? ''}`}
            style={{ left: percent(axis.at(ms ?? 0)) }}
          />
        ))}
      </div>
    </div>
  );
}

/** Over each stretch what it is and how long it took, below it its ticks. */
function Head({ axis, isOne }: { readonly axis: Axis; readonly isOne: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={classes['line']} style={{ height: 38 }}>
      <div />
      <div className={classes['track']} style={{ height: 38 }}>
        {!isOne &&
          axis.segments.map(({ kind, fromMs, toMs, left, width }) => (
            <Text
              key={left}
              size="xs"
              fw={600}
              truncate
              style={{ position: 'absolute', left: percent(left), width: percent(width), paddingLeft: 4 }}
            >
              {t(`calls.fall.segments.${kind}`)} {timeText(toMs - fromMs)}
            </Text>
          ))}
        {axis.ticks.map(({ ms, left }) => (
          <Text
            key={`${left}-${ms}`}
            span
            c="dimmed"
            style={{
              position: 'absolute',
              top: 20,
              left: percent(left),
              transform: 'translateX(-50%)',
              fontSize: 11,
              whiteSpace: 'nowrap',
            }}
          >
            {timeText(ms)}
          </Text>
        ))}
      </div>
    </div>
  );
}

interface LineProps {
  readonly row: Row;
  readonly axis: Axis;
  readonly record: CallRecord;
  readonly onPick: WaterfallProps['onPick'];
}

function Line({ row, axis, record, onPick }: LineProps) {
  const { t } = useTranslation();
  const { parts, fromMs, toMs, tone } = row;
  const seen = parts.filter((part) => part.fromMs <= axis.toMs);
  // What others see as colours.
  const spoken = parts.map(
    (one) => `${t(`calls.fall.parts.${one.kind}`)} ${timeText(one.toMs - one.fromMs)}`,
  );
  const figure = parts.length === 0 ? `@ ${timeText(fromMs)}` : timeText(toMs - fromMs);
  return (
    <UnstyledButton
      className={`${classes['line'] ?? ''} ${classes[tone] ?? ''}`}
      onClick={() => onPick?.(row)}
    >
      <span className={classes['label']}>
        <RowLabel row={row} record={record} />
        <VisuallyHidden>{spoken.join(', ')}</VisuallyHidden>
      </span>
      <span className={classes['track']}>
        {seen.map((part) => (
          <Tooltip key={`${part.kind}-${part.fromMs}`} label={<PartText part={part} />}>
            <span
              className={`${classes['part'] ?? ''} ${classes[part.kind] ?? ''}`}
              style={{
                left: percent(axis.at(part.fromMs)),
                width: percent(axis.at(part.toMs) - axis.at(part.fromMs)),
              }}
            />
          </Tooltip>
        ))}
        {parts.length === 0 && fromMs <= axis.toMs && (
          <span className={classes['moment']} style={{ left: percent(axis.at(fromMs)) }} />
        )}
      </span>
      <span className={classes['figure']}>{figure}</span>
    </UnstyledButton>
  );
}

function PartText({ part: { kind, fromMs, toMs } }: { readonly part: Part }) {
  const { t } = useTranslation();
  return (
    <>
      {t(`calls.fall.parts.${kind}`)}: {timeText(toMs - fromMs)} ({timeText(fromMs)} – {timeText(toMs)})
    </>
  );
}

function Legend({ fall }: { readonly fall: Waterfall }) {
  const { t } = useTranslation();
  const kinds = [...new Set(fall.rows.flatMap(({ parts }) => parts.map(({ kind }) => kind)))];
  return (
    <Group gap="sm" mt={6}>
      {kinds.map((kind) => (
        <Group key={kind} gap={5} wrap="nowrap">
          <span className={classes[kind]} style={{ width: 12, height: 12 }} aria-hidden />
          <Text size="xs" c="dimmed">
            {t(`calls.fall.parts.${kind}`)}
          </Text>
        </Group>
      ))}
    </Group>
  );
}

function percent(part: number): string {
  return `${(part * 100).toFixed(3)}%`;
}
