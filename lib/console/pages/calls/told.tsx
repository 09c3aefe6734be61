import { Stack, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CallRecord } from '../../../api/types.ts';
import { useWord } from '../../ui/word.ts';
import { Panel } from './panel.tsx';
import { limitMsOf } from './short.ts';
import { Why } from './why.tsx';
import { timeText } from './time.ts';

/** What else the record says: how each text was read, what was decided, who rang, and what was out of the ordinary. */
export function Told({ record }: { readonly record: CallRecord }) {
  const { t } = useTranslation();
  const word = useWord();
  const { readings, decisions, bridges, moves, notes } = record;
  return (
    <>
      {readings.length > 0 && (
        <Panel title={t('calls.readings.title')}>
          <Table verticalSpacing={4}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('calls.readings.path')}</Table.Th>
                <Table.Th>{t('calls.readings.text')}</Table.Th>
                <Table.Th>{t('calls.readings.result')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {readings.map(({ from, path, text, result }, index) => (
                <Table.Tr key={index}>
                  <Table.Td className="mono foreign" style={{ overflowWrap: 'break-word' }}>
                    {from === 'fallback' && <span>{t('calls.readings.fallback')} </span>}
                    {path === '' ? t('calls.readings.value') : path}
                  </Table.Td>
                  <Table.Td className="mono foreign">{text}</Table.Td>
                  <Table.Td
                    className="foreign"
                    c={result.startsWith('refused') ? 'var(--mantine-color-red-light-color)' : undefined}
                  >
                    {result}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Panel>
      )}
      {decisions.length > 0 && (
        <Panel title={t('calls.decisions.title')}>
          <Stack gap="xs">
            {decisions.map(({ atMs, scheme, via, result, reason, detail, steps }, index) => (
              <div key={index} data-row={`decision-${index}`} tabIndex={-1}>
                <Text size="sm" component="div">
                  <Text span inherit c="dimmed">
                    {timeText(atMs)} {scheme} · {word('calls.via', via)} ·
                  </Text>{' '}
                  {word('results', result)} → <bdi className="mono">{steps.join(', ')}</bdi>
                </Text>
                <Why reason={reason} isShort />
                {detail !== '' && (
                  <Text size="sm" className="foreign">
                    {detail}
                  </Text>
                )}
              </div>
            ))}
          </Stack>
        </Panel>
      )}
      {bridges.length > 0 && (
        <Panel title={t('calls.bridges.title')}>
          <Stack gap="xs">
            {bridges.map(({ atMs, endedMs, dialString, outcome, cause, answeredBy }, index) => (
              <div key={index} data-row={`bridge-${index}`} tabIndex={-1}>
                <Text size="sm">
                  <Text span inherit c="dimmed">
                    {timeText(atMs)} – {endedMs === null ? '…' : timeText(endedMs)}
                    <Limit limitMs={limitMsOf(dialString)} />
                  </Text>{' '}
                  {word('calls.outcomes', outcome ?? 'open')} {cause ?? ''} <bdi>{answeredBy ?? ''}</bdi>
                </Text>
                <Text size="sm" className="mono foreign">
                  {dialString}
                </Text>
              </div>
            ))}
          </Stack>
        </Panel>
      )}
      {(moves.length > 0 || notes.length > 0) && (
        <Panel title={t('calls.notes')}>
          <Stack gap={4}>
            {moves.map(({ atMs, from, by, to }, index) => (
              <Text key={`move-${index}`} size="sm" data-row={`move-${index}`} tabIndex={-1}>
                {timeText(atMs)} {t('calls.move', { from, by })} <bdi>{to}</bdi>
              </Text>
            ))}
            {notes.map((note, index) => (
              <Text key={index} size="sm" className="foreign">
                {note}
              </Text>
            ))}
          </Stack>
        </Panel>
      )}
    </>
  );
}

function Limit({ limitMs }: { readonly limitMs: number | null }) {
  const { t } = useTranslation();
  return limitMs === null ? null : <>, {t('calls.bridges.limit', { time: timeText(limitMs) })}</>;
}
