import { COMMON, COUNTRY_TO_DO, MAP, MAP_TO_DO, type Preset } from './preset.ts';

const is = (propertyName: string) => ({
  filters: [{ propertyName, operator: 'EQ', value: '{{caller_e164}}' }],
});

/** The contact of the caller; who is none is told nothing of. */
const CONTACT = {
  url: 'https://api.hubapi.com/crm/v3/objects/contacts/search',
  auth: { type: 'bearer', token: '{{secret.HUBSPOT}}' },
  body: { filterGroups: [is('phone'), is('mobilephone')], properties: ['phone'], limit: 1 },
  require: ['caller_e164'],
  maxPerSecond: 1,
} satisfies NonNullable<Preset['events']>['entries'][number]['webhook'];

/** HubSpot's own kinds of association: 194 of a call, 204 of a task with a contact. */
const associated = (associationTypeId: number) => [
  {
    to: { id: '{{reply.results.0.id}}' },
    types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId }],
  },
];

/** https://developers.hubspot.com/docs/api/crm/calls */
const callWith = (hs_call_status: string, hs_call_body: string) => ({
  url: 'https://api.hubapi.com/crm/v3/objects/calls',
  maxPerSecond: 2,
  body: {
    properties: {
      hs_timestamp: '{{started_at}}',
      hs_call_title: 'Call from {{caller_e164}}',
      hs_call_body,
      hs_call_direction: 'INBOUND',
      hs_call_from_number: '{{caller_e164}}',
      hs_call_to_number: '{{did}}',
      hs_call_duration: '{{talk_ms}}',
      hs_call_status,
    },
    associations: associated(194),
  },
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
      // Of the 4 searches for all: events take one. https://developers.hubspot.com/changelog/crm-search-api-rate-limit-increase
      maxPerSecond: 3,
      map: MAP,
      expect: ['extension'],
    },
    ...COMMON,
  },
  events: {
    what: "a call on the contact's timeline, and a task when nobody answered",
    entries: [
      {
        on: ['ended'],
        answered: true,
        name: 'call',
        webhook: {
          ...CONTACT,
          then: [callWith('COMPLETED', 'Answered by {{answered_by}} after {{ring_seconds}} s')],
        },
      },
      {
        on: ['ended'],
        answered: false,
        name: 'missed',
        webhook: { ...CONTACT, then: [callWith('NO_ANSWER', 'Nobody answered: {{reason}}')] },
      },
      {
        on: ['ended'],
        answered: false,
        name: 'task',
        webhook: {
          ...CONTACT,
          // https://developers.hubspot.com/docs/api/crm/tasks
          then: [
            {
              url: 'https://api.hubapi.com/crm/v3/objects/tasks',
              maxPerSecond: 2,
              body: {
                properties: {
                  hs_timestamp: '{{timestamp}}',
                  hs_task_subject: 'Call {{caller_e164}} back',
                  hs_task_status: 'NOT_STARTED',
                  hs_task_priority: 'HIGH',
                  hs_task_type: 'CALL',
                },
                associations: associated(204),
              },
            },
          ],
        },
      },
    ],
    toDo: ['the scope crm.objects.contacts.write for the private app of ESL_ROUTER_SECRET_HUBSPOT'],
    limits: [
      'A caller who is not a contact leaves no trace in HubSpot.',
      'HubSpot has no API to show a pop-up while a phone rings.',
      'HubSpot does not recognise an event that comes twice: after a lost reply there is a second call, or task.',
    ],
  },
  toDo: [
    'ESL_ROUTER_SECRET_HUBSPOT: the access token of a private app with the scope crm.objects.contacts.read',
    MAP_TO_DO,
    COUNTRY_TO_DO,
  ],
  limits: [
    'Numbers match as HubSpot stores them: +380441234567. A number that is stored with spaces or without + is not found: nobody.',
    'Search takes a few requests a second for the whole account, and new contacts appear in it after some seconds.',
    'If several contacts have the number, HubSpot decides which one is used.',
    'If a property of the user holds the extension, ask a second question and you need no map: `"then": [{ "url": "https://api.hubapi.com/crm/v3/objects/users/search", "body": { "filterGroups": [{ "filters": [{ "propertyName": "hubspot_owner_id", "operator": "EQ", "value": "{{reply.results.0.properties.hubspot_owner_id}}" }] }], "properties": ["your_extension"], "limit": 1 }, "responseName": "results.0.properties.your_extension" }]` without `map` and `responseName` (scope crm.objects.users.read).',
    'The owner id is the one of the owners API, not the user id.',
  ],
};
