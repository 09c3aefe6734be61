import { Box, Group, SegmentedControl, Text, Tooltip, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallRecord } from '../../../api/types.ts';
import { axisOf, SCALES, type Axis, type Scale } from './axis.ts';
import classes from './calls.module.css';
import { RowLabel } from './row-label.tsx';
import { timeText } from './time.ts';
import { waterfallOf, type Part, type Row, type Segment, type Waterfall } from './waterfall.ts';

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
  const limits = limitsOf(fall, axis);
  return (
    <Box>
      <Group justify="space-between" mb={6} gap="xs">
        <Figures fall={fall} record={record} />
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
        <Grid axis={axis} />
        <Head axis={axis} isOne={scale !== 'phases'} />
        {fall.rows.map((row) => (
          <Line
            key={`${row.kind}-${row.index}`}
            row={row}
            axis={axis}
            limits={isOfDecision(row, axis) ? limits : []}
            record={record}
            onPick={onPick}
          />
        ))}
      </div>
      <Legend fall={fall} limits={limits} isOne={axis.segments.length === 1} />
    </Box>
  );
}

function Figures({ fall, record }: { readonly fall: Waterfall; readonly record: CallRecord }) {
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

interface Limit {
  readonly kind: 'budget' | 'guard';
  readonly ms: number;
}

/** Those that are on the page: they are about the first decision, and stand beside nothing else. */
function limitsOf({ budgetMs, guardMs }: Waterfall, { segments: [first] }: Axis): Limit[] {
  const all = [
    { kind: 'budget', ms: budgetMs },
    { kind: 'guard', ms: guardMs },
  ] as const;
  return all.flatMap(({ kind, ms }) => (ms === null || ms > (first?.toMs ?? 0) ? [] : [{ kind, ms }]));
}

const TIMED_BY_LIMITS: ReadonlySet<Row['kind']> = new Set(['arrival', 'question', 'recalled', 'decision']);

function isOfDecision({ kind, fromMs }: Row, { segments: [first] }: Axis): boolean {
  return TIMED_BY_LIMITS.has(kind) && fromMs <= (first?.toMs ?? 0);
}

function Grid({ axis }: { readonly axis: Axis }) {
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
      </div>
    </div>
  );
}

/** Over each stretch what it is and how long it took, below it its ticks. How long it took to decide is said above, to the moment of the decision. */
function Head({ axis, isOne }: { readonly axis: Axis; readonly isOne: boolean }) {
  const { t } = useTranslation();
  const headOf = (kind: Segment['kind'], ms: number): string => {
    const name = t(`calls.fall.segments.${kind}`);
    return kind === 'decide' ? name : `${name} ${timeText(ms).replace(' ', '\u00a0')}`;
  };
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
              lh={1.3}
              // Where there are no figures below it there is room for a second line.
              truncate={axis.ticks.some((tick) => tick.left > left && tick.left < left + width)}
              title={headOf(kind, toMs - fromMs)}
              style={{
                position: 'absolute',
                left: percent(left),
                width: percent(width),
                paddingLeft: 4,
                overflowWrap: 'normal',
              }}
            >
              {headOf(kind, toMs - fromMs)}
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
  readonly limits: readonly Limit[];
  readonly record: CallRecord;
  readonly onPick: WaterfallProps['onPick'];
}

function Line({ row, axis, limits, record, onPick }: LineProps) {
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
        {limits.map(({ kind, ms }) => (
          <span
            key={kind}
            title={t(`calls.fall.limits.${kind}`)}
            className={`${classes['limit'] ?? ''} ${classes[LIMIT_TONES[kind]] ?? ''}`}
            style={{ left: percent(axis.at(ms)) }}
          />
        ))}
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

const LIMIT_TONES = { budget: 'odd', guard: 'lost' } as const;

interface LegendProps {
  readonly fall: Waterfall;
  readonly limits: readonly Limit[];
  /** One scale from the left to the right. */
  readonly isOne: boolean;
}

function Legend({ fall, limits, isOne }: LegendProps) {
  const { t } = useTranslation();
  const kinds = [...new Set(fall.rows.flatMap(({ parts }) => parts.map(({ kind }) => kind)))];
  return (
    <Group gap="sm" mt={6}>
      {kinds.map((kind) => (
        <Key key={kind} name={t(`calls.fall.parts.${kind}`)}>
          <span className={classes[kind]} style={{ width: 12, height: 12 }} aria-hidden />
        </Key>
      ))}
      {limits.map(({ kind }) => (
        <Key key={kind} name={t(`calls.fall.limits.${kind}`)}>
          <span className={`${classes['line-key'] ?? ''} ${classes[LIMIT_TONES[kind]] ?? ''}`} aria-hidden />
        </Key>
      ))}
      {!isOne && (
        <Text size="xs" c="dimmed">
          {t('calls.fall.ownScales')}
        </Text>
      )}
    </Group>
  );
}

function Key({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <Group gap={5} wrap="nowrap">
      {children}
      <Text size="xs" c="dimmed">
        {name}
      </Text>
    </Group>
  );
}

function percent(part: number): string {
  return `${(part * 100).toFixed(3)}%`;
}
