import {
  Button,
  Group,
  NumberInput,
  Paper,
  SegmentedControl,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallSummary, TriedCall } from '../../../api/types.ts';
import { FailureOf } from '../../ui/failure.tsx';
import { pointerOf, type SchemeDocument } from './document.ts';
import { useEditing } from './editing.ts';
import { FaultLine } from './faults.tsx';
import { PlaceLink, Worded } from './place-link.tsx';
import { callsOf, oneCall, tryCall } from './queries.ts';
import { Timeline } from './timeline.tsx';
import { Verdict } from './verdict.tsx';

/** The call that is tried, and for which macros have their values. */
export interface TrialCall {
  readonly kind: 'number' | 'recorded';
  readonly caller: string;
  readonly did: string;
  /** Id of the recorded call. */
  readonly id: string | null;
}

interface TrialProps {
  readonly name: string;
  readonly call: TrialCall;
  readonly onCall: (call: TrialCall) => void;
  /** The CRM has an answer for this document: somebody, or nobody. */
  readonly onAnswer: (document: SchemeDocument) => void;
}

/** Where it is, for what leads here. */
export const TRIAL = 'try';

/** A call tried with the document as it stands, saved or not. */
export function Trial({ name, call, onCall, onAnswer }: TrialProps) {
  const { t } = useTranslation();
  const { document, faults } = useEditing();
  const [source, setSource] = useState<'live' | 'canned'>('live');
  const [reply, setReply] = useState({ status: 200, body: '{"destination": "201"}' });
  const recent = useQuery({ ...callsOf(name), enabled: call.kind === 'recorded' });
  const chosen = useQuery({
    ...oneCall(call.id ?? ''),
    enabled: call.kind === 'recorded' && call.id !== null,
  });
  const recorded = chosen.data?.record.requests.find((request) => request.reply !== null)?.reply ?? null;
  const trying = useMutation({
    mutationFn: () =>
      tryCall(
        {
          document,
          call:
            call.kind === 'recorded' && call.id !== null ? call.id : { caller: call.caller, did: call.did },
          ...(source === 'canned' ? { reply } : {}),
        },
        new AbortController().signal,
      ),
    onSuccess: ({ result }) => {
      // A reply made up here shows how it is read, and nothing of the CRM.
      if (source === 'live' && (result === 'routed' || result === 'no_route')) onAnswer(document);
    },
  });
  const hasCall = call.kind === 'recorded' ? call.id !== null : call.did !== '';
  // The router refuses to ask by it; with a reply it needs no secret, and may.
  const wrong = source === 'canned' ? [] : faults.filter(({ pointer = '' }) => pointer !== '');
  const isReady = hasCall && wrong.length === 0;
  return (
    <Paper withBorder p="sm" component="section" data-place={pointerOf([TRIAL])}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) trying.mutate();
        }}
      >
        <Stack gap="xs">
          <Title order={2}>{t('schemes.try.title')}</Title>
          <SegmentedControl
            size="xs"
            fullWidth
            aria-label={t('schemes.try.call')}
            data={[
              { value: 'number', label: t('schemes.try.number') },
              { value: 'recorded', label: t('schemes.try.recorded') },
            ]}
            value={call.kind}
            onChange={(kind) => {
              onCall({ ...call, kind });
            }}
          />
          {call.kind === 'number' ? (
            <Group gap="xs" grow>
              <TextInput
                size="xs"
                label={t('schemes.try.caller')}
                placeholder="380441234567"
                value={call.caller}
                onChange={({ currentTarget }) => {
                  onCall({ ...call, caller: currentTarget.value });
                }}
              />
              <TextInput
                size="xs"
                label={t('schemes.try.did')}
                withAsterisk
                placeholder="15005550100"
                value={call.did}
                onChange={({ currentTarget }) => {
                  onCall({ ...call, did: currentTarget.value });
                }}
              />
            </Group>
          ) : (
            <Select
              size="xs"
              label={t('schemes.try.which')}
              placeholder={
                recent.data?.calls.length === 0 ? t('schemes.try.noCalls') : t('schemes.try.choose')
              }
              nothingFoundMessage={t('schemes.try.noCalls')}
              searchable
              data={(recent.data?.calls ?? []).map((one) => ({ value: one.id, label: lineOf(one) }))}
              value={call.id}
              onChange={(id) => {
                onCall({ ...call, id });
              }}
            />
          )}
          <SegmentedControl
            size="xs"
            fullWidth
            aria-label={t('schemes.try.reply')}
            data={[
              { value: 'live', label: t('schemes.try.live') },
              { value: 'canned', label: t('schemes.try.canned') },
            ]}
            value={source}
            onChange={(next) => {
              setSource(next);
            }}
          />
          {source === 'canned' && (
            <Group gap="xs" align="flex-start" wrap="nowrap">
              <NumberInput
                size="xs"
                w={76}
                hideControls
                label={t('schemes.try.status')}
                min={200}
                max={599}
                value={reply.status}
                onChange={(status) => {
                  if (typeof status === 'number') setReply({ ...reply, status });
                }}
              />
              <Textarea
                size="xs"
                flex={1}
                autosize
                minRows={1}
                maxRows={10}
                classNames={{ input: 'mono' }}
                spellCheck={false}
                label={t('schemes.try.body')}
                value={reply.body}
                onChange={({ currentTarget }) => {
                  setReply({ ...reply, body: currentTarget.value });
                }}
              />
            </Group>
          )}
          {source === 'canned' && recorded !== null && (
            <Group>
              <Button
                size="compact-xs"
                variant="subtle"
                onClick={() => {
                  setReply({ status: recorded.status, body: recorded.body });
                }}
              >
                {t('schemes.try.takeRecorded')}
              </Button>
            </Group>
          )}
          <Group gap="xs" wrap="nowrap" align="flex-start">
            <Button
              type="submit"
              size="xs"
              flex="none"
              leftSection={<IconPlayerPlay size={14} aria-hidden />}
              loading={trying.isPending}
              disabled={!isReady}
            >
              {t('schemes.try.go')}
            </Button>
            {!isReady && (
              <Stack gap={2} role="status" pt={4}>
                {!hasCall && (
                  <Text size="sm">
                    {t('schemes.try.missing')}{' '}
                    {t(call.kind === 'recorded' ? 'schemes.try.which' : 'schemes.try.did')}
                  </Text>
                )}
                {wrong.map((fault) => (
                  <Text key={`${fault.pointer ?? ''} ${fault.detail}`} size="sm" component="div">
                    <FaultLine fault={fault} />
                  </Text>
                ))}
              </Stack>
            )}
          </Group>
        </Stack>
      </form>
      {trying.error !== null && (
        <Stack mt="sm">
          <FailureOf error={trying.error} />
        </Stack>
      )}
      {trying.data !== undefined && <Answer tried={trying.data} />}
    </Paper>
  );
}

/** What it comes to, and folded below how: the question, the reply, what would be dialled. */
function Answer({ tried }: { readonly tried: TriedCall }) {
  const { t } = useTranslation();
  return (
    <Stack gap="xs" mt="sm">
      <Verdict tried={tried} say={(text) => <Worded text={text} />}>
        {tried.reason === 'no_domain' && <PlaceLink path={['domain']} />}
        {tried.reason === 'no_gateway' && <PlaceLink path={['gateway']} />}
      </Verdict>
      <details>
        <summary>
          <Text span size="sm" fw={500}>
            {t('schemes.try.whole')}
          </Text>
        </summary>
        <Timeline tried={tried} />
      </details>
    </Stack>
  );
}

function lineOf({ caller, did, destination, result, startedAt }: CallSummary): string {
  const at = new Date(startedAt).toLocaleTimeString();
  return `${at}  ${caller === '' ? '–' : caller} → ${did}: ${destination === '' ? result : destination}`;
}
