import {
  Alert,
  Button,
  Center,
  Image,
  Loader,
  Modal,
  Paper,
  PasswordInput,
  Stack,
  TextInput,
  Title,
} from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type SubmitEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem, whenLoggedOut } from '../api/client.ts';
import { logIn, session } from '../api/session.ts';
import { FailureOf } from '../ui/failure.tsx';
import { FirstUser, setupCode } from './first-user.tsx';

/** Nobody sees a page before he is logged in. When the session ends later the page stays, with all that was typed, and he logs in on top of it. */
export function LoginGate({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { data: me, isPending, error, refetch } = useQuery(session);
  const [hasEnded, setEnded] = useState(false);
  useEffect(() => {
    whenLoggedOut(() => {
      setEnded(true);
    });
  }, []);
  const onEnter = async (name: string, password: string): Promise<void> => {
    const entered = await logIn(name, password);
    setEnded(false);
    queries.setQueryData(session.queryKey, entered);
    await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
  };
  if (isPending) return <Whole>{<Loader aria-label={t('login.loading')} />}</Whole>;
  if (error !== null) {
    return (
      <Whole>
        <FailureOf error={error} again={() => void refetch()} />
      </Whole>
    );
  }
  if (me === null) {
    const code = setupCode(location);
    return (
      <Whole>
        <Paper component="main" withBorder shadow="sm" p="xl" w={360} maw="100%">
          <Stack gap="lg">
            <Image src="/mark.svg" alt="" w={40} h={40} />
            <Title order={1}>{t(code === null ? 'login.title' : 'start.setup.title')}</Title>
            {code === null ? (
              <LoginForm onEnter={onEnter} />
            ) : (
              <FirstUser code={code} onEnter={onEnter}>
                <LoginForm onEnter={onEnter} />
              </FirstUser>
            )}
          </Stack>
        </Paper>
      </Whole>
    );
  }
  return (
    <>
      {children}
      <Modal
        opened={hasEnded}
        onClose={() => undefined}
        withCloseButton={false}
        title={t('login.ended')}
        centered
      >
        <LoginForm onEnter={onEnter} name={me.name} />
      </Modal>
    </>
  );
}

function Whole({ children }: { readonly children: ReactNode }) {
  return (
    <Center mih="100dvh" p="md">
      {children}
    </Center>
  );
}

interface LoginFormProps {
  readonly onEnter: (name: string, password: string) => Promise<void>;
  readonly name?: string;
}

function LoginForm({ onEnter, name: given = '' }: LoginFormProps) {
  const { t } = useTranslation();
  const [name, setName] = useState(given);
  const [password, setPassword] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Problem | null>(null);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    try {
      await onEnter(name, password);
    } catch (error) {
      setFailure(error instanceof Problem ? error : new Problem(0, String(error)));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <TextInput
          label={t('login.name')}
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value);
          }}
          autoComplete="username"
          autoFocus={given === ''}
          required
        />
        <PasswordInput
          label={t('login.password')}
          value={password}
          onChange={(event) => {
            setPassword(event.currentTarget.value);
          }}
          autoComplete="current-password"
          autoFocus={given !== ''}
          required
        />
        {failure !== null && (
          <Alert color="red" role="alert">
            {failure.status === 401 ? t('login.wrong') : failure.message}
          </Alert>
        )}
        <Button type="submit" loading={isBusy} fullWidth>
          {t('login.enter')}
        </Button>
      </Stack>
    </form>
  );
}
