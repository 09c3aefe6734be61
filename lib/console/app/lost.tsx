import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Empty } from '../ui/page.tsx';

export function Lost() {
  const { t } = useTranslation();
  return (
    <Empty title={t('nav.lost')}>
      <Anchor component={Link} to="/live">
        {t('nav.toLive')}
      </Anchor>
    </Empty>
  );
}
