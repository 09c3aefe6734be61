import { Alert, Button, Code, CopyButton, Group, List, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Coded } from '../../ui/coded.tsx';
import { Loaded } from '../../ui/page.tsx';
import { dialplan } from '../schemes/queries.ts';
import { textAt } from './draft.ts';
import type { StepBodyProps } from './step.tsx';

const PAUSE_MS = 400;
const NUMBER = /^\+?\d{1,32}$/;
const HOST = /^[A-Za-z0-9.:-]*$/;

/** What FreeSWITCH needs, to be copied. */
export function DialplanStep({ draft, onNext }: StepBodyProps) {
  const { t } = useTranslation();
  const [host, setHost] = useState('');
  const typed = draft.call.did.replace(/[\s().-]/g, '');
  const [number, setNumber] = useState(NUMBER.test(typed) ? typed : '');
  const [settled] = useDebouncedValue({ host, number }, PAUSE_MS);
  const query = useQuery({
    // The files of before stay while another address is typed.
    placeholderData: keepPreviousData,
    ...dialplan({
      scheme: textAt(draft.document, ['name']),
      host: HOST.test(settled.host) ? settled.host : '',
      did: NUMBER.test(settled.number) ? settled.number : '',
    }),
  });
  return (
    <Stack gap="md">
      <Group align="flex-start" gap="md">
        <TextInput
          label={t('start.dialplan.number')}
          description={t('start.dialplan.numberHint')}
          inputMode="tel"
          autoComplete="off"
          autoFocus
          value={number}
          error={number === '' || NUMBER.test(number) ? undefined : t('start.dialplan.notNumber')}
          onChange={({ currentTarget }) => {
            setNumber(currentTarget.value.trim());
          }}
        />
        <TextInput
          label={t('start.dialplan.host')}
          description={t('start.dialplan.hostHint')}
          placeholder={query.data?.address.replace(/:\d+$/, '')}
          autoComplete="off"
          value={host}
          error={HOST.test(host) ? undefined : t('start.dialplan.notHost')}
          onChange={({ currentTarget }) => {
            setHost(currentTarget.value.trim());
          }}
        />
      </Group>
      <Loaded query={query}>
        {({ address, allow, everywhere, guardSeconds, files }) => (
          <Stack gap="md">
            {everywhere && host === '' && <Alert color="yellow">{t('start.dialplan.everywhere')}</Alert>}
            <Text size="sm">
              <Coded
                text={t('start.dialplan.facts', { address, guard: guardSeconds, allow: allow.join(', ') })}
              />
            </Text>
            {files.map((file) => (
              <File key={file.path} {...file} />
            ))}
          </Stack>
        )}
      </Loaded>
      <List size="sm" spacing={4}>
        <List.Item>
          <Coded text={t('start.dialplan.reload')} />
        </List.Item>
        <List.Item>
          <Coded text={t('start.dialplan.fallback')} />
        </List.Item>
      </List>
      <Group>
        <Button onClick={onNext}>{t('start.dialplan.done')}</Button>
      </Group>
    </Stack>
  );
}

function File({ path, text }: { readonly path: string; readonly text: string }) {
  const { t } = useTranslation();
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Title order={3} fz="sm" className="mono">
          {path}
        </Title>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
              aria-label={`${copied ? t('ui.copied') : t('ui.copy')}: ${path}`}
              onClick={copy}
            >
              {copied ? t('ui.copied') : t('ui.copy')}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Code block mah={300} style={{ overflow: 'auto' }} tabIndex={0} role="region" aria-label={path}>
        {text}
      </Code>
    </div>
  );
}
