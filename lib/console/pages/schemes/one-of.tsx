import { Group, Select } from '@mantine/core';
import { isObject, valueAt, type Path } from './document.ts';
import { useFaultAt } from './editing.ts';
import { TextField, useOption, useShared, type InputProps } from './inputs.tsx';

/** One key of several with its text, as the JSON schema lists them: `{"header": "X-Id"}` or `{"key": "id"}`. */
export function OneOfField({ path, ...props }: InputProps & { readonly path: Path }) {
  const { node, value, set } = props;
  const faultAt = useFaultAt();
  const option = useOption();
  const parts = Object.assign(
    {},
    ...(node.anyOf ?? []).map(({ properties = {} }) => properties),
  ) as NonNullable<typeof node.properties>;
  const key = isObject(value) ? Object.keys(parts).find((one) => Object.hasOwn(value, one)) : undefined;
  const part = key === undefined ? undefined : parts[key];
  const shared = useShared({ ...props, error: key === undefined ? props.error : null });
  return (
    <Group grow align="flex-start" gap="md">
      <Select
        {...shared}
        allowDeselect={false}
        data={['none', ...Object.keys(parts)].map((one) => ({ value: one, label: option(one) }))}
        value={key ?? 'none'}
        onChange={(next) => {
          if (next === null || next === key) return;
          set(next === 'none' ? undefined : { [next]: '' });
        }}
      />
      {key !== undefined && part !== undefined && (
        <TextField
          {...props}
          label={option(key)}
          description={part.description ?? ''}
          node={part}
          required
          error={faultAt([...path, key]) ?? props.error}
          value={valueAt(value, [key])}
          set={(text) => {
            set({ [key]: text ?? '' });
          }}
        />
      )}
    </Group>
  );
}
