import { Button, Group, SegmentedControl, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../ui/dialog.tsx';
import { Problem } from '../../api/client.ts';
import { notifications } from '@mantine/notifications';
import { FailureOf } from '../../ui/failure.tsx';
import { WhatWouldChangeView } from './changes.tsx';
import { DifferenceList } from './difference-list.tsx';
import type { DraftInHand } from './draft.ts';
import { useEditing } from './editing.ts';
import { FaultList } from './faults.tsx';
import { oneScheme, saveScheme, type Held, type Saving } from './queries.ts';

interface SaveDialogProps {
  readonly name: string;
  readonly draft: DraftInHand;
  readonly held: Held | null;
  readonly onClose: () => void;
  /** Somebody else has saved meanwhile. */
  readonly onConflict: () => void;
}

const STATES = ['live', 'draft', 'shadow', 'disabled'] as const;

/** What is saved, as what, and why. */
export function SaveDialog({ name, draft, held, onClose, onConflict }: SaveDialogProps) {
  const { t } = useTranslation();
  const { faults } = useEditing();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const was = held?.scheme.file === null ? held.scheme.state : undefined;
  const [state, setState] = useState<Saving['state']>(
    was === undefined || was === 'deleted' ? (faults.length > 0 ? 'draft' : 'live') : was,
  );
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
      notifications.show({ message: t('schemes.saved', { name }), color: 'teal' });
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
          <SegmentedControl
            fullWidth
            size="xs"
            aria-label={t('schemes.save.as')}
            data={STATES.map((value) => ({ value, label: t(`schemes.states.${value}`) }))}
            value={state}
            onChange={(next) => {
              setState(next);
            }}
          />
          <Text size="xs" c="dimmed">
            {t(`schemes.stateHints.${state}`)}
          </Text>
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
          {state !== 'draft' && <FaultList />}
          {saving.error !== null && !isConflict(saving.error) && <FailureOf error={saving.error} />}
          <Group justify="flex-end" gap="xs">
            <Button size="xs" variant="default" onClick={onClose}>
              {t('ui.cancel')}
            </Button>
            <Button size="xs" type="submit" loading={saving.isPending}>
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
