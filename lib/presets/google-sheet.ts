import { COMMON, COUNTRY_TO_DO, type Preset } from './preset.ts';

/** https://developers.google.com/apps-script/guides/content: every answer is a redirect to another host. */
export const googleSheet: Preset = {
  what: 'a Google sheet of numbers and extensions, by examples/crm/google-sheet.gs',
  scheme: {
    title: 'Google sheet: rings the extension beside the number',
    webhook: {
      url: 'https://script.google.com/macros/s/your-deployment/exec',
      method: 'GET',
      submission: 'http',
      import: 'json',
      parameters: { phone: '{{caller_e164}}', key: '{{secret.SHEET}}' },
      require: ['caller_e164'],
      redirects: 1,
      timeoutSeconds: 6,
      errorName: 'error',
      expect: ['extension'],
    },
    ...COMMON,
    numbering: { extensionDigits: [3, 4] },
  },
  toDo: [
    'examples/crm/google-sheet.gs: put it into Extensions -> Apps Script of the sheet, and deploy it as a web app for "Anyone"',
    'webhook.url: the address of that deployment',
    'ESL_ROUTER_SECRET_SHEET: the same text as the script property KEY',
    'esl_router_guard in the dialplan: 8 or more, as an answer may take 6 seconds',
    'numbering.extensionDigits: how long your extensions are',
    COUNTRY_TO_DO,
  ],
  limits: [
    'A script takes one to three seconds, and its first answer of the day longer: set `webhook.cacheSeconds` if the same callers call again.',
    'Scripts see no HTTP headers, so the key goes in the query, over TLS; no signature can be checked.',
    'A script that fails answers with a page of HTML and status 200: `body_not_json`.',
    'Store numbers as text (a leading apostrophe): otherwise the sheet turns them into 3.80E+11.',
  ],
};
