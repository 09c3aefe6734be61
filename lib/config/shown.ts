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
  'store.url',
  'store.password',
  'http.proxy',
  'crms',
]);

const HIDDEN = '***';
const MACRO = /\{\{[^{}]*\}\}/;
const MACROS = new RegExp(MACRO, 'g');

/** Nothing that came from a secret file; of the URL's query, the parameters, the headers and the authentication the macros alone. */
export function shownValue({ name, value, secretFile }: Valued): unknown {
  if (secretFile !== null) return HIDDEN;
  if (name === 'store.password') return value === '' ? '' : HIDDEN;
  if (name === 'store.url')
    return String(value).replace(/^(postgres(?:ql)?:\/\/[^:@/]*):.*@/, `$1:${HIDDEN}@`);
  if (name === 'webhook.url') {
    return String(value).replace(
      /([?&][^=&#]*=)([^&#]*)/g,
      (_, key: string, text: string) => key + macrosOf(text),
    );
  }
  if (name === 'http.proxy') return shownProxy(String(value));
  if (!TELLING.has(name)) return value;
  if (name === 'crms') return shownProfiles(value);
  return Object.fromEntries(
    Object.entries(value as object).map(([key, text]) => [
      key,
      isWord(name, key) ? text : macrosOf(String(text)),
    ]),
  );
}

function shownProxy(url: string): string {
  return url.replace(CREDENTIALS, (_, user: string, password: string) => `${user}${macrosOf(password)}@`);
}

/** `main.auth.token`, `main.headers.X-Key`, `main.tls.passphrase` */
const KEY_OF_PROFILE = /^[^.]+\.(?:auth\.(?!type$)|headers\.|tls\.passphrase$)/;

function shownProfiles(value: unknown, path = ''): unknown {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value).map(([key, item]) => [key, shownProfiles(item, joined(path, key))]);
    return Object.fromEntries(entries) as unknown;
  }
  if (/^[^.]+\.proxy$/.test(path)) return shownProxy(String(value));
  return KEY_OF_PROFILE.test(path) ? macrosOf(String(value)) : value;
}

function keysOfProfiles(value: unknown, path = ''): string[] {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, item]) => keysOfProfiles(item, joined(path, key)));
  if (/^[^.]+\.proxy$/.test(path)) return [CREDENTIALS.exec(String(value))?.[2] ?? ''];
  return KEY_OF_PROFILE.test(path) ? [String(value)] : [];
}

function joined(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** What says how, and is no secret: `{"type": "bearer"}`. */
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
      name === 'crms'
        ? keysOfProfiles(value)
        : typeof value === 'string'
          ? [value]
          : Object.entries(value as object).flatMap(([key, part]) =>
              isWord(name, key) ? [] : [String(part)],
            ),
    )
    .flatMap((text) => text.split(MACRO))
    .concat(storePasswords(settings));
}

/** By whatever way it came: a fault of the database may repeat it. */
function storePasswords(settings: readonly Valued[]): string[] {
  const texts = settings.filter(({ name }) => name === 'store.url' || name === 'store.password');
  return texts.flatMap(({ name, value }) => {
    const text = String(value);
    if (name === 'store.password') return text === '' ? [] : [text];
    if (!URL.canParse(text)) return [];
    const { password } = new URL(text);
    return password === '' ? [] : [password, decodeURIComponent(password)];
  });
}

/** A fault of convict, without the value that it ends in. */
export function withoutValue(line: string): string {
  return line.replace(/: value was [^]*$/, ', got ***');
}
