import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

const TABLES: Readonly<Record<string, () => Promise<Readonly<Record<string, string>>>>> = {
  uk: async () => (await import('../words/uk/presets.ts')).presets,
};

/** What the API says of presets, in the viewer's language. A line of a newer router stays English. */
export function usePresetWords(): (line: string) => string {
  const { i18n } = useTranslation();
  const { data: table } = useQuery({
    queryKey: ['preset table', i18n.language],
    staleTime: Infinity,
    queryFn: async () => (await TABLES[i18n.language]?.()) ?? null,
  });
  return (line) => table?.[line] ?? line;
}
