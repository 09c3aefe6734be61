import { Box, Group, Menu, NumberInput, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AddMenu } from './add.tsx';
import { useEditing, useFaultAt, useFaultText, useFresh, usePlace } from './editing.ts';
import { nodeAt } from './schema.ts';
import { StepCard } from './step-card.tsx';
import {
  budgetSeconds,
  guardLeaves,
  isLast,
  kindsIn,
  lastIndex,
  listOf,
  moved,
  newStep,
  OUTCOMES,
  timeOf,
  type OutcomeList,
  type StepKind,
} from './steps.ts';
import { fieldWords } from './words.ts';

/** The seconds of the guard in freeswitch/dialplan/esl-router.xml. */
const USUAL_GUARD_SECONDS = 8;

/** The lists of steps, each with the outcome that it serves and the time that it may take. */
export function Fallback() {
  const { t } = useTranslation();
  const { document, schema, table } = useEditing();
  const [guard, setGuard] = useState(USUAL_GUARD_SECONDS);
  const { label, doc } = fieldWords('fallback', nodeAt(schema, ['fallback']), table);
  const isTooLong = budgetSeconds(document) > guardLeaves(guard);
  return (
    <Stack gap="sm" component="section">
      <Group justify="space-between" align="flex-end">
        <Box maw={520}>
          <Title order={2}>{label}</Title>
          <Text size="xs" c="dimmed">
            {doc}
          </Text>
        </Box>
        <NumberInput
          size="xs"
          w={210}
          label={t('schemes.fallback.guard')}
          value={guard}
          min={1}
          max={600}
          onChange={(next) => {
            if (typeof next === 'number') setGuard(next);
          }}
        />
      </Group>
      <Text
        size="xs"
        c={isTooLong ? 'var(--mantine-color-error)' : 'dimmed'}
        role={isTooLong ? 'alert' : undefined}
      >
        {t(isTooLong ? 'schemes.fallback.guardShort' : 'schemes.fallback.guardFits', {
          budget: budgetSeconds(document),
          left: guardLeaves(guard),
          least: budgetSeconds(document) + guard - guardLeaves(guard),
        })}
      </Text>
      {OUTCOMES.map((list) => (
        <StepListEditor key={list} list={list} />
      ))}
    </Stack>
  );
}

function StepListEditor({ list }: { readonly list: OutcomeList }) {
  const { t } = useTranslation();
  const { document, set, schema, table, isReadOnly, faults } = useEditing();
  const place = usePlace();
  const faultAt = useFaultAt();
  const faultText = useFaultText();
  const fresh = useFresh();
  const [dragged, setDragged] = useState<number | null>(null);
  const [added, setAdded] = useState<number | null>(null);
  const path = ['fallback', list];
  const { label, doc } = fieldWords(path.join('.'), nodeAt(schema, path), table);
  const found = listOf(document, list);
  const steps = found.from === 'scheme' ? found.steps : [];
  const last = lastIndex(steps);
  const time = timeOf(document, list);
  const change = (next: readonly unknown[]): void => {
    set(path, next.length === 0 ? undefined : next);
  };
  const add = (kind: StepKind): void => {
    // Behind a step that ends the list it would never be reached.
    const before = steps.findIndex(isLast);
    const at = before < 0 ? steps.length : before;
    const step = newStep(kind);
    change([...steps.slice(0, at), step, ...steps.slice(at)]);
    fresh.begin([...path, String(at)], step);
    setAdded(at);
  };
  const move = (from: number, to: number): void => {
    fresh.end();
    if (to >= 0 && to < steps.length) change(moved(steps, from, to));
  };
  const listFault = faults.find(({ pointer }) => pointer === `/fallback/${list}`);
  return (
    <Stack gap={6} component="section" aria-label={label} {...place(path)}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600}>
          {label}{' '}
          <Text span size="xs" c="dimmed" fw={400}>
            {doc}
          </Text>
        </Text>
        <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
          {time.ringSeconds > 0
            ? t('schemes.fallback.rings', {
                seconds: time.ringSeconds,
                total: time.askSeconds + time.ringSeconds,
              })
            : ''}
        </Text>
      </Group>
      {steps.map((step, index) => (
        <StepCard
          // Steps have no names of their own, and a card keeps no state beside its inputs.
          key={index}
          step={step}
          path={[...path, String(index)]}
          label={`${label}, ${index + 1}`}
          index={index}
          count={steps.length}
          isReached={index <= last}
          error={faultAt([...path, String(index)])}
          isDragged={dragged === index}
          isNew={added === index}
          onChange={(next) => {
            change(steps.map((one, at) => (at === index ? next : one)));
          }}
          onRemove={() => {
            fresh.end();
            change(steps.filter((_, at) => at !== index));
          }}
          onMove={(by) => {
            move(index, index + by);
          }}
          onDrag={(is) => {
            setDragged(is ? index : null);
          }}
          onDropHere={() => {
            if (dragged !== null) move(dragged, index);
            setDragged(null);
          }}
        />
      ))}
      {found.from !== 'scheme' && (
        <Text size="xs" c="dimmed" pl="xs">
          {t(found.from === 'default' ? 'schemes.fallback.byDefault' : 'schemes.fallback.asNoAnswer')}
        </Text>
      )}
      {found.from === 'scheme' && !steps.some(isLast) && (
        <Text size="xs" c="dimmed" pl="xs">
          {t('schemes.fallback.usedUp')}
        </Text>
      )}
      {listFault !== undefined && (
        <Text size="xs" c="var(--mantine-color-error)">
          {faultText(listFault)}
        </Text>
      )}
      {!isReadOnly && (
        <AddMenu to={label} what={t('schemes.fallback.add')} movesFocus>
          {kindsIn(schema).map((kind) => (
            <Menu.Item
              key={kind}
              onClick={() => {
                add(kind);
              }}
            >
              {t(`schemes.steps.${kind}`)}
            </Menu.Item>
          ))}
        </AddMenu>
      )}
    </Stack>
  );
}
