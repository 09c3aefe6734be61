import { Badge, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { may, session } from '../../api/session.ts';
import { Page } from '../../ui/page.tsx';
import { useDraft, type Draft } from './draft.ts';
import { EditingContext, type Editing } from './editing.ts';
import { FaultList } from './faults.tsx';
import { SchemeForm } from './form.tsx';
import type { Held } from './queries.ts';
import { SaveDialog } from './save.tsx';
import type { SchemaNode } from './schema.ts';
import { StateBadge } from './state.tsx';
import { useFaults } from './use-faults.ts';
import type { FieldTable } from './words.ts';

interface WorkbenchProps {
  readonly name: string;
  readonly first: Draft;
  /** The newest of the store; null: there is none yet. */
  readonly held: Held | null;
  readonly schema: SchemaNode;
  readonly table: FieldTable;
  /** Of the preset that it begins as. */
  readonly toDo: readonly string[];
}

/** A scheme with everything that one does to it. */
export function Workbench({ name, first, held, schema, table, toDo }: WorkbenchProps) {
  const { t } = useTranslation();
  const { data: me } = useQuery(session);
  const isReadOnly = !may(me, 'editor');
  const draft = useDraft(first);
  const faults = useFaults(name, draft.document, !isReadOnly);
  const [isSaving, { open: save, close: closeSave }] = useDisclosure(false);
  const isDirty = !isReadOnly && draft.isChanged;
  const blocker = useBlocker({
    shouldBlockFn: () => isDirty,
    enableBeforeUnload: isDirty,
    withResolver: true,
  });
  const { document, set } = draft;
  const editing = useMemo<Editing>(
    () => ({ document, set, schema, table, faults, isReadOnly, macros: [] }),
    [document, set, schema, table, faults, isReadOnly],
  );
  const title = typeof document['title'] === 'string' ? document['title'] : undefined;
  return (
    <Page
      title={name}
      lead={title === undefined ? undefined : <span className="foreign">{title}</span>}
      actions={
        <>
          {held === null ? (
            <Badge variant="light">{t('schemes.new.badge')}</Badge>
          ) : (
            <StateBadge state={held.scheme.state} />
          )}
          {!isReadOnly && (
            <Button size="xs" disabled={!isDirty} onClick={save}>
              {t('ui.save')}
            </Button>
          )}
        </>
      }
    >
      <EditingContext value={editing}>
        {toDo.length > 0 && (
          <Stack gap={2}>
            <Text size="sm" fw={600}>
              {t('schemes.new.toDo')}
            </Text>
            {toDo.map((line) => (
              <Text key={line} size="sm" c="dimmed">
                {line}
              </Text>
            ))}
          </Stack>
        )}
        <FaultList />
        <SchemeForm />
        {isSaving && <SaveDialog {...{ name, draft, held }} onClose={closeSave} />}
      </EditingContext>
      <Modal
        opened={blocker.status === 'blocked'}
        onClose={() => {
          blocker.reset?.();
        }}
        title={t('schemes.leave.title')}
      >
        <Stack>
          <Text size="sm">{t('schemes.leave.text', { count: draft.changes.length })}</Text>
          <Group justify="flex-end" gap="xs">
            <Button
              size="xs"
              variant="default"
              onClick={() => {
                blocker.proceed?.();
              }}
            >
              {t('schemes.leave.go')}
            </Button>
            <Button
              size="xs"
              onClick={() => {
                blocker.reset?.();
              }}
            >
              {t('schemes.leave.stay')}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Page>
  );
}
