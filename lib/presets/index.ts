import { bitrix24 } from './bitrix24.ts';
import { genericJson } from './generic-json.ts';
import { googleSheet } from './google-sheet.ts';
import { httpQuery } from './http-query.ts';
import { hubspot } from './hubspot.ts';
import { jsonRpc } from './json-rpc.ts';
import { kommo } from './kommo.ts';
import { odoo } from './odoo.ts';
import type { Preset } from './preset.ts';
import { salesforce } from './salesforce.ts';
import { zoho } from './zoho.ts';

export type { Preset } from './preset.ts';

/** Every preset by the name that `esl-router new --preset` takes. A new one is a line here. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  'generic-json': genericJson,
  'http-query': httpQuery,
  'json-rpc': jsonRpc,
  bitrix24,
  hubspot,
  kommo,
  zoho,
  salesforce,
  odoo,
  'google-sheet': googleSheet,
};
