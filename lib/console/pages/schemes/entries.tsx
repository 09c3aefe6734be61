import { ActionIcon, Group, Input, Menu, Paper, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ComponentType, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Preset } from '../../../api/types.ts';
import { Coded } from '../../ui/coded.tsx';
import { usePresetWords } from '../../ui/preset-words.ts';
import { AddButton, AddMenu } from './add.tsx';
import { isObject, pointerOf, valueAt, withValue, type Path } from './document.ts';
import {
  EditingContext,
  faultsWithin,
  useEditing,
  useFaultText,
  useFresh,
  usePlace,
  type Editing,
} from './editing.ts';
import { ENTRY_FIELDS, FIELDS, isShown, pathOfField, type Field } from './fields.ts';
import { ORDER, type InputProps } from './inputs.tsx';
import { onePreset, presets } from './queries.ts';
import { nodeAt, textOf, type SchemaNode } from './schema.ts';
import { moved } from './steps.ts';

/** Lists of what has fields of its own, one card each: questions that follow, and entries of events. */

interface EntriesProps extends InputProps {
  readonly path: Path;
  /** Draws one field: it knows this list, which knows it by this alone. */
  readonly Drawn: Drawn;
}

type Drawn = ComponentType<{ readonly field: Field }>;

export function QuestionsField(props: EntriesProps) {
  const { t } = useTranslation();
  return (
    <Entries
      {...props}
      titleOf={(entry, index) => `${index + 2}. ${textOf(valueAt(entry, ['url']))}`}
      add={(append) => (
        <AddButton
          to={props.label}
          what={t('schemes.entries.addQuestion')}
          onClick={() => {
            append([{ url: '' }]);
          }}
        />
      )}
    >
      {(part) => (
        <Part {...part} documentOf={(entry) => ({ webhook: entry })} nodes={{ webhook: part.node }}>
          <WebhookFields Drawn={props.Drawn} />
        </Part>
      )}
    </Entries>
  );
}

export function EventsField(props: EntriesProps) {
  return (
    <Entries
      {...props}
      titleOf={(entry) => textOf(valueAt(entry, ['name']) ?? valueAt(entry, ['on']))}
      add={(append) => <AddEvents label={props.label} append={append} />}
    >
      {(part) => {
        const webhook = part.node.properties?.['webhook'] ?? {};
        return (
          <Part
            {...part}
            documentOf={(entry) => ({ events: entry, webhook: valueAt(entry, ['webhook']) ?? {} })}
            nodes={{ events: part.node, webhook }}
          >
            <FieldGrid Drawn={props.Drawn} fields={ENTRY_FIELDS} />
            <WebhookFields Drawn={props.Drawn} />
          </Part>
        );
      }}
    </Entries>
  );
}

interface PartProps {
  readonly node: SchemaNode;
  readonly value: unknown;
  readonly base: Path;
  readonly set: (value: unknown) => void;
}

interface ListProps extends EntriesProps {
  readonly titleOf: (entry: unknown, index: number) => string;
  readonly add: (append: (entries: readonly unknown[]) => void) => ReactNode;
  readonly children: (part: PartProps) => ReactNode;
}

function Entries({ titleOf, add, children, path, ...props }: ListProps) {
  const { t } = useTranslation();
  const { isReadOnly, faults } = useEditing();
  const place = usePlace();
  const faultText = useFaultText();
  const fresh = useFresh();
  const { node, value, set, label } = props;
  const entries: readonly unknown[] = Array.isArray(value) ? value : [];
  const change = (next: readonly unknown[]): void => {
    set(next.length === 0 ? undefined : next);
  };
  /** Their places are others now. */
  const rearrange = (next: readonly unknown[]): void => {
    fresh.end();
    change(next);
  };
  // Those of a field stand there.
  const own = faults.filter(({ pointer }) =>
    [path, ...entries.map((_, index) => [...path, String(index)])].some((one) => pointerOf(one) === pointer),
  );
  return (
    <Input.Wrapper
      label={label}
      description={props.description}
      error={own.length === 0 ? null : own.map(faultText).join('\n')}
      inputWrapperOrder={[...ORDER]}
      labelElement="div"
    >
      <Stack gap="xs" my={4}>
        {entries.map((entry, index) => {
          const title = titleOf(entry, index);
          const name = `${label}, ${index + 1}`;
          return (
            <Paper
              key={index}
              withBorder
              p="xs"
              role="group"
              aria-label={name}
              {...place([...path, String(index)])}
              {...fresh.leaving([...path, String(index)])}
            >
              <Group justify="space-between" wrap="nowrap" gap="xs" mb={6}>
                <Text size="sm" fw={600} truncate className="foreign">
                  {title === '' ? name : title}
                </Text>
                {!isReadOnly && (
                  <Group gap={0} wrap="nowrap">
                    <Act
                      label={`${name}: ${t('schemes.fallback.up')}`}
                      icon={<IconArrowUp size={16} />}
                      isOff={index === 0}
                      onClick={() => {
                        rearrange(moved(entries, index, index - 1));
                      }}
                    />
                    <Act
                      label={`${name}: ${t('schemes.fallback.down')}`}
                      icon={<IconArrowDown size={16} />}
                      isOff={index === entries.length - 1}
                      onClick={() => {
                        rearrange(moved(entries, index, index + 1));
                      }}
                    />
                    <Act
                      label={`${name}: ${t('schemes.rows.remove')}`}
                      icon={<IconTrash size={16} />}
                      onClick={() => {
                        rearrange(entries.filter((_, at) => at !== index));
                      }}
                    />
                  </Group>
                )}
              </Group>
              {children({
                node: node.items ?? {},
                value: entry,
                base: [...path, String(index)],
                set: (next) => {
                  change(entries.map((one, at) => (at === index ? next : one)));
                },
              })}
            </Paper>
          );
        })}
        {!isReadOnly &&
          add((more) => {
            change([...entries, ...more]);
            // Of several the first is filled in first.
            fresh.begin([...path, String(entries.length)], more[0]);
          })}
      </Stack>
    </Input.Wrapper>
  );
}

