import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { ReasonView } from '../../api/types.ts';
import { reasons } from '../api/calls.ts';
import type { ReasonTable } from '../words/reason-table.ts';

export interface Reason extends ReasonView {
  /** There is nothing to do about it. */
  readonly isNormal: boolean;
  /** The advice is to set something that a scheme may have. */
  readonly isToBeSet: boolean;
}

const TABLES: Readonly<Record<string, () => Promise<ReasonTable>>> = {
  uk: async () => (await import('../words/uk/reasons.ts')).reasons,
};

export function useReasons(): UseQueryResult<readonly Reason[]> {
  const { i18n } = useTranslation();
  const { data: table } = useQuery({
    queryKey: ['reason table', i18n.language],
    staleTime: Infinity,
    queryFn: async () => (await TABLES[i18n.language]?.()) ?? null,
  });
  return useQuery({ ...reasons, select: (all) => all.map((one) => inWords(one, table ?? null)) });
}

/** One of a newer router has no words in the table, and stays as it is. */
function inWords(one: ReasonView, table: ReasonTable | null): Reason {
  const [sentence, cause, cure] = table?.about[one.code] ?? [one.sentence, one.cause, one.cure];
  const group = table?.groups[one.group] ?? one.group;
  const isNormal = one.cure.startsWith('Nothing:');
  const isToBeSet = one.cure.startsWith('Nothing, or set ') || one.code === 'connection_gone';
  return { ...one, group, sentence, cause, cure, isNormal, isToBeSet };
}
