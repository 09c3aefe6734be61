import { ActionIcon, Button, CopyButton, Group, Paper, Stack, Text, Tooltip } from '@mantine/core';
import { IconArrowRight, IconLink, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { CallRecord, OneCall } from '../../../api/types.ts';
import { ForeignLine } from '../../ui/foreign-text.tsx';
import { ButtonLink, PageLink } from '../../ui/link.tsx';
import { ResultBadge } from '../../ui/result.tsx';
import { When } from '../../ui/when.tsx';
import { useWord } from '../../ui/word.ts';
import { CompareWith } from './compare-with.tsx';
import { causesOf, courseOf, type Passage } from './course.ts';
import { excerptOf, marksOf } from './marks.ts';
import { readAsOf } from './readings.ts';
import { timeText } from './time.ts';
import { Causes } from './why.tsx';

interface CallHeadProps {
  readonly call: OneCall;
  readonly record: CallRecord;
  readonly onClose?: (() => void) | undefined;
}

/** Who called whom, what became of it and why, and where one goes from here. */
export function CallHead({ call: { masked, previous, next }, record, onClose }: CallHeadProps) {
  const { t } = useTranslation();
  const { call, result, startedAt, id, answeredBy, end, hungUpBy, scheme } = record;
  const word = useWord();
  const link = new URL(`/calls/${id}`, location.origin).href;
  const passages = courseOf(record);
  // Nothing came of what the CRM said, or of asking it: why not is the first thing that anybody wants to know.
  const isTrouble = passages[0]?.isFallback === true && causesOf(record).length > 0;
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" align="flex-start" gap="xs" wrap="nowrap">
        <Group gap="xs">
          <ResultBadge result={result} isSaved={result !== 'routed' && answeredBy !== null} />
          <Text span fw={600} fz="lg">
            <bdi>
              {call === null || call.caller === ''
                ? t(masked ? 'calls.masked' : 'calls.withheld')
                : call.caller}
            </bdi>
          </Text>
          {call !== null && call.callerName !== '' && call.callerName !== call.caller && (
            <Text span c="dimmed">
              <ForeignLine text={call.callerName} limit={80} />
            </Text>
          )}
          <Group gap="xs" wrap="nowrap">
            <IconArrowRight size={16} aria-label={t('calls.called')} />
            <Text span>
              <bdi>{call?.did ?? '–'}</bdi>
            </Text>
          </Group>
        </Group>
        <Group gap={4} wrap="nowrap">
          <CopyButton value={link}>
            {({ copied, copy }) => (
              <Tooltip label={copied ? t('ui.copied') : t('calls.copyLink')}>
                <ActionIcon variant="subtle" onClick={copy} aria-label={t('calls.copyLink')}>
                  <IconLink size={18} />
                </ActionIcon>
              </Tooltip>
            )}
          </CopyButton>
          {onClose !== undefined && (
            <ActionIcon variant="subtle" onClick={onClose} aria-label={t('ui.close')}>
              <IconX size={18} />
            </ActionIcon>
          )}
        </Group>
      </Group>
      <Stack gap={4} mt={6}>
        {isTrouble ? <Causes record={record} isHead /> : <Course passages={passages} isHead />}
        <Replied record={record} />
        {isTrouble ? <Course passages={passages} /> : <Causes record={record} />}
        <Text size="sm" c="dimmed" component="div">
          <When at={startedAt} />
          {end !== null && ` · ${word('calls.ends', end)}`}
          {end === 'bridged' && hungUpBy !== null && `, ${word('calls.hungUpBy', hungUpBy)}`}
          {scheme !== null && (
            <>
              {' · '}
              <PageLink
                to="/schemes/$name"
                params={{ name: scheme.name }}
                search={{}}
                size="sm"
                underline="always"
              >
                {t('calls.schemeOf', { name: scheme.name })}
              </PageLink>
            </>
          )}
        </Text>
        <Text size="xs" c="dimmed" className="mono" component="div">
          {id}
        </Text>
        <Group gap="xs">
          <Neighbour id={previous} label={t('calls.previousOfCaller')} />
          <Neighbour id={next} label={t('calls.nextOfCaller')} />
          <CompareWith id={id} previous={previous} />
        </Group>
      </Stack>
    </Paper>
  );
}

