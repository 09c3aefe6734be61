import { ActionIcon, Group, Input, Stack, TagsInput, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AddButton } from './add.tsx';
import { isObject, valueAt, withValue, type Path } from './document.ts';
import { useEditing, useFaultAt, usePlace } from './editing.ts';
import { ORDER, textsOf, type InputProps } from './inputs.tsx';
import { MacroPicker } from './macros.tsx';
import { isSame, objectOf, rowsOf, twice, withRow, type Row } from './rows.ts';
import { textOf } from './schema.ts';

/** What stands beside each name: a text, one in which macros may stand, a text or several, or an extension and a context. */
type Cells = 'texts' | 'templates' | 'lists' | 'targets';

interface TableFieldProps extends InputProps {
  readonly path: readonly string[];
  readonly cells: Cells;
}

/** Names, and what belongs to each, as rows. The rows are its own while they are edited, and follow the document when that changes elsewhere. */
export function TableField({ cells, path, ...props }: TableFieldProps) {
  const { t } = useTranslation();
  const { isReadOnly } = useEditing();
  const faultAt = useFaultAt();
  const [rows, setRows] = useState<readonly Row[]>(() => rowsOf(props.value));
  const shown = isSame(rows, props.value) ? rows : rowsOf(props.value);
  const double = twice(shown);
  const change = (next: readonly Row[]): void => {
    setRows(next);
    if (!isSame(next, props.value)) props.set(objectOf(next));
  };
  const errorOf = ({ name }: Row): string | null =>
    double.has(name) ? t('schemes.rows.twice') : name === '' ? null : faultAt([...path, name]);
  return (
    <Input.Wrapper
      label={props.label}
      description={props.description}
      error={shown.some((row) => errorOf(row) !== null) ? null : props.error}
      inputWrapperOrder={[...ORDER]}
      labelElement="div"
    >
      <Stack gap={4} my={4}>
        {shown.map((row, index) => (
          <RowInputs
            key={row.id}
            row={row}
            path={[...path, row.name]}
            label={`${props.label}, ${index + 1}`}
            error={errorOf(row)}
            cells={cells}
            onChange={(next) => {
              change(shown.map((one) => (one.id === row.id ? next : one)));
            }}
            onRemove={() => {
              change(shown.filter(({ id }) => id !== row.id));
            }}
          />
        ))}
        {!isReadOnly && (
          <AddButton
            to={props.label}
            what={t('schemes.rows.add')}
            onClick={() => {
              change(withRow(shown, '', cells === 'targets' ? { transfer: { extension: '' } } : ''));
            }}
          />
        )}
      </Stack>
    </Input.Wrapper>
  );
}

interface RowInputsProps {
  readonly row: Row;
  readonly path: Path;
  readonly label: string;
  readonly error: string | null;
  readonly cells: Cells;
  readonly onChange: (row: Row) => void;
  readonly onRemove: () => void;
}

function RowInputs({ row, path, label, error, cells, onChange, onRemove }: RowInputsProps) {
  const { t } = useTranslation();
  const { isReadOnly } = useEditing();
  const place = usePlace();
  return (
    <Group gap={4} wrap="nowrap" align="flex-start" {...place(path)}>
      <TextInput
        size="xs"
        w="36%"
        classNames={{ input: 'mono' }}
        aria-label={`${label}: ${t('schemes.rows.name')}`}
        placeholder={t(cells === 'lists' ? 'schemes.rows.path' : 'schemes.rows.name')}
        value={row.name}
        error={error}
        readOnly={isReadOnly}
        onChange={({ currentTarget }) => {
          onChange({ ...row, name: currentTarget.value });
        }}
      />
      <Cell
        cells={cells}
        label={label}
        value={row.value}
        onChange={(value) => {
          onChange({ ...row, value });
        }}
      />
      {!isReadOnly && (
        <ActionIcon
          variant="subtle"
          color="gray"
          mt={2}
          aria-label={`${label}: ${t('schemes.rows.remove')}`}
          onClick={onRemove}
        >
          <IconTrash size={16} />
        </ActionIcon>
      )}
    </Group>
  );
}

interface CellProps {
  readonly cells: Cells;
  readonly label: string;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

function Cell({ cells, label, value, onChange }: CellProps) {
  const { t } = useTranslation();
  const { isReadOnly } = useEditing();
  if (cells === 'lists' && (typeof value === 'string' || Array.isArray(value))) {
    const texts = value === '' ? [] : textsOf(value);
    return (
      <TagsInput
        size="xs"
        flex={1}
        miw={0}
        aria-label={`${label}: ${t('schemes.rows.values')}`}
        placeholder={texts.length === 0 ? t('schemes.rows.values') : ''}
        splitChars={[',']}
        readOnly={isReadOnly}
        value={texts}
        onChange={(next) => {
          onChange(next.length > 1 ? next : (next[0] ?? ''));
        }}
      />
    );
  }
  if (cells === 'targets' && isObject(value)) {
    return (['extension', 'context'] as const).map((key) => (
      <TextCell
        key={key}
        label={`${label}: ${t(`schemes.steps.${key}`)}`}
        placeholder={t(`schemes.steps.${key}`)}
        value={valueAt(value, ['transfer', key]) ?? ''}
        onChange={(text) => {
          const isLeft = key === 'context' && text === '';
          onChange(withValue(value, ['transfer', key], isLeft ? undefined : text));
        }}
      />
    ));
  }
  const what = `${label}: ${t('schemes.rows.value')}`;
  return (
    <TextCell
      label={what}
      placeholder={t('schemes.rows.value')}
      value={value}
      hasMacros={cells === 'templates'}
      onChange={onChange}
    />
  );
}

interface TextCellProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: unknown;
  readonly hasMacros?: boolean;
  readonly onChange: (text: string) => void;
}

function TextCell({ label, placeholder, value, hasMacros = false, onChange }: TextCellProps) {
  const { isReadOnly } = useEditing();
  const input = useRef<HTMLInputElement>(null);
  // What is no text came from elsewhere, and is changed there.
  const isText = typeof value === 'string';
  return (
    <TextInput
      ref={input}
      size="xs"
      flex={1}
      miw={0}
      classNames={{ input: 'mono' }}
      spellCheck={false}
      aria-label={label}
      placeholder={placeholder}
      value={textOf(value)}
      readOnly={isReadOnly || !isText}
      rightSection={
        hasMacros && isText && !isReadOnly ? <MacroPicker input={input} onChange={onChange} /> : null
      }
      onChange={({ currentTarget }) => {
        onChange(currentTarget.value);
      }}
    />
  );
}
