import { Button, Group, Radio, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../ui/dialog.tsx';
import { Problem } from '../../api/client.ts';
import { notifications } from '@mantine/notifications';
import { FailureOf } from '../../ui/failure.tsx';
import { WhatWouldChangeView } from './what-would-change.tsx';
import { DifferenceList } from './difference-list.tsx';
import type { DraftInHand } from './draft.ts';
import { useEditing } from './editing.ts';
import { FaultList } from './faults.tsx';
import { ReachText } from './reach-note.tsx';
import { oneScheme, saveScheme, type Held, type Saving } from './queries.ts';

interface SaveDialogProps {
  readonly name: string;
  readonly draft: DraftInHand;
  readonly held: Held | null;
  /** The faults are those of the document as it stands. */
  readonly isCurrent: boolean;
  readonly isDirty: boolean;
  /** As what somebody wants to save it; null: not said. */
  readonly wanted: Saving['state'] | null;
  readonly onClose: () => void;
  /** Somebody else has saved meanwhile. */
  readonly onConflict: () => void;
}

const STATES = ['live', 'draft', 'shadow', 'disabled'] as const;

/** What is saved, as what, and why. */
export function SaveDialog({ name, draft, held, wanted, onClose, onConflict, ...rest }: SaveDialogProps) {
  const { isCurrent, isDirty } = rest;
  const { t } = useTranslation();
  const { faults } = useEditing();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const was = held?.scheme.file === null ? held.scheme.state : null;
  const before = was === 'deleted' ? null : was;
  const [picked, pick] = useState(wanted);
  // Most want calls to use it. What is wrong can only be kept.
  const proposed = before ?? (faults.length > 0 ? 'draft' : 'live');
  const state = picked ?? proposed;
  const isSame = !isDirty && state === before;
  const isHeld = faults.length > 0 && (state === 'live' || state === 'shadow');
  const [message, setMessage] = useState('');
  const saving = useMutation({
    mutationFn: () => saveScheme(name, draft.etag, { document: draft.document, state, message }),
    onError: (error) => {
      if (isConflict(error)) onConflict();
    },
    onSuccess: async () => {
      const after = await queries.query({ ...oneScheme(name), staleTime: 0 });
      if (after !== null) {
        const { document } = after.scheme;
        draft.rebase({ base: document, etag: after.etag, document });
      }
      void queries.invalidateQueries({ queryKey: ['schemes'] });
      notifications.show({
        message: `${t('schemes.saved', { name })} ${t(`schemes.stateHints.${state}`)}`,
        color: state === 'live' ? 'teal' : 'yellow',
      });
      onClose();
      if (draft.etag === null)
        await navigate({
          to: '/schemes/$name',
          params: { name },
          search: {},
          replace: true,
          ignoreBlocker: true,
        });
    },
  });
  return (
    <Dialog opened onClose={onClose} title={t('schemes.save.title', { name })} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          saving.mutate();
        }}
      >
        <Stack gap="sm">
          <Radio.Group
            label={t('schemes.save.as')}
            value={state}
            onChange={(next) => {
              pick(next);
            }}
          >
            <Stack gap="xs" mt={6}>
              {STATES.map((one) => (
                <Radio
                  key={one}
                  value={one}
                  label={t(`schemes.states.${one}`)}
                  description={t(`schemes.stateHints.${one}`)}
                />
              ))}
            </Stack>
          </Radio.Group>
          {state === 'live' && (
            <Text size="sm" c="dimmed">
              <ReachText name={name} document={draft.document} state="live" />
            </Text>
          )}
          <TextInput
            label={t('schemes.save.message')}
            placeholder={t('schemes.save.messageHint')}
            maxLength={500}
            data-autofocus
            value={message}
            onChange={({ currentTarget }) => {
              setMessage(currentTarget.value);
            }}
          />
          {draft.etag !== null && <DifferenceList differences={draft.changes} />}
          {state === 'live' && faults.length === 0 && (
            <Stack gap={4}>
              <Title order={3}>{t('schemes.change.title')}</Title>
              <WhatWouldChangeView document={draft.document} />
            </Stack>
          )}
          <FaultList title={t('schemes.save.notLive')} onGo={onClose} />
          {saving.error !== null && !isConflict(saving.error) && <FailureOf error={saving.error} />}
          <Group justify="flex-end" gap="xs">
            {(isSame || isHeld) && (
              <Text size="sm" c="dimmed" role="status">
                {t(isSame ? 'schemes.diff.none' : 'schemes.save.onlyDraft')}
              </Text>
            )}
            <Button size="xs" variant="default" onClick={onClose}>
              {t('ui.cancel')}
            </Button>
            <Button
              size="xs"
              type="submit"
              // What would be proposed is not known before.
              loading={saving.isPending || (picked === null && !isCurrent)}
              disabled={isSame || isHeld}
            >
              {t('ui.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function isConflict(error: Error): boolean {
  return error instanceof Problem && error.status === 412;
}
