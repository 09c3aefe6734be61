import { COMMON, COUNTRY_TO_DO, type Preset } from './preset.ts';

export const httpQuery: Preset = {
  what: 'a script that gets the caller in its query and answers with an extension as plain text',
  scheme: {
    title: 'Asks a script by GET, reads an extension as plain text',
    webhook: {
      url: 'https://crm.example.com/owner.php',
      method: 'GET',
      submission: 'http',
      import: 'http',
      parameters: { phone: '{{caller_e164}}', line: '{{did}}' },
      require: ['caller_e164'],
      auth: { type: 'bearer', token: '{{secret.CRM}}' },
      noRouteStatuses: [404],
      expect: ['extension'],
    },
    ...COMMON,
    numbering: { extensionDigits: [3, 4] },
  },
  toDo: [
    'webhook.url: where your script is',
    'ESL_ROUTER_SECRET_CRM: the token that the script checks; or take webhook.auth out',
    'numbering.extensionDigits: how long your extensions are',
    COUNTRY_TO_DO,
  ],
  limits: [
    'Plain text has no place for errors: HTML, or any status outside 2xx except 404, is an error. Warnings that PHP prints before the extension are refused.',
    'The script answers with extensions itself. If it answers with ids, add `webhook.map`.',
  ],
};
