import { Text } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallSummary } from '../../../api/types.ts';
import { ForeignLine } from '../../ui/foreign-text.tsx';
import { isResult, ResultBadge } from '../../ui/result.tsx';
import { useWord } from '../../ui/word.ts';
import { durationText, When } from '../../ui/when.tsx';
import { COLUMNS, gridOf, type Column } from './columns.ts';
import classes from './calls.module.css';

const ROW_PX = 34;

interface CallTableProps {
  readonly calls: readonly CallSummary[];
  readonly columns: readonly Column[];
  /** Where the keyboard is; -1: nowhere. */
  readonly at: number;
  readonly openId: string | undefined;
  readonly onOpen: (index: number) => void;
  /** Called when the last rows are near. */
  readonly onEnd: () => void;
  readonly isOld: boolean;
}

/** Rows as many as one likes, of which those on the screen are drawn. */
export function CallTable({ calls, columns, at, openId, onOpen, onEnd, isOld }: CallTableProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: calls.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    getItemKey: (index) => calls[index]?.id ?? index,
  });
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (calls.length > 0 && last >= calls.length - 20) onEnd();
  }, [last, calls.length, onEnd]);
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at, { align: 'auto' });
  }, [at, rows]);
  const { template, minWidth } = gridOf(columns);
  const grid = { gridTemplateColumns: template, minWidth };
  return (
    <div
      ref={box}
      className={classes['box']}
      role="grid"
      aria-label={t('calls.title')}
      aria-rowcount={calls.length + 1}
      aria-busy={isOld}
      tabIndex={0}
      {...(at < 0 || !items.some(({ index }) => index === at)
        ? {}
        : { 'aria-activedescendant': `call-${at}` })}
    >
      <div className={classes['head']} style={grid} role="row" aria-rowindex={1}>
        {columns.map((column) => (
          <div key={column} role="columnheader" className={classes[isRight(column) ? 'right' : 'cell']}>
            {t(`calls.columns.${column}`)}
          </div>
        ))}
      </div>
      <div
        role="rowgroup"
        style={{ height: rows.getTotalSize(), position: 'relative', minWidth, opacity: isOld ? 0.6 : 1 }}
      >
        {items.map(({ index, start, key }) => {
          const call = calls[index];
          if (call === undefined) return null;
          return (
            <div
              key={key}
              id={`call-${index}`}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={call.id === openId}
              className={classes['row']}
              data-at={index === at || undefined}
              style={{ ...grid, height: ROW_PX, transform: `translateY(${start}px)` }}
              onClick={() => {
                onOpen(index);
              }}
            >
              {columns.map((column) => (
                <div key={column} role="gridcell" className={classes[isRight(column) ? 'right' : 'cell']}>
                  <Cell call={call} column={column} />
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function isRight(column: Column): boolean {
  return 'right' in COLUMNS[column];
}

function Cell({ call, column }: { readonly call: CallSummary; readonly column: Column }) {
  const { t } = useTranslation();
  const word = useWord();
  switch (column) {
    case 'startedAt':
      return <When at={call.startedAt} form="time" />;
    case 'result':
      return isResult(call.result) ? (
        <ResultBadge result={call.result} />
      ) : (
        <span className="foreign">{call.result}</span>
      );
    case 'caller':
      return (
        <>
          {call.caller === '' ? (
            <Text span inherit c="dimmed">
              {t(call.masked ? 'calls.masked' : 'calls.withheld')}
            </Text>
          ) : (
            <bdi>{call.caller}</bdi>
          )}
          {call.callerName !== '' && call.callerName !== call.caller && (
            <Text span inherit c="dimmed">
              {' '}
              <ForeignLine text={call.callerName} limit={64} />
            </Text>
          )}
        </>
      );
    case 'decidedMs':
      return call.decidedMs === null ? '–' : durationText(call.decidedMs);
    case 'rangMs':
      return lengthOf(call.decidedMs, call.answeredMs ?? call.endedMs);
    case 'talkedMs':
      return lengthOf(call.answeredMs, call.endedMs);
    case 'end':
      return call.end === null ? '–' : word('calls.ends', call.end);
    case 'via':
      return word('calls.via', call.via);
    case 'reason':
    case 'hangupCause':
    case 'uuid':
    case 'revision':
      return <span className="mono">{call[column] ?? '–'}</span>;
    case 'did':
    case 'scheme':
    case 'destination':
    case 'answeredBy':
    case 'switch': {
      const value = call[column] ?? '';
      return value === '' ? '–' : <bdi>{value.slice(0, 200)}</bdi>;
    }
  }
}

function lengthOf(fromMs: number | null, toMs: number | null): string {
  return fromMs === null || toMs === null ? '–' : durationText(Math.max(0, toMs - fromMs));
}
