import { ActionIcon, Group, Menu, Text } from '@mantine/core';
import { IconBraces } from '@tabler/icons-react';
import type { RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useEditing } from './editing.ts';

interface MacroPickerProps {
  /** Where it is put: at the caret. */
  readonly input: RefObject<HTMLInputElement | HTMLTextAreaElement | null>;
  readonly onChange: (text: string) => void;
}

/** Macros by name, each with what the chosen call has for it. */
export function MacroPicker({ input, onChange }: MacroPickerProps) {
  const { t } = useTranslation();
  const { macros } = useEditing();
  const put = (name: string): void => {
    const element = input.current;
    if (element === null) return;
    const { value } = element;
    const start = element.selectionStart ?? value.length;
    const end = element.selectionEnd ?? start;
    const macro = `{{${name}}}`;
    onChange(`${value.slice(0, start)}${macro}${value.slice(end)}`);
    requestAnimationFrame(() => {
      element.focus();
      element.setSelectionRange(start + macro.length, start + macro.length);
    });
  };
  return (
    <Menu position="bottom-end" withinPortal shadow="md" returnFocus withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="sm" aria-label={t('schemes.macros.pick')}>
          <IconBraces size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflow: 'auto' }}>
        <Menu.Label>{t('schemes.macros.title')}</Menu.Label>
        {macros.map(({ name, value }) => (
          <Menu.Item
            key={name}
            onClick={() => {
              put(name);
            }}
          >
            <Group justify="space-between" gap="xl" wrap="nowrap">
              <Text span className="mono">{`{{${name}}}`}</Text>
              <Text span size="xs" c="dimmed" className="foreign" maw={220} truncate>
                {value === '' ? t('schemes.macros.empty') : (value ?? '')}
              </Text>
            </Group>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
