import { Badge, Button, Group, Table, Text, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { SchemeFigures, SchemeList, StoredSchemeSummary } from '../../../api/types.ts';
import { may, session } from '../../api/session.ts';
import { PageLink } from '../../ui/link.tsx';
import { Empty, Loaded, Page } from '../../ui/page.tsx';
import { isResult } from '../../ui/result.tsx';
import { Ago, durationText, When } from '../../ui/when.tsx';
import { pointerOf } from './document.ts';
import { useFaultLine } from './fault-words.ts';
import { NewScheme } from './new-scheme.tsx';
import { schemeList } from './queries.ts';
import { StateBadge } from './state.tsx';

/** All schemes: those of files, which are locked, and those of the store. */
export function Schemes() {
  const { t } = useTranslation();
  const { data: me } = useQuery(session);
  const list = useQuery(schemeList);
  const [isNew, { open, close }] = useDisclosure(false);
  const mayEdit = may(me, 'editor');
  const make = (
    <Button size="xs" leftSection={<IconPlus size={16} />} onClick={open}>
      {t('schemes.new.make')}
    </Button>
  );
  return (
    <Page title={t('schemes.title')} lead={t('schemes.lead')} actions={mayEdit ? make : undefined}>
      <Loaded query={list}>
        {(schemes) =>
          schemes.files.length + schemes.stored.length === 0 ? (
            <Empty title={t('schemes.empty')}>{t('schemes.emptyHint')}</Empty>
          ) : (
            <SchemeTable schemes={schemes} />
          )
        }
      </Loaded>
      {isNew && (
        <NewScheme
          taken={[...(list.data?.files ?? []), ...(list.data?.stored ?? [])].map(({ name }) => name)}
          onClose={close}
        />
      )}
    </Page>
  );
}

function SchemeTable({ schemes: { files, stored, figures } }: { readonly schemes: SchemeList }) {
  const { t } = useTranslation();
  const rows = [
    ...files.map((one) => ({ ...one, kind: 'file' as const })),
    ...stored.map((one) => ({ ...one, kind: 'stored' as const })),
  ].sort((one, other) => one.name.localeCompare(other.name));
  return (
    <Table.ScrollContainer minWidth={900}>
      <Table highlightOnHover verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('schemes.columns.name')}</Table.Th>
            <Table.Th>{t('schemes.columns.state')}</Table.Th>
            <Table.Th ta="right">{t('schemes.columns.calls')}</Table.Th>
            <Table.Th ta="right">{t('schemes.columns.routed')}</Table.Th>
            <Table.Th ta="right">{t('schemes.columns.decided')}</Table.Th>
            <Table.Th>{t('schemes.columns.lastError')}</Table.Th>
            <Table.Th>{t('schemes.columns.changed')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.name}>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>
                <PageLink to="/schemes/$name" params={{ name: row.name }} fw={600} size="sm">
                  {row.name}
                </PageLink>
              </Table.Td>
              <Table.Td>
                <Group gap={4} wrap="nowrap" w="max-content">
                  <StateBadge state={row.kind === 'file' ? 'file' : row.state} />
                  {row.kind === 'stored' && row.use !== null && isUnused(row.use) && (
                    <UnusedBadge use={row.use} />
                  )}
                </Group>
              </Table.Td>
              <FigureCells figures={figures[row.name]} />
              <Table.Td>
                {row.kind === 'file' ? (
                  <Text size="xs" c="dimmed" className="mono">
                    {row.file ?? t('schemes.environment')}
                  </Text>
                ) : (
                  <Group gap="xs">
                    <Text size="xs">
                      <When at={row.createdAt} />
                    </Text>
                    <Text size="xs" c="dimmed">
                      {t('schemes.revisionBy', { revision: row.revision, author: row.author })}
                    </Text>
                  </Group>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function isUnused({ use }: NonNullable<StoredSchemeSummary['use']>): boolean {
  return use !== 'live' && use !== 'shadow';
}

/** Why a scheme that should be in use is not. */
function UnusedBadge({ use }: { readonly use: NonNullable<StoredSchemeSummary['use']> }) {
  const { t } = useTranslation();
  const lineOf = useFaultLine();
  const why =
    use.use === 'hidden'
      ? t('schemes.hiddenBy', { file: use.by })
      : // The types of the two that are in use are one.
        ('faults' in use ? use.faults : [])
          .map(({ path, message }) =>
            lineOf({ pointer: pointerOf(path === '' ? [] : path.split('.')), detail: message }),
          )
          .join('\n');
  return (
    <Tooltip label={why} multiline maw={420} style={{ whiteSpace: 'pre-line' }}>
      <Badge color="red" variant="light" tt="none" tabIndex={0}>
        {t('schemes.notInUse')}
      </Badge>
    </Tooltip>
  );
}

/** Of the last 24 hours. */
function FigureCells({ figures }: { readonly figures: SchemeFigures | undefined }) {
  const { t, i18n } = useTranslation();
  if (figures === undefined || figures.calls === 0) {
    return (
      <>
        <Table.Td ta="right">0</Table.Td>
        <Table.Td />
        <Table.Td />
        <Table.Td />
      </>
    );
  }
  const { calls, byResult, decidedMs, lastError } = figures;
  const routed = byResult['routed'] ?? 0;
  const share = new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 1 });
  const results = Object.entries(byResult).map(
    ([result, count]) => `${isResult(result) ? t(`results.${result}`) : result}: ${count}`,
  );
  return (
    <>
      <Table.Td ta="right">{calls.toLocaleString(i18n.language)}</Table.Td>
      <Table.Td ta="right">
        <Tooltip label={results.join(', ')}>
          <Text
            span
            inherit
            c={routed === 0 && lastError !== null ? 'var(--mantine-color-red-light-color)' : undefined}
          >
            {share.format(routed / calls)}
          </Text>
        </Tooltip>
      </Table.Td>
      <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
        {decidedMs.p50 === null ? '' : durationText(decidedMs.p50)}
        {decidedMs.p95 !== null && (
          <Text span size="xs" c="dimmed">
            {' '}
            / {durationText(decidedMs.p95)}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        {lastError !== null && (
          <>
            <PageLink to="/calls/$id" params={{ id: lastError.call }} search={{}} size="xs" className="mono">
              {lastError.reason}
            </PageLink>{' '}
            <Text span size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
              <Ago at={lastError.at} />
            </Text>
          </>
        )}
      </Table.Td>
    </>
  );
}
