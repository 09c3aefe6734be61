import { Alert, Badge, Button, Grid, Group, Stack, Tabs, Text } from '@mantine/core';
import { useDisclosure, useLocalStorage } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconBraces, IconLock, IconUsers } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { may, session } from '../../api/session.ts';
import { Page } from '../../ui/page.tsx';
import { ConflictDialog } from './conflict.tsx';
import { DeleteButton } from './delete.tsx';
import { useDraft, type Draft } from './draft.ts';
import { EditingContext, type Editing } from './editing.ts';
import { FaultList } from './faults.tsx';
import { SchemeForm } from './form.tsx';
import { JsonView } from './json-view.tsx';
import { LeaveGuard } from './leave.tsx';
import { macrosOf, oneScheme, type Held } from './queries.ts';
import { Revisions } from './revisions.tsx';
import { SaveDialog } from './save.tsx';
import type { SchemaNode } from './schema.ts';
import { Shadow } from './shadow.tsx';
import { StateBadge } from './state.tsx';
import { Trial, type TrialCall } from './trial.tsx';
import { useFaults } from './use-faults.ts';
import type { FieldTable } from './schema.ts';
import './workbench.css';

interface WorkbenchProps {
  readonly name: string;
  readonly first: Draft;
  /** The newest that the router has; null: there is none yet. */
  readonly held: Held | null;
  readonly schema: SchemaNode;
  readonly table: FieldTable;
  /** Of the preset that it begins as. */
  readonly toDo: readonly string[];
}

