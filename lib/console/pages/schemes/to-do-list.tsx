import { Checkbox, Group, Paper, Stack, Text, Title, VisuallyHidden } from '@mantine/core';
import { IconCircle, IconCircleCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { TextButton } from '../../ui/text-button.tsx';
import { valueAt, type SchemeDocument } from './document.ts';
import { useEditing } from './editing.ts';
import { PlaceLink } from './place-link.tsx';
import type { ToDo } from './to-do.ts';
import { labelOf } from './words.ts';

const AUTH = ['webhook', 'auth'];

/** A profile has one of its own. */
function hasAuth(document: SchemeDocument): boolean {
  return [AUTH, ['webhook', 'crm']].some((path) => valueAt(document, path) !== undefined);
}

interface ToDoListProps {
  readonly items: readonly ToDo[];
  readonly onTry: () => void;
  readonly onSave: () => void;
}

/** What is left to do on a new scheme; it follows what is so. */
export function ToDoList({ items, onTry, onSave }: ToDoListProps) {
  const { t } = useTranslation();
  const { document, schema, table } = useEditing();
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const isDone = ({ id, done }: ToDo): boolean => (done === 'by_hand' ? ticked.has(id) : done);
  const done = items.filter(isDone).length;
  const body = ({ id, path, text }: ToDo) => {
    if (id === 'try' || id === 'live') {
      return <TextButton onClick={id === 'try' ? onTry : onSave}>{t(`schemes.toDo.${id}`)}</TextButton>;
    }
    return (
      <>
        {path !== null && <PlaceLink path={path} />}
        {text !== null && (
          <span>
            {path === null ? '' : ': '}
            {text}
          </span>
        )}
      </>
    );
  };
  return (
    <Paper withBorder p="sm" component="section" aria-labelledby="to-do">
      <Group justify="space-between" gap="xs" mb={6}>
        <Title order={2} id="to-do">
          {t('schemes.new.toDo')}
        </Title>
        <Text size="sm" c="dimmed" role="status">
          {t('schemes.toDo.done', { done, all: items.length })}
        </Text>
      </Group>
      <Stack gap={4} component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
        {items.map((item) => (
          <Group key={item.id} component="li" gap="xs" wrap="nowrap" align="flex-start">
            {item.done === 'by_hand' ? (
              <Checkbox
                size="md"
                radius="xl"
                aria-label={item.path === null ? (item.text ?? '') : labelOf(item.path, schema, table)}
                checked={ticked.has(item.id)}
                onChange={({ currentTarget }) => {
                  const next = new Set(ticked);
                  if (currentTarget.checked) next.add(item.id);
                  else next.delete(item.id);
                  setTicked(next);
                }}
              />
            ) : (
              <Text
                span
                c={item.done ? 'teal' : 'dimmed'}
                lh={0}
                w={24}
                py={2}
                px={2}
                style={{ flex: 'none' }}
              >
                {item.done ? <IconCircleCheck size={20} aria-hidden /> : <IconCircle size={20} aria-hidden />}
                <VisuallyHidden>
                  {t(item.done ? 'schemes.toDo.isDone' : 'schemes.toDo.isOpen')}
                </VisuallyHidden>
              </Text>
            )}
            <Text size="sm" c={isDone(item) ? 'dimmed' : undefined} component="div" miw={0} py={2}>
              {body(item)}
            </Text>
          </Group>
        ))}
      </Stack>
      {!hasAuth(document) && (
        <Text size="xs" c="dimmed" mt={6} component="div">
          {t('schemes.toDo.open')} <PlaceLink path={AUTH} />
        </Text>
      )}
    </Paper>
  );
}
