import { COMMON, COUNTRY_TO_DO, MAP, MAP_TO_DO, type Preset } from './preset.ts';

/** https://www.odoo.com/documentation/18.0/developer/reference/external_api.html */
export const odoo: Preset = {
  what: "Odoo: the partner's salesperson, by JSON-RPC",
  scheme: {
    title: 'Odoo: rings the salesperson of the caller',
    webhook: {
      url: 'https://your-company.odoo.com/jsonrpc',
      submission: 'json-rpc',
      import: 'json-rpc',
      rpcMethod: 'call',
      body: {
        service: 'object',
        method: 'execute_kw',
        args: [
          'your-database',
          2,
          '{{secret.ODOO}}',
          'res.partner',
          'search_read',
          [
            [
              ['phone_sanitized', '=', '{{caller_e164}}'],
              ['user_id', '!=', false],
            ],
          ],
          { fields: ['user_id'], limit: 1 },
        ],
      },
      // Odoo finds partners without any number by an empty one.
      require: ['caller_e164'],
      responseName: '0.user_id.0',
      map: MAP,
      expect: ['extension'],
    },
    ...COMMON,
  },
  toDo: [
    'webhook.url: the address of your Odoo, with /jsonrpc after it',
    'webhook.body.args: the name of your database, and instead of the 2 the id of the user who owns the key',
    'ESL_ROUTER_SECRET_ODOO: an API key of that user',
    MAP_TO_DO,
    COUNTRY_TO_DO,
  ],
  limits: [
    '`phone_sanitized` (E.164) exists if the module SMS, or another that maintains it, is installed; otherwise Odoo answers with an error, which `try` shows. It holds one number of a partner.',
    'A partner without a salesperson is nobody, and so is a contact without one whose company has one: only the contact itself counts.',
    'Odoo is about to replace /jsonrpc with its JSON-2 API.',
  ],
};
