import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { ShadowView } from '../../../api/types.ts';
import { PageLink } from '../../ui/link.tsx';
import { Listing } from '../../ui/listing.tsx';
import { Empty, Loaded } from '../../ui/page.tsx';
import { ResultBadge } from '../../ui/result.tsx';
import { durationText, When } from '../../ui/when.tsx';
import { Outlook } from './outlook.tsx';
import { shadowOf } from './queries.ts';

/** What the scheme would have done beside calls, and where it would have sent them otherwise. */
export function Shadow({ name, beside }: ShadowProps) {
  const { t } = useTranslation();
  const asked = useQuery(shadowOf(name));
  return (
    <Stack gap="md">
      {typeof beside === 'string' && beside !== '' && (
        <Text size="sm">
          {t('schemes.shadow.beside')}{' '}
          <PageLink to="/schemes/$name" params={{ name: beside }} search={{}} size="sm">
            {beside}
          </PageLink>
        </Text>
      )}
      <Loaded query={asked}>
        {(view) =>
          view.counts.length === 0 && view.canaries.length === 0 ? (
            <Empty title={t('schemes.shadow.none')}>{t('schemes.shadow.noneHint')}</Empty>
          ) : (
            <Stack gap="lg">
              {view.counts.length > 0 && <Comparison view={view} />}
              {view.canaries.map((one) => (
                <Canary key={`${one.scheme} ${one.canary}`} of={one} />
              ))}
            </Stack>
          )
        }
      </Loaded>
    </Stack>
  );
}

interface ShadowProps {
  readonly name: string;
  /** What the document says under `shadow`: the scheme whose comparison is elsewhere. */
  readonly beside: unknown;
}

/** Both sides of a canary, by what became of their calls. */
function Canary({ of: { scheme, canary, counts } }: { readonly of: ShadowView['canaries'][number] }) {
  const { t } = useTranslation();
  const all = (side: 'canary' | 'rest'): number =>
    counts.filter((one) => one.side === side).reduce((sum, one) => sum + one.calls, 0);
  return (
    <Stack gap="xs" component="section" aria-label={t('schemes.shadow.canary', { scheme, canary })}>
      <Text size="sm" fw={600}>
        {t('schemes.shadow.canary', { scheme, canary })}
      </Text>
      <Listing
        minWidth={480}
        rows={counts}
        keyOf={({ side, result }) => `${side} ${result}`}
        columns={[
          { title: t('schemes.shadow.side'), cell: ({ side }) => (side === 'canary' ? canary : scheme) },
          { title: t('calls.columns.result'), cell: ({ result }) => <ResultBadge result={result} /> },
          {
            title: t('schemes.columns.calls'),
            isRight: true,
            cell: ({ side, calls }) => `${calls} (${Math.round((100 * calls) / all(side))} %)`,
          },
          { title: t('schemes.shadow.answered'), isRight: true, cell: ({ answered }) => answered },
          {
            title: t('calls.columns.decidedMs'),
            isRight: true,
            cell: ({ decidedMs }) => (decidedMs === null ? '–' : durationText(decidedMs)),
          },
        ]}
      />
    </Stack>
  );
}

function Comparison({ view: { counts, differing } }: { readonly view: ShadowView }) {
  const { t } = useTranslation();
  const calls = counts.reduce((sum, one) => sum + one.calls, 0);
  const elsewhere = counts.reduce((sum, one) => sum + one.differing, 0);
  return (
    <Stack gap="md">
      <Text size="sm">
        <b>{t('schemes.shadow.compared', { count: calls })}</b>{' '}
        {t('schemes.shadow.elsewhere', { count: elsewhere })}
      </Text>
      <Listing
        minWidth={420}
        rows={counts}
        keyOf={({ result, reason }) => `${result} ${reason}`}
        columns={[
          {
            title: t('schemes.shadow.would'),
            cell: ({ result, reason }) => (
              <>
                <ResultBadge result={result} />{' '}
                <Text span size="xs" c="dimmed" className="mono">
                  {reason}
                </Text>
              </>
            ),
          },
          { title: t('schemes.columns.calls'), isRight: true, cell: (one) => one.calls },
          { title: t('schemes.shadow.ofThem'), isRight: true, cell: (one) => one.differing },
        ]}
      />
      {differing.length > 0 && (
        <Listing
          minWidth={640}
          rows={differing}
          keyOf={({ id }) => id}
          columns={[
            {
              title: t('schemes.shadow.call'),
              cell: ({ trace, at, caller, did }) => (
                <>
                  <PageLink to="/calls/$id" params={{ id: trace }} search={{}} size="sm">
                    <When at={at} />
                  </PageLink>
                  <Text size="xs" c="dimmed" className="foreign">
                    {caller ?? ''} → {did ?? ''}
                  </Text>
                </>
              ),
            },
            { title: t('schemes.shadow.went'), cell: ({ live }) => <Outlook outlook={live} /> },
            { title: t('schemes.shadow.would'), cell: ({ would }) => <Outlook outlook={would} /> },
          ]}
        />
      )}
    </Stack>
  );
}
