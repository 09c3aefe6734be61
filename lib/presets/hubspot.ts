import { COMMON, COUNTRY_TO_DO, MAP, MAP_TO_DO, type Preset } from './preset.ts';

const is = (propertyName: string) => ({
  filters: [{ propertyName, operator: 'EQ', value: '{{caller_e164}}' }],
});

/** https://developers.hubspot.com/docs/api/crm/search: groups are joined by OR. */
export const hubspot: Preset = {
  what: "HubSpot: the contact's owner, by the search of contacts",
  scheme: {
    title: "HubSpot: rings the owner of the caller's contact",
    webhook: {
      url: 'https://api.hubapi.com/crm/v3/objects/contacts/search',
      auth: { type: 'bearer', token: '{{secret.HUBSPOT}}' },
      body: {
        filterGroups: [is('phone'), is('mobilephone')],
        properties: ['hubspot_owner_id'],
        limit: 1,
      },
      require: ['caller_e164'],
      responseName: 'results.0.properties.hubspot_owner_id',
      maxPerSecond: 4,
      map: MAP,
      expect: ['extension'],
    },
    ...COMMON,
  },
  toDo: [
    'ESL_ROUTER_SECRET_HUBSPOT: the access token of a private app with the scope crm.objects.contacts.read',
    MAP_TO_DO,
    COUNTRY_TO_DO,
  ],
  limits: [
    'Numbers match as HubSpot stores them: +380441234567. One that is stored with spaces or without + is not found, and its caller is nobody.',
    'Search takes a few requests a second for the whole account, and new contacts appear in it after some seconds.',
    'Of several contacts with the same number one counts; which one, HubSpot decides.',
    'Where you keep extensions in HubSpot, a property of the user has them and a second question needs no map: `"then": [{ "url": "https://api.hubapi.com/crm/v3/objects/users/search", "body": { "filterGroups": [{ "filters": [{ "propertyName": "hubspot_owner_id", "operator": "EQ", "value": "{{reply.results.0.properties.hubspot_owner_id}}" }] }], "properties": ["your_extension"], "limit": 1 }, "responseName": "results.0.properties.your_extension" }]` without `map` and `responseName` (scope crm.objects.users.read).',
    'The owner id is the one of the owners API, not the user id.',
  ],
};