/** A scheme with everything that one does to it. */
export function Workbench({ name, first, held, schema, table, toDo }: WorkbenchProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { data: me } = useQuery(session);
  const file = held?.scheme.file ?? null;
  const stored = held?.scheme.file === null ? held.scheme : null;
  const mayEdit = may(me, 'editor');
  const isReadOnly = !mayEdit || file !== null;
  const draft = useDraft(first);
  const isDirty = !isReadOnly && draft.isChanged;
  const faults = useFaults(name, draft.document, !isReadOnly);
  const [call, setCall] = useState<TrialCall>({ kind: 'number', caller: '', did: '', id: null });
  const { data: macros = [] } = useQuery({
    ...macrosOf(call.kind === 'recorded' ? call.id : null),
    enabled: mayEdit,
    placeholderData: (before) => before,
  });
  const [isSaving, save] = useDisclosure(false);
  const [isMerging, merge] = useDisclosure(false);
  const [hasJson, setJson] = useLocalStorage({ key: 'esl-router.json', defaultValue: false });

  const theirs =
    stored !== null && held !== null && held.etag !== null && draft.etag !== null && held.etag !== draft.etag
      ? { document: stored.document, etag: held.etag, author: stored.author, revision: stored.revision }
      : null;
  const { rebase } = draft;
  useEffect(() => {
    if (theirs === null || isDirty) return;
    // Nothing of one's own is in the way: the newest is shown.
    rebase({ base: theirs.document, etag: theirs.etag, document: theirs.document });
    if (theirs.author !== me?.name) {
      notifications.show({
        message: t('schemes.merge.followed', { author: theirs.author, revision: theirs.revision }),
      });
    }
  }, [theirs, isDirty, rebase, me, t]);

  const { document, set } = draft;
  const editing = useMemo<Editing>(
    () => ({ document, set, schema, table, faults, isReadOnly, macros }),
    [document, set, schema, table, faults, isReadOnly, macros],
  );
  const title = typeof document['title'] === 'string' ? document['title'] : undefined;
  return (
    <EditingContext value={editing}>
      <Page
        title={name}
        lead={title === undefined ? undefined : <span className="foreign">{title}</span>}
        actions={
          <>
            {held === null ? (
              <Badge variant="light" tt="none">
                {t('schemes.new.badge')}
              </Badge>
            ) : (
              <StateBadge state={stored?.state ?? 'file'} />
            )}
            <Button
              size="xs"
              variant={hasJson ? 'outline' : 'default'}
              leftSection={<IconBraces size={16} />}
              aria-pressed={hasJson}
              onClick={() => {
                setJson(!hasJson);
              }}
            >
              JSON
            </Button>
            {mayEdit && stored !== null && draft.etag !== null && (
              <DeleteButton name={name} etag={draft.etag} />
            )}
            {!isReadOnly && (
              <Button size="xs" disabled={!isDirty} onClick={save.open}>
                {t('ui.save')}
              </Button>
            )}
          </>
        }
      >
        {file !== null && (
          <Alert icon={<IconLock />} color="gray" variant="light" py="xs" title={t('schemes.file.title')}>
            {t('schemes.file.text')} <span className="mono foreign">{file}</span>
          </Alert>
        )}
        {theirs !== null && isDirty && (
          <Alert icon={<IconUsers />} color="yellow" variant="light" py="xs" role="status">
            <Group justify="space-between" gap="xs">
              <Text size="sm">
                {t('schemes.merge.notice', { author: theirs.author, revision: theirs.revision })}
              </Text>
              <Button size="compact-sm" variant="default" onClick={merge.open}>
                {t('schemes.merge.see')}
              </Button>
            </Group>
          </Alert>
        )}
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, lg: mayEdit || hasJson ? 7 : 12 }}>
            <Tabs defaultValue="form" keepMounted={false}>
              {(stored !== null || file !== null) && (
                <Tabs.List mb="md">
                  <Tabs.Tab value="form">{t('schemes.tabs.form')}</Tabs.Tab>
                  {stored !== null && <Tabs.Tab value="revisions">{t('schemes.tabs.revisions')}</Tabs.Tab>}
                  <Tabs.Tab value="shadow">{t('schemes.tabs.shadow')}</Tabs.Tab>
                </Tabs.List>
              )}
              <Tabs.Panel value="form">
                <Stack gap="md">
                  {toDo.length > 0 && <ToDo lines={toDo} />}
                  <FaultList />
                  <SchemeForm />
                </Stack>
              </Tabs.Panel>
              {stored !== null && held?.etag !== null && held !== null && (
                <Tabs.Panel value="revisions">
                  <Revisions name={name} etag={held.etag} revision={stored.revision} />
                </Tabs.Panel>
              )}
              {(stored !== null || file !== null) && (
                <Tabs.Panel value="shadow">
                  <Shadow name={name} beside={document['shadow']} />
                </Tabs.Panel>
              )}
            </Tabs>
          </Grid.Col>
          {(mayEdit || hasJson) && (
            <Grid.Col span={{ base: 12, lg: 5 }}>
              <Stack gap="md" className="beside">
                {mayEdit && <Trial name={name} call={call} onCall={setCall} />}
                {hasJson && <JsonView onChange={draft.replace} />}
              </Stack>
            </Grid.Col>
          )}
        </Grid>
        {isSaving && (
          <SaveDialog
            {...{ name, draft, held }}
            onClose={save.close}
            onConflict={() => {
              save.close();
              merge.open();
              void queries.invalidateQueries(oneScheme(name));
            }}
          />
        )}
        {isMerging && theirs !== null && (
          <ConflictDialog
            draft={draft}
            theirs={theirs}
            onClose={merge.close}
            onMerge={(next) => {
              rebase(next);
              merge.close();
            }}
          />
        )}
        <LeaveGuard isOn={isDirty} changes={draft.changes.length} />
      </Page>
    </EditingContext>
  );
}

function ToDo({ lines }: { readonly lines: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <Stack gap={2}>
      <Text size="sm" fw={600}>
        {t('schemes.new.toDo')}
      </Text>
      {lines.map((line) => (
        <Text key={line} size="sm" c="dimmed">
          {line}
        </Text>
      ))}
    </Stack>
  );
}
