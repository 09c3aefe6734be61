import { Button, Group } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { ForeignLine } from '../../ui/foreign-text.tsx';
import { useWord } from '../../ui/word.ts';
import { whenText } from '../../ui/when.tsx';
import { chipsOf, type Chip } from './filter.ts';

interface ChipsProps {
  readonly search: Readonly<Record<string, string | undefined>>;
  /** Filters that have a field on the screen. */
  readonly fields: ReadonlySet<string>;
  readonly onChange: (changes: Record<string, string | undefined>) => void;
}

const LISTS: Readonly<Record<string, string>> = { result: 'results', end: 'calls.ends', last: 'calls.lasts' };

/** The filters that no field shows, each of them taken away by a press. */
export function Chips({ search, fields, onChange }: ChipsProps) {
  const { t, i18n } = useTranslation();
  const word = useWord();
  const chips = chipsOf(search, fields);
  if (chips.length === 0) return null;
  const textOf = ({ name, value }: Chip): string => {
    if (name === 'since' || name === 'until')
      return Number.isNaN(Date.parse(value)) ? value : whenText(value, 'time', i18n.language);
    const list = LISTS[name];
    return list === undefined ? value : word(list, value);
  };
  return (
    <Group gap={4} role="group" aria-label={t('calls.filters.set')}>
      {chips.map((chip) => {
        const [name, value] = [t(`calls.filters.${chip.name}`), textOf(chip)];
        return (
          <Button
            key={`${chip.name} ${chip.value}`}
            size="compact-xs"
            variant="light"
            rightSection={<IconX size={12} aria-hidden />}
            aria-label={t('calls.filters.takeAway', { name, value })}
            onClick={() => {
              onChange({ ...chip.without });
            }}
          >
            {name}:&nbsp;
            <ForeignLine text={value} limit={40} />
          </Button>
        );
      })}
    </Group>
  );
}
