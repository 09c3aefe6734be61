import { Button, Group, Stack, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../ui/dialog.tsx';

interface LeaveGuardProps {
  readonly isOn: boolean;
  /** How many are not saved. */
  readonly changes: number;
}

/** Asks before changes are lost: by a link, by Back, or by closing the page. */
export function LeaveGuard({ isOn, changes }: LeaveGuardProps) {
  const { t } = useTranslation();
  const blocker = useBlocker({ shouldBlockFn: () => isOn, enableBeforeUnload: isOn, withResolver: true });
  return (
    <Dialog
      opened={blocker.status === 'blocked'}
      onClose={() => {
        blocker.reset?.();
      }}
      title={t('schemes.leave.title')}
    >
      <Stack>
        <Text size="sm">{t('schemes.leave.text', { count: changes })}</Text>
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
    </Dialog>
  );
}
