import { Badge } from '@mantine/core';
import { IconBell, IconCloudQuestion, IconMessage, IconRoute } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { LiveCall } from '../../../api/types.ts';
import { Empty } from '../../ui/page.tsx';
import { durationText, useNow, When } from '../../ui/when.tsx';
import classes from './live.module.css';

export const STATES = {
  deciding: { color: 'gray', icon: IconRoute },
  asking: { color: 'blue', icon: IconCloudQuestion },
  ringing: { color: 'yellow', icon: IconBell },
  talking: { color: 'teal', icon: IconMessage },
} as const;

const ROW_PX = 37;
/** Beyond it a row is a row on the screen alone: five hundred that change each second stay fluent. */
const HIGHEST_PX = 560;

const COLUMNS = ['state', 'since', 'caller', 'did', 'scheme', 'destination', 'started'] as const;

/** The calls of now, the oldest first. Its rows are plain elements: they change each second, and a component costs many times as much. */
export function LiveCallTable({
  calls,
  skewMs,
}: {
  readonly calls: readonly LiveCall[];
  readonly skewMs: number;
}) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const now = useNow(1_000) - skewMs;
  const rows = useVirtualizer({
    count: calls.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  });
  if (calls.length === 0) return <Empty title={t('live.none')}>{t('live.noneHint')}</Empty>;
  const items = rows.getVirtualItems();
  const [first, last] = [items[0], items.at(-1)];
  const above = first?.start ?? 0;
  const below = rows.getTotalSize() - (last?.end ?? 0);
  return (
    <div
      ref={box}
      className={classes['box']}
      style={{ maxHeight: HIGHEST_PX }}
      tabIndex={0}
      role="region"
      aria-label={t('live.now')}
    >
      <table className={classes['table']} aria-rowcount={calls.length + 1}>
        <thead>
          <tr>
            {COLUMNS.map((name) => (
              <th key={name} scope="col">
                {t(`live.columns.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <tr style={{ height: above }} aria-hidden />}
          {items.map(({ index }) => {
            const call = calls[index];
            if (call === undefined) return null;
            return (
              <tr key={index} aria-rowindex={index + 2} style={{ height: ROW_PX }}>
                <td>
                  <State state={call.state} />
                </td>
                <td>{durationText(Math.max(0, now - Date.parse(call.since)))}</td>
                <td>
                  <bdi className="foreign">{call.caller === '' ? t('live.withheld') : call.caller}</bdi>
                  {call.callerName !== '' && call.callerName !== call.caller && (
                    <bdi className={`foreign ${classes['name']}`}>{call.callerName.slice(0, 64)}</bdi>
                  )}
                </td>
                <td>{call.did}</td>
                <td>{call.scheme ?? t('live.noScheme')}</td>
                <td className="foreign">{call.destination}</td>
                <td>
                  <When at={call.startedAt} form="time" />
                </td>
              </tr>
            );
          })}
          {below > 0 && <tr style={{ height: below }} aria-hidden />}
        </tbody>
      </table>
    </div>
  );
}

const State = memo(function State({ state }: Pick<LiveCall, 'state'>) {
  const { t } = useTranslation();
  const { color, icon: Icon } = STATES[state];
  return (
    <Badge color={color} variant="light" tt="none" leftSection={<Icon size={14} aria-hidden />}>
      {t(`live.states.${state}`)}
    </Badge>
  );
});
