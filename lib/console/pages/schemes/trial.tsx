import {
  Button,
  Group,
  NumberInput,
  Paper,
  SegmentedControl,
  Select,
  Stack,
  Textarea,
  TextInput,
  Title,
} from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallSummary } from '../../../api/types.ts';
import { FailureOf } from '../../ui/failure.tsx';
import { useEditing } from './editing.ts';
import { callsOf, oneCall, tryCall } from './queries.ts';
import { Timeline } from './timeline.tsx';

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
}

/** A call tried with the document as it stands, saved or not. */
export function Trial({ name, call, onCall }: TrialProps) {
  const { t } = useTranslation();
  const { document } = useEditing();
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
  });
  const isReady = call.kind === 'recorded' ? call.id !== null : call.did !== '';
  return (
    <Paper withBorder p="sm" component="section">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) trying.mutate();
        }}
      >
        <Stack gap="xs">
          <Group justify="space-between">
            <Title order={2}>{t('schemes.try.title')}</Title>
            <Button
              type="submit"
              size="compact-sm"
              leftSection={<IconPlayerPlay size={14} />}
              loading={trying.isPending}
              disabled={!isReady}
            >
              {t('schemes.try.go')}
            </Button>
          </Group>
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
        </Stack>
      </form>
      {trying.error !== null && (
        <Stack mt="sm">
          <FailureOf error={trying.error} />
        </Stack>
      )}
      {trying.data !== undefined && <Timeline tried={trying.data} />}
    </Paper>
  );
}

function lineOf({ caller, did, destination, result, startedAt }: CallSummary): string {
  const at = new Date(startedAt).toLocaleTimeString();
  return `${at}  ${caller === '' ? '–' : caller} → ${did}: ${destination === '' ? result : destination}`;
}
