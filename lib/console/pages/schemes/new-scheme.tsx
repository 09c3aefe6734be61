import { Button, Group, Radio, ScrollArea, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../ui/dialog.tsx';
import { usePresetWords } from '../../ui/preset-words.ts';
import { presets } from './queries.ts';
import { isSecured, OWN, SECURED } from './shapes.ts';

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
/** In the address, in place of a preset's name. */
export const NO_PRESET = 'empty';

interface NewSchemeProps {
  readonly taken: readonly string[];
  readonly onClose: () => void;
}

/** A name, and what it begins as. Nothing is saved before its fields are filled in. */
export function NewScheme({ taken, onClose }: NewSchemeProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data: offered = [] } = useQuery(presets);
  const words = usePresetWords();
  const [name, setName] = useState('');
  const [preset, setPreset] = useState<string>(OWN[0]);
  const [isTouched, setTouched] = useState(false);
  const fault = taken.includes(name)
    ? t('schemes.new.taken')
    : NAME.test(name)
      ? null
      : t('schemes.new.nameRule');
  return (
    <Dialog opened onClose={onClose} title={t('schemes.new.title')} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setTouched(true);
          if (fault !== null) return;
          void navigate({ to: '/schemes/$name', params: { name }, search: { preset } });
        }}
      >
        <Stack gap="md">
          <TextInput
            label={t('schemes.columns.name')}
            description={t('schemes.new.nameRule')}
            placeholder="sales"
            withAsterisk
            data-autofocus
            autoComplete="off"
            value={name}
            error={isTouched || taken.includes(name) ? fault : null}
            onChange={({ currentTarget }) => {
              setName(currentTarget.value.trim().toLowerCase());
            }}
          />
          <Radio.Group label={t('schemes.new.preset')} value={preset} onChange={setPreset}>
            <ScrollArea.Autosize mah={360} mt={6} type="auto">
              <Stack gap={6} pr="md">
                <Text size="xs" fw={600}>
                  {t('start.crm.own')}
                </Text>
                {OWN.map((one) => (
                  <Radio
                    key={one}
                    size="xs"
                    value={one}
                    label={t(`start.shapes.${one}`)}
                    description={t(`start.shapeHints.${one}`)}
                  />
                ))}
                <Radio
                  size="xs"
                  value={NO_PRESET}
                  label={t('schemes.new.nothing')}
                  description={t('schemes.new.nothingHint')}
                />
                <Text size="xs" fw={600} mt={6}>
                  {t('start.crm.secured')}
                </Text>
                {SECURED.map((one) => (
                  <Radio
                    key={one}
                    size="xs"
                    value={one}
                    label={t(`start.secured.${one}`)}
                    description={words(offered.find(({ name }) => name === one)?.what ?? '')}
                  />
                ))}
                <Text size="xs" fw={600} mt={6}>
                  {t('start.crm.presets')}
                </Text>
                {offered
                  .filter(({ name }) => !isSecured(name))
                  .map((one) => (
                    <Radio
                      key={one.name}
                      size="xs"
                      value={one.name}
                      label={one.name}
                      description={words(one.what)}
                    />
                  ))}
              </Stack>
            </ScrollArea.Autosize>
          </Radio.Group>
          <Group justify="flex-end" gap="xs">
            <Button size="xs" variant="default" onClick={onClose}>
              {t('ui.cancel')}
            </Button>
            <Button size="xs" type="submit">
              {t('schemes.new.go')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
