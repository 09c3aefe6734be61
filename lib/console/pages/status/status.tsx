import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';

export function StatusPage() {
  const { t } = useTranslation();
  return <Page title={t('system.status.title')}>{null}</Page>;
}
