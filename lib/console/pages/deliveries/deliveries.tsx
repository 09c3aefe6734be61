import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';

export function Deliveries() {
  const { t } = useTranslation();
  return <Page title={t('system.deliveries.title')}>{null}</Page>;
}
