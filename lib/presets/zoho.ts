import { COMMON, COUNTRY_TO_DO, MAP, MAP_TO_DO, type Preset } from './preset.ts';

/** https://www.zoho.com/crm/developer/docs/api/v5/search-records.html: 204 when nothing is found. */
export const zoho: Preset = {
  what: "Zoho CRM: the contact's owner, by the search for a phone",
  scheme: {
    title: "Zoho CRM: rings the owner of the caller's contact",
    webhook: {
      url: 'https://www.zohoapis.com/crm/v5/Contacts/search?per_page=1',
      method: 'GET',
      submission: 'http',
      import: 'json',
      parameters: { phone: '{{caller_e164}}' },
      require: ['caller_e164'],
      headers: { Authorization: 'Zoho-oauthtoken {{secret.ZOHO}}' },
      responseName: 'data.0.Owner.id',
      maxInFlight: 5,
      map: MAP,
      expect: ['extension'],
    },
    ...COMMON,
  },
  toDo: [
    'webhook.url: the API domain of your data centre: zohoapis.com, .eu, .in, .com.au, .jp',
    'ESL_ROUTER_SECRET_ZOHO: an access token with the scopes ZohoCRM.modules.contacts.READ and ZohoSearch.securesearch.READ',
    MAP_TO_DO,
    COUNTRY_TO_DO,
  ],
  limits: [
    'A Zoho access token lasts an hour. To have the router renew it, start from conf/examples/zoho-oauth2.json (docs/oauth2.md).',
    'The search goes over every phone field of contacts. If several contacts match, the first is used; leads are not searched.',
    'If users keep their extension as `phone`, ask a second question and you need no map: leave `map` and `responseName` out, and set `"then": [{ "url": "https://www.zohoapis.com/crm/v5/users/{{reply.data.0.Owner.id}}", "method": "GET", "submission": "http", "responseName": "users.0.phone" }]` (scope ZohoCRM.users.READ). The number there is then rung as it is.',
    'Only a few requests may run at the same time, and each uses up daily credits.',
  ],
};
