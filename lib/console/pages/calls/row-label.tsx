import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CallRecord } from '../../../api/types.ts';
import { useWord } from '../../ui/word.ts';
import { dialled, hostOf } from './short.ts';
import type { Row } from './waterfall.ts';

/** What a row of the waterfall is, in a few words. */
export function RowLabel({
  row: { kind, index },
  record,
}: {
  readonly row: Row;
  readonly record: CallRecord;
}) {
  const { t } = useTranslation();
  const word = useWord();
  const tone = { color: 'var(--tone)' };
  switch (kind) {
    case 'arrival':
      return (
        <>
          {t('calls.fall.rows.arrival')} <Quiet>{record.scheme?.name ?? t('calls.noScheme')}</Quiet>
        </>
      );
    case 'question': {
      const request = record.requests[index];
      const { reply = null, answer = null } = request ?? {};
      return (
        <>
          {reply !== null && <span style={isFailure(reply.status) ? tone : undefined}>{reply.status} </span>}
          {answer !== 'found' && <span style={tone}>{answer ?? '–'} </span>}
          <Quiet>{request?.method}</Quiet> <bdi>{hostOf(request?.url ?? '')}</bdi>
        </>
      );
    }
    case 'recalled':
      return <>{t('calls.fall.rows.recalled')}</>;
    case 'decision': {
      const decision = record.decisions[index];
      return (
        <>
          <span style={tone}>
            {decision?.via === 'fallback'
              ? t('calls.fall.rows.fallback')
              : word('results', decision?.result ?? '')}
          </span>{' '}
          <bdi>{decision?.steps.join(', ') ?? ''}</bdi>
        </>
      );
    }
    case 'bridge': {
      const bridge = record.bridges[index];
      return (
        <>
          <span style={tone}>{word('calls.outcomes', bridge?.outcome ?? 'open')}</span>{' '}
          <bdi>{dialled(bridge?.dialString ?? '')}</bdi>
        </>
      );
    }
    case 'move':
      return (
        <>
          <span style={tone}>{t('calls.fall.rows.move')}</span> <bdi>{record.moves[index]?.to}</bdi>
        </>
      );
    case 'end':
      return (
        <>
          <span style={tone}>{word('calls.ends', record.end ?? '')}</span> <Quiet>{record.hangupCause}</Quiet>
        </>
      );
  }
}

/** A reply of 200 may be of no use all the same: the answer says so. */
function isFailure(status: number): boolean {
  return status >= 400;
}

function Quiet({ children }: { readonly children: React.ReactNode }) {
  return (
    <Text span inherit c="dimmed">
      {children}
    </Text>
  );
}
