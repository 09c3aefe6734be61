import { Alert, Badge, Button, Grid, Group, Stack, Tabs, Text } from '@mantine/core';
import { useDisclosure, useLocalStorage } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconBraces, IconLock, IconUsers } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { may, session } from '../../api/session.ts';
import { Page } from '../../ui/page.tsx';
import { ConflictDialog } from './conflict.tsx';
import { DeleteButton } from './delete.tsx';
import { useDraft, type Draft } from './draft.ts';
import { isAlike, pointerOf, valueAt, type SchemeDocument } from './document.ts';
import { EditingContext, type Editing } from './editing.ts';
import { FaultList } from './faults.tsx';
import { isUntouched, type Fresh } from './fresh.ts';
import { SchemeForm } from './form.tsx';
import { JsonView } from './json-view.tsx';
import { LeaveGuard } from './leave.tsx';
import { goToPlace } from './places.ts';
import { macrosOf, oneScheme, type Held, type Saving } from './queries.ts';
import { ReachNote } from './reach-note.tsx';
import { Revisions } from './revisions.tsx';
import { SaveBar } from './save-bar.tsx';
import { SaveDialog } from './save.tsx';
import type { SchemaNode } from './schema.ts';
import { Shadow } from './shadow.tsx';
import { StateBadge } from './state.tsx';
import { toDosOf } from './to-do.ts';
import { ToDoList } from './to-do-list.tsx';
import { Trial, TRIAL, type TrialCall } from './trial.tsx';
import { useFaults } from './use-faults.ts';
import { useReveal } from './use-reveal.ts';
import type { FieldTable } from './schema.ts';
import './workbench.css';

const goToTrial = (): void => void goToPlace([TRIAL]);

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
  const wordsLeftOut = held === null || held.scheme.file === null ? 0 : held.scheme.wordsLeftOut;
  const mayEdit = may(me, 'editor');
  const isReadOnly = !mayEdit || file !== null;
  const draft = useDraft(first);
  const isDirty = !isReadOnly && draft.isChanged;
  const { faults, isCurrent } = useFaults(name, draft.document, !isReadOnly);
  const [call, setCall] = useState<TrialCall>({ kind: 'number', caller: '', did: '', id: null });
  const { data: macros = [] } = useQuery({
    ...macrosOf(call.kind === 'recorded' ? call.id : null),
    enabled: mayEdit,
    placeholderData: (before) => before,
  });
  // As what it is to be saved; `as_is`: as the dialog thinks best.
  const [saving, setSaving] = useState<Saving['state'] | 'as_is' | null>(null);
  const [began] = useState({ isNew: held === null, document: first.document });
  const [tried, setTried] = useState<SchemeDocument | null>(null);
  const [isMerging, merge] = useDisclosure(false);
  const [hasJson, setJson] = useLocalStorage({ key: 'esl-router.json', defaultValue: false });
  const openJson = useCallback(() => {
    setJson(true);
  }, [setJson]);
  const { tab, open, show, reveal } = useReveal(openJson);

  const { etag, rebase } = draft;
  const theirs = useMemo(
    () =>
      held !== null && held.scheme.file === null && held.etag !== null && etag !== null && held.etag !== etag
        ? {
            ...{ document: held.scheme.document, etag: held.etag },
            ...{ author: held.scheme.author, revision: held.scheme.revision },
          }
        : null,
    [held, etag],
  );
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
  const toDos = began.isNew
    ? toDosOf({
        ...{ lines: toDo, first: began.document, document, schema },
        faults: isCurrent ? faults : null,
        isTried: tried !== null && isAlike(tried, document),
        isLive: stored?.state === 'live' && !isDirty,
      })
    : [];
  // As one text: the same set is not another one.
  const awaiting = toDos
    .flatMap(({ path, done }) => {
      const isEmpty =
        path !== null && [valueAt(began.document, path), valueAt(document, path)].every(isBlank);
      return done === false && isEmpty ? [pointerOf(path)] : [];
    })
    .join(' ');
  const awaited = useMemo(() => new Set(awaiting.split(' ')), [awaiting]);
  const [fresh, setFresh] = useState<Fresh | null>(null);
  const editing = useMemo<Editing>(
    () => ({
      document,
      set,
      schema,
      table,
      faults: fresh === null ? faults : faults.filter((fault) => !isUntouched(fault, fresh, document)),
      awaited,
      setFresh,
      isReadOnly,
      macros,
      wholePath: (path) => path,
      reveal,
    }),
    [document, set, schema, table, faults, fresh, awaited, isReadOnly, macros, reveal],
  );
  const save = (): void => {
    setFresh(null);
    setSaving('as_is');
  };
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
          </>
        }
      >
        {file !== null && (
          <Alert icon={<IconLock />} color="gray" variant="light" py="xs" title={t('schemes.file.title')}>
            {t('schemes.file.text')} <span className="mono foreign">{file}</span>
            {wordsLeftOut > 0 && <div>{t('schemes.file.words', { count: wordsLeftOut })}</div>}
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
        {held !== null && (
          <ReachNote
            name={name}
            state={stored?.state ?? 'file'}
            document={held.scheme.document}
            onLive={
              isReadOnly
                ? null
                : () => {
                    setSaving('live');
                  }
            }
          />
        )}
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, lg: mayEdit || hasJson ? 7 : 12 }}>
            <Tabs
              value={tab}
              onChange={(next) => {
                show({ tab: next ?? 'form' });
              }}
              keepMounted={false}
            >
              {(stored !== null || file !== null) && (
                <Tabs.List mb="md">
                  <Tabs.Tab value="form">{t('schemes.tabs.form')}</Tabs.Tab>
                  {stored !== null && <Tabs.Tab value="revisions">{t('schemes.tabs.revisions')}</Tabs.Tab>}
                  <Tabs.Tab value="shadow">{t('schemes.tabs.shadow')}</Tabs.Tab>
                </Tabs.List>
              )}
              <Tabs.Panel value="form">
                <Stack gap="md">
                  {toDos.length > 0 && <ToDoList items={toDos} onTry={goToTrial} onSave={save} />}
                  <FaultList
                    except={({ pointer }) =>
                      toDos.some(
                        ({ path, done }) => done !== true && path !== null && pointerOf(path) === pointer,
                      )
                    }
                  />
                  <div data-locked={isReadOnly || undefined}>
                    <SchemeForm
                      open={open}
                      onOpen={(next) => {
                        show({ open: next });
                      }}
                    />
                  </div>
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
                {mayEdit && <Trial name={name} call={call} onCall={setCall} onAnswer={setTried} />}
                {hasJson && <JsonView onChange={draft.replace} />}
              </Stack>
            </Grid.Col>
          )}
        </Grid>
        {!isReadOnly && tab === 'form' && (
          <SaveBar
            isNew={held === null}
            isDirty={isDirty}
            changes={draft.changes.length}
            onTry={goToTrial}
            onSave={save}
          />
        )}
        {saving !== null && (
          <SaveDialog
            {...{ name, draft, held, isCurrent, isDirty }}
            wanted={saving === 'as_is' ? null : saving}
            onClose={() => {
              setSaving(null);
            }}
            onConflict={() => {
              setSaving(null);
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

function isBlank(value: unknown): boolean {
  return value === undefined || value === '';
}
