import { COMMON, COUNTRY_TO_DO, MAP, MAP_TO_DO, type Preset } from './preset.ts';

const TOKEN = {
  type: 'oauth2',
  tokenUrl: 'https://oauth.bitrix.info/oauth/token/',
  clientId: '{{secret.BITRIX24_ID}}',
  clientSecret: '{{secret.BITRIX24_SECRET}}',
  refreshToken: '{{secret.BITRIX24_REFRESH}}',
} as const;

type Entry = NonNullable<Preset['events']>['entries'][number];

/**
 * https://apidocs.bitrix24.com/api-reference/user/user-get.html. Bitrix24 takes a call of an active user only, and answers 400 for
 * ever to a mobile phone, a queue or a mailbox: so it is asked for the user first. Without a number it would find those who have no
 * inner number.
 */
const userOf = (who: 'destination' | 'answered_by') =>
  ({
    url: 'https://your-account.bitrix24.com/rest/user.get',
    auth: TOKEN,
    body: {
      auth: '{{token}}',
      FILTER: { UF_PHONE_INNER: `{{${who}}}`, ACTIVE: true },
      select: ['UF_PHONE_INNER'],
    },
    require: ['caller_e164', who],
    errorName: 'error',
    // Two or three requests follow from each; callers keep the rest of the 2 a second.
    maxPerSecond: 0.5,
  }) satisfies Entry['webhook'];

/**
 * https://apidocs.bitrix24.com/api-reference/telephony/telephony-external-call-register.html: for half an hour the same number, type,
 * user and EXTERNAL_CALL_ID get the CALL_ID that there is. So the end of a call asks for it once more, and needs nothing that was
 * kept. Without EXTERNAL_CALL_ID a caller's next call to that user would get it too.
 */
const register = (SHOW: '0' | '1') => ({
  url: 'https://your-account.bitrix24.com/rest/telephony.externalCall.register',
  parameters: {
    auth: '{{token}}',
    USER_PHONE_INNER: '{{reply.result.0.UF_PHONE_INNER}}',
    PHONE_NUMBER: '{{caller_e164}}',
    TYPE: '2',
    EXTERNAL_CALL_ID: '{{uuid}}',
    CALL_START_DATE: '{{started_at}}',
    CRM_CREATE: '0',
    SHOW,
  },
  errorName: 'error',
  maxPerSecond: 1,
});

/** https://apidocs.bitrix24.com/api-reference/telephony/telephony-external-call-finish.html */
const endOf = (who: 'destination' | 'answered_by') =>
  ({
    ...userOf(who),
    then: [
      register('0'),
      {
        url: 'https://your-account.bitrix24.com/rest/telephony.externalCall.finish',
        parameters: {
          auth: '{{token}}',
          CALL_ID: '{{reply.result.CALL_ID}}',
          USER_PHONE_INNER: `{{${who}}}`,
          DURATION: '{{talk_seconds}}',
        },
        errorName: 'error',
        maxPerSecond: 1,
      },
    ],
  }) satisfies Entry['webhook'];

/** https://apidocs.bitrix24.com/api-reference/telephony/telephony-external-call-search-crm-entities.html */
export const bitrix24: Preset = {
  what: 'Bitrix24: the user responsible for the caller, by an inbound webhook',
  scheme: {
    title: 'Bitrix24: rings the user responsible for the caller',
    webhook: {
      url: 'https://your-account.bitrix24.com/rest/1/{{secret.BITRIX24}}/telephony.externalCall.searchCrmEntities',
      parameters: { PHONE_NUMBER: '{{caller_e164}}' },
      require: ['caller_e164'],
      responseName: 'result.0.ASSIGNED_BY_ID',
      errorName: 'error',
      maxPerSecond: 2,
      map: MAP,
      expect: ['extension'],
    },
    ...COMMON,
  },
  events: {
    what: 'the call card on the screen of the user whose phone rings, and the call in the CRM when it has ended, also when missed',
    entries: [
      { on: ['ringing'], name: 'card', webhook: { ...userOf('destination'), then: [register('1')] } },
      // After a transfer or call park the destination may be no user, and the call is still that of who talked.
      { on: ['ended'], answered: true, name: 'call', webhook: endOf('answered_by') },
      { on: ['ended'], answered: false, name: 'missed', webhook: endOf('destination') },
    ],
    toDo: [
      'events: the address of your Bitrix24 in all eight URLs; these methods need a local application (scopes: telephony, user_basic), not an inbound webhook',
      'ESL_ROUTER_SECRET_BITRIX24_ID, ESL_ROUTER_SECRET_BITRIX24_SECRET, ESL_ROUTER_SECRET_BITRIX24_REFRESH_FILE: of that application, see docs/oauth2.md',
      'in Bitrix24: the inner number of each user, which must equal the extensions here',
    ],
    limits: [
      'A call that nobody answered is a missed call (304) in Bitrix24, which then reminds its owner.',
      'Bitrix24 takes no call without a user. A call for which nobody was rung leaves no trace in it; nor does one that a mobile phone, a queue or a mailbox answered last, that was missed after it had gone there, or whose router died.',
      'Bitrix24 keeps a call for each user. The end of a call finishes that of one user, the last who was rung or who answered, and closes that card; other users who were rung close theirs themselves. `telephony.externalCall.hide` wants ids of users, and the router knows extensions.',
      'Events are sent at 30 a minute, so that Bitrix24 still answers questions. A card that waits, as after an outage, may open when its call has ended, and then stays open.',
      'A call that lasts longer than half an hour, or ends with a user whose phone did not ring, is registered again at its end.',
    ],
  },
  toDo: [
    'webhook.url: the address of your Bitrix24, and instead of the 1 the id of the user who owns the inbound webhook',
    'ESL_ROUTER_SECRET_BITRIX24: the code of the inbound webhook (scope: telephony), the last part of its address',
    MAP_TO_DO,
    COUNTRY_TO_DO,
  ],
  limits: [
    'If several match, the first is used: the one that Bitrix24 itself recommends.',
    'Bitrix24 takes 50 requests at once from one address, but no more than 2 a second in the long run (Enterprise 250 and 5); beyond that it answers 503, and the caller goes to `onError`. `webhook.cacheSeconds` helps.',
    'To check whether the user is at work, add `"when": { "result.0.ASSIGNED_BY.TIMEMAN_STATUS": ["OPENED"] }` in `webhook`; only where Bitrix24 keeps working time, else nobody is ever at work.',
    'Where users keep their inner number, `"responseName": "result.0.ASSIGNED_BY.USER_PHONE_INNER"` without `map` needs no list of ids; the number there is then rung as it is.',
  ],
};
