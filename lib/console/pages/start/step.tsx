import { Box, Button, Group, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { STEPS, type Draft, type StepName } from './draft.ts';
import type { Change } from './use-draft.ts';

/** What is in a step gets it. */
export interface StepBodyProps {
  readonly draft: Draft;
  readonly change: Change;
  readonly onNext: () => void;
}

export interface StepProps {
  readonly name: StepName;
  readonly state: 'done' | 'open' | 'reached' | 'ahead';
  /** What was settled here, in a line. */
  readonly summary: string;
  readonly onOpen: () => void;
  readonly children: ReactNode;
}

/** One of the five: closed with what was settled in it, or open. */
export function Step({ name, state, summary, onOpen, children }: StepProps) {
  const { t } = useTranslation();
  const title = useRef<HTMLHeadingElement>(null);
  const isOpen = state === 'open';
  const wasOpen = useRef(isOpen);
  useEffect(() => {
    // Whoever works by keyboard goes on where the step begins.
    if (isOpen && !wasOpen.current) title.current?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
  const number = STEPS.indexOf(name) + 1;
  return (
    <Paper
      withBorder
      p="sm"
      component="section"
      aria-labelledby={`step-${name}`}
      aria-current={isOpen ? 'step' : undefined}
    >
      <Group justify="space-between" gap="sm" wrap="nowrap" align="flex-start">
        <Group gap="sm" wrap="nowrap" align="flex-start" miw={0}>
          <ThemeIcon
            size={26}
            radius="xl"
            variant={isOpen ? 'filled' : state === 'done' ? 'light' : 'default'}
            aria-hidden
          >
            {state === 'done' ? <IconCheck size={16} /> : <span>{number}</span>}
          </ThemeIcon>
          <Box miw={0}>
            <Title
              order={2}
              fz="lg"
              id={`step-${name}`}
              ref={title}
              tabIndex={-1}
              c={state === 'ahead' ? 'dimmed' : undefined}
              style={{ outline: 'none' }}
            >
              {t(`start.steps.${name}.title`)}
            </Title>
            {!isOpen && state !== 'ahead' && summary !== '' && (
              <Text size="sm" c="dimmed" className="foreign" lineClamp={2}>
                {summary}
              </Text>
            )}
            {isOpen && (
              <Text size="sm" c="dimmed" maw={720}>
                {t(`start.steps.${name}.lead`)}
              </Text>
            )}
          </Box>
        </Group>
        {(state === 'done' || state === 'reached') && (
          <Button
            size="compact-sm"
            variant="subtle"
            flex="none"
            onClick={onOpen}
            aria-label={`${t('start.open')}: ${t(`start.steps.${name}.title`)}`}
          >
            {t('start.open')}
          </Button>
        )}
      </Group>
      {isOpen && (
        <Stack gap="md" mt="md">
          {children}
        </Stack>
      )}
    </Paper>
  );
}
