import { Alert, Group, Text } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { schemeNames } from '../../api/calls.ts';
import { PageLink } from '../../ui/link.tsx';

/** More of them would be a list, which is another page. */
const SHOWN = 8;

/** Somebody was here before: the schemes that the router has, beside the one that these steps make. */
export function There({ own }: { readonly own: string | null }) {
  const { t } = useTranslation();
  const { data = [] } = useQuery(schemeNames);
  const others = data.filter((name) => name !== own);
  if (others.length === 0) return null;
  return (
    <Alert color="gray" variant="light" py="xs" icon={<IconInfoCircle />} title={t('start.there.title')}>
      <Text size="sm">{t('start.there.lead')}</Text>
      <Group gap="sm" mt={4}>
        {others.slice(0, SHOWN).map((name) => (
          <PageLink key={name} to="/schemes/$name" params={{ name }} search={{}} size="sm" fw={600}>
            {name}
          </PageLink>
        ))}
        {others.length > SHOWN && (
          <PageLink to="/schemes" size="sm">
            {t('schemes.title')}…
          </PageLink>
        )}
      </Group>
    </Alert>
  );
}
