import { Button, Popover, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallSummary } from '../../../api/types.ts';
import { recentCalls } from '../../api/calls.ts';
import { PageLink } from '../../ui/link.tsx';
import { isResult } from '../../ui/result.tsx';
import { When } from '../../ui/when.tsx';

interface CompareWithProps {
  readonly id: string;
  /** Of the same caller. */
  readonly previous: string | null;
}

/** With the call before of this caller, with one of the last calls, or with any other whose link or trace is at hand. */
export function CompareWith(props: CompareWithProps) {
  const { t } = useTranslation();
  return (
    <Popover withinPortal trapFocus shadow="md" position="bottom">
      <Popover.Target>
        <Button size="compact-xs" variant="default">
          {t('calls.compare.with')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Choices {...props} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Choices({ id, previous }: CompareWithProps) {
  const { t } = useTranslation();
  const { data = [] } = useQuery(recentCalls);
  const [other, setOther] = useState('');
  const [, wanted = ''] = /([0-9a-f]{32}|[0-9a-f-]{36})\/?$/i.exec(other.trim()) ?? [];
  const recent = data.filter((call) => call.id !== id && call.id !== previous).slice(0, SHOWN);
  const link = (to: string, children: React.ReactNode) => (
    <PageLink key={to} to="/calls" search={(before) => ({ ...before, call: id, with: to })} size="sm">
      {children}
    </PageLink>
  );
  return (
    <Stack gap="xs" w="min(340px, 80vw)" align="flex-start">
      {previous !== null && link(previous, t('calls.compare.previous'))}
      {recent.length > 0 && (
        <Stack gap={4} role="group" aria-label={t('calls.compare.recent')} w="100%">
          <Text size="xs" c="dimmed">
            {t('calls.compare.recent')}
          </Text>
          {recent.map((call) => link(call.id, <Short call={call} />))}
        </Stack>
      )}
      <TextInput
        size="xs"
        w="100%"
        label={t('calls.compare.other')}
        value={other}
        maxLength={300}
        onChange={({ currentTarget }) => {
          setOther(currentTarget.value);
        }}
      />
      {wanted !== '' && link(wanted, t('calls.compare.go'))}
    </Stack>
  );
}

const SHOWN = 6;

/** `14:03:27 380441110001 → 15005550100, Routed` */
function Short({ call: { startedAt, caller, did, masked, result } }: { readonly call: CallSummary }) {
  const { t } = useTranslation();
  return (
    <>
      <When at={startedAt} form="short" />{' '}
      <bdi>{caller === '' ? t(masked ? 'calls.masked' : 'calls.withheld') : caller}</bdi> →{' '}
      <bdi>{did === '' ? '–' : did}</bdi>, {isResult(result) ? t(`results.${result}`) : result}
    </>
  );
}
