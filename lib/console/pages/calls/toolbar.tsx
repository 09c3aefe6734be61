import { ActionIcon, Button, Checkbox, Group, Menu, Popover, Stack, Switch, TextInput } from '@mantine/core';
import { IconBookmark, IconColumns, IconDownload, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { pathOf } from '../../api/client.ts';
import { ALL_COLUMNS, columnsOf, USUAL_COLUMNS, type Column } from './columns.ts';
import { queryOf } from './filter.ts';
import { keepViews, keptViews } from './kept.ts';
import { viewOf, type View } from './views.ts';

interface ToolbarProps {
  readonly search: Readonly<Record<string, string | undefined>>;
  readonly columns: readonly Column[];
  readonly onColumns: (columns: Column[]) => void;
  readonly onView: (view: View) => void;
  readonly isTail: boolean;
  readonly onTail: (isTail: boolean) => void;
}

/** How the calls are looked at, and how they are taken along. */
export function Toolbar({ search, columns, onColumns, onView, isTail, onTail }: ToolbarProps) {
  const { t } = useTranslation();
  return (
    <Group gap="xs">
      <Switch
        size="xs"
        label={t('calls.tail')}
        checked={isTail}
        onChange={({ currentTarget }) => {
          onTail(currentTarget.checked);
        }}
      />
      <Views search={search} columns={columns} onView={onView} />
      <Popover position="bottom-end" withinPortal trapFocus shadow="md">
        <Popover.Target>
          <Button size="xs" variant="default" leftSection={<IconColumns size={14} aria-hidden />}>
            {t('calls.columnsButton')}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Stack gap={6}>
            {ALL_COLUMNS.map((column) => (
              <Checkbox
                key={column}
                size="xs"
                label={t(`calls.columns.${column}`)}
                checked={columns.includes(column)}
                onChange={({ currentTarget: { checked } }) => {
                  onColumns(
                    columnsOf(checked ? [...columns, column] : columns.filter((one) => one !== column)),
                  );
                }}
              />
            ))}
            <Button
              size="compact-xs"
              variant="subtle"
              onClick={() => {
                onColumns([...USUAL_COLUMNS]);
              }}
            >
              {t('calls.columnsUsual')}
            </Button>
          </Stack>
        </Popover.Dropdown>
      </Popover>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button size="xs" variant="default" leftSection={<IconDownload size={14} aria-hidden />}>
            {t('calls.export.title')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {(['csv', 'jsonl'] as const).map((format) => (
            <Menu.Item
              key={format}
              component="a"
              href={pathOf('/calls/export', { ...queryOf(search, Date.now()), format })}
              download={`calls.${format}`}
            >
              {t(`calls.export.${format}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}

function Views({ search, columns, onView }: Pick<ToolbarProps, 'search' | 'columns' | 'onView'>) {
  const { t } = useTranslation();
  const [views, setViews] = useState(keptViews);
  const [name, setName] = useState('');
  const keep = (next: readonly View[]): void => {
    setViews(next);
    keepViews(next);
  };
  return (
    <Popover position="bottom-end" withinPortal trapFocus shadow="md">
      <Popover.Target>
        <Button size="xs" variant="default" leftSection={<IconBookmark size={14} aria-hidden />}>
          {t('calls.views.title')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs" w={240}>
          {views.map((view) => (
            <Group key={view.name} gap={4} wrap="nowrap">
              <Button
                flex={1}
                size="compact-sm"
                variant="subtle"
                justify="flex-start"
                onClick={() => {
                  onView(view);
                }}
              >
                {view.name}
              </Button>
              <ActionIcon
                size="sm"
                variant="subtle"
                color="gray"
                aria-label={t('calls.views.remove', { name: view.name })}
                onClick={() => {
                  keep(views.filter((one) => one !== view));
                }}
              >
                <IconTrash size={14} />
              </ActionIcon>
            </Group>
          ))}
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const given = name.trim();
              if (given === '') return;
              keep([...views.filter((one) => one.name !== given), viewOf(given, search, columns)]);
              setName('');
            }}
          >
            <Group gap={4} align="flex-end" wrap="nowrap">
              <TextInput
                size="xs"
                label={t('calls.views.name')}
                value={name}
                maxLength={60}
                onChange={({ currentTarget }) => {
                  setName(currentTarget.value);
                }}
              />
              <Button size="xs" type="submit">
                {t('calls.views.save')}
              </Button>
            </Group>
          </form>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
