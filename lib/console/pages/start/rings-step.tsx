import { Alert, Autocomplete, Button, Code, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { settings } from '../../api/system.ts';
import { useAction } from '../../ui/action.ts';
import { FailureOf } from '../../ui/failure.tsx';
import { faultOf, restOf } from '../../ui/field.ts';
import { schemeList } from '../schemes/queries.ts';
import { gatewayOfText, textAt, withWay, type Draft } from './draft.ts';
import { saveScheme, triedWith, ways } from './queries.ts';
import type { StepBodyProps } from './step.tsx';
import { Ways } from './ways.tsx';

const PAUSE_MS = 500;

/** Gateway and domain, the call of before dialled with them, and the scheme goes live. */
export function RingsStep({ draft, change, onNext }: StepBodyProps) {
  const { t } = useTranslation();
  const { document, etag } = draft;
  const configured = useQuery(settings);
  const seen = useQuery(ways);
  const saving = useAction({
    act: () => saveScheme(document, etag),
    changes: [schemeList.queryKey],
    done: () => t('start.rings.saved', { name: textAt(document, ['name']) }),
  });
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const saved = await saving.mutateAsync(undefined).catch(() => undefined);
    if (saved === undefined) return;
    change((before) => ({ ...before, etag: saved, since: before.since ?? new Date().toISOString() }));
    onNext();
  };
  const inConfiguration = (name: string): string => {
    const value = configured.data?.find((one) => one.name === name)?.value;
    return [value].flat().filter(Boolean).join(', ');
  };
  const hintOf = (key: 'gateway' | 'domain'): string =>
    inConfiguration(key) === ''
      ? t(`start.rings.${key}Hint`)
      : t('start.rings.configured', { value: inConfiguration(key) });
  const known = (kind: 'gateway' | 'domain'): string[] =>
    (seen.data?.ways ?? []).filter((way) => way.kind === kind).map(({ name }) => name);
  const rest = restOf(saving.error, ['/document/gateway', '/document/domain']);
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Autocomplete
            label={t('start.rings.domain')}
            description={hintOf('domain')}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            placeholder={inConfiguration('domain') || 'pbx.your-company.com'}
            data={[...new Set([...(seen.data?.domains ?? []), ...known('domain')])]}
            autoComplete="off"
            autoFocus
            value={textAt(document, ['domain'])}
            error={faultOf(saving.error, '/document/domain')}
            onChange={(domain) => {
              change((before) => withWay(before, 'domain', domain.trim() === '' ? undefined : domain.trim()));
            }}
          />
          <Autocomplete
            label={t('start.rings.gateway')}
            description={hintOf('gateway')}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            placeholder={inConfiguration('gateway') || 'my-carrier'}
            data={[...new Set(known('gateway'))]}
            autoComplete="off"
            value={textAt(document, ['gateway'])}
            error={faultOf(saving.error, '/document/gateway')}
            onChange={(text) => {
              change((before) => withWay(before, 'gateway', gatewayOfText(text)));
            }}
          />
        </SimpleGrid>
        {seen.data !== undefined && <Ways ways={seen.data.ways} />}
        <WouldDial draft={draft} />
        {rest !== undefined && saving.error !== null && <FailureOf error={saving.error} />}
        <Group>
          <Button type="submit" loading={saving.isPending}>
            {t('start.rings.save')}
          </Button>
          <Text size="sm" c="dimmed">
            {t('start.rings.saveHint')}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}

/** The reply of before, read with what is typed now. */
function WouldDial({ draft: { document, call, tried } }: { readonly draft: Draft }) {
  const { t } = useTranslation();
  const [settled] = useDebouncedValue(document, PAUSE_MS);
  const reply = tried?.requests.at(-1)?.reply ?? null;
  const canAsk = reply !== null && reply.status >= 200 && reply.status < 600;
  const { data } = useQuery({
    ...triedWith({
      document: settled,
      call,
      reply: { status: reply?.status ?? 200, body: reply?.body ?? '' },
    }),
    enabled: canAsk,
    placeholderData: keepPreviousData,
  });
  if (!canAsk || data === undefined) return null;
  if (data.dialStrings.length === 0) {
    const { reason } = data;
    if (reason !== 'no_domain' && reason !== 'no_gateway') return null;
    return <Alert color="yellow">{t(`start.rings.${reason}`)}</Alert>;
  }
  return (
    <div role="status">
      <Text size="sm" mb={4}>
        {t('start.rings.wouldDial', { caller: call.caller || t('live.withheld') })}
      </Text>
      <Code block className="foreign">
        {data.dialStrings.join('\n')}
      </Code>
    </div>
  );
}
