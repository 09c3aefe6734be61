import {
  Group,
  Input,
  MultiSelect,
  NumberInput,
  SegmentedControl,
  Select,
  Switch,
  TagsInput,
  TextInput,
} from '@mantine/core';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useEditing } from './editing.ts';
import { MacroPicker } from './macros.tsx';
import { boundsOf, textOf, wordsOf, type SchemaNode } from './schema.ts';

/** One input for each kind of field. Nothing in it means that the field is not in the document. */

export interface InputProps {
  readonly label: string;
  readonly description: string;
  readonly error: string | null;
  readonly required: boolean;
  readonly node: SchemaNode;
  readonly value: unknown;
  readonly set: (value: unknown) => void;
  /** Undefined: as the form is. */
  readonly isReadOnly?: boolean;
}

export const ORDER = ['label', 'input', 'error', 'description'] as const;

/** What Mantine's inputs share. */
export function useShared({ label, description, error, required, isReadOnly }: InputProps) {
  const editing = useEditing();
  const readOnly = isReadOnly ?? editing.isReadOnly;
  return {
    ...{ label, description, error, size: 'sm' as const },
    withAsterisk: required && !readOnly,
    readOnly,
    'data-locked': readOnly || undefined,
    inputWrapperOrder: [...ORDER],
  };
}

/** A label of a word that the document has. */
export function useOption(): (word: string) => string {
  const { t, i18n } = useTranslation();
  return (word) => {
    const key = `schemes.options.${word}`;
    return i18n.exists(key) ? t(key as 'schemes.options.auto') : word;
  };
}

export function TextField(props: InputProps) {
  const { node, value, set } = props;
  const shared = useShared(props);
  return (
    <TextInput
      {...shared}
      value={textOf(value)}
      placeholder={textOf(node.default)}
      onChange={({ currentTarget }) => {
        set(currentTarget.value === '' ? undefined : currentTarget.value);
      }}
    />
  );
}

export function TemplateField(props: InputProps) {
  const { value, set } = props;
  const { isReadOnly } = useEditing();
  const shared = useShared(props);
  const input = useRef<HTMLInputElement>(null);
  return (
    <TextInput
      {...shared}
      ref={input}
      classNames={{ input: 'mono' }}
      spellCheck={false}
      value={textOf(value)}
      placeholder={textOf(props.node.examples?.[0])}
      rightSection={isReadOnly ? null : <MacroPicker input={input} onChange={set} />}
      onChange={({ currentTarget }) => {
        set(currentTarget.value === '' ? undefined : currentTarget.value);
      }}
    />
  );
}

export function NumberField(props: InputProps) {
  const { node, value, set } = props;
  const { isWhole, ...bounds } = boundsOf(node);
  const shared = useShared(props);
  return (
    <NumberInput
      {...shared}
      {...bounds}
      clampBehavior="none"
      allowDecimal={!isWhole}
      value={typeof value === 'number' ? value : ''}
      placeholder={textOf(node.default)}
      onChange={(next) => {
        set(typeof next === 'number' ? next : undefined);
      }}
    />
  );
}

export function NumberOrNullField(props: InputProps) {
  const { t } = useTranslation();
  const { node, value, set } = props;
  const { isReadOnly } = useEditing();
  if (node.default === null) return <NumberField {...props} />;
  return (
    <Group align="flex-start" gap="xs" wrap="nowrap">
      <NumberField {...props} isReadOnly={isReadOnly || value === null} />
      <Switch
        mt={28}
        size="xs"
        label={t('schemes.never')}
        aria-label={`${props.label}: ${t('schemes.never')}`}
        checked={value === null}
        disabled={isReadOnly}
        onChange={({ currentTarget }) => {
          set(currentTarget.checked ? null : undefined);
        }}
      />
    </Group>
  );
}

export function ChoiceField(props: InputProps) {
  const { t } = useTranslation();
  const { node, value, set } = props;
  const option = useOption();
  const shared = useShared(props);
  const words = wordsOf(node);
  const fallback = textOf(node.default);
  return (
    <Select
      {...shared}
      allowDeselect={false}
      clearable={value !== undefined && !shared.readOnly}
      comboboxProps={{ shadow: 'md' }}
      data={words.map((word) => ({ value: word, label: option(word) }))}
      value={typeof value === 'string' ? value : null}
      placeholder={fallback === '' ? t('schemes.unset') : option(fallback)}
      onChange={(next) => {
        set(next ?? undefined);
      }}
    />
  );
}

