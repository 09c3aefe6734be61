import { Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useRouterState } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReasonView, Result } from '../../../api/types.ts';
import { Coded } from '../../ui/coded.tsx';
import { PageLink } from '../../ui/link.tsx';
import { Empty, Loaded, Page } from '../../ui/page.tsx';
import { useReasons } from '../../ui/reasons.ts';
import { ResultBadge, RESULTS } from '../../ui/result.tsx';
import classes from './reasons.module.css';

/** The closed list of reasons: what each means, what mostly causes it, and the cure. */
export function Reasons() {
  const { t } = useTranslation();
  const query = useReasons();
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
        {(all) => {
          const fitting = all.filter((one) => fits(one, wanted));
          const shown = [...new Set(fitting.map(({ group }) => group))].map((title) => ({
            title,
            reasons: fitting.filter(({ group }) => group === title),
          }));
          if (shown.length === 0) return <Empty title={t('calls.reasons.none')}>{null}</Empty>;
          return (
            <Stack gap="lg" maw={860}>
              <Results hash={hash} />
              {shown.map(({ title, reasons: ofGroup }) => (
                <section key={title}>
                  <Title order={2} mb={6}>
                    {title}
                  </Title>
                  {ofGroup.map((one) => (
                    <Reason key={one.code} about={one} isHere={one.code === hash} />
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

function fits({ code, sentence, cause, cure }: ReasonView, wanted: string): boolean {
  const text = `${code} ${sentence} ${cause} ${cure}`.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** What a result means: a reason says why it came to that. */
function Results({ hash }: { readonly hash: string }) {
  const { t } = useTranslation();
  return (
    <section>
      <Title order={2} mb={6}>
        {t('calls.reasons.results')}
      </Title>
      {(Object.keys(RESULTS) as Result[]).map((result) => (
        <article
          key={result}
          id={result}
          tabIndex={-1}
          className={classes['reason']}
          data-here={result === hash || undefined}
        >
          <Group gap="xs">
            <ResultBadge result={result} />
            <span className="mono">{result}</span>
            <PageLink to="/calls" search={{ result }} size="sm">
              {t('calls.reasons.withResult')}
            </PageLink>
          </Group>
          <Text size="sm">
            <Coded text={t(`results.about.${result}`)} />
          </Text>
        </article>
      ))}
      <Text size="sm" c="dimmed" className={classes['reason']}>
        {t('calls.reasons.savedSign')}
      </Text>
    </section>
  );
}

function Reason({ about, isHere }: { readonly about: ReasonView; readonly isHere: boolean }) {
  const { t } = useTranslation();
  const { code, sentence, cause, cure } = about;
  return (
    <article id={code} tabIndex={-1} className={classes['reason']} data-here={isHere || undefined}>
      <Text fw={600} component="h3" m={0}>
        <span className="mono">{code}</span> · {sentence}
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
        <Coded text={cure} />
      </Text>
      <PageLink to="/calls" search={{ reason: code }} size="sm">
        {t('calls.reasons.calls')}
      </PageLink>
    </article>
  );
}
