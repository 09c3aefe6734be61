import { Alert, Stack, Text } from '@mantine/core';
import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TriedCall } from '../../../api/types.ts';
import { useReasons } from '../../ui/reasons.ts';
import { isResult, RESULTS } from '../../ui/result.tsx';
import { movesOf, type Move } from './moves.ts';

interface VerdictProps {
  readonly tried: TriedCall;
  /** How a sentence of the router is shown: with its ways to fields, where there are fields. */
  readonly say?: (text: string) => ReactNode;
  readonly children?: ReactNode;
}

/** In one sentence what a tried call comes to, and how its reply was read: the first that is to be seen. */
export function Verdict({ tried, say = (text) => text, children }: VerdictProps) {
  const { t } = useTranslation();
  const { data: reasons = [] } = useReasons();
  const { result, reason, readings, requests, decisions } = tried;
  const { color, icon: Icon } = isResult(result) ? RESULTS[result] : RESULTS.error;
  const why = reasons.find(({ code }) => code === reason)?.sentence ?? reason;
  const moves = movesOf(tried).map((move) => textOfMove(t, move));
  const then = moves.join(t('schemes.verdict.then'));
  const isRouted = result === 'routed' || !isResult(result);
  const sentence = isRouted ? `${capital(then)}.` : t(`schemes.verdict.${result}`, { why, then });
  const details = [requests.at(-1)?.detail, decisions.at(-1)?.detail];
  const detail = isRouted ? '' : (details.find((text) => text != null && text !== '') ?? '');
  return (
    <Alert color={color} variant="light" icon={<Icon aria-hidden />} title={sentence} role="status" py="xs">
      <Stack gap={2}>
        {readings.map(({ from, path, text, result: read }, index) => (
          <Text key={index} size="sm" className="foreign" lang="en">
            {from === 'fallback' && `${t('calls.readings.fallback')} `}
            {path === '' ? '' : `${path} `}
            {JSON.stringify(text.slice(0, LONGEST))}: {read.slice(0, LONGEST)}
          </Text>
        ))}
        {detail !== '' && !readings.some(({ result: read }) => read.includes(detail)) && (
          <Text size="sm" className="foreign" lang="en">
            {say(detail)}
          </Text>
        )}
        {children}
      </Stack>
    </Alert>
  );
}

const LONGEST = 300;

function textOfMove(t: TFunction, move: Move): string {
  switch (move.kind) {
    case 'ring': {
      const { whom, gateways, domains, seconds } = move;
      const via = [
        t('schemes.verdict.rings', { whom: whom.join(' + ') }),
        ...(domains.length === 0 ? [] : [t('schemes.verdict.at', { domain: domains.join(', ') })]),
        ...(gateways.length === 0 ? [] : [t('schemes.verdict.via', { gateway: gateways.join(', ') })]),
      ].join(' ');
      return seconds === null ? via : `${via}, ${t('schemes.fallback.seconds', { seconds })}`;
    }
    case 'transfer':
      return t('schemes.verdict.transfer', { extension: move.extension, place: move.context });
    case 'hangup':
      return t('schemes.verdict.hangup', { cause: move.cause });
    case 'dialplan':
      return t('schemes.verdict.dialplan');
    case 'scheme':
      return t('schemes.verdict.scheme', { name: move.name });
    case 'other':
      return move.text;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
