import { Button, Group, Radio, Stack, Table, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../ui/dialog.tsx';
import { DifferenceList, JsonValue } from './difference-list.tsx';
import { differencesBetween, pointerOf, type SchemeDocument } from './document.ts';
import type { Draft } from './draft.ts';
import { useEditing } from './editing.ts';
import { merged, type Choice } from './merge.ts';
import { labelOf } from './words.ts';

interface ConflictDialogProps {
  readonly draft: Draft;
  /** What somebody else has saved meanwhile. */
  readonly theirs: { readonly document: SchemeDocument; readonly etag: string; readonly author: string };
  readonly onMerge: (draft: Draft) => void;
  readonly onClose: () => void;
}

/** What the other one changed, and for what both changed: whose counts. */
export function ConflictDialog({ draft, theirs, onMerge, onClose }: ConflictDialogProps) {
  const { t } = useTranslation();
  const { schema, table } = useEditing();
  const [choices, setChoices] = useState<ReadonlyMap<string, Choice>>(new Map());
  const { base, document } = draft;
  const { document: result, conflicts } = merged(base, document, theirs.document, choices);
  return (
    <Dialog opened onClose={onClose} title={t('schemes.merge.title', { author: theirs.author })} size="xl">
      <Stack gap="md">
        <Stack gap={4}>
          <Title order={3}>{t('schemes.merge.theirs', { author: theirs.author })}</Title>
          <DifferenceList differences={differencesBetween(base, theirs.document)} />
        </Stack>
        {conflicts.length === 0 ? (
          <Text size="sm">{t('schemes.merge.none')}</Text>
        ) : (
          <Stack gap={4}>
            <Title order={3}>{t('schemes.merge.both', { count: conflicts.length })}</Title>
            <Table.ScrollContainer minWidth={420} mah={320} type="native">
              <Table verticalSpacing={4} withTableBorder>
                <Table.Tbody>
                  {conflicts.map(({ path, mine, theirs: other }) => {
                    const pointer = pointerOf(path);
                    const label = labelOf(path, schema, table);
                    const choice = choices.get(pointer) ?? 'mine';
                    const option = (which: Choice, value: unknown) => (
                      <Group gap="xs" wrap="nowrap" align="flex-start">
                        <Radio
                          size="xs"
                          name={pointer}
                          value={which}
                          checked={choice === which}
                          aria-label={`${label}: ${t(which === 'mine' ? 'schemes.merge.mine' : 'schemes.merge.other')}`}
                          onChange={() => {
                            setChoices(new Map([...choices, [pointer, which]]));
                          }}
                        />
                        <Stack gap={0}>
                          <Text size="xs" c="dimmed">
                            {t(which === 'mine' ? 'schemes.merge.mine' : 'schemes.merge.other')}
                          </Text>
                          <JsonValue value={value} />
                        </Stack>
                      </Group>
                    );
                    return (
                      <Table.Tr key={pointer}>
                        <Table.Td fw={600}>{label}</Table.Td>
                        <Table.Td>{option('mine', mine)}</Table.Td>
                        <Table.Td>{option('theirs', other)}</Table.Td>
                      </Table.Tr>
                    );
                  })}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </Stack>
        )}
        <Group justify="flex-end" gap="xs">
          <Button size="xs" variant="default" onClick={onClose}>
            {t('ui.cancel')}
          </Button>
          <Button
            size="xs"
            onClick={() => {
              onMerge({ base: theirs.document, etag: theirs.etag, document: result });
            }}
          >
            {t('schemes.merge.go')}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
