import { COMMON, COUNTRY_TO_DO, MAP, MAP_TO_DO, type Preset } from './preset.ts';

const TOKEN = { type: 'bearer', token: '{{secret.KOMMO}}' } as const;

/** https://developers.kommo.com/reference/contacts-list: 204 when nothing is found. */
const CONTACTS = {
  url: 'https://your-account.kommo.com/api/v4/contacts?limit=1',
  method: 'GET',
  submission: 'http',
  import: 'json',
  parameters: { query: '{{caller_e164}}' },
  // Without a query Kommo lists all contacts, and the first one's user would be rung.
  require: ['caller_e164'],
  auth: TOKEN,
} satisfies NonNullable<Preset['events']>['entries'][number]['webhook'];

/**
 * https://www.kommo.com/developers/content/telephony/call_logging/: 4 had a conversation, 6 no connection. Kommo answers 400 "Entity
 * not found" for a number that no card has (https://github.com/amocrm/amocrm-api-php/issues/52), and restricts addresses that send
 * the same again and again (https://developers.kommo.com/docs/limitations): so it is asked for the contact first.
 */
const callWith = (call_status: number, call_result: string) =>
  ({
    ...CONTACTS,
    // Half of what follows: two replies that come at different speeds do not meet there.
    maxPerSecond: 0.5,
    then: [
      {
        url: 'https://your-account.kommo.com/api/v4/calls',
        maxPerSecond: 1,
        body: [
          {
            // Kommo only repeats it in its reply. That there is one is what the call depends on.
            request_id: '{{reply._embedded.contacts.0.id}}',
            uniq: '{{event_id}}',
            phone: '{{caller_e164}}',
            source: 'esl-router',
            direction: 'inbound',
            duration: '{{talk_seconds}}',
            call_status,
            call_result,
            created_at: '{{unix_time}}',
          },
        ],
      },
    ],
  }) satisfies NonNullable<Preset['events']>['entries'][number]['webhook'];

export const kommo: Preset = {
  what: "Kommo (amoCRM): the contact's responsible user",
  scheme: {
    title: "Kommo: rings the responsible user of the caller's contact",
    webhook: {
      ...CONTACTS,
      responseName: '_embedded.contacts.0.responsible_user_id',
      // Of the 7 for all: events take 2.5. https://developers.kommo.com/docs/limitations
      maxPerSecond: 4,
      map: MAP,
      expect: ['extension'],
    },
    ...COMMON,
  },
  events: {
    what: "a call in the card of the caller's contact, and a task when nobody answered",
    entries: [
      { on: ['ended'], answered: true, name: 'call', webhook: callWith(4, 'Answered by {{answered_by}}') },
      { on: ['ended'], answered: false, name: 'missed', webhook: callWith(6, 'Nobody answered') },
      {
        on: ['ended'],
        answered: false,
        name: 'task',
        // https://developers.kommo.com/reference/add-tasks: it needs no card, and who is not a contact yet is called back too.
        webhook: {
          url: 'https://your-account.kommo.com/api/v4/tasks',
          auth: TOKEN,
          body: [{ text: 'Call {{caller_e164}} back', complete_till: '{{unix_time}}', task_type_id: 1 }],
          require: ['caller_e164'],
          maxPerSecond: 1,
        },
      },
    ],
    toDo: ['events: the address of your account in all five URLs'],
    limits: [
      'A caller who is not a contact leaves no call in Kommo, which takes none for a number that no card has; nor does a number that only a company has.',
      'A missed call leaves a task, whoever called. It is due at once and belongs to no card; the number is in its text.',
      'A contact that has the number in another field than its phone is found, and Kommo then rejects the call: the event is parked after a day.',
      'Pop-ups in Kommo need a widget in the browser, not the API.',
    ],
  },
  toDo: [
    'webhook.url: the address of your account; for amoCRM https://your-account.amocrm.ru/api/v4/contacts?limit=1',
    'ESL_ROUTER_SECRET_KOMMO: a long-lived token of a private integration',
    MAP_TO_DO,
    COUNTRY_TO_DO,
  ],
  limits: [
    'The search looks into every field of a contact: a note that holds the number matches too. If several contacts match, the first is used.',
    'Kommo allows 7 requests a second for an account, and blocks addresses that send more.',
    'A long-lived token expires on the date that was set when it was created; from then on every caller goes to `onError`.',
  ],
};
