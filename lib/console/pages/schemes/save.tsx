import { Button, Group, Modal, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../../api/client.ts';
import { notifications } from '@mantine/notifications';
import { FailureOf } from '../../ui/failure.tsx';
import { DifferenceList } from './difference-list.tsx';
import type { DraftInHand } from './draft.ts';
import { useEditing } from './editing.ts';
import { oneScheme, saveScheme, type Held, type Saving } from './queries.ts';

interface SaveDialogProps {
  readonly name: string;
  readonly draft: DraftInHand;
  readonly held: Held | null;
  readonly onClose: () => void;
}

const STATES = ['live', 'draft', 'shadow', 'disabled'] as const;

/** What is saved, as what, and why. */
export function SaveDialog({ name, draft, held, onClose }: SaveDialogProps) {
  const { t } = useTranslation();
  const { faults } = useEditing();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const was = held?.scheme.state;
  const [state, setState] = useState<Saving['state']>(
    was === undefined || was === 'deleted' ? (faults.length > 0 ? 'draft' : 'live') : was,
  );
  const [message, setMessage] = useState('');
  const saving = useMutation({
    mutationFn: () => saveScheme(name, draft.etag, { document: draft.document, state, message }),
    onSuccess: async () => {
      const after = await queries.fetchQuery({ ...oneScheme(name), staleTime: 0 });
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
  const isConflict = saving.error instanceof Problem && saving.error.status === 412;
  return (
    <Modal opened onClose={onClose} title={t('schemes.save.title', { name })} size="lg">
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
          {saving.error !== null && !isConflict && <FailureOf error={saving.error} />}
          {isConflict && <FailureOf error={saving.error} />}
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
    </Modal>
  );
}
