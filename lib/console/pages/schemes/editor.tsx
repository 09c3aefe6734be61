import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';

export function SchemeEditor() {
  const { t } = useTranslation();
  return <Page title={t('schemes.title')}>{null}</Page>;
}
