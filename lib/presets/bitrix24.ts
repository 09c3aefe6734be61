import { COMMON, COUNTRY_TO_DO, MAP, MAP_TO_DO, type Preset } from './preset.ts';

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
  toDo: [
    'webhook.url: the address of your Bitrix24, and in place of the 1 the id of the user whom the inbound webhook belongs to',
    'ESL_ROUTER_SECRET_BITRIX24: the code of the inbound webhook (scope: telephony), the last part of its address',
    MAP_TO_DO,
    COUNTRY_TO_DO,
  ],
  limits: [
    'Of several matches the first counts, which is the one that Bitrix24 itself recommends.',
    'About 2 requests a second for one webhook; over it Bitrix24 answers 503, and the caller goes to `onError`. `webhook.cacheSeconds` helps.',
    'Whether he is at work is looked at with `"when": { "result.0.ASSIGNED_BY.TIMEMAN_STATUS": ["OPENED"] }` in `webhook`; only where Bitrix24 keeps working time, else nobody is ever at work.',
    'Where users keep their inner number, `"responseName": "result.0.ASSIGNED_BY.USER_PHONE_INNER"` without `map` needs no list of ids; what stands there is then rung as it is.',
  ],
};
