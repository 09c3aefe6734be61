import { Button, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../ui/dialog.tsx';
import type { SchemeRevision } from '../../../api/types.ts';
import { FailureOf } from '../../ui/failure.tsx';
import { Loaded } from '../../ui/page.tsx';
import { When } from '../../ui/when.tsx';
import { DifferenceList } from './difference-list.tsx';
import { pathOf } from './document.ts';
import { useEditing } from './editing.ts';
import { restoreRevision, revisionDiff, revisions } from './queries.ts';
import { StateBadge } from './state.tsx';

interface RevisionsProps {
  readonly name: string;
  readonly etag: string;
  /** The newest. */
  readonly revision: number;
}

/** Who made the scheme what it is, what each one changed, and the way back. */
export function Revisions({ name, etag, revision }: RevisionsProps) {
  const { t } = useTranslation();
  const { isReadOnly } = useEditing();
  const list = useInfiniteQuery(revisions(name));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const [shown, setShown] = useState<SchemeRevision | null>(null);
  return (
    <Loaded query={list}>
      {({ pages }) => (
        <>
          <Table.ScrollContainer minWidth={560}>
            <Table verticalSpacing="xs" highlightOnHover>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('schemes.revisions.number')}</Table.Th>
                  <Table.Th>{t('schemes.columns.state')}</Table.Th>
                  <Table.Th>{t('schemes.columns.changed')}</Table.Th>
                  <Table.Th>{t('schemes.save.message')}</Table.Th>
                  <Table.Th />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {pages.flat().map((one) => (
                  <Table.Tr key={one.revision}>
                    <Table.Td>{one.revision}</Table.Td>
                    <Table.Td>
                      <StateBadge state={one.state} />
                    </Table.Td>
                    <Table.Td>
                      <Text size="xs">
                        <When at={one.createdAt} />
                      </Text>
                      <Text size="xs" c="dimmed">
                        {one.author}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <Text size="sm" className="foreign">
                        {one.message}
                      </Text>
                    </Table.Td>
                    <Table.Td ta="right">
                      {one.revision !== revision && (
                        <Button
                          size="compact-xs"
                          variant="default"
                          onClick={() => {
                            setShown(one);
                          }}
                        >
                          {t('schemes.revisions.compare')}
                        </Button>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          {hasNextPage && (
            <Group justify="center">
              <Button
                size="xs"
                variant="default"
                loading={isFetchingNextPage}
                onClick={() => void fetchNextPage()}
              >
                {t('schemes.revisions.older')}
              </Button>
            </Group>
          )}
          {shown !== null && (
            <RevisionDialog
              {...{ name, etag, revision, shown, isReadOnly }}
              onClose={() => {
                setShown(null);
              }}
            />
          )}
        </>
      )}
    </Loaded>
  );
}

interface RevisionDialogProps extends RevisionsProps {
  readonly shown: SchemeRevision;
  readonly isReadOnly: boolean;
  readonly onClose: () => void;
}

function RevisionDialog({ name, etag, revision, shown, isReadOnly, onClose }: RevisionDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const diff = useQuery(revisionDiff(name, revision, shown.revision));
  const [message, setMessage] = useState('');
  const restoring = useMutation({
    mutationFn: () => restoreRevision(name, etag, { revision: shown.revision, message }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['schemes'] });
      notifications.show({
        message: t('schemes.revisions.restored', { revision: shown.revision }),
        color: 'teal',
      });
      onClose();
    },
  });
  return (
    <Dialog
      opened
      onClose={onClose}
      title={t('schemes.revisions.from', { from: revision, to: shown.revision })}
      size="lg"
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          restoring.mutate();
        }}
      >
        <Stack gap="sm">
          <Loaded query={diff} rows={3}>
            {(all) => (
              <DifferenceList
                differences={all.map(({ pointer, from, to }) => ({
                  path: pathOf(pointer),
                  ...(from === undefined ? {} : { from }),
                  ...(to === undefined ? {} : { to }),
                }))}
              />
            )}
          </Loaded>
          {!isReadOnly && (
            <>
              <TextInput
                label={t('schemes.save.message')}
                placeholder={t('schemes.save.messageHint')}
                maxLength={500}
                value={message}
                onChange={({ currentTarget }) => {
                  setMessage(currentTarget.value);
                }}
              />
              <Text size="xs" c="dimmed">
                {t('schemes.revisions.restoreHint')}
              </Text>
              {restoring.error !== null && <FailureOf error={restoring.error} />}
              <Group justify="flex-end" gap="xs">
                <Button size="xs" variant="default" onClick={onClose}>
                  {t('ui.cancel')}
                </Button>
                <Button size="xs" type="submit" loading={restoring.isPending}>
                  {t('schemes.revisions.restore', { revision: shown.revision })}
                </Button>
              </Group>
            </>
          )}
        </Stack>
      </form>
    </Dialog>
  );
}
