import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';

export function OneCallPage() {
  const { t } = useTranslation();
  return <Page title={t('calls.title')}>{null}</Page>;
}
