import { ActionIcon, Button, Group, MultiSelect, Popover, Select, Stack, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconFilter, IconSearch, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { may, session } from '../../api/session.ts';
import { reasons, schemeNames } from '../../api/calls.ts';
import { useWord } from '../../ui/word.ts';
import { RESULTS } from '../../ui/result.tsx';
import { Chips } from './chips.tsx';
import {
  filterOf,
  LAST,
  LIST_FILTERS,
  OF_OPERATORS,
  TIME_FILTERS,
  wordsOf,
  type FilterName,
  type ListFilter,
} from './filter.ts';

const ENDS = [
  'bridged',
  'transferred',
  'hangup',
  'dialplan',
  'caller_hangup',
  'switch_hangup',
  'guard',
  'moved',
  'released',
  'switch_lost',
] as const;

/** A key pressed twice asks once; and the rows are there within 200 ms, this pause and all. */
const TYPING_MS = 80;

interface FiltersProps {
  readonly search: Readonly<Record<string, string | undefined>>;
  readonly onChange: (changes: Record<string, string | undefined>) => void;
  /** Where `/` leads. */
  readonly searchRef: RefObject<HTMLInputElement | null>;
  /** There is room for one line: the rest is behind the button. */
  readonly isShort: boolean;
}

/** What calls are looked for: the usual in one line, the rest behind a button, and all of it in the address. */
export function Filters({ search, onChange, searchRef, isShort }: FiltersProps) {
  const { t } = useTranslation();
  const word = useWord();
  const { data: me } = useQuery(session);
  const mayFind = (name: FilterName): boolean => may(me, 'operator') || !OF_OPERATORS.has(name);
  const set = filterOf(search);
  const hidden = (
    ['caller', 'did', 'destination', 'uuid', 'reason', 'end', 'since', 'until'] as const
  ).filter((name) => set[name] !== undefined);
  const isFiltered = Object.keys(set).length > 0 || search['last'] !== undefined;
  const isWithin = (name: ListFilter): boolean => isShort || (name !== 'result' && name !== 'scheme');
  const list = (name: ListFilter, data: { value: string; label: string }[]) => (
    <ListInput
      key={name}
      label={t(`calls.filters.${name}`)}
      w={isWithin(name) ? '100%' : 190}
      isWithin={isWithin(name)}
      value={wordsOf(search[name])}
      data={data}
      onChange={(words) => {
        onChange({ [name]: words.length === 0 ? undefined : words.join(',') });
      }}
    />
  );
  const usual = (
    <>
      {list(
        'result',
        Object.keys(RESULTS).map((value) => ({ value, label: word('results', value) })),
      )}
      <SchemeInput make={(data) => list('scheme', data)} />
      <Select
        size="xs"
        w={isShort ? '100%' : 130}
        label={t('calls.filters.last')}
        placeholder={t('calls.filters.anyTime')}
        clearable
        comboboxProps={{ withinPortal: !isShort }}
        value={search['last'] ?? null}
        data={Object.keys(LAST).map((value) => ({ value, label: word('calls.lasts', value) }))}
        onChange={(value) => {
          onChange({ last: value ?? undefined, since: undefined });
        }}
      />
    </>
  );
  const fields = new Set([
    ...(mayFind('text') ? ['text'] : []),
    mayFind('number') ? 'number' : 'uuid',
    ...(isShort ? [] : ['result', 'scheme', 'last']),
  ]);
  return (
    <Group gap="xs" align="flex-end" role="search" aria-label={t('calls.filters.title')}>
      {mayFind('text') && (
        <TypedInput
          name="text"
          label={t('calls.filters.text')}
          placeholder={t('calls.filters.textHint')}
          value={search['text'] ?? ''}
          onChange={onChange}
          inputRef={searchRef}
          w={isShort ? 150 : 200}
        />
      )}
      <TypedInput
        name={mayFind('number') ? 'number' : 'uuid'}
        label={t(mayFind('number') ? 'calls.filters.number' : 'calls.filters.uuid')}
        placeholder={mayFind('number') ? t('calls.filters.numberHint') : ''}
        value={search[mayFind('number') ? 'number' : 'uuid'] ?? ''}
        onChange={onChange}
        {...(mayFind('text') ? {} : { inputRef: searchRef })}
        w={isShort ? 130 : 150}
      />
      {!isShort && usual}
      <Popover position="bottom-start" withinPortal trapFocus shadow="md">
        <Popover.Target>
          <Button
            size="xs"
            variant={hidden.length > 0 ? 'light' : 'default'}
            leftSection={<IconFilter size={14} aria-hidden />}
          >
            {hidden.length > 0
              ? t('calls.filters.moreSet', { count: hidden.length })
              : t('calls.filters.more')}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Stack gap="xs" w={280}>
            {isShort && usual}
            {(['caller', 'did', 'destination', 'uuid'] as const)
              .filter((name) => mayFind(name))
              .map((name) => (
                <TypedInput
                  key={name}
                  name={name}
                  label={t(`calls.filters.${name}`)}
                  value={search[name] ?? ''}
                  onChange={onChange}
                />
              ))}
            <ReasonInput make={(data) => list('reason', data)} />
            {list(
              'end',
              ENDS.map((value) => ({ value, label: word('calls.ends', value) })),
            )}
            {TIME_FILTERS.map((name) => (
              <TextInput
                key={name}
                size="xs"
                type="datetime-local"
                step={1}
                label={t(`calls.filters.${name}`)}
                value={localOf(search[name])}
                onChange={({ currentTarget: { value } }) => {
                  onChange({ [name]: value, ...(name === 'since' ? { last: undefined } : {}) });
                }}
              />
            ))}
          </Stack>
        </Popover.Dropdown>
      </Popover>
      <Chips search={search} fields={fields} onChange={onChange} />
      {isFiltered && (
        <Button
          size="xs"
          variant="subtle"
          leftSection={<IconX size={14} aria-hidden />}
          onClick={() => {
            const names = [...LIST_FILTERS, ...TIME_FILTERS, ...Object.keys(set), 'last'];
            onChange(Object.fromEntries(names.map((name) => [name, undefined])));
          }}
        >
          {t('calls.filters.clear')}
        </Button>
      )}
    </Group>
  );
}

interface TypedInputProps {
  readonly name: FilterName;
  readonly label: string;
  readonly placeholder?: string;
  readonly value: string;
  readonly onChange: FiltersProps['onChange'];
  readonly inputRef?: RefObject<HTMLInputElement | null>;
  readonly w?: number;
}

/** Asks when the fingers rest. */
function TypedInput({ name, label, placeholder, value, onChange, inputRef, w }: TypedInputProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(value);
  const [told, setTold] = useState(value);
  const tell = useDebouncedCallback((text: string) => {
    setTold(text);
    onChange({ [name]: text.trim() === '' ? undefined : text });
  }, TYPING_MS);
  // The address has changed otherwise: a view, a step back.
  useEffect(() => {
    if (value.trim() === told.trim()) return;
    setTyped(value);
    setTold(value);
  }, [value, told]);
  return (
    <TextInput
      size="xs"
      {...(w === undefined ? {} : { w })}
      label={label}
      placeholder={placeholder ?? ''}
      value={typed}
      maxLength={200}
      ref={inputRef}
      leftSection={<IconSearch size={14} aria-hidden />}
      rightSection={
        typed !== '' && (
          <ActionIcon
            size="xs"
            variant="subtle"
            aria-label={t('calls.filters.empty', { name: label })}
            onClick={() => {
              setTyped('');
              tell('');
            }}
          >
            <IconX size={12} />
          </ActionIcon>
        )
      }
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value);
        tell(currentTarget.value);
      }}
      onKeyDown={({ key, currentTarget }) => {
        if (key === 'Escape') currentTarget.blur();
      }}
    />
  );
}