interface ActProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly isOff?: boolean;
  readonly onClick: () => void;
}

function Act({ label, icon, isOff = false, onClick }: ActProps) {
  return (
    <ActionIcon variant="subtle" color="gray" disabled={isOff} aria-label={label} onClick={onClick}>
      {icon}
    </ActionIcon>
  );
}

interface WithinProps extends PartProps {
  readonly documentOf: (entry: unknown) => Readonly<Record<string, unknown>>;
  readonly nodes: Readonly<Record<string, SchemaNode>>;
  readonly children: ReactNode;
}

/** The fields of a scheme's webhook, for one that lies deeper: they see it where that of the scheme would be. */
function Part({ value, base, set, documentOf, nodes, children }: WithinProps) {
  const editing = useEditing();
  const document = documentOf(value);
  const isWhole = Object.hasOwn(nodes, 'events');
  const within: Editing = {
    ...editing,
    document,
    wholePath: ([first = '', ...rest]) =>
      editing.wholePath([...base, ...(isWhole && first === 'webhook' ? [first] : []), ...rest]),
    schema: { properties: nodes },
    set: (path, next) => {
      const changed = withValue(document, path, next);
      const webhook = changed['webhook'] ?? {};
      if (!isWhole) set(webhook);
      else set({ ...(isObject(changed['events']) ? changed['events'] : {}), webhook });
    },
    faults: faultsWithin(editing.faults, base).map(({ pointer = '', ...fault }) => {
      const rest = pointer.slice(pointerOf(base).length);
      const isOfEntry = isWhole && !rest.startsWith('/webhook');
      return {
        ...fault,
        pointer: isWhole && !isOfEntry ? rest : `/${isWhole ? 'events' : 'webhook'}${rest}`,
      };
    }),
  };
  return (
    <EditingContext value={within}>
      <Stack gap="sm">{children}</Stack>
    </EditingContext>
  );
}

/** Those that every question has, and the rarer ones folded away. */
function WebhookFields({ Drawn }: { readonly Drawn: Drawn }) {
  const { t } = useTranslation();
  const { document, faults } = useEditing();
  const fields = FIELDS.filter(({ path }) => path.startsWith('webhook.'));
  const rare = fields.filter(({ group }) => group !== 'main');
  const set = rare.filter((field) => valueAt(document, pathOfField(field)) !== undefined).length;
  // A fault is not folded away.
  const isOpen = rare.some((field) => faultsWithin(faults, pathOfField(field)).length > 0);
  return (
    <>
      <FieldGrid Drawn={Drawn} fields={fields.filter(({ group }) => group === 'main')} />
      <details open={isOpen || undefined}>
        <summary>
          <Text span size="xs" fw={500}>
            {t('schemes.entries.more')}
            {set > 0 && (
              <Text span inherit c="dimmed" fw={400}>
                {' '}
                {t('schemes.set', { count: set })}
              </Text>
            )}
          </Text>
        </summary>
        <FieldGrid Drawn={Drawn} fields={rare} />
      </details>
    </>
  );
}

function FieldGrid({ Drawn, fields }: { readonly Drawn: Drawn; readonly fields: readonly Field[] }) {
  const { document, schema } = useEditing();
  const place = usePlace();
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md" verticalSpacing="sm" mt={6}>
      {fields
        .filter((field) => nodeAt(schema, pathOfField(field)) !== null && isShown(field, document))
        .map((field) => (
          <div
            key={field.path}
            {...place(pathOfField(field))}
            style={field.wide === true ? { gridColumn: '1 / -1' } : undefined}
          >
            <Drawn field={field} />
          </div>
        ))}
    </SimpleGrid>
  );
}

interface AddEventsProps {
  readonly label: string;
  readonly append: (entries: readonly unknown[]) => void;
}

/** An empty entry, or those of a kind of CRM, with what is left to do about them. */
function AddEvents({ label, append }: AddEventsProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const words = usePresetWords();
  const { data: offered = [] } = useQuery(presets);
  const [added, setAdded] = useState<NonNullable<Preset['events']> | null>(null);
  const addOf = async (name: string): Promise<void> => {
    const { events } = await client.query(onePreset(name));
    if (events === null) return;
    append(events.entries);
    setAdded(events);
  };
  return (
    <>
      {added !== null && (
        <Stack gap={2} role="status">
          {[...added.toDo, ...added.limits].map((text) => (
            <Text key={text} size="xs">
              <Coded text={words(text)} />
            </Text>
          ))}
        </Stack>
      )}
      <AddMenu to={label} what={t('schemes.entries.addEvents')}>
        <Menu.Item
          onClick={() => {
            append([{ on: ['ended'], webhook: { url: '' } }]);
          }}
        >
          {t('schemes.entries.empty')}
        </Menu.Item>
        {offered
          .flatMap(({ name, events }) => (events === null ? [] : [{ name, what: words(events) }]))
          .map(({ name, what }) => (
            <Menu.Item
              key={name}
              maw={420}
              onClick={() => {
                void addOf(name);
              }}
            >
              <Text size="sm" fw={600}>
                {name}
              </Text>
              <Text size="xs" c="dimmed">
                {what}
              </Text>
            </Menu.Item>
          ))}
      </AddMenu>
    </>
  );
}
