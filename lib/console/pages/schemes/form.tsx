import { Accordion, Badge, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { faultsWithin, useEditing, usePlace } from './editing.ts';
import { countSet, FIELDS, GROUPS, isShown, pathOfField, type Group as FieldGroup } from './fields.ts';
import { Fallback } from './fallback.tsx';
import { SchemeField } from './field.tsx';
import { nodeAt } from './schema.ts';

interface FormProps {
  /** The folds that somebody has opened. */
  readonly open: readonly string[];
  readonly onOpen: (open: readonly string[]) => void;
}

/** The fields that every scheme has, the fallback, and the rarer ones folded away. */
export function SchemeForm({ open, onOpen }: FormProps) {
  const { t } = useTranslation();
  const { document, schema, faults } = useEditing();
  const place = usePlace();
  const rare = GROUPS.filter((group) => group !== 'main');
  const faultsIn = (group: FieldGroup): number =>
    FIELDS.filter((field) => field.group === group).reduce(
      (sum, field) => sum + faultsWithin(faults, pathOfField(field)).length,
      0,
    );
  // A fault is not folded away.
  const shown = [...new Set([...open, ...rare.filter((group) => faultsIn(group) > 0)])];
  const fieldsOf = (group: FieldGroup) => (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md" verticalSpacing="sm">
      {FIELDS.filter(
        (field) =>
          field.group === group && nodeAt(schema, pathOfField(field)) !== null && isShown(field, document),
      ).map((field) => (
        <div
          key={field.path}
          {...place(pathOfField(field))}
          style={field.wide === true ? { gridColumn: '1 / -1' } : undefined}
        >
          <SchemeField field={field} />
        </div>
      ))}
    </SimpleGrid>
  );
  return (
    <Stack gap="lg">
      {fieldsOf('main')}
      <Fallback />
      <Accordion
        multiple
        value={shown}
        onChange={onOpen}
        variant="contained"
        chevronPosition="left"
        // What is sought in a fold is there at once.
        transitionDuration={0}
      >
        {rare.map((group) => (
          <Accordion.Item key={group} value={group}>
            <Accordion.Control>
              <Group gap="xs">
                <Text fw={600} size="sm">
                  {t(`schemes.groups.${group}`)}
                </Text>
                {countSet(group, document) > 0 && (
                  <Text size="xs" c="dimmed">
                    {t('schemes.set', { count: countSet(group, document) })}
                  </Text>
                )}
                {faultsIn(group) > 0 && (
                  <Badge color="red" variant="light" tt="none">
                    {t('schemes.faults', { count: faultsIn(group) })}
                  </Badge>
                )}
              </Group>
            </Accordion.Control>
            <Accordion.Panel>{fieldsOf(group)}</Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </Stack>
  );
}
