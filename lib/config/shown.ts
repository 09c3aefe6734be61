/** What of the settings may be shown, and what of them is a secret. */

/** A setting with its value, and the file that its `_FILE` variable named. */
interface Valued {
  readonly name: string;
  readonly value: unknown;
  readonly secretFile: string | null;
}

/** Settings in which tokens stand. */
export const TELLING: ReadonlySet<string> = new Set([
  'webhook.url',
  'webhook.parameters',
  'webhook.headers',
  'webhook.auth',
  'http.proxy',
]);

const HIDDEN = '***';
const MACRO = /\{\{[^{}]*\}\}/;
const MACROS = new RegExp(MACRO, 'g');

/** Nothing that came from a secret file; of the URL's query, the parameters, the headers and the authentication the macros alone. */
export function shownValue({ name, value, secretFile }: Valued): unknown {
  if (secretFile !== null) return HIDDEN;
  if (name === 'webhook.url') {
    return String(value).replace(
      /([?&][^=&#]*=)([^&#]*)/g,
      (_, key: string, text: string) => key + macrosOf(text),
    );
  }
  if (name === 'http.proxy')
    return String(value).replace(
      CREDENTIALS,
      (_, user: string, password: string) => `${user}${macrosOf(password)}@`,
    );
  if (!TELLING.has(name)) return value;
  return Object.fromEntries(
    Object.entries(value as object).map(([key, text]) => [
      key,
      isWord(name, key) ? text : macrosOf(String(text)),
    ]),
  );
}

/** What says how, and is not a secret: `{"type": "bearer"}`. */
function isWord(name: string, key: string): boolean {
  return name === 'webhook.auth' && key === 'type';
}

/** Up to the password of a URL, and the password: `http://user:` and `secret`. */
const CREDENTIALS = /^((?:[a-z]+:\/\/)?[^:@/?#]*:)(.*)@/i;

/** `key {{secret.CRM}}` -> `***{{secret.CRM}}` */
function macrosOf(text: string): string {
  const rest = text.replace(MACROS, '');
  return rest === '' ? text : HIDDEN + (text.match(MACROS) ?? []).join('');
}

/** The secrets among the settings: what is between the macros of those that came from a secret file. */
export function secretTexts(settings: readonly Valued[]): string[] {
  return settings
    .filter(({ name, secretFile }) => secretFile !== null && TELLING.has(name))
    .flatMap(({ name, value }) =>
      typeof value === 'string'
        ? [value]
        : Object.entries(value as object).flatMap(([key, part]) => (isWord(name, key) ? [] : [String(part)])),
    )
    .flatMap((text) => text.split(MACRO));
}

/** A fault of convict, without the value that it ends in. */
export function withoutValue(line: string): string {
  return line.replace(/: value was [^]*$/, ', got ***');
}
