import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** Times in the viewer's zone, UTC on hover: as a title, for a tooltip of its own is many times as much work as the time, and tables are full of them. */

type Form = 'full' | 'time' | 'short';

interface WhenProps {
  /** ISO 8601. */
  readonly at: string;
  /** `time` leaves the day out when it is today; `short` has of another day no more than there is room for in a table. */
  readonly form?: Form;
}

export function When({ at, form = 'full' }: WhenProps) {
  const { i18n } = useTranslation();
  return (
    <time dateTime={at} title={utcText(at)}>
      {whenText(at, form, i18n.language)}
    </time>
  );
}

/** `2026-11-27 03:00:42.000 UTC` */
function utcText(at: string): string {
  return `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}

export function whenText(at: string, form: Form, language: string): string {
  const date = new Date(at);
  const isToday = new Date().toDateString() === date.toDateString();
  const wanted = form === 'full' ? 'full' : isToday ? 'clock' : form;
  return formatOf(language === 'en' ? 'en-GB' : language, wanted).format(date);
}

/** One is dear to make, and a table has hundreds of times. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();
const SHAPES = {
  full: { dateStyle: 'medium', timeStyle: 'medium' },
  time: { dateStyle: 'medium', timeStyle: 'medium' },
  short: { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
  clock: { timeStyle: 'medium' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

function formatOf(locale: string, shape: keyof typeof SHAPES): Intl.DateTimeFormat {
  const key = `${locale} ${shape}`;
  const made = FORMATS.get(key);
  if (made !== undefined) return made;
  // Log files say 14:05, and so do we.
  const format = new Intl.DateTimeFormat(locale, { hourCycle: 'h23', ...SHAPES[shape] });
  FORMATS.set(key, format);
  return format;
}

/** How long ago, counted on each second. */
export function Ago({ at }: { readonly at: string }) {
  const { i18n } = useTranslation();
  const now = useNow(1_000);
  const seconds = Math.max(0, Math.round((now - Date.parse(at)) / 1000));
  return (
    <time dateTime={at} title={utcText(at)}>
      {agoText(seconds, i18n.language)}
    </time>
  );
}

const AGO_FORMATS = new Map<string, Intl.RelativeTimeFormat>();

function agoText(seconds: number, language: string): string {
  const format =
    AGO_FORMATS.get(language) ??
    new Intl.RelativeTimeFormat(language, { numeric: 'always', style: 'narrow' });
  AGO_FORMATS.set(language, format);
  if (seconds < 60) return format.format(-seconds, 'second');
  if (seconds < 3600) return format.format(-Math.floor(seconds / 60), 'minute');
  if (seconds < 86_400) return format.format(-Math.floor(seconds / 3600), 'hour');
  return format.format(-Math.floor(seconds / 86_400), 'day');
}

/** Now, as often as said; milliseconds since 1970. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, everyMs);
    return () => {
      clearInterval(timer);
    };
  }, [everyMs]);
  return now;
}

/** `640 ms`, `4.2 s`, `3:07`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
