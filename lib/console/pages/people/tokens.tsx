import {
  Alert,
  Button,
  Code,
  CopyButton,
  Group,
  NumberInput,
  Select,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Role } from '../../../api/types.ts';
import { send } from '../../api/client.ts';
import { tokens } from '../../api/system.ts';
import { useAction } from '../../ui/action.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { faultOf, restOf } from '../../ui/field.ts';
import { Listing } from '../../ui/listing.tsx';
import { Empty, Loaded } from '../../ui/page.tsx';
import { Ago, When } from '../../ui/when.tsx';

const ROLES: readonly Role[] = ['viewer', 'operator', 'editor', 'admin'];

export function Tokens() {
  const { t } = useTranslation();
  const query = useQuery(tokens);
  const [isAdding, setAdding] = useState(false);
  const revoke = useAction({
    act: (id: string) => send(`/tokens/${id}`, { method: 'DELETE' }),
    changes: [tokens.queryKey],
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
          {t('system.people.tokenAdd')}
        </Button>
      </Group>
      <Loaded query={query}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={t('system.people.noTokens')}>{t('system.people.noTokensHint')}</Empty>
          ) : (
            <Listing
              minWidth={640}
              rows={all}
              keyOf={({ id }) => id}
              columns={[
                { title: t('system.people.tokenFor'), cell: ({ name }) => name },
                { title: t('system.people.role'), cell: ({ role }) => role },
                {
                  title: t('system.people.expires'),
                  cell: ({ expiresAt }) =>
                    expiresAt === null ? t('system.people.never') : <When at={expiresAt} />,
                },
                {
                  title: t('system.people.used'),
                  cell: ({ usedAt }) => (usedAt === null ? t('system.people.never') : <Ago at={usedAt} />),
                },
                {
                  isRight: true,
                  cell: ({ id, revokedAt }) =>
                    revokedAt === null ? (
                      <Button
                        size="compact-xs"
                        variant="default"
                        onClick={() => {
                          revoke.mutate(id);
                        }}
                      >
                        {t('system.people.revoke')}
                      </Button>
                    ) : (
                      <Text size="sm" c="dimmed">
                        {t('system.people.revoked')}
                      </Text>
                    ),
                },
              ]}
            />
          )
        }
      </Loaded>
      <Dialog
        opened={isAdding}
        onClose={() => {
          setAdding(false);
        }}
        title={t('system.people.tokenAdd')}
      >
        <AddToken
          onDone={() => {
            setAdding(false);
          }}
        />
      </Dialog>
    </Stack>
  );
}

function AddToken({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState<string | number>(90);
  const make = useMutation({
    mutationFn: async () =>
      (await send<{ token: string }>('/tokens', { method: 'POST', body: { name, role, days: Number(days) } }))
        .value,
    onSuccess: () => queries.invalidateQueries({ queryKey: tokens.queryKey }),
  });
  if (make.data !== undefined) {
    const { token } = make.data;
    return (
      <Stack>
        <Alert color="yellow">{t('system.people.tokenOnce')}</Alert>
        <Code block>{token}</Code>
        <Group>
          <CopyButton value={token}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? t('ui.copied') : t('ui.copy')}
              </Button>
            )}
          </CopyButton>
          <Button onClick={onDone}>{t('system.people.done')}</Button>
        </Group>
      </Stack>
    );
  }
  const rest = restOf(make.error, ['/name', '/days']);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t('system.people.tokenFor')}
          required
          data-autofocus
          value={name}
          error={faultOf(make.error, '/name')}
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
        <NumberInput
          label={t('system.people.days')}
          min={1}
          max={366}
          allowDecimal={false}
          value={days}
          error={faultOf(make.error, '/days')}
          onChange={setDays}
        />
        {rest !== undefined && (
          <Alert color="red" role="alert">
            {rest}
          </Alert>
        )}
        <Button type="submit" loading={make.isPending}>
          {t('system.people.tokenAdd')}
        </Button>
      </Stack>
    </form>
  );
}
