import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';

export function Problems() {
  const { t } = useTranslation();
  return <Page title={t('system.problems.title')}>{null}</Page>;
}
