import { useTranslation } from 'react-i18next';
import { PageLink } from '../ui/link.tsx';
import { Empty } from '../ui/page.tsx';

export function Lost() {
  const { t } = useTranslation();
  return (
    <Empty title={t('nav.lost')}>
      <PageLink to="/live">{t('nav.toLive')}</PageLink>
    </Empty>
  );
}
