import { Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRouterState } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReasonView } from '../../../api/types.ts';
import { reasonGroups } from '../../api/calls.ts';
import { Coded } from '../../ui/coded.tsx';
import { PageLink } from '../../ui/link.tsx';
import { Empty, Loaded, Page } from '../../ui/page.tsx';
import classes from './reasons.module.css';

/** The closed list of reasons: what each means, what mostly causes it, and the cure. */
export function Reasons() {
  const { t } = useTranslation();
  const query = useQuery(reasonGroups);
  const [wanted, setWanted] = useState('');
  const hash = useRouterState({ select: ({ location }) => location.hash });
  useEffect(() => {
    if (query.data === undefined || hash === '') return;
    const target = document.getElementById(hash);
    target?.scrollIntoView({ block: 'center' });
    target?.focus({ preventScroll: true });
  }, [query.data, hash]);
  return (
    <Page
      title={t('calls.reasons.title')}
      lead={t('calls.reasons.lead')}
      actions={
        <TextInput
          size="xs"
          label={t('calls.reasons.find')}
          value={wanted}
          onChange={({ currentTarget }) => {
            setWanted(currentTarget.value);
          }}
        />
      }
    >
      <Loaded query={query} rows={12}>
        {(groups) => {
          const shown = groups
            .map(({ title, reasons }) => ({ title, reasons: reasons.filter((one) => fits(one, wanted)) }))
            .filter(({ reasons }) => reasons.length > 0);
          if (shown.length === 0) return <Empty title={t('calls.reasons.none')}>{null}</Empty>;
          return (
            <Stack gap="lg" maw={860}>
              {shown.map(({ title, reasons }) => (
                <section key={title}>
                  <Title order={2} mb={6}>
                    {title}
                  </Title>
                  {reasons.map((one) => (
                    <Reason key={one.reason} about={one} isHere={one.reason === hash} />
                  ))}
                </section>
              ))}
            </Stack>
          );
        }}
      </Loaded>
    </Page>
  );
}

function fits({ reason, sentence, cause, whatToDo }: ReasonView, wanted: string): boolean {
  const text = `${reason} ${sentence} ${cause} ${whatToDo ?? ''}`.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function Reason({ about, isHere }: { readonly about: ReasonView; readonly isHere: boolean }) {
  const { t } = useTranslation();
  const { reason, sentence, cause, whatToDo } = about;
  return (
    <article id={reason} tabIndex={-1} className={classes['reason']} data-here={isHere || undefined}>
      <Text fw={600} component="h3" m={0}>
        <span className="mono">{reason}</span> · {sentence}
      </Text>
      <Text size="sm">
        <Text span inherit c="dimmed">
          {t('calls.reasons.cause')}:
        </Text>{' '}
        <Coded text={cause} />
      </Text>
      <Text size="sm">
        <Text span inherit c="dimmed">
          {t('calls.reasons.cure')}:
        </Text>{' '}
        {whatToDo === null ? t('calls.reasons.nothing') : <Coded text={whatToDo} />}
      </Text>
      <PageLink to="/calls" search={{ reason }} size="sm">
        {t('calls.reasons.calls')}
      </PageLink>
    </article>
  );
}
