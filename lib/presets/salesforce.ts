import { COMMON, COUNTRY_TO_DO, MAP, MAP_TO_DO, type Preset } from './preset.ts';

/** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm */
export const salesforce: Preset = {
  what: "Salesforce: the contact's owner, by a query",
  scheme: {
    title: "Salesforce: rings the owner of the caller's contact",
    webhook: {
      url: 'https://your-domain.my.salesforce.com/services/data/v63.0/query',
      method: 'GET',
      submission: 'http',
      import: 'json',
      // Digits after a +, or nothing: no quote can come in.
      parameters: {
        q: "SELECT OwnerId FROM Contact WHERE Phone = '{{caller_e164}}' OR MobilePhone = '{{caller_e164}}' LIMIT 1",
      },
      require: ['caller_e164'],
      auth: { type: 'bearer', token: '{{secret.SALESFORCE}}' },
      responseName: 'records.0.OwnerId',
      map: MAP,
      expect: ['extension'],
    },
    ...COMMON,
  },
  toDo: [
    'webhook.url: your My Domain',
    'ESL_ROUTER_SECRET_SALESFORCE: an access token of a connected app that may read contacts',
    `${MAP_TO_DO}; ids have 18 characters here`,
    COUNTRY_TO_DO,
  ],
  limits: [
    'Numbers match as they are stored: +380441234567. Salesforce writes North American numbers as (415) 555-1212; keep E.164 in your own field and name that in the query.',
    'An access token expires with its session. To have the router renew it, start from conf/examples/salesforce-oauth2.json (docs/oauth2.md).',
    'If several contacts match, Salesforce decides which one is used. Add ORDER BY to the query.',
  ],
};
