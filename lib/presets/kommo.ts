import { COMMON, COUNTRY_TO_DO, MAP, MAP_TO_DO, type Preset } from './preset.ts';

/** https://developers.kommo.com/reference/contacts-list: 204 when nothing is found. */
export const kommo: Preset = {
  what: "Kommo (amoCRM): the contact's responsible user",
  scheme: {
    title: "Kommo: rings the responsible user of the caller's contact",
    webhook: {
      url: 'https://your-account.kommo.com/api/v4/contacts?limit=1',
      method: 'GET',
      submission: 'http',
      import: 'json',
      parameters: { query: '{{caller_e164}}' },
      // Without a query Kommo lists all contacts, and the first one's user would be rung.
      require: ['caller_e164'],
      auth: { type: 'bearer', token: '{{secret.KOMMO}}' },
      responseName: '_embedded.contacts.0.responsible_user_id',
      maxPerSecond: 6,
      map: MAP,
      expect: ['extension'],
    },
    ...COMMON,
  },
  toDo: [
    'webhook.url: the address of your account; for amoCRM https://your-account.amocrm.ru/api/v4/contacts?limit=1',
    'ESL_ROUTER_SECRET_KOMMO: a long-lived token of a private integration',
    MAP_TO_DO,
    COUNTRY_TO_DO,
  ],
  limits: [
    'The search looks into every field of a contact: a note that holds the number matches too. Of several contacts the first counts.',
    'Kommo allows 7 requests a second for an account, and locks out addresses that ask more.',
    'A long-lived token ends on the day that was chosen for it, and then every caller goes to `onError`.',
  ],
};