/** `205 did not answer, after 14.3 s of 15 s; fallback: 380440000001 answered` */
function Course({
  passages,
  isHead = false,
}: {
  readonly passages: readonly Passage[];
  readonly isHead?: boolean;
}) {
  const { t } = useTranslation();
  const word = useWord();
  if (passages.length === 0) return null;
  const firstOfFallback = passages.findIndex(({ isFallback }) => isFallback);
  const sentenceOf = (passage: Passage): { said: string; who: string } => {
    if (passage.kind === 'ended') {
      const said = word(`calls.course.${passage.what === '' ? 'ends' : 'endsTo'}`, passage.how);
      return { said, who: passage.what };
    }
    const { who, outcome, rangMs, limitMs } = passage;
    const said = t(`calls.course.rung.${outcome}`, { count: who.length });
    // It may be the far end that gave up, and not the limit that was over.
    const isTimed =
      (outcome === 'no_answer' || outcome === 'cancelled') && rangMs !== null && limitMs !== null;
    if (!isTimed) return { said, who: who.join(', ') };
    const times = { time: timeText(rangMs), limit: timeText(limitMs) };
    return { said: said + t(`calls.course.after.${outcome}`, times), who: who.join(', ') };
  };
  return (
    <Text fw={isHead ? 600 : 400} size={isHead ? 'md' : 'sm'} component="p" m={0}>
      {passages.map((passage, index) => {
        const { said, who } = sentenceOf(passage);
        const by = index === firstOfFallback ? `${t('calls.course.fallback')} ` : '';
        return <Said key={index} text={`${index === 0 ? '' : '; '}${by}${said}`} who={who} />;
      })}
    </Text>
  );
}

/** What the CRM said, in a line, and what it was read as: the last reply that came. */
function Replied({ record }: { readonly record: CallRecord }) {
  const { t } = useTranslation();
  const request = record.requests.findLast(({ reply }) => reply !== null);
  if (request === undefined || request.reply === null) return null;
  const { status, body } = request.reply;
  const { text, marks } = excerptOf(body, marksOf(body, request, record, t));
  const readAs = readAsOf(request, record.readings);
  return (
    <Text size="sm" component="p" m={0} lineClamp={2}>
      <Text span inherit c="dimmed">
        {t('calls.replied', { status })}
      </Text>{' '}
      {body === '' ? (
        t('calls.question.emptyBody')
      ) : (
        <span className="mono">
          <ForeignLine text={text} marks={marks} />
        </span>
      )}
      {readAs !== '' && (
        <>
          {' '}
          <Text span inherit c="dimmed">
            {t('calls.readAs')}
          </Text>{' '}
          <ForeignLine text={readAs} />
        </>
      )}
    </Text>
  );
}

/** A sentence with somebody in it, whose name turns nothing around. */
function Said({ text, who }: { readonly text: string; readonly who: string }) {
  const [before = '', after = ''] = text.split('<who>');
  return (
    <>
      {before}
      {text.includes('<who>') && <ForeignLine text={who} limit={120} />}
      {after}
    </>
  );
}

function Neighbour({ id, label }: { readonly id: string | null; readonly label: string }) {
  if (id === null) {
    return (
      <Button size="compact-xs" variant="default" disabled>
        {label}
      </Button>
    );
  }
  return (
    <ButtonLink
      to="/calls"
      search={(before) => ({ ...before, call: id })}
      size="compact-xs"
      variant="default"
    >
      {label}
    </ButtonLink>
  );
}
