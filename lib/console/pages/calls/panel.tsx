import { Group, Paper, Title } from '@mantine/core';
import type { ReactNode } from 'react';

interface PanelProps {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** A part of what there is to say about a call. */
export function Panel({ title, aside, children }: PanelProps) {
  return (
    <Paper withBorder p="sm" component="section">
      <Group justify="space-between" mb={8} gap="xs">
        <Title order={2} fz="md">
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </Paper>
  );
}
