import { Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { ShadowView } from '../../../api/types.ts';
import { PageLink } from '../../ui/link.tsx';
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
      <Table.ScrollContainer minWidth={480}>
        <Table verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('schemes.shadow.side')}</Table.Th>
              <Table.Th>{t('calls.columns.result')}</Table.Th>
              <Table.Th ta="right">{t('schemes.columns.calls')}</Table.Th>
              <Table.Th ta="right">{t('schemes.shadow.answered')}</Table.Th>
              <Table.Th ta="right">{t('calls.columns.decidedMs')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {counts.map(({ side, result, calls, answered, decidedMs }) => (
              <Table.Tr key={`${side} ${result}`}>
                <Table.Td>{side === 'canary' ? canary : scheme}</Table.Td>
                <Table.Td>
                  <ResultBadge result={result} />
                </Table.Td>
                <Table.Td ta="right">
                  {calls} ({Math.round((100 * calls) / all(side))} %)
                </Table.Td>
                <Table.Td ta="right">{answered}</Table.Td>
                <Table.Td ta="right">{decidedMs === null ? '–' : durationText(decidedMs)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
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
      <Table.ScrollContainer minWidth={420}>
        <Table verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('schemes.shadow.would')}</Table.Th>
              <Table.Th ta="right">{t('schemes.columns.calls')}</Table.Th>
              <Table.Th ta="right">{t('schemes.shadow.ofThem')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {counts.map((one) => (
              <Table.Tr key={`${one.result} ${one.reason}`}>
                <Table.Td>
                  <ResultBadge result={one.result} />{' '}
                  <Text span size="xs" c="dimmed" className="mono">
                    {one.reason}
                  </Text>
                </Table.Td>
                <Table.Td ta="right">{one.calls}</Table.Td>
                <Table.Td ta="right">{one.differing}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {differing.length > 0 && (
        <Table.ScrollContainer minWidth={640}>
          <Table verticalSpacing={6} highlightOnHover>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('schemes.shadow.call')}</Table.Th>
                <Table.Th>{t('schemes.shadow.went')}</Table.Th>
                <Table.Th>{t('schemes.shadow.would')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {differing.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>
                    <PageLink to="/calls/$id" params={{ id: one.trace }} search={{}} size="sm">
                      <When at={one.at} />
                    </PageLink>
                    <Text size="xs" c="dimmed" className="foreign">
                      {one.caller ?? ''} → {one.did ?? ''}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <Outlook outlook={one.live} />
                  </Table.Td>
                  <Table.Td>
                    <Outlook outlook={one.would} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Stack>
  );
}
