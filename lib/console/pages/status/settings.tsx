import { Badge, Group, Paper, Switch, Table, Text, TextInput, Title } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { settings } from '../../api/system.ts';
import { Empty, Loaded } from '../../ui/page.tsx';

/** Every setting with its value, and who set it. */
export function Settings() {
  const { t } = useTranslation();
  const query = useQuery(settings);
  const [words, setWords] = useState('');
  const [onlyChanged, setOnlyChanged] = useState(false);
  const fits = words.trim().toLowerCase();
  return (
    <Paper withBorder p="sm" component="section">
      <Group justify="space-between" mb="sm">
        <div>
          <Title order={2} fz="md">
            {t('system.status.settings')}
          </Title>
          <Text size="sm" c="dimmed">
            {t('system.status.settingsLead')}
          </Text>
        </div>
        <Group>
          <Switch
            label={t('system.status.onlyChanged')}
            checked={onlyChanged}
            onChange={(event) => {
              setOnlyChanged(event.currentTarget.checked);
            }}
          />
          <TextInput
            aria-label={t('system.status.search')}
            placeholder={t('system.status.search')}
            leftSection={<IconSearch size={16} aria-hidden />}
            value={words}
            onChange={(event) => {
              setWords(event.currentTarget.value);
            }}
          />
        </Group>
      </Group>
      <Loaded query={query}>
        {(all) => {
          const shown = all.filter(
            ({ name, env, doc, origin }) =>
              (!onlyChanged || origin !== 'default') && `${name} ${env} ${doc}`.toLowerCase().includes(fits),
          );
          if (shown.length === 0) return <Empty title={t('system.status.noSettings')} />;
          return (
            <Table.ScrollContainer minWidth={800}>
              <Table verticalSpacing={6}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t('system.status.name')}</Table.Th>
                    <Table.Th>{t('system.status.value')}</Table.Th>
                    <Table.Th>{t('system.status.source')}</Table.Th>
                    <Table.Th>{t('system.status.variable')}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {shown.map(({ name, value, env, doc, origin, source }) => (
                    <Table.Tr key={name}>
                      <Table.Td>
                        <Text size="sm" className="mono">
                          {name}
                        </Text>
                        <Text size="xs" c="dimmed" maw={480}>
                          {doc}
                        </Text>
                      </Table.Td>
                      <Table.Td>
                        <Text size="sm" className="mono foreign">
                          {JSON.stringify(value)}
                        </Text>
                      </Table.Td>
                      <Table.Td>
                        {origin === 'default' ? (
                          <Text size="sm" c="dimmed">
                            {t('system.status.default')}
                          </Text>
                        ) : (
                          <Badge variant="light" tt="none">
                            {source}
                          </Badge>
                        )}
                      </Table.Td>
                      <Table.Td>
                        <Text size="xs" className="mono">
                          {env}
                        </Text>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          );
        }}
      </Loaded>
    </Paper>
  );
}
