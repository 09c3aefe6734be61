import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en/index.ts';

/** What the page says. English is complete by itself; another language has every word of it, which a test sees to. */

export const LANGUAGES = { en: 'English', uk: 'Українська' } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT = 'esl-router.language';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'console';
    resources: { console: typeof en };
  }
}

export async function speak(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    defaultNS: 'console',
    ns: ['console'],
    resources: { en: { console: en } },
    // React escapes: whatever a caller or a CRM says stays text.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  await changeLanguage(wanted());
}

export async function changeLanguage(language: Language): Promise<void> {
  if (language === 'uk') {
    const { uk } = await import('./uk/index.ts');
    i18next.addResourceBundle('uk', 'console', uk);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  localStorage.setItem(KEPT, language);
}

function wanted(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === 'en' || kept === 'uk') return kept;
  return navigator.language.startsWith('uk') ? 'uk' : 'en';
}
