import { Select, SimpleGrid, Stack } from '@mantine/core';
import { isObject, valueAt } from './document.ts';
import { useEditing, useFaultAt, usePlace } from './editing.ts';
import { ChoiceField, TextField, useOption, useShared, type InputProps } from './inputs.tsx';
import { waysOf } from './schema.ts';
import { fieldWords } from './words.ts';

const PATH = ['webhook', 'auth'];

/** Which way, and what this way takes: as the JSON schema lists them. */
export function AuthField(props: InputProps) {
  const { node, value, set } = props;
  const { table, set: setAt } = useEditing();
  const faultAt = useFaultAt();
  const place = usePlace();
  const option = useOption();
  const ways = waysOf(node);
  const type = valueAt(value, ['type']);
  const way = typeof type === 'string' ? ways.get(type) : undefined;
  const shared = useShared({
    ...props,
    error: faultAt([...PATH, 'type']) ?? (way ? null : props.error),
  });
  return (
    <Stack gap="xs">
      <Select
        {...shared}
        allowDeselect={false}
        data={[...ways.keys()].map((name) => ({ value: name, label: option(name) }))}
        value={typeof type === 'string' ? type : 'none'}
        onChange={(next) => {
          if (next === null || next === type) return;
          set(next === 'none' ? undefined : { type: next });
        }}
      />
      {way !== undefined && isObject(value) && Object.keys(way).length > 0 && (
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm" verticalSpacing="xs">
          {Object.entries(way).map(([key, part]) => {
            const { label, doc } = fieldWords(`auth.${key}`, part, table);
            const own = {
              ...{ label, description: doc, node: part, value: value[key] },
              error: faultAt([...PATH, key]),
              required:
                node.oneOf
                  ?.find((one) => one.properties?.['type']?.const === type)
                  ?.required?.includes(key) === true,
              set: (next: unknown) => {
                setAt([...PATH, key], next);
              },
            };
            return (
              <div key={key} {...place([...PATH, key])}>
                {part.enum === undefined ? <TextField {...own} /> : <ChoiceField {...own} />}
              </div>
            );
          })}
        </SimpleGrid>
      )}
    </Stack>
  );
}