interface ListInputProps {
  readonly label: string;
  readonly value: string[];
  readonly data: { value: string; label: string }[];
  readonly onChange: (words: string[]) => void;
  readonly w: number | string;
  /** It stands in a popover, which takes a press on anything outside of it for its own end. */
  readonly isWithin: boolean;
}

function ListInput({ label, value, data, onChange, w, isWithin }: ListInputProps) {
  const { t } = useTranslation();
  const known = new Set(data.map((one) => one.value));
  const rest = value.filter((word) => !known.has(word)).map((word) => ({ value: word, label: word }));
  return (
    <MultiSelect
      size="xs"
      w={w}
      label={label}
      placeholder={value.length === 0 ? t('calls.filters.any') : ''}
      searchable
      clearable
      hidePickedOptions
      comboboxProps={{ withinPortal: !isWithin }}
      value={value}
      data={[...data, ...rest]}
      onChange={onChange}
    />
  );
}

interface MadeProps {
  readonly make: (data: { value: string; label: string }[]) => React.ReactNode;
}

function SchemeInput({ make }: MadeProps) {
  const { data = [] } = useQuery(schemeNames);
  return make(data.map((value) => ({ value, label: value })));
}

function ReasonInput({ make }: MadeProps) {
  const { data = [] } = useQuery(reasons);
  return make(data.map(({ code }) => ({ value: code, label: code })));
}

/** As the browser's field wants it, by the viewer's clock. */
function localOf(text: string | undefined): string {
  const ms = Date.parse(text ?? '');
  if (Number.isNaN(ms)) return '';
  const date = new Date(ms);
  return new Date(ms - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
