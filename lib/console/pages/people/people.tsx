import { Tabs } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';
import { Tokens } from './tokens.tsx';
import { Users } from './users.tsx';

export function People() {
  const { t } = useTranslation();
  return (
    <Page title={t('system.people.title')}>
      <Tabs defaultValue="users" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="users">{t('system.people.users')}</Tabs.Tab>
          <Tabs.Tab value="tokens">{t('system.people.tokens')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="users">
          <Users />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <Tokens />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
