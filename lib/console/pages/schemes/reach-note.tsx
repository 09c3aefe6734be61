import { Alert, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconRoute } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { Coded } from '../../ui/coded.tsx';
import type { SchemeDocument } from './document.ts';
import { useEditing } from './editing.ts';
import { PlaceLink } from './place-link.tsx';
import { dialplan, schemeList } from './queries.ts';
import { reachOf, type Reach } from './reach.ts';
import type { ShownState } from './state.tsx';

interface ReachProps {
  readonly name: string;
  /** As calls see it: what is only typed yet does not count. */
  readonly document: SchemeDocument;
  readonly state: ShownState;
}

/** Which calls come to the scheme, and what brings them there. */
export function ReachText(props: ReachProps) {
  const { t } = useTranslation();
  const { isReadOnly } = useEditing();
  const reach = useReach(props);
  const { data: way } = useQuery(dialplan({ scheme: props.name, host: '', did: '' }));
  if (reach === null) return null;
  if (reach.kind === 'unused') return t(`schemes.reach.${reach.state}`);
  if (reach.kind !== 'live') return t(`schemes.reach.${reach.kind}`);
  const by = { name: props.name, address: way?.address ?? '…' };
  const isNamedOnly = !reach.isDefault && reach.match.length === 0;
  return (
    <>
      {reach.isDefault && `${t('schemes.reach.isDefault')} `}
      {reach.match.length > 0 && `${t('schemes.reach.matches', { calls: matchText(t, reach) })} `}
      {isNamedOnly && `${t('schemes.reach.byItself')} `}
      <Coded text={t(isNamedOnly ? 'schemes.reach.bring' : 'schemes.reach.alsoNamed', by)} />
      {isNamedOnly && !isReadOnly && (
        <>
          {' '}
          {t('schemes.reach.orMatch')} <PlaceLink path={['match', 'did']} />.
        </>
      )}
    </>
  );
}

/** The same, under the title, with what makes it live. */
export function ReachNote({ onLive, ...props }: ReachProps & { readonly onLive: (() => void) | null }) {
  const { t } = useTranslation();
  const reach = useReach(props);
  const { data: list } = useQuery(schemeList);
  if (reach === null) return null;
  const calls = list?.figures[props.name]?.calls ?? 0;
  const isQuiet = reach.kind === 'live';
  return (
    <Alert
      color={isQuiet ? 'gray' : 'yellow'}
      variant="light"
      icon={isQuiet ? <IconRoute aria-hidden /> : <IconAlertTriangle aria-hidden />}
      py="xs"
      role="note"
      aria-label={t('schemes.reach.title')}
    >
      <Group justify="space-between" gap="xs">
        <Text size="sm" flex="1 1 280px">
          <ReachText {...props} />{' '}
          <Text span inherit c="dimmed">
            {t('schemes.reach.lately', { count: calls })}
          </Text>
        </Text>
        {reach.kind === 'unused' && onLive !== null && (
          <Button size="compact-sm" onClick={onLive}>
            {t('schemes.reach.makeLive')}
          </Button>
        )}
      </Group>
    </Alert>
  );
}

/** Null: not known yet. */
function useReach({ name, document, state }: ReachProps): Reach | null {
  const { data: list } = useQuery(schemeList);
  if (list === undefined) return null;
  const use = list.stored.find((one) => one.name === name)?.use ?? null;
  return reachOf({ name, document, state, use, defaultName: list.default });
}

function matchText(t: TFunction, { match }: Extract<Reach, { kind: 'live' }>): string {
  return match
    .map(({ part, globs }) => t(`schemes.reach.parts.${part}`, { globs: globs.join(', ') }))
    .join(t('schemes.reach.and'));
}
