import { Anchor, Button, Group, Text } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { pathOf } from './document.ts';
import { useEditing } from './editing.ts';

interface SaveBarProps {
  readonly isNew: boolean;
  readonly isDirty: boolean;
  /** Not saved. */
  readonly changes: number;
  readonly onTry: () => void;
  readonly onSave: () => void;
}

/** Below the form, in reach wherever one is in it. */
export function SaveBar({ isNew, isDirty, changes, onTry, onSave }: SaveBarProps) {
  const { t } = useTranslation();
  const { faults, reveal } = useEditing();
  const first = faults.find(({ pointer = '' }) => pointer !== '');
  return (
    <Group className="save-bar" component="section" aria-label={t('ui.save')} gap="xs" wrap="nowrap">
      <Text size="sm" flex={1} miw={0} role="status" lineClamp={2}>
        {isNew
          ? t('schemes.bar.isNew')
          : isDirty
            ? t('schemes.leave.text', { count: changes })
            : t('schemes.diff.none')}
        {first !== undefined && (
          <>
            {' '}
            <Anchor
              component="button"
              type="button"
              inherit
              c="var(--mantine-color-error)"
              underline="always"
              onClick={() => {
                reveal(pathOf(first.pointer ?? ''));
              }}
            >
              {t('schemes.faults', { count: faults.length })}
            </Anchor>
          </>
        )}
      </Text>
      <Button
        hiddenFrom="lg"
        variant="default"
        leftSection={<IconPlayerPlay size={16} aria-hidden />}
        onClick={onTry}
      >
        {t('schemes.try.title')}
      </Button>
      <Button onClick={onSave}>{t(isDirty ? 'ui.save' : 'schemes.bar.state')}</Button>
    </Group>
  );
}
