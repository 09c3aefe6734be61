import { Alert, List, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { pathOf } from './document.ts';
import { useEditing } from './editing.ts';
import { labelOf } from './words.ts';

/** All that is wrong, in one place: those of fields that are shown stand there too. */
export function FaultList() {
  const { t } = useTranslation();
  const { faults, schema, table } = useEditing();
  if (faults.length === 0) return null;
  return (
    <Alert
      color="yellow"
      variant="light"
      icon={<IconAlertTriangle />}
      title={t('schemes.notYet', { count: faults.length })}
      py="xs"
    >
      <List size="sm" spacing={2}>
        {faults.map(({ pointer, detail }) => (
          <List.Item key={`${pointer ?? ''} ${detail}`}>
            {pointer !== undefined && pointer !== '' && (
              <Text span size="sm" fw={600}>
                {labelOf(pathOf(pointer), schema, table)}
                {': '}
              </Text>
            )}
            <span className="foreign">{detail}</span>
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
