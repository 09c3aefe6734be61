import { Alert, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { useState, type ReactNode, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { read, send } from '../api/client.ts';
import { faultOf, restOf } from '../ui/field.ts';
import { Waiting } from '../ui/page.tsx';

/** The link of the log: `/setup?code=...`. Null: it is another address. */
export function setupCode({ pathname, search }: Location): string | null {
  return pathname === '/setup' ? new URLSearchParams(search).get('code') : null;
}

const open = queryOptions({
  queryKey: ['setup'],
  queryFn: ({ signal }) => read<{ readonly open: boolean }>('/setup', {}, signal),
});

interface FirstUserProps {
  readonly code: string;
  readonly onEnter: (name: string, password: string) => Promise<void>;
  /** What is left where the link does not work any more. */
  readonly children: ReactNode;
}

/** Nobody can log in yet: whoever may read the log of the router makes the first user. */
export function FirstUser({ code, onEnter, children }: FirstUserProps) {
  const { t } = useTranslation();
  const { data, isPending } = useQuery(open);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const making = useMutation({
    mutationFn: async () => {
      await send('/setup', { method: 'POST', body: { code, name, password } });
      await onEnter(name, password);
    },
  });
  if (isPending) return <Waiting rows={3} />;
  if (data?.open !== true) {
    return (
      <>
        <Alert color="yellow">{t('start.setup.closed')}</Alert>
        {children}
      </>
    );
  }
  const rest = restOf(making.error, ['/name', '/password']);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{t('start.setup.lead')}</Text>
        <TextInput
          label={t('login.name')}
          value={name}
          error={faultOf(making.error, '/name')}
          onChange={({ currentTarget }) => {
            setName(currentTarget.value);
          }}
          autoComplete="username"
          autoFocus
          required
          maxLength={64}
        />
        <PasswordInput
          label={t('login.password')}
          description={t('start.setup.passwordHint')}
          value={password}
          error={faultOf(making.error, '/password')}
          onChange={({ currentTarget }) => {
            setPassword(currentTarget.value);
          }}
          autoComplete="new-password"
          minLength={12}
          required
        />
        {rest !== undefined && (
          <Alert color="red" role="alert">
            {rest}
          </Alert>
        )}
        <Button type="submit" loading={making.isPending} fullWidth>
          {t('start.setup.go')}
        </Button>
      </Stack>
    </form>
  );
}
