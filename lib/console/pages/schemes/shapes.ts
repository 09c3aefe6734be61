import type { SchemeDocument } from './document.ts';

/** What a new scheme may begin as beside the presets: a CRM or a script of one's own. None needs a secret, so each can be tried at once. */

const COMMON = { forwardingTimeoutSeconds: 25 };
const PARAMETERS = { phone: '{{caller}}', line: '{{did}}', call: '{{uuid}}' };

export const OWN = ['json', 'text', 'rpc'] as const;
type OwnShape = (typeof OWN)[number];

/** Without a name. */
export const OWN_SHAPES: Readonly<Record<OwnShape, SchemeDocument>> = {
  json: {
    ...COMMON,
    webhook: { url: '', parameters: PARAMETERS, responseName: 'destination', timeoutSeconds: 4 },
  },
  text: {
    ...COMMON,
    webhook: {
      ...{ url: '', method: 'GET', submission: 'http', import: 'http' },
      ...{ parameters: PARAMETERS, timeoutSeconds: 4 },
    },
  },
  rpc: {
    ...COMMON,
    webhook: {
      ...{ url: '', submission: 'json-rpc', import: 'json-rpc', rpcMethod: 'call.route' },
      ...{ parameters: PARAMETERS, responseName: 'destination', timeoutSeconds: 4 },
    },
  },
};

export function isOwnShape(name: string): name is OwnShape {
  return OWN.some((one) => one === name);
}

/** Presets for a CRM of one's own that wants credentials: the same ways to ask, which would else stand twice among the choices. */
export const SECURED = ['generic-json', 'http-query', 'json-rpc'] as const;

export function isSecured(name: string): name is (typeof SECURED)[number] {
  return SECURED.some((one) => one === name);
}
