import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { PageLink } from '../../ui/link.tsx';
import { Page } from '../../ui/page.tsx';
import { CallPane } from './call-pane.tsx';

const route = getRouteApi('/calls/$id');

/** One call by its link. */
export function OneCallPage() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  return (
    <Page
      title={t('calls.one')}
      actions={
        <PageLink to="/calls" search={{ call: id }} size="sm">
          {t('calls.amongOthers')}
        </PageLink>
      }
    >
      <CallPane key={id} id={id} />
    </Page>
  );
}
