import { COMMON, COUNTRY_TO_DO, type Preset } from './preset.ts';

export const jsonRpc: Preset = {
  what: 'a server that speaks JSON-RPC 2.0 and answers with {"result": {"destination": "201"}}',
  scheme: {
    title: 'Asks a JSON-RPC 2.0 server',
    webhook: {
      url: 'https://crm.example.com/rpc',
      submission: 'json-rpc',
      import: 'json-rpc',
      rpcMethod: 'call.route',
      parameters: { phone: '{{caller_e164}}', line: '{{did}}' },
      require: ['caller_e164'],
      auth: { type: 'bearer', token: '{{secret.CRM}}' },
      expect: ['extension'],
    },
    ...COMMON,
    numbering: { extensionDigits: [3, 4] },
  },
  toDo: [
    'webhook.url: where your server answers',
    'webhook.rpcMethod: the method that finds the owner of a number',
    'ESL_ROUTER_SECRET_CRM: the token of your server; or take webhook.auth out',
    'numbering.extensionDigits: how long your extensions are',
    COUNTRY_TO_DO,
  ],
  limits: [
    'The server answers with extensions itself. If it answers with ids, add `webhook.map`.',
    'A server that accepts only integers as ids needs `"rpcId": "number"`.',
  ],
};
