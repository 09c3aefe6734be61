import { Badge, Table, Text } from '@mantine/core';
import { IconBell, IconCloudQuestion, IconMessage, IconRoute } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { LiveCall } from '../../../api/types.ts';
import { Empty } from '../../ui/page.tsx';
import { durationText, useNow, When } from '../../ui/when.tsx';

export const STATES = {
  deciding: { color: 'gray', icon: IconRoute },
  asking: { color: 'blue', icon: IconCloudQuestion },
  ringing: { color: 'yellow', icon: IconBell },
  talking: { color: 'teal', icon: IconMessage },
} as const;

const ROW_PX = 37;
/** Beyond it a row is a row on the screen alone: five hundred that change each second stay fluent. */
const HIGHEST_PX = 560;

/** The calls of now, the oldest first. */
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
      style={{ maxHeight: HIGHEST_PX, overflow: 'auto' }}
      tabIndex={0}
      role="region"
      aria-label={t('live.now')}
    >
      <Table stickyHeader highlightOnHover miw={720} verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            {(['state', 'since', 'caller', 'did', 'scheme', 'destination', 'started'] as const).map(
              (name) => (
                <Table.Th key={name}>{t(`live.columns.${name}`)}</Table.Th>
              ),
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {above > 0 && <tr style={{ height: above }} aria-hidden />}
          {items.map(({ index }) => {
            const call = calls[index];
            if (call === undefined) return null;
            const { color, icon: Icon } = STATES[call.state];
            return (
              <Table.Tr key={call.id}>
                <Table.Td>
                  <Badge color={color} variant="light" tt="none" leftSection={<Icon size={14} aria-hidden />}>
                    {t(`live.states.${call.state}`)}
                  </Badge>
                </Table.Td>
                <Table.Td>{durationText(Math.max(0, now - Date.parse(call.since)))}</Table.Td>
                <Table.Td>
                  <Text span inherit className="foreign">
                    {call.caller === '' ? t('live.withheld') : call.caller}
                  </Text>{' '}
                  <Text span inherit c="dimmed" className="foreign" lineClamp={1}>
                    {call.callerName === call.caller ? '' : call.callerName.slice(0, 64)}
                  </Text>
                </Table.Td>
                <Table.Td>{call.did}</Table.Td>
                <Table.Td>{call.scheme ?? t('live.noScheme')}</Table.Td>
                <Table.Td>
                  <Text span inherit className="foreign">
                    {call.destination}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <When at={call.startedAt} form="time" />
                </Table.Td>
              </Table.Tr>
            );
          })}
          {below > 0 && <tr style={{ height: below }} aria-hidden />}
        </Table.Tbody>
      </Table>
    </div>
  );
}
