import { COMMON, type Preset } from './preset.ts';

/** docs/crm.md, as it is there. */
export const genericJson: Preset = {
  what: 'your own CRM, answering as docs/crm.md says: a signed JSON question, {"destination": "201"} back',
  scheme: {
    title: 'Asks our own CRM: a signed JSON question, {"destination": "201"} back',
    webhook: {
      url: 'https://crm.example.com/route',
      auth: { type: 'hmac', secret: '{{secret.CRM}}' },
      errorName: 'error',
      noRouteStatuses: [404],
      expect: ['extension'],
    },
    ...COMMON,
    numbering: { extensionDigits: [3, 4] },
  },
  events: {
    what: 'each event as in docs/events.md, signed like the question',
    entries: [
      {
        on: ['ringing', 'answered', 'moved', 'ended'],
        webhook: {
          url: 'https://crm.example.com/calls',
          auth: { type: 'hmac', secret: '{{secret.CRM}}' },
        },
      },
    ],
    toDo: ['events.0.webhook.url: where your CRM receives events'],
    limits: ['An event may come twice: keep each `event_id` that you have seen.'],
  },
  toDo: [
    'webhook.url: where your CRM answers',
    'ESL_ROUTER_SECRET_CRM: the secret that signs the questions, "whsec_" and base64; the CRM has the same',
    'numbering.extensionDigits: how long your extensions are',
    'webhook.expect: add "number" if the CRM also answers with telephone numbers',
  ],
  limits: [
    'The CRM answers with extensions itself. If it answers with ids of owners, add `webhook.map`: an id of 3 or 4 digits is read as an extension otherwise.',
  ],
};
