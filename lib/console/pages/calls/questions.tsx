import { Badge, Button, CopyButton, Group, Stack, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallRecord } from '../../../api/types.ts';
import { ForeignText } from '../../ui/foreign-text.tsx';
import { causesOf } from './course.ts';
import { Panel } from './panel.tsx';
import { Why } from './why.tsx';
import { marksOf } from './marks.ts';
import { timeText } from './time.ts';

interface QuestionsProps {
  readonly record: CallRecord;
  /** What can be done with one of them. */
  readonly under?: (request: CallRecord['requests'][number]) => ReactNode;
}

/** Each question with its reply, and in the reply's own text what was read out of it. */
export function Questions({ record, under }: QuestionsProps) {
  const { t } = useTranslation();
  const { requests, recalled } = record;
  return (
    <>
      {requests.map((request, index) => (
        <Question key={index} record={record} index={index} count={requests.length} request={request}>
          {under?.(request)}
        </Question>
      ))}
      {recalled.map(({ status, body, ageSeconds, stale }, index) => (
        <Panel key={index} title={t('calls.question.recalled', { time: timeText(ageSeconds * 1000) })}>
          <div data-row={`recalled-${index}`} tabIndex={-1}>
            <Text size="sm" mb={6}>
              {t(stale ? 'calls.question.stale' : 'calls.question.cached')} · HTTP {status}
            </Text>
            <ForeignText
              text={body}
              marks={marksOf(body, null, record, t)}
              label={t('calls.question.reply')}
            />
          </div>
        </Panel>
      ))}
    </>
  );
}

interface QuestionProps {
  readonly record: CallRecord;
  readonly request: CallRecord['requests'][number];
  readonly index: number;
  readonly count: number;
  readonly children: ReactNode;
}

function Question({ record, request, index, count, children }: QuestionProps) {
  const { t } = useTranslation();
  const { method, url, headers, body, proxy, retries, reply, phases, answer, detail, scheme } = request;
  const isFound = answer === 'found';
  const isFailed = reply === null ? answer !== 'abandoned' : reply.status >= 400;
  // The head of the call has the advice.
  const isSaid = causesOf(record).some(({ reason }) => reason === answer);
  return (
    <Panel
      title={
        count > 1 ? t('calls.question.titleOf', { number: index + 1, count }) : t('calls.question.title')
      }
      aside={
        <Text size="sm" c="dimmed">
          {scheme} · {timeText(request.atMs)}
          {phases === null ? '' : ` + ${timeText(phases.total)}`}
        </Text>
      }
    >
      <Stack gap={6} data-row={`question-${index}`} tabIndex={-1}>
        <Text size="sm" className="mono foreign" fw={600}>
          {method} {url}
        </Text>
        {proxy !== null && <Text size="sm">{t('calls.question.proxy', { proxy })}</Text>}
        <Traceparent value={headerOf(headers, 'traceparent')} />
        <Headers headers={headers} />
        {body !== null && <ForeignText text={body} label={t('calls.question.body')} />}
        {retries.map((retry, place) => (
          <Text key={place} size="sm" component="div">
            <Badge color="red" variant="light" tt="none" mr={6}>
              {t('calls.question.retried')}
            </Badge>
            <span className="foreign">{retry.detail}</span> <span className="mono">{retry.reason}</span>
          </Text>
        ))}
        <Group gap="xs" align="baseline">
          <Text fw={600} c={isFailed ? 'var(--mantine-color-red-light-color)' : undefined}>
            {reply === null ? t('calls.question.noReply') : `HTTP ${reply.status}`}
          </Text>
          {phases !== null && <Phases phases={phases} />}
          {detail !== null && (
            <Text size="sm" className="foreign">
              {detail}
            </Text>
          )}
          {!isFound &&
            answer !== null &&
            (answer === 'abandoned' ? (
              t('calls.question.abandoned')
            ) : (
              <Why reason={answer} told={record} isShort={isSaid} />
            ))}
        </Group>
        {reply !== null && (
          <>
            <Headers headers={reply.headers} />
            {reply.body === '' ? (
              <Text size="sm" c="dimmed">
                {t('calls.question.emptyBody')}
              </Text>
            ) : (
              <ForeignText
                text={reply.body}
                marks={marksOf(reply.body, request, record, t)}
                label={t('calls.question.reply')}
              />
            )}
          </>
        )}
        {children}
      </Stack>
    </Panel>
  );
}

/** Each part of the question by itself. */
function Phases({ phases }: { readonly phases: NonNullable<QuestionProps['request']['phases']> }) {
  const { t } = useTranslation();
  let from = 0;
  const parts = (['dns', 'connect', 'tunnel', 'tls', 'firstByte', 'total'] as const).flatMap((name) => {
    const ms = phases[name];
    if (ms === undefined) return [];
    const length = Math.max(0, ms - from);
    from = Math.max(from, ms);
    const part = name === 'firstByte' ? 'wait' : name === 'total' ? 'body' : name;
    return [`${t(`calls.fall.parts.${part}`)} ${timeText(length)}`];
  });
  const { redirects = 0, host = '' } = phases;
  return (
    <Text size="sm" c="dimmed">
      {parts.join(' · ')}
      {redirects > 0 && ` · ${t('calls.question.redirects', { count: redirects, host })}`}
    </Text>
  );
}

function Traceparent({ value }: { readonly value: string | null }) {
  const { t } = useTranslation();
  if (value === null) return null;
  return (
    <Group gap={6} wrap="nowrap">
      <Text size="sm" c="dimmed" flex="none">
        traceparent
      </Text>
      <Text size="sm" className="mono foreign">
        {value}
      </Text>
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Button size="compact-xs" variant="subtle" flex="none" onClick={copy}>
            {copied ? t('ui.copied') : t('ui.copy')}
          </Button>
        )}
      </CopyButton>
    </Group>
  );
}

function headerOf(headers: Readonly<Record<string, string>>, wanted: string): string | null {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null;
}

function Headers({ headers }: { readonly headers: Readonly<Record<string, string>> }) {
  const { t } = useTranslation();
  const all = Object.entries(headers);
  if (all.length === 0) return null;
  return (
    <details>
      <summary>
        <Text span size="sm" c="dimmed">
          {t('calls.question.headers', { count: all.length })}
        </Text>
      </summary>
      <Table withRowBorders={false} verticalSpacing={1} mt={4}>
        <Table.Tbody>
          {all.slice(0, 200).map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th w="30%" fw={400} c="dimmed" className="mono">
                {name}
              </Table.Th>
              <Table.Td className="mono foreign">{value.slice(0, 2000)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </details>
  );
}
