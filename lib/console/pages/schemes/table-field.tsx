import { ActionIcon, Button, Group, Input, Stack, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { faultAt, useEditing } from './editing.ts';
import { ORDER, type InputProps } from './inputs.tsx';
import { MacroPicker } from './macros.tsx';
import { isSame, objectOf, rowsOf, twice, withRow, type Row } from './rows.ts';
import { textOf } from './schema.ts';

interface TableFieldProps extends InputProps {
  readonly path: readonly string[];
  /** Macros may stand in the values. */
  readonly hasMacros: boolean;
}

/** Names and texts as rows. The rows are its own while they are edited, and follow the document when that changes elsewhere. */
export function TableField({ hasMacros, path, ...props }: TableFieldProps) {
  const { t } = useTranslation();
  const { isReadOnly, faults } = useEditing();
  const [rows, setRows] = useState<readonly Row[]>(() => rowsOf(props.value));
  const shown = isSame(rows, props.value) ? rows : rowsOf(props.value);
  const double = twice(shown);
  const change = (next: readonly Row[]): void => {
    setRows(next);
    if (!isSame(next, props.value)) props.set(objectOf(next));
  };
  const errorOf = ({ name }: Row): string | null =>
    double.has(name) ? t('schemes.rows.twice') : name === '' ? null : faultAt(faults, [...path, name]);
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
            label={`${props.label}, ${index + 1}`}
            error={errorOf(row)}
            hasMacros={hasMacros}
            onChange={(next) => {
              change(shown.map((one) => (one.id === row.id ? next : one)));
            }}
            onRemove={() => {
              change(shown.filter(({ id }) => id !== row.id));
            }}
          />
        ))}
        {!isReadOnly && (
          <Group>
            <Button
              size="compact-xs"
              variant="subtle"
              leftSection={<IconPlus size={14} />}
              onClick={() => {
                change(withRow(shown));
              }}
            >
              {t('schemes.rows.add')}
            </Button>
          </Group>
        )}
      </Stack>
    </Input.Wrapper>
  );
}

interface RowInputsProps {
  readonly row: Row;
  readonly label: string;
  readonly error: string | null;
  readonly hasMacros: boolean;
  readonly onChange: (row: Row) => void;
  readonly onRemove: () => void;
}

function RowInputs({ row, label, error, hasMacros, onChange, onRemove }: RowInputsProps) {
  const { t } = useTranslation();
  const { isReadOnly } = useEditing();
  const input = useRef<HTMLInputElement>(null);
  // What is no text came from elsewhere, and is changed there.
  const isText = typeof row.value === 'string';
  return (
    <Group gap={4} wrap="nowrap" align="flex-start">
      <TextInput
        size="xs"
        w="36%"
        classNames={{ input: 'mono' }}
        aria-label={`${label}: ${t('schemes.rows.name')}`}
        placeholder={t('schemes.rows.name')}
        value={row.name}
        error={error}
        readOnly={isReadOnly}
        onChange={({ currentTarget }) => {
          onChange({ ...row, name: currentTarget.value });
        }}
      />
      <TextInput
        ref={input}
        size="xs"
        flex={1}
        classNames={{ input: 'mono' }}
        spellCheck={false}
        aria-label={`${label}: ${t('schemes.rows.value')}`}
        placeholder={t('schemes.rows.value')}
        value={textOf(row.value)}
        readOnly={isReadOnly || !isText}
        rightSection={
          hasMacros && isText && !isReadOnly ? (
            <MacroPicker
              input={input}
              onChange={(value) => {
                onChange({ ...row, value });
              }}
            />
          ) : null
        }
        onChange={({ currentTarget }) => {
          onChange({ ...row, value: currentTarget.value });
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
