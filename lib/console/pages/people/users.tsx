import {
  ActionIcon,
  Alert,
  Badge,
  Button,
  Group,
  Menu,
  PasswordInput,
  Select,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { IconDots, IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Role, UserView } from '../../../api/types.ts';
import { send } from '../../api/client.ts';
import { session } from '../../api/session.ts';
import { users } from '../../api/system.ts';
import { useAction } from '../../ui/action.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { faultOf, restOf } from '../../ui/field.ts';
import { Listing } from '../../ui/listing.tsx';
import { Loaded } from '../../ui/page.tsx';
import { When } from '../../ui/when.tsx';

const ROLES: readonly Role[] = ['viewer', 'operator', 'editor', 'admin'];

interface Change {
  readonly name: string;
  readonly body: { readonly role?: Role; readonly disabled?: boolean; readonly password?: string };
}

export function Users() {
  const { t } = useTranslation();
  const query = useQuery(users);
  const { data: me } = useQuery(session);
  const [isAdding, setAdding] = useState(false);
  const [renewed, setRenewed] = useState<string | null>(null);
  const change = useAction({
    act: ({ name, body }: Change) => send(`/users/${encodeURIComponent(name)}`, { method: 'PATCH', body }),
    changes: [users.queryKey],
    done: (_, { name }) => t('system.people.saved', { name }),
  });
  return (
    <Stack>
      <Group justify="flex-end">
        <Button
          size="xs"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => {
            setAdding(true);
          }}
        >
          {t('system.people.add')}
        </Button>
      </Group>
      <Loaded query={query}>
        {(all) => (
          <Listing
            minWidth={560}
            rows={all}
            keyOf={({ name }) => name}
            columns={[
              {
                title: t('system.people.name'),
                cell: ({ name, disabledAt }) => (
                  <>
                    {name}{' '}
                    {name === me?.name && (
                      <Text span size="sm" c="dimmed">
                        ({t('system.people.you')})
                      </Text>
                    )}
                    {disabledAt !== null && (
                      <Badge color="gray" variant="light" tt="none" ml="xs">
                        {t('system.people.disabled')}
                      </Badge>
                    )}
                  </>
                ),
              },
              {
                title: t('system.people.role'),
                cell: (user) => (
                  <Select
                    aria-label={`${t('system.people.role')}: ${user.name}`}
                    size="xs"
                    w={130}
                    data={[...ROLES]}
                    value={user.role}
                    allowDeselect={false}
                    onChange={(role) => {
                      if (role !== null) change.mutate({ name: user.name, body: { role } });
                    }}
                  />
                ),
              },
              { title: t('system.people.since'), cell: ({ createdAt }) => <When at={createdAt} /> },
              {
                isRight: true,
                cell: (user) => (
                  <Actions
                    user={user}
                    onPassword={() => {
                      setRenewed(user.name);
                    }}
                    onToggle={() => {
                      change.mutate({ name: user.name, body: { disabled: user.disabledAt === null } });
                    }}
                  />
                ),
              },
            ]}
          />
        )}
      </Loaded>
      <Text size="sm" c="dimmed" component="ul" m={0} pl="md">
        {ROLES.map((role) => (
          <li key={role}>{t(`system.people.roles.${role}`)}</li>
        ))}
      </Text>
      <Dialog
        opened={isAdding}
        onClose={() => {
          setAdding(false);
        }}
        title={t('system.people.add')}
      >
        <AddUser
          onDone={() => {
            setAdding(false);
          }}
        />
      </Dialog>
      <Dialog
        opened={renewed !== null}
        onClose={() => {
          setRenewed(null);
        }}
        title={`${t('system.people.newPassword')}: ${renewed ?? ''}`}
      >
        <NewPassword
          onPassword={(password) => {
            if (renewed !== null) change.mutate({ name: renewed, body: { password } });
            setRenewed(null);
          }}
        />
      </Dialog>
    </Stack>
  );
}

interface ActionsProps {
  readonly user: UserView;
  readonly onPassword: () => void;
  readonly onToggle: () => void;
}

function Actions({ user, onPassword, onToggle }: ActionsProps) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t('system.people.actions', { name: user.name })}
        >
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={onPassword}>{t('system.people.newPassword')}</Menu.Item>
        <Menu.Item onClick={onToggle}>
          {user.disabledAt === null ? t('system.people.disable') : t('system.people.enable')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function NewPassword({ onPassword }: { readonly onPassword: (password: string) => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onPassword(password);
      }}
    >
      <Stack>
        <PasswordInput
          label={t('system.people.newPassword')}
          description={t('system.people.passwordHint')}
          autoComplete="new-password"
          minLength={12}
          required
          data-autofocus
          value={password}
          onChange={(event) => {
            setPassword(event.currentTarget.value);
          }}
        />
        <Button type="submit">{t('ui.save')}</Button>
      </Stack>
    </form>
  );
}

function AddUser({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [password, setPassword] = useState('');
  const add = useMutation({
    mutationFn: () => send('/users', { method: 'POST', body: { name, role, password } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: users.queryKey });
      onDone();
    },
  });
  const rest = restOf(add.error, ['/name', '/password']);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t('system.people.name')}
          required
          data-autofocus
          autoComplete="off"
          value={name}
          error={faultOf(add.error, '/name')}
          onChange={(event) => {
            setName(event.currentTarget.value);
          }}
        />
        <Select
          label={t('system.people.role')}
          data={ROLES.map((one) => ({ value: one, label: t(`system.people.roles.${one}`) }))}
          value={role}
          allowDeselect={false}
          onChange={(value) => {
            if (value !== null) setRole(value);
          }}
        />
        <PasswordInput
          label={t('system.people.password')}
          description={t('system.people.passwordHint')}
          autoComplete="new-password"
          minLength={12}
          required
          value={password}
          error={faultOf(add.error, '/password')}
          onChange={(event) => {
            setPassword(event.currentTarget.value);
          }}
        />
        {rest !== undefined && (
          <Alert color="red" role="alert">
            {rest}
          </Alert>
        )}
        <Button type="submit" loading={add.isPending}>
          {t('system.people.addDo')}
        </Button>
      </Stack>
    </form>
  );
}
