import {
  ActionIcon,
  Anchor,
  AppShell,
  Burger,
  Divider,
  Group,
  Image,
  Menu,
  NavLink,
  Stack,
  Text,
} from '@mantine/core';
import { useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconActivity,
  IconAlertTriangle,
  IconBook2,
  IconHeartbeat,
  IconHistory,
  IconPhone,
  IconRoute,
  IconRocket,
  IconSend,
  IconUserCircle,
  IconUsers,
} from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Role } from '../../api/types.ts';
import { logOut, may, session } from '../api/session.ts';
import { changeLanguage, LANGUAGES, type Language } from '../words/index.ts';

const PAGES = [
  { to: '/live', word: 'nav.live', icon: IconActivity, role: 'viewer' },
  { to: '/calls', word: 'nav.calls', icon: IconPhone, role: 'viewer' },
  { to: '/schemes', word: 'nav.schemes', icon: IconRoute, role: 'viewer' },
  { to: '/problems', word: 'nav.problems', icon: IconAlertTriangle, role: 'viewer' },
  { to: '/reasons', word: 'nav.reasons', icon: IconBook2, role: 'viewer' },
  { to: '/deliveries', word: 'nav.deliveries', icon: IconSend, role: 'viewer' },
  { to: '/status', word: 'nav.status', icon: IconHeartbeat, role: 'viewer' },
  { to: '/people', word: 'nav.people', icon: IconUsers, role: 'admin' },
  { to: '/audit', word: 'nav.audit', icon: IconHistory, role: 'admin' },
  { to: '/start', word: 'nav.start', icon: IconRocket, role: 'editor' },
] as const satisfies readonly { to: string; word: string; icon: unknown; role: Role }[];

/** Around every page: where one is, where one can go, and who one is. */
export function Shell() {
  const { t } = useTranslation();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { data: me } = useQuery(session);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 192, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('nav.menu')} />
            <Image src="/mark.svg" alt="" w={24} h={24} />
            <Text fw={600}>esl-router</Text>
            <Anchor href="#content" className="skip">
              {t('nav.skip')}
            </Anchor>
          </Group>
          <Account />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t('nav.menu')}>
        <Stack gap={2}>
          {PAGES.filter(({ role }) => may(me, role)).map(({ to, word, icon: Icon }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={t(word)}
              leftSection={<Icon size={18} aria-hidden />}
              active={path === to || path.startsWith(`${to}/`)}
              onClick={close}
              py={6}
            />
          ))}
        </Stack>
      </AppShell.Navbar>
      <AppShell.Main id="content">
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

function Account() {
  const { t, i18n } = useTranslation();
  const { data: me } = useQuery(session);
  const queries = useQueryClient();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const leave = async (): Promise<void> => {
    await logOut();
    queries.clear();
    queries.setQueryData(session.queryKey, null);
  };
  return (
    <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="lg" aria-label={t('nav.account')}>
          <IconUserCircle size={22} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me?.name} · {me?.role}
        </Menu.Label>
        <Divider />
        <Menu.Label>{t('nav.language')}</Menu.Label>
        {(Object.keys(LANGUAGES) as Language[]).map((language) => (
          <Menu.Item
            key={language}
            lang={language}
            aria-current={i18n.language === language}
            fw={i18n.language === language ? 600 : 400}
            onClick={() => void changeLanguage(language)}
          >
            {LANGUAGES[language]}
          </Menu.Item>
        ))}
        <Menu.Label>{t('nav.scheme')}</Menu.Label>
        {(['light', 'dark', 'auto'] as const).map((scheme) => (
          <Menu.Item
            key={scheme}
            aria-current={colorScheme === scheme}
            fw={colorScheme === scheme ? 600 : 400}
            onClick={() => {
              setColorScheme(scheme);
            }}
          >
            {t(`nav.${scheme}`)}
          </Menu.Item>
        ))}
        <Divider />
        <Menu.Item onClick={() => void leave()}>{t('nav.logOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
