import { Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../ui/dialog.tsx';
import { FailureOf } from '../../ui/failure.tsx';
import { deleteScheme } from './queries.ts';

/** Deletes the scheme after a question. */
export function DeleteButton({ name, etag }: { readonly name: string; readonly etag: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [isOpen, { open, close }] = useDisclosure(false);
  const deleting = useMutation({
    mutationFn: () => deleteScheme(name, etag),
    onSuccess: async () => {
      await navigate({ to: '/schemes', ignoreBlocker: true });
      queries.removeQueries({ queryKey: ['schemes', name] });
      void queries.invalidateQueries({ queryKey: ['schemes'] });
      notifications.show({ message: t('schemes.delete.done', { name }), color: 'teal' });
    },
  });
  return (
    <>
      <Button size="xs" variant="default" onClick={open}>
        {t('schemes.delete.button')}
      </Button>
      <Dialog opened={isOpen} onClose={close} title={t('schemes.delete.title', { name })}>
        <Stack>
          <Text size="sm">{t('schemes.delete.text')}</Text>
          {deleting.error !== null && <FailureOf error={deleting.error} />}
          <Group justify="flex-end" gap="xs">
            <Button size="xs" variant="default" onClick={close}>
              {t('ui.cancel')}
            </Button>
            <Button
              size="xs"
              color="red"
              loading={deleting.isPending}
              onClick={() => {
                deleting.mutate();
              }}
            >
              {t('schemes.delete.button')}
            </Button>
          </Group>
        </Stack>
      </Dialog>
    </>
  );
}
