import { useQuery } from '@tanstack/react-query';
import { Navigate } from '@tanstack/react-router';
import { may, session } from '../api/session.ts';
import { schemeList } from '../pages/schemes/queries.ts';
import { Waiting } from '../ui/page.tsx';

/** A router without any scheme is set up first, by whoever may. */
export function Home() {
  const { data: me } = useQuery(session);
  const { data: schemes, isPending } = useQuery(schemeList);
  if (isPending) return <Waiting />;
  const isNew = schemes !== undefined && schemes.files.length + schemes.stored.length === 0;
  return <Navigate to={isNew && may(me, 'editor') ? '/start' : '/live'} replace />;
}
