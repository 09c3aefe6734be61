import { Text } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useMemo, useRef, type CSSProperties, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallSummary } from '../../../api/types.ts';
import { ForeignLine } from '../../ui/foreign-text.tsx';
import { useReasons } from '../../ui/reasons.ts';
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
  readonly isTiny: boolean;
  /** Whether the newest are on the screen. */
  readonly onTop: (isTop: boolean) => void;
  /** Filled with what brings them there. */
  readonly toTop: RefObject<(() => void) | null>;
}

/** Rows as many as one likes, of which those on the screen are drawn. */
export function CallTable({
  calls,
  columns,
  at,
  openId,
  onOpen,
  onEnd,
  isOld,
  onTop,
  toTop,
  isTiny,
}: CallTableProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: calls.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    // By their places, not by their calls: after another filter the rows stay, with other words in them.
    getItemKey: (index) => index,
  });
  const items = rows.getVirtualItems();
  const { data: reasons } = useReasons();
  const sentences = useMemo(() => new Map(reasons?.map(({ code, sentence }) => [code, sentence])), [reasons]);
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (calls.length > 0 && last >= calls.length - 20) onEnd();
  }, [last, calls.length, onEnd]);
  useEffect(() => {
    if (at < 0) return undefined;
    rows.scrollToIndex(at, { align: 'auto' });
    // A call that opens takes room from the list, which is known a frame later.
    const frame = requestAnimationFrame(() => {
      rows.scrollToIndex(at, { align: 'auto' });
    });
    return () => {
      cancelAnimationFrame(frame);
    };
  }, [at, rows, openId]);
  useEffect(() => {
    toTop.current = () => box.current?.scrollTo(0, 0);
  }, [toTop]);
  const { template, minWidth } = gridOf(columns, isTiny);
  const grid = { '--columns': template, minWidth } as CSSProperties;
  return (
    <div
      ref={box}
      className={classes['box']}
      data-tiny={isTiny || undefined}
      role="grid"
      aria-label={t('calls.title')}
      aria-rowcount={calls.length + 1}
      aria-busy={isOld}
      tabIndex={0}
      onScroll={({ currentTarget }) => {
        onTop(currentTarget.scrollTop < ROW_PX);
      }}
      onClick={({ target }) => {
        const row = target instanceof Element ? target.closest<HTMLElement>('[data-index]') : null;
        if (row !== null) onOpen(Number(row.dataset['index']));
      }}
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
        style={{ ...grid, height: rows.getTotalSize(), position: 'relative', opacity: isOld ? 0.6 : 1 }}
      >
        {items.map(({ index, start, key }) => {
          const call = calls[index];
          if (call === undefined) return null;
          return (
            <Row
              key={key}
              call={call}
              columns={columns}
              sentences={sentences}
              index={index}
              start={start}
              isAt={index === at}
              isOpen={call.id === openId}
            />
          );
        })}
      </div>
    </div>
  );
}

interface RowProps {
  readonly call: CallSummary;
  readonly columns: readonly Column[];
  /** Of reasons, by their codes. */
  readonly sentences: ReadonlyMap<string, string>;
  readonly index: number;
  readonly start: number;
  readonly isAt: boolean;
  readonly isOpen: boolean;
}

/** Drawn again only when something of it has changed: the keyboard goes through hundreds of them. */
const Row = memo(function Row({ call, columns, sentences, index, start, isAt, isOpen }: RowProps) {
  return (
    <div
      id={`call-${index}`}
      data-index={index}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isOpen}
      className={classes['row']}
      data-at={isAt || undefined}
      style={{ height: ROW_PX, transform: `translateY(${start}px)` }}
    >
      {columns.map((column) => (
        <div key={column} role="gridcell" className={classes[isRight(column) ? 'right' : 'cell']}>
          <Cell call={call} column={column} sentences={sentences} />
        </div>
      ))}
    </div>
  );
});

interface CellProps extends Pick<RowProps, 'call' | 'sentences'> {
  readonly column: Column;
}

function isRight(column: Column): boolean {
  return 'right' in COLUMNS[column];
}

function Cell({ call, column, sentences }: CellProps) {
  const { t } = useTranslation();
  const word = useWord();
  switch (column) {
    case 'startedAt':
      return <When at={call.startedAt} form="short" />;
    case 'result':
      return isResult(call.result) ? (
        <ResultBadge result={call.result} isSaved={call.result !== 'routed' && call.answeredBy !== null} />
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
            <Text span inherit c="dimmed" title={call.callerName}>
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
      return call.talkedMs === null ? '–' : durationText(call.talkedMs);
    case 'end':
      return call.end === null ? '–' : word('calls.ends', call.end);
    case 'via':
      return word('calls.via', call.via);
    case 'reason': {
      const sentence = sentences.get(call.reason);
      return sentence === undefined ? (
        <span className="mono">{call.reason}</span>
      ) : (
        <span className={classes['reason']} title={`${sentence} (${call.reason})`}>
          {sentence}
        </span>
      );
    }
    case 'hangupCause':
    case 'uuid':
    case 'revision': {
      const text = call[column] ?? '–';
      return (
        <span className="mono" title={text}>
          {text}
        </span>
      );
    }
    case 'did':
    case 'scheme':
    case 'destination':
    case 'answeredBy':
    case 'switch': {
      const value = call[column] ?? '';
      return value === '' ? '–' : <bdi title={value.slice(0, 200)}>{value.slice(0, 200)}</bdi>;
    }
  }
}

function lengthOf(fromMs: number | null, toMs: number | null): string {
  return fromMs === null || toMs === null ? '–' : durationText(Math.max(0, toMs - fromMs));
}
