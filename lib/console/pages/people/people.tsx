import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';

export function People() {
  const { t } = useTranslation();
  return <Page title={t('system.people.title')}>{null}</Page>;
}
