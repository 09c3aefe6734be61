import type { SchemeDocument } from '../../lib/scheme/scheme.ts';

/** Schemes with a secret, or a number, wherever one may stand. */

export const PLACES =
  'PATH QUERY HEADER PARAMETER BODY BASIC BEARER API_KEY HMAC HMAC_OLD BACKUP BACKUP_PATH FORM IN_HEADER';
export const NUMBERS = {
  caller: '380441937201',
  called: '380442816502',
  named: '380503918273',
  destination: '380674829105',
  fallback: '380935817246',
};
/** Of callers who withheld it: no CRM is told, and no log, masked or not. */
export const WITHHELD = '380977315028';
/** Where it stands all the same, in its national spelling too. */
export const WITHHELD_VARIABLES = {
  'sip_h_X-Customer': WITHHELD.slice(2),
  'sip_h_P-Charge-Info': `<sip:+${WITHHELD}@pbx.example>`,
  'sip_h_X-Note': `call back ${WITHHELD.replace(/^(..)(...)(...)(..)/, '+$1 ($2) $3-$4-')}`,
  presence_id: `${WITHHELD}@pbx.example`,
};
const TELLING = Object.keys(WITHHELD_VARIABLES)
  .map((name) => (name.startsWith('sip_h_') ? `{{sip.${name.slice('sip_h_'.length)}}}` : `{{var.${name}}}`))
  .join(' ');
type Webhook = SchemeDocument['webhook'];
export type Secret = (place: string) => string;

/** Every place that a scheme has for a secret. */
const CARRIERS: Readonly<Record<string, (url: string, secret: Secret) => Webhook>> = {
  basic: (url, secret) => ({
    url: `${url}/${secret('PATH')}/{{caller}}?k=${secret('QUERY')}&line={{did}}`,
    headers: { 'X-Key': `k ${secret('HEADER')}`, 'X-Caller': '{{caller_e164}}', 'X-More': TELLING },
    parameters: { key: secret('PARAMETER'), name: '{{caller_name}}', phone: '{{caller}}' },
    auth: { type: 'basic', user: 'crm', password: secret('BASIC') },
  }),
  bearer: (url, secret) => ({
    url,
    body: { deep: [{ key: `is ${secret('BODY')}` }, '{{caller_name}}', '{{did}}', TELLING, '{{call_id}}'] },
    auth: { type: 'bearer', token: secret('BEARER') },
  }),
  'api-key': (url, secret) => ({
    url,
    submission: 'http',
    parametersIn: 'form',
    parameters: { key: secret('FORM'), name: '{{caller_name}}', phone: '{{caller}}' },
    auth: { type: 'api-key', key: secret('API_KEY') },
  }),
  hmac: (url, secret) => ({
    url,
    submission: 'http',
    method: 'GET',
    parameters: { key: secret('PARAMETER'), name: '{{caller_name}}', phone: '{{caller}}' },
    auth: { type: 'hmac', secret: secret('HMAC'), previousSecret: secret('HMAC_OLD') },
  }),
  headers: (url, secret) => ({
    url,
    submission: 'http',
    parametersIn: 'headers',
    parameters: { 'X-Token': secret('IN_HEADER'), 'X-Phone': '{{caller}}' },
  }),
};

export function schemesOf(urls: Readonly<Record<string, string>>, secret: Secret): SchemeDocument[] {
  return Object.entries(urls).flatMap(([name, url]) =>
    Object.entries(CARRIERS).map(([carrier, webhook]) => ({
      name: `${name}-${carrier}`.toLowerCase(),
      webhook: { timeoutSeconds: 1, ...webhook(url, secret) },
      fallback: {
        onError: [
          { webhook: `${url}/${secret('BACKUP_PATH')}/x?k=${secret('BACKUP')}` },
          { dial: NUMBERS.fallback },
        ],
      },
    })),
  );
}

/** What is beside a secret is wrong: the fault is told, and the secret is not. */
export function faultyWebhooks(secret: Secret): object[] {
  const url = `http://crm.example/${secret('PATH')}`;
  return [
    { url: `ftp://crm.example/${secret('PATH')}` },
    { url: `http://${secret('PATH')}.example/` },
    { url, headers: { 'Content-Length': secret('HEADER') } },
    { url, headers: { 'X-Key': `${secret('HEADER')}{{nonsense}}` } },
    { url, auth: { type: 'basic', user: 'crm', pasword: secret('BASIC') } },
    { url, auth: { type: 'bearer', token: [secret('BEARER')] } },
    { url, parameters: { key: [secret('PARAMETER')] }, body: secret('BODY') },
  ];
}
