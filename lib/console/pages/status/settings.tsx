import { Badge, Group, Paper, Switch, Text, TextInput, Title } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { settings } from '../../api/system.ts';
import { Listing } from '../../ui/listing.tsx';
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
            <Listing
              minWidth={800}
              rows={shown}
              keyOf={({ name }) => name}
              columns={[
                {
                  title: t('system.status.name'),
                  cell: ({ name, doc }) => (
                    <>
                      <Text size="sm" className="mono">
                        {name}
                      </Text>
                      <Text size="xs" c="dimmed" maw={480}>
                        {doc}
                      </Text>
                    </>
                  ),
                },
                {
                  title: t('system.status.value'),
                  cell: ({ value }) => (
                    <Text size="sm" className="mono foreign">
                      {JSON.stringify(value)}
                    </Text>
                  ),
                },
                {
                  title: t('system.status.source'),
                  cell: ({ origin, source }) =>
                    origin === 'default' ? (
                      <Text size="sm" c="dimmed">
                        {t('system.status.default')}
                      </Text>
                    ) : (
                      <Badge variant="light" tt="none">
                        {source}
                      </Badge>
                    ),
                },
                {
                  title: t('system.status.variable'),
                  cell: ({ env }) => (
                    <Text size="xs" className="mono">
                      {env}
                    </Text>
                  ),
                },
              ]}
            />
          );
        }}
      </Loaded>
    </Paper>
  );
}
