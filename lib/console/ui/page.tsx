import { Box, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { FailureOf } from './failure.tsx';

interface PageProps {
  readonly title: string;
  /** A sentence: what this page is for. */
  readonly lead?: ReactNode;
  /** Buttons, at the right of the title. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** Every page begins alike: its title, what can be done here, and then the matter. */
export function Page({ title, lead, actions, children }: PageProps) {
  return (
    <Stack gap="md">
      <title>{`${title} · esl-router`}</title>
      <Group justify="space-between" align="flex-start" gap="md">
        <Box>
          <Title order={1} tabIndex={-1}>
            {title}
          </Title>
          {lead !== undefined && (
            <Text c="dimmed" size="sm">
              {lead}
            </Text>
          )}
        </Box>
        {actions !== undefined && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

interface LoadedProps<T> {
  readonly query: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
  /** What is seen until the data is there: rows of a table, as a rule. */
  readonly rows?: number;
}

/** Data, or its outline while it loads, or why there is none. Old data stays while new is asked for. */
export function Loaded<T>({ query, children, rows = 6 }: LoadedProps<T>) {
  if (query.data !== undefined) {
    return (
      <>
        {query.error !== null && <FailureOf error={query.error} again={() => void query.refetch()} />}
        {children(query.data)}
      </>
    );
  }
  if (query.error !== null) return <FailureOf error={query.error} again={() => void query.refetch()} />;
  return <Waiting rows={rows} />;
}

/** The outline of what is to come. */
export function Waiting({ rows = 6 }: { readonly rows?: number }) {
  return (
    <Stack gap="xs" aria-busy="true">
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} h={28} />
      ))}
    </Stack>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
}

/** Nothing there yet, and what one can do about it. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <Stack align="center" gap={4} py="xl">
      <Text fw={600}>{title}</Text>
      <Text c="dimmed" size="sm" ta="center" maw={480} component="div">
        {children}
      </Text>
    </Stack>
  );
}
