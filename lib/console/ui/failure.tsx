import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/client.ts';

interface FailureProps {
  readonly error: unknown;
  readonly again?: () => void;
}

/** What the router answered in place of the data, and a way to ask once more. */
export function FailureOf({ error, again }: FailureProps) {
  const { t } = useTranslation();
  const problem = error instanceof Problem ? error : null;
  const title =
    problem === null || problem.status >= 500
      ? t('ui.failed')
      : problem.status === 0
        ? t('ui.noRouter')
        : t('ui.refused');
  return (
    <Alert color="red" icon={<IconAlertTriangle />} title={title} role="alert">
      <Stack gap="sm" align="flex-start">
        <Text size="sm" className="foreign">
          {error instanceof Error ? error.message : String(error)}
        </Text>
        {again !== undefined && (
          <Group>
            <Button size="xs" variant="default" onClick={again}>
              {t('ui.again')}
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}
