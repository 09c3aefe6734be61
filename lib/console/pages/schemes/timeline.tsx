import { Stack, Text, Timeline as Line } from '@mantine/core';
import {
  IconArrowsSplit,
  IconGavel,
  IconInfoCircle,
  IconPhoneCall,
  IconRoute,
  IconTextScan2,
  IconWebhook,
} from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { Fragment, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TriedCall } from '../../../api/types.ts';
import { ResultBadge } from '../../ui/result.tsx';
import { durationText } from '../../ui/when.tsx';
import { LongText } from './long-text.tsx';
import { Worded } from './place-link.tsx';

/** What a call would come to, from the scheme that it chose to whom it would ring. */
export function Timeline({ tried }: { readonly tried: TriedCall }) {
  const { t } = useTranslation();
  const { scheme, requests, readings, decisions, result, reason, steps, dialStrings, next, notes } = tried;
  const items: [title: ReactNode, icon: typeof IconRoute, body: ReactNode][] = [
    ...(scheme === null ? [] : [[t('schemes.story.scheme', { name: scheme.name }), IconRoute, null] as Item]),
    ...requests.map((request): Item => {
      const { method, url, body, reply, phases, retries, answer, detail } = request;
      const total = phases?.total ?? 0;
      return [
        t('schemes.story.asked', { scheme: request.scheme }),
        IconWebhook,
        <Stack gap={2} key="asked">
          <LongText text={`${method} ${url}`} />
          {body !== null && <LongText text={body} />}
          {retries.map(({ detail: why }, index) => (
            <Fragment key={index}>{dimmed(t('schemes.story.retried', { why }))}</Fragment>
          ))}
          {reply !== null && (
            <>
              {dimmed(
                t('schemes.story.replied', {
                  status: reply.status,
                  time: total > 0 ? durationText(total) : t('schemes.story.canned'),
                }),
              )}
              <LongText text={reply.body} />
            </>
          )}
          {answer !== null &&
            answer !== 'found' &&
            dimmed(detail === null || detail === '' ? answer : <Worded text={detail} />)}
        </Stack>,
      ];
    }),
    ...(readings.length === 0
      ? []
      : [
          [
            t('schemes.story.read'),
            IconTextScan2,
            <Stack gap={0} key="read">
              {readings.map(({ from, path, text, result: read }, index) => (
                <Text key={index} size="xs" className="foreign">
                  {from === 'fallback' && `${t('calls.readings.fallback')} `}
                  {path === '' ? '' : `${path} `}
                  {JSON.stringify(text)}: {read}
                </Text>
              ))}
            </Stack>,
          ] as Item,
        ]),
    [
      <ResultBadge key="result" result={result} reason={reason} />,
      IconGavel,
      <Stack gap={2} key="decided">
        {decisions.map(({ detail }, index) =>
          detail === '' ? null : <Fragment key={index}>{dimmed(<Worded text={detail} />)}</Fragment>,
        )}
        <Text size="xs" className="foreign">
          {steps.join(' → ')}
        </Text>
      </Stack>,
    ],
    ...(dialStrings.length === 0
      ? []
      : [
          [
            t('schemes.story.dialled'),
            IconPhoneCall,
            <Stack gap={4} key="dialled">
              {dialStrings.map((text) => (
                <LongText key={text} text={text} />
              ))}
            </Stack>,
          ] as Item,
        ]),
    ...next.map(({ outcomes, steps: then }): Item => [
      t('schemes.story.next', { outcomes: outcomes.map((one) => outcomeWord(t, one)).join(', ') }),
      IconArrowsSplit,
      <Text key="next" size="xs" className="foreign">
        {then.join(' → ')}
      </Text>,
    ]),
    ...(notes.length === 0
      ? []
      : [
          [
            t('schemes.story.notes'),
            IconInfoCircle,
            <Stack gap={0} key="notes">
              {notes.map((note) => (
                <Text key={note} size="xs" className="foreign">
                  <Worded text={note} />
                </Text>
              ))}
            </Stack>,
          ] as Item,
        ]),
  ];
  return (
    <Line bulletSize={22} lineWidth={1} mt="md" aria-live="polite">
      {items.map(([title, Icon, body], index) => (
        <Line.Item
          key={index}
          bullet={<Icon size={13} aria-hidden />}
          title={<span style={{ fontSize: 'var(--mantine-font-size-sm)' }}>{title}</span>}
        >
          {body}
        </Line.Item>
      ))}
    </Line>
  );
}

type Item = [title: ReactNode, icon: typeof IconRoute, body: ReactNode];

function dimmed(text: ReactNode): ReactNode {
  return (
    <Text size="xs" c="dimmed" className="foreign">
      {text}
    </Text>
  );
}

const OUTCOMES = ['no_answer', 'busy', 'rejected', 'unreachable'] as const;

function outcomeWord(t: TFunction, outcome: string): string {
  const known = OUTCOMES.find((one) => one === outcome);
  return known === undefined ? outcome : t(`schemes.outcomes.${known}`);
}
