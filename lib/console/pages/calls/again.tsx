import { Button, Group, NumberInput, Stack, Switch, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallRecord, OneCall } from '../../../api/types.ts';
import { decideAgain, tryAgain, tryChanged, type Reply } from '../../api/calls.ts';
import { may, session } from '../../api/session.ts';
import { Answer } from './answer.tsx';
import type { Came } from './outcome.tsx';
import { Panel } from './panel.tsx';
import { RawText } from './raw-text.tsx';

interface AgainProps {
  readonly call: OneCall;
  readonly record: CallRecord;
}

/** The same call once more, without a call: by the schemes of now, with another reply, or changed. */
export function Again({ call: { masked }, record }: AgainProps) {
  const { t } = useTranslation();
  const { data: me } = useQuery(session);
  const [form, setForm] = useState<'reply' | 'call' | null>(null);
  const again = useMutation({ mutationFn: (act: () => Promise<Came>) => act() });
  if (masked || record.call === null || !may(me, 'operator')) return null;
  const { id } = record;
  const run = (act: () => Promise<Came>): void => {
    again.mutate(act);
  };
  return (
    <Panel title={t('calls.again.title')}>
      <Stack gap="sm">
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            onClick={() => {
              run(async () => ({ verdict: await decideAgain(id) }));
            }}
          >
            {t('calls.again.decide')}
          </Button>
          <Button
            size="xs"
            variant="default"
            onClick={() => {
              run(async () => ({ tried: await tryAgain(id, null) }));
            }}
          >
            {t('calls.again.ask')}
          </Button>
          {(['reply', 'call'] as const)
            .filter((one) => one === 'reply' || may(me, 'editor'))
            .map((one) => (
              <Button
                key={one}
                size="xs"
                variant={form === one ? 'light' : 'default'}
                aria-expanded={form === one}
                onClick={() => {
                  setForm(form === one ? null : one);
                }}
              >
                {t(`calls.again.${one}`)}
              </Button>
            ))}
        </Group>
        {form === 'reply' && (
          <ReplyForm
            reply={record.requests.at(-1)?.reply ?? null}
            onSend={(reply) => {
              run(async () => ({ tried: await tryAgain(id, reply) }));
            }}
          />
        )}
        {form === 'call' && (
          <CallForm
            call={record.call}
            scheme={record.scheme?.name ?? ''}
            onSend={(changed) => {
              run(async () => ({ tried: await tryChanged(changed) }));
            }}
          />
        )}
        <Answer asked={again} />
      </Stack>
    </Panel>
  );
}

interface ReplyFormProps {
  readonly reply: Reply | null;
  readonly onSend: (reply: Reply) => void;
}

/** The reply as it was, to be changed and read again; the CRM is not asked. */
function ReplyForm({ reply, onSend }: ReplyFormProps) {
  const { t } = useTranslation();
  const [status, setStatus] = useState<number>(reply?.status ?? 200);
  const [body, setBody] = useState(reply?.body ?? '');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const type = reply?.headers['content-type'];
        onSend({ status, body, headers: type === undefined ? {} : { 'content-type': type } });
      }}
    >
      <Stack gap="xs" align="flex-start">
        <NumberInput
          size="xs"
          w={120}
          label={t('calls.again.status')}
          value={status}
          min={200}
          max={599}
          onChange={(value) => {
            setStatus(Number(value));
          }}
        />
        <RawText label={t('calls.again.body')} value={body} onChange={setBody} />
        <Button size="xs" type="submit">
          {t('calls.again.read')}
        </Button>
      </Stack>
    </form>
  );
}

interface CallFormProps {
  readonly call: NonNullable<CallRecord['call']>;
  readonly scheme: string;
  readonly onSend: (changed: Parameters<typeof tryChanged>[0]) => void;
}

/** The call as it was, to be changed: the CRM is asked what it would say then. */
function CallForm({ call, scheme: own, onSend }: CallFormProps) {
  const { t } = useTranslation();
  const [given, setGiven] = useState({
    caller: call.caller,
    did: call.did,
    callerName: call.callerName,
    context: call.context,
    scheme: own,
  });
  const [withheld, setWithheld] = useState(call.withheld);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const { scheme, caller, did, callerName, context } = given;
        onSend({
          ...(scheme === '' ? {} : { scheme }),
          call: { caller, did, withheld, callerName, ...(context === '' ? {} : { context }) },
        });
      }}
    >
      <Stack gap="xs" align="flex-start">
        <Group gap="xs">
          {(['caller', 'callerName', 'did', 'context', 'scheme'] as const).map((name) => (
            <TextInput
              key={name}
              size="xs"
              w={150}
              label={t(`calls.again.fields.${name}`)}
              value={given[name]}
              required={name === 'did'}
              maxLength={name === 'callerName' ? 128 : 64}
              onChange={({ currentTarget }) => {
                setGiven({ ...given, [name]: currentTarget.value });
              }}
            />
          ))}
        </Group>
        <Switch
          size="xs"
          label={t('calls.again.withheld')}
          checked={withheld}
          onChange={({ currentTarget }) => {
            setWithheld(currentTarget.checked);
          }}
        />
        <Button size="xs" type="submit">
          {t('calls.again.send')}
        </Button>
      </Stack>
    </form>
  );
}