export function YesNoField({ unset, ...props }: InputProps & { readonly unset?: string }) {
  const { t } = useTranslation();
  const { value, set } = props;
  const { isReadOnly } = useEditing();
  return (
    <Input.Wrapper
      label={props.label}
      description={props.description}
      error={props.error}
      inputWrapperOrder={[...ORDER]}
      labelElement="div"
    >
      <SegmentedControl
        fullWidth
        size="xs"
        readOnly={isReadOnly}
        aria-label={props.label}
        data={[
          { value: 'unset', label: unset ?? t('schemes.asConfigured') },
          { value: 'true', label: t('schemes.yes') },
          { value: 'false', label: t('schemes.no') },
        ]}
        value={typeof value === 'boolean' ? String(value) : 'unset'}
        onChange={(next) => {
          set(next === 'unset' ? undefined : next === 'true');
        }}
      />
    </Input.Wrapper>
  );
}

export function ChoicesField(props: InputProps) {
  const { node, value, set } = props;
  const option = useOption();
  const shared = useShared(props);
  return (
    <MultiSelect
      {...shared}
      data={wordsOf(node).map((word) => ({ value: word, label: option(word) }))}
      value={textsOf(value)}
      placeholder={textsOf(value).length === 0 ? textOf(node.default) : ''}
      onChange={(next) => {
        set(next.length === 0 ? undefined : next);
      }}
    />
  );
}

/** One text stays a text, several become a list. */
export function TextsField(props: InputProps) {
  const { value, set } = props;
  return (
    <Tags
      {...props}
      value={textsOf(value)}
      set={(next) => {
        set(next.length > 1 ? next : next[0]);
      }}
    />
  );
}

export function ListField(props: InputProps) {
  const { value, set } = props;
  return (
    <Tags
      {...props}
      value={textsOf(value)}
      set={(next) => {
        set(next.length === 0 ? undefined : next);
      }}
    />
  );
}

export function NumbersField(props: InputProps) {
  const { value, set } = props;
  return (
    <Tags
      {...props}
      value={textsOf(value)}
      set={(next) => {
        set(next.length === 0 ? undefined : next.map((text) => (/^\d+$/.test(text) ? Number(text) : text)));
      }}
    />
  );
}

function Tags(
  props: Omit<InputProps, 'set' | 'value'> & {
    readonly value: string[];
    readonly set: (next: string[]) => void;
  },
) {
  const { node, value, set } = props;
  const shared = useShared({ ...props, set: () => undefined });
  return (
    <TagsInput
      {...shared}
      value={value}
      onChange={set}
      splitChars={[',']}
      placeholder={value.length === 0 ? textOf(node.default ?? node.examples?.[0]) : ''}
    />
  );
}

export function RangeField(props: InputProps) {
  const { t } = useTranslation();
  const { node, value, set } = props;
  const { isReadOnly } = useEditing();
  const [least, most] = rangeOf(value) ?? rangeOf(node.default) ?? [1, 6];
  const isSet = rangeOf(value) !== null;
  const input = (label: string, index: 0 | 1) => (
    <NumberInput
      size="sm"
      aria-label={`${props.label}: ${label}`}
      leftSection={label}
      leftSectionWidth={48}
      leftSectionProps={{ style: { fontSize: 'var(--mantine-font-size-xs)' } }}
      readOnly={isReadOnly}
      allowDecimal={false}
      min={1}
      max={15}
      value={isSet ? (index === 0 ? least : most) : ''}
      placeholder={String(index === 0 ? least : most)}
      onChange={(next) => {
        if (typeof next !== 'number') set(undefined);
        else set(index === 0 ? [next, Math.max(next, most)] : [Math.min(least, next), next]);
      }}
    />
  );
  return (
    <Input.Wrapper
      label={props.label}
      description={props.description}
      error={props.error}
      inputWrapperOrder={[...ORDER]}
      labelElement="div"
    >
      <Group gap="xs" grow>
        {input(t('schemes.from'), 0)}
        {input(t('schemes.to'), 1)}
      </Group>
    </Input.Wrapper>
  );
}

export function CountryField(props: InputProps) {
  const { i18n } = useTranslation();
  const { node, value, set } = props;
  const shared = useShared(props);
  const names = new Intl.DisplayNames(i18n.language, { type: 'region' });
  return (
    <Select
      {...shared}
      searchable
      clearable={value !== undefined && !shared.readOnly}
      limit={50}
      data={wordsOf(node).map((code) => ({ value: code, label: `${code} · ${names.of(code) ?? code}` }))}
      value={typeof value === 'string' ? value : null}
      placeholder={textOf(node.examples?.[0])}
      onChange={(next) => {
        set(next ?? undefined);
      }}
    />
  );
}

export function textsOf(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  return [value].flat().map(textOf);
}

function rangeOf(value: unknown): readonly [number, number] | null {
  if (!Array.isArray(value)) return null;
  const [least, most] = value as unknown[];
  return typeof least === 'number' && typeof most === 'number' ? [least, most] : null;
}
