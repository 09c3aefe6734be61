import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallRecord, OneCall } from '../../../api/types.ts';
import { sendAgain } from '../../api/calls.ts';
import { may, session } from '../../api/session.ts';
import { Answer } from './answer.tsx';
import { changeOf, headersToChange } from './changed-question.ts';
import { RawText } from './raw-text.tsx';

interface SendAgainProps {
  readonly call: OneCall;
  readonly record: CallRecord;
  readonly request: CallRecord['requests'][number];
}

/** A recorded question, to be changed and sent to the CRM once more; no call is placed. */
export function SendAgain({ call: { masked }, record, request }: SendAgainProps) {
  const { t } = useTranslation();
  const { data: me } = useQuery(session);
  const [isOpen, setOpen] = useState(false);
  const send = useMutation({
    mutationFn: async (changed: Parameters<typeof sendAgain>[0]) => ({ tried: await sendAgain(changed) }),
  });
  if (masked || record.call === null || !may(me, 'editor')) return null;
  return (
    <Stack gap="xs" align="flex-start">
      <Button
        size="xs"
        variant={isOpen ? 'light' : 'default'}
        aria-expanded={isOpen}
        onClick={() => {
          setOpen(!isOpen);
        }}
      >
        {t('calls.sendAgain.open')}
      </Button>
      {isOpen && (
        <Stack gap="xs" w="100%">
          <ChangeForm
            request={request}
            isPending={send.isPending}
            onSend={(change) => {
              send.mutate({ id: record.id, change: { question: request.attempt, ...change } });
            }}
          />
          <Answer asked={send} />
        </Stack>
      )}
    </Stack>
  );
}

interface ChangeFormProps {
  readonly request: CallRecord['requests'][number];
  readonly isPending: boolean;
  readonly onSend: (change: ReturnType<typeof changeOf>) => void;
}

function ChangeForm({ request, isPending, onSend }: ChangeFormProps) {
  const { t } = useTranslation();
  const [url, setUrl] = useState(request.url);
  const [body, setBody] = useState(request.body);
  const [headers, setHeaders] = useState(() => headersToChange(request.headers));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSend(changeOf(request, { url, body, headers }));
      }}
    >
      <Stack gap="xs" align="flex-start" mb="sm">
        <RawText
          label={t('calls.sendAgain.url', { method: request.method })}
          description={t('calls.sendAgain.hidden')}
          value={url}
          required
          minRows={1}
          maxRows={6}
          maxLength={8192}
          onChange={(text) => {
            setUrl(text.replaceAll('\n', ''));
          }}
        />
        {headers.length > 0 && (
          <details style={{ width: '100%' }}>
            <summary>
              <Text span size="xs" fw={500}>
                {t('calls.question.headers', { count: headers.length })}
              </Text>
            </summary>
            <Stack gap={4} mt={4}>
              {headers.map(({ name, value }, index) => (
                <Group key={name} gap="xs" wrap="nowrap">
                  <Text size="xs" className="mono" w="36%" flex="none" style={{ overflowWrap: 'anywhere' }}>
                    {name}
                  </Text>
                  <TextInput
                    size="xs"
                    flex={1}
                    aria-label={t('calls.sendAgain.header', { name })}
                    value={value}
                    maxLength={4096}
                    spellCheck={false}
                    classNames={{ input: 'mono' }}
                    onChange={({ currentTarget }) => {
                      setHeaders(headers.with(index, { name, value: currentTarget.value }));
                    }}
                  />
                </Group>
              ))}
            </Stack>
          </details>
        )}
        {body !== null && <RawText label={t('calls.question.body')} value={body} onChange={setBody} />}
        <Button size="xs" type="submit" loading={isPending}>
          {t('calls.sendAgain.send')}
        </Button>
      </Stack>
    </form>
  );
}
