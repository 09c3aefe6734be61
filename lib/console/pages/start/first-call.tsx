import { Alert, Badge, Button, Code, Group, List, Loader, Stack, Table, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { LiveCall } from '../../../api/types.ts';
import { useLive } from '../../api/live.ts';
import { Coded } from '../../ui/coded.tsx';
import { PageLink } from '../../ui/link.tsx';
import { Waiting } from '../../ui/page.tsx';
import { ResultBadge } from '../../ui/result.tsx';
import { durationText } from '../../ui/when.tsx';
import { STATES } from '../live/live-calls.tsx';
import { dialplan } from '../schemes/queries.ts';
import { textAt } from './draft.ts';
import { momentsOf } from './moments.ts';
import { callsSince, oneCall } from './queries.ts';
import type { StepBodyProps } from './step.tsx';

/** All of a dial string, and the beginning of a long reply. */
const LONGEST = 500;
const NEVER = '1970-01-01T00:00:00.000Z';

/** Waits for the first call, and turns into its story. */
export function FirstCall({ draft }: StepBodyProps) {
  const { t } = useTranslation();
  const scheme = textAt(draft.document, ['name']);
  const since = draft.since ?? NEVER;
  const { data: live } = useLive();
  const { data: ended } = useQuery({
    ...callsSince(scheme, since, live?.counts.ended ?? 0),
    placeholderData: keepPreviousData,
  });
  const first = ended?.calls[0];
  const calls = live?.calls ?? [];
  const now = calls.find((call) => call.scheme === scheme);
  const astray = calls.find((call) => call.scheme !== scheme && call.state !== 'deciding');
  if (now !== undefined) return <Now call={now} />;
  if (first !== undefined) return <Story id={first.id} result={first.result} reason={first.reason} />;
  return (
    <Stack gap="md">
      <Group gap="sm" role="status">
        <Loader size="sm" aria-hidden />
        <Text fw={600}>{t('start.call.waiting')}</Text>
      </Group>
      {astray !== undefined && (
        <Alert color="yellow">
          {t('start.call.astray', { did: astray.did, scheme: astray.scheme ?? t('live.noScheme') })}
        </Alert>
      )}
      <Simulate scheme={scheme} did={draft.call.did} />
      <div>
        <Text size="sm" fw={600} mb={4}>
          {t('start.call.nothing')}
        </Text>
        <List size="sm" spacing={4}>
          {(['module', 'reload', 'allow', 'log'] as const).map((key) => (
            <List.Item key={key}>
              <Coded text={t(`start.call.hints.${key}`)} />
            </List.Item>
          ))}
        </List>
      </div>
    </Stack>
  );
}

/** A call for whoever has no telephone at hand. */
function Simulate({ scheme, did }: { readonly scheme: string; readonly did: string }) {
  const { t } = useTranslation();
  const { data } = useQuery(dialplan({ scheme, host: '', did: '' }));
  if (data === undefined) return null;
  const number = /^\d+$/.test(did) ? did : '15005550100';
  return (
    <div>
      <Text size="sm" mb={4}>
        {t('start.call.simulate')}
      </Text>
      <Code
        block
      >{`esl-router simulate --router ${data.address} --scheme ${scheme} --did ${number} --calls 1`}</Code>
    </div>
  );
}

function Now({ call: { state, caller, did, destination } }: { readonly call: LiveCall }) {
  const { t } = useTranslation();
  const { color, icon: Icon } = STATES[state];
  return (
    <Group gap="sm" role="status">
      <Badge color={color} variant="light" tt="none" leftSection={<Icon size={14} aria-hidden />}>
        {t(`live.states.${state}`)}
      </Badge>
      <Text className="foreign">
        {caller === '' ? t('live.withheld') : caller} → {did}
        {destination === '' ? '' : ` → ${destination}`}
      </Text>
    </Group>
  );
}

interface StoryProps {
  readonly id: string;
  readonly result: string;
  readonly reason: string;
}

function Story({ id, result, reason }: StoryProps) {
  const { t } = useTranslation();
  const { data } = useQuery(oneCall(id));
  return (
    <Stack gap="md">
      <Alert color="teal" icon={<IconCircleCheck />} title={t('start.call.arrived')} role="status">
        <Group gap="sm">
          <ResultBadge result={result} />
          <Text size="sm" className="mono">
            {reason}
          </Text>
        </Group>
      </Alert>
      {data === undefined ? (
        <Waiting rows={5} />
      ) : (
        <Table verticalSpacing={6} maw={960}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th ta="right" w={90}>
                {t('start.call.at')}
              </Table.Th>
              <Table.Th>{t('start.call.what')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {momentsOf(data.record).map(({ atMs, what, text }, index) => (
              <Table.Tr key={index}>
                <Table.Td ta="right" className="mono" style={{ verticalAlign: 'top' }}>
                  {durationText(atMs)}
                </Table.Td>
                <Table.Td>
                  <Text span size="sm" fw={600}>
                    {t(`start.call.moments.${what}`)}
                  </Text>{' '}
                  <Text span size="sm" className="foreign mono">
                    {text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <Group>
        <Button renderRoot={(props) => <Link to="/calls/$id" params={{ id }} {...props} />}>
          {t('start.call.whole')}
        </Button>
        <PageLink to="/live" size="sm">
          {t('nav.toLive')}
        </PageLink>
      </Group>
    </Stack>
  );
}
