import { join } from 'node:path';
import type { SchemeDocument } from '../scheme/scheme.ts';
import { CONFIGURATION_FILE, SCHEMES_FOLDER } from './configuration.ts';

/** What a new installation begins with. `init` writes it, and so does the Debian package. */

export interface StarterFile {
  /** Within the folder of the configuration. */
  readonly path: string;
  readonly kind: 'configuration' | 'scheme' | 'environment';
  readonly text: string;
  readonly mode: number;
  /** What a person has to fill in. */
  readonly open: readonly string[];
  /** Options that are in it. */
  readonly filled: readonly string[];
}

/** What people may already know. */
export interface StarterOptions {
  readonly url?: string;
  readonly gateway?: string;
  readonly domain?: string;
}

/** No such CRM exists: RFC 2606. `check` notes it as long as it is not replaced. */
const EXAMPLE_URL = 'https://crm.example.com/route';
const SCHEME = 'main';
/** Read by the systemd units at every start. */
export const ENVIRONMENT_FILE = 'environment';

export function starterFiles({ url, gateway, domain }: StarterOptions): StarterFile[] {
  const configuration = {
    listen: { host: '127.0.0.1', port: 8084, allow: ['127.0.0.0/8', '::1/128'] },
    gateway: gateway === undefined ? [] : [gateway],
    domain: domain ?? '',
    defaultScheme: SCHEME,
  };
  const scheme: SchemeDocument = {
    name: SCHEME,
    title: 'Every call that no other scheme takes',
    webhook: {
      url: url ?? EXAMPLE_URL,
      method: 'POST',
      submission: 'json',
      import: 'json',
      parameters: { phone: '{{caller}}', line: '{{did}}', call: '{{uuid}}' },
      responseName: 'destination',
      timeoutSeconds: 4,
    },
    forwardingTimeoutSeconds: 25,
    fallback: {
      onNoRoute: [{ dialplan: true }],
      onError: [{ dialplan: true }],
      onNoAnswer: [{ dialplan: true }],
    },
  };
  const given = (value: string | undefined, option: string): string[] =>
    value === undefined ? [] : [option];
  return [
    {
      path: CONFIGURATION_FILE,
      kind: 'configuration',
      text: json(configuration),
      mode: 0o644,
      open: [
        ...(gateway === undefined ? ['"gateway" is the gateway of FreeSWITCH for phone numbers'] : []),
        ...(domain === undefined ? ['"domain" is the domain of your SIP users'] : []),
      ],
      filled: [...given(gateway, '--gateway'), ...given(domain, '--domain')],
    },
    {
      path: join(SCHEMES_FOLDER, `${SCHEME}.json`),
      kind: 'scheme',
      text: json(scheme),
      mode: 0o644,
      open: [
        ...(url === undefined ? ['"url" is the URL of your CRM'] : []),
        '"responseName" is the key of its answer that says where the call goes',
      ],
      filled: given(url, '--url'),
    },
    {
      path: ENVIRONMENT_FILE,
      kind: 'environment',
      text: ENVIRONMENT,
      mode: 0o640,
      open: ['secrets and other settings, as variables'],
      filled: [],
    },
  ];
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

const ENVIRONMENT = `# Settings and secrets of esl-router, one NAME=value per line, read by systemd at every start.
# "esl-router config" lists every setting with its variable; one that is set here wins over esl-router.json.

# A secret that a scheme names as {{secret.CRM_TOKEN}}:
#ESL_ROUTER_SECRET_CRM_TOKEN=

#ESL_ROUTER_HEALTH_PORT=8094
#ESL_ROUTER_LOG_FORMAT=json
`;
