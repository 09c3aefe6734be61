import { useTranslation } from 'react-i18next';

/** The word for one of a closed list (`calls.ends` has one for `bridged`); of a newer router's list the word as it came. */
export function useWord(): (list: string, word: string) => string {
  const { t, i18n } = useTranslation();
  return (list, word) => {
    const key = `${list}.${word}`;
    return /^[\w-]+$/.test(word) && i18n.exists(key) ? (t as (key: string) => string)(key) : word;
  };
}
