import { Button, Group, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { SchemeList } from '../../../api/types.ts';
import { may, session } from '../../api/session.ts';
import { PageLink } from '../../ui/link.tsx';
import { Empty, Loaded, Page } from '../../ui/page.tsx';
import { When } from '../../ui/when.tsx';
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

function SchemeTable({ schemes: { files, stored } }: { readonly schemes: SchemeList }) {
  const { t } = useTranslation();
  const rows = [
    ...files.map((one) => ({ ...one, kind: 'file' as const })),
    ...stored.map((one) => ({ ...one, kind: 'stored' as const })),
  ].sort((one, other) => one.name.localeCompare(other.name));
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table highlightOnHover verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('schemes.columns.name')}</Table.Th>
            <Table.Th>{t('schemes.columns.state')}</Table.Th>
            <Table.Th>{t('schemes.columns.changed')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.name}>
              <Table.Td>
                <PageLink to="/schemes/$name" params={{ name: row.name }}>
                  {row.name}
                </PageLink>
              </Table.Td>
              <Table.Td>
                <StateBadge state={row.kind === 'file' ? 'file' : row.state} />
              </Table.Td>
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
