import { Badge, Button, Group, Paper, SegmentedControl, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ProblemGroup } from '../../../api/types.ts';
import { send } from '../../api/client.ts';
import { may, session } from '../../api/session.ts';
import { offendingValues, problems, type ProblemFilter } from '../../api/system.ts';
import { useAction } from '../../ui/action.ts';
import { readyToRun } from '../../ui/advice.ts';
import { Coded } from '../../ui/coded.tsx';
import { ForeignLine } from '../../ui/foreign-text.tsx';
import { PageLink } from '../../ui/link.tsx';
import { Empty, Loaded, Page } from '../../ui/page.tsx';
import { useReasons } from '../../ui/reasons.ts';
import { Ago, When } from '../../ui/when.tsx';

const route = getRouteApi('/problems');
const FILTERS: readonly ProblemFilter[] = ['active', 'open', 'acknowledged', 'solved'];
/** Each is a card of many words: a screen shows six. */
const AT_ONCE = 20;
const COLOURS = { open: 'red', acknowledged: 'yellow', solved: 'teal' } as const;

export function Problems() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const filter = FILTERS.find((one) => one === search['state']) ?? 'active';
  const query = useQuery(problems(filter));
  return (
    <Page
      title={t('system.problems.title')}
      lead={t('system.problems.lead')}
      actions={
        <SegmentedControl
          size="xs"
          value={filter}
          onChange={(state) => void navigate({ search: state === 'active' ? {} : { state } })}
          data={FILTERS.map((one) => ({
            value: one,
            label: one === 'active' ? t('system.problems.active') : t(`system.problems.state.${one}`),
          }))}
        />
      }
    >
      <Loaded query={query}>
        {(groups) =>
          groups.length === 0 ? (
            <Empty title={t('system.problems.none')}>{t('system.problems.noneHint')}</Empty>
          ) : (
            <ProblemCards key={filter} groups={groups} />
          )
        }
      </Loaded>
    </Page>
  );
}

function ProblemCards({ groups }: { readonly groups: readonly ProblemGroup[] }) {
  const { t } = useTranslation();
  const [most, setMost] = useState(AT_ONCE);
  return (
    <Stack gap="sm">
      {groups.slice(0, most).map((group) => (
        <ProblemCard key={group.id} group={group} />
      ))}
      {groups.length > most && (
        <Group justify="center">
          <Button
            variant="default"
            onClick={() => {
              setMost(most + AT_ONCE);
            }}
          >
            {t('system.problems.more', { count: groups.length - most })}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

const ProblemCard = memo(function ProblemCard({ group }: { readonly group: ProblemGroup }) {
  const { t } = useTranslation();
  const { data: me } = useQuery(session);
  const change = useAction({
    act: (state: ProblemGroup['state']) =>
      send(`/problems/${group.id}`, { method: 'PATCH', body: { state } }),
    changes: [['problems']],
  });
  const { state, reason, scheme, crm, count, firstAt, lastAt, lastCall, changedBy } = group;
  const { data: reasons = [] } = useReasons();
  const about = reasons.find(({ code }) => code === reason);
  const sentence = about?.sentence ?? group.sentence;
  const whatToDo = group.whatToDo === null ? null : (about?.cure ?? group.whatToDo);
  const next = {
    open: ['acknowledged', 'solved'],
    acknowledged: ['solved', 'open'],
    solved: ['open'],
  } as const;
  const labels = {
    open: t('system.problems.reopen'),
    acknowledged: t('system.problems.acknowledge'),
    solved: t('system.problems.solve'),
  };
  return (
    <Paper withBorder p="md" component="article">
      <Group justify="space-between" align="flex-start" gap="md">
        <Stack gap={4} flex="1 1 320px">
          <Group gap="xs">
            <Badge color={COLOURS[state]} variant="light" tt="none">
              {t(`system.problems.state.${state}`)}
            </Badge>
            <Text fw={600}>{sentence}</Text>
            <PageLink to="/reasons" hash={reason} size="sm" className="mono">
              {reason}
            </PageLink>
          </Group>
          <Text size="sm" className="foreign">
            {scheme === '' ? t('system.problems.noScheme') : scheme} ·{' '}
            {crm === '' ? t('system.problems.noCrm') : crm}
          </Text>
          {whatToDo !== null && (
            <Text size="sm">
              <Text span fw={600} inherit>
                {t('system.problems.cure')}:
              </Text>{' '}
              <Coded text={readyToRun(whatToDo, crm)} />
            </Text>
          )}
          {group.hasValues && <Values of={group} />}
        </Stack>
        <Group gap="lg" align="flex-start">
          <Fact label={t('system.problems.count')}>{count}</Fact>
          <Fact label={t('system.problems.since')}>
            <When at={firstAt} form="time" />
          </Fact>
          <Fact label={t('system.problems.last')}>
            <Ago at={lastAt} />
          </Fact>
        </Group>
      </Group>
      <Group justify="space-between" mt="sm" gap="sm">
        <Group gap="md">
          <PageLink to="/calls" search={{ reason, ...(scheme === '' ? {} : { scheme }) }} size="sm">
            {t('system.problems.affected')}
          </PageLink>
          <PageLink to="/calls/$id" params={{ id: lastCall }} size="sm">
            {t('system.problems.lastCall')}
          </PageLink>
          {scheme !== '' && (
            <PageLink to="/schemes/$name" params={{ name: scheme }} size="sm">
              {t('system.problems.toScheme')}
            </PageLink>
          )}
          {changedBy !== '' && (
            <Text size="sm" c="dimmed">
              {t('system.problems.by', { name: changedBy })}
            </Text>
          )}
        </Group>
        {may(me, 'operator') && (
          <Group gap="xs">
            {next[state].map((to) => (
              <Button
                key={to}
                size="xs"
                variant="default"
                loading={change.isPending && change.variables === to}
                onClick={() => {
                  change.mutate(to);
                }}
              >
                {labels[to]}
              </Button>
            ))}
          </Group>
        )}
      </Group>
    </Paper>
  );
});

/** What the CRM sent and was not taken, as the last calls brought it, each with its calls. */
function Values({ of: group }: { readonly of: ProblemGroup }) {
  const { t } = useTranslation();
  const { data = [] } = useQuery(offendingValues(group));
  if (data.length === 0) return null;
  return (
    <Group gap="xs" role="group" aria-label={t('system.problems.values')}>
      <Text size="sm" c="dimmed">
        {t('system.problems.values')}:
      </Text>
      {data.map(({ value, calls, lastCall }) => (
        <PageLink key={value} to="/calls/$id" params={{ id: lastCall }} search={{}} size="sm">
          <span className="mono">
            <ForeignLine text={value} limit={80} />
          </span>{' '}
          × {calls}
        </PageLink>
      ))}
    </Group>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: React.ReactNode }) {
  return (
    <Stack gap={0}>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="sm" component="div">
        {children}
      </Text>
    </Stack>
  );
}
