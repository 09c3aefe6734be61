import { API_SETTINGS } from './api-settings.ts';
import { MONITORING_SETTINGS } from './monitoring-settings.ts';
import {
  dialplanContext,
  dialTemplate,
  flag,
  format,
  integer,
  isDigits,
  isGateway,
  isHost,
  isLimit,
  isName,
  isNetwork,
  isSource,
  json,
  leaves,
  list,
  number,
  oneOf,
  ports,
  setting,
  text,
  variableOrNone,
} from './setting.ts';
import { STORE_SETTINGS } from './store-settings.ts';

/**
 * Every setting: name, default, environment variable, what it takes and what it is for. README's table,
 * `conf/esl-router.json` and `esl-router config` are made from this one place.
 */

export interface Setting {
  /** Dotted name, as in the configuration file. */
  readonly name: string;
  readonly env: string;
  readonly doc: string;
  /** What it takes, in words. */
  readonly format: string;
  readonly default: unknown;
}

/** The settings as a tree of the shape of `Config`, as convict takes it. */
export const SCHEMA = {
  listen: {
    host: setting(
      'LISTEN_HOST',
      '127.0.0.1',
      format('a host name or IP address', (v) => typeof v === 'string' && isHost(v)),
      'Address that FreeSWITCH connects to.',
    ),
    port: setting(
      'LISTEN_PORT',
      8084,
      integer(0, 65535),
      'Port that FreeSWITCH connects to; 0 lets the system choose.',
    ),
    allow: setting(
      'ALLOW',
      ['127.0.0.0/8', '::1/128'],
      list('IP addresses or networks (10.0.0.0/8)', isNetwork),
      'FreeSWITCH hosts that may connect. Calls from any other host are given back, with a warning.',
    ),
    maxCalls: setting(
      'MAX_CALLS',
      4000,
      integer(1, 100_000),
      'Most calls at a time; any more are given back to the dialplan at once.',
    ),
  },
  overload: {
    lagMs: setting(
      'OVERLOAD_LAG',
      200,
      integer(20, 10_000),
      'Event-loop lag in milliseconds from which calls are given back, until it has halved.',
    ),
    queueMs: setting(
      'OVERLOAD_QUEUE',
      300,
      integer(20, 10_000),
      'Milliseconds that connections may wait to be accepted before the port closes for a while, so that FreeSWITCH tries its next host.',
    ),
  },
  ...MONITORING_SETTINGS,
  gateway: setting(
    'GATEWAY',
    [],
    list('gateway names', isName),
    'Gateways for phone numbers, tried in order.',
  ),
  gateways: setting(
    'GATEWAYS',
    {},
    json('gateway settings', (v) =>
      Object.entries(v).every(([name, value]) => isName(name) && isGateway(value)),
    ),
    'Caller ID by gateway: {"crm": {"callerId": "caller" | "did" | number, "diversion": false, "identity": "pid" | "rpid" | "none", "sendName": false}}.',
  ),
  domain: setting(
    'DOMAIN',
    '',
    format('a domain, or var:NAME', (v) => typeof v === 'string' && (v === '' || isHost(v) || isSource(v))),
    'SIP domain of logins and extensions: fixed, or var:domain_name to read it from the call.',
  ),
  domains: setting(
    'DOMAINS',
    [],
    list('domains', isHost),
    'Domains and contexts that are accepted when they are read from the call; any other is refused.',
  ),
  sipHosts: setting(
    'SIP_HOSTS',
    [],
    list('hosts, with a port where needed', (v) => isHost(v.replace(/:\d{1,5}$/, ''))),
    'Hosts that a CRM may name in sip:user@host. Empty: such destinations are refused.',
  ),
  extensionContext: setting(
    'EXTENSION_CONTEXT',
    'default',
    dialplanContext,
    'Dialplan context for extensions of schemes with "extensions": "dialplan": fixed, or var:domain_name where each domain has a context of its name.',
  ),
  didFrom: setting(
    'DID_FROM',
    ['var:esl_router_did', 'destination_number'],
    list('var:NAME or destination_number', isSource),
    'Where the called number is read from: the first that is set. FusionPBX: var:caller_destination,var:sip_req_user.',
  ),
  bypass: {
    called: setting(
      'BYPASS_CALLED',
      ['112', '911', '999', '000'],
      list('numbers', isDigits),
      'Emergency numbers: calls to them go straight back to the dialplan, and a CRM cannot have one dialled.',
    ),
  },
  numbers: {
    allow: setting(
      'NUMBERS_ALLOW',
      [],
      list('prefixes in digits', isDigits),
      'Prefixes of numbers that may be dialled; the longest match of allow and deny wins. Empty: all that is not denied.',
    ),
    deny: setting(
      'NUMBERS_DENY',
      [],
      list('prefixes in digits', isDigits),
      'Prefixes of numbers that are never dialled.',
    ),
    premium: setting('NUMBERS_PREMIUM', false, flag, 'Whether premium-rate numbers may be dialled.'),
    satellite: setting(
      'NUMBERS_SATELLITE',
      false,
      flag,
      'Whether satellite telephones and other networks of no country (+870, +881, +882, +883) may be dialled.',
    ),
    limits: setting(
      'NUMBERS_LIMITS',
      {},
      json('limits by prefix', (v) =>
        Object.entries(v).every(([prefix, limit]) => isDigits(prefix) && isLimit(limit)),
      ),
      'Limits of this router by prefix; all that match count: {"380": {"calls": 10, "callsPerMinute": 60}}.',
    ),
  },
  maxDurationSeconds: setting(
    'MAX_DURATION',
    0,
    format(
      '0, or a whole number from 10 to 86400',
      (v) => v === 0 || (Number.isInteger(v) && Number(v) >= 10 && Number(v) <= 86_400),
      (text) => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : text),
    ),
    'Seconds after the answer at which a call is hung up, in every scheme; 0: never.',
  ),
  maxHops: setting(
    'MAX_HOPS',
    5,
    integer(1, 50),
    'How many routers may have dialled a call before it comes here; beyond that it is given back without asking the CRM.',
  ),
  dial: {
    number: setting(
      'DIAL_NUMBER',
      'sofia/gateway/{gateway}/{number}',
      dialTemplate('{gateway}', '{number}'),
      'Dial string of a phone number.',
    ),
    user: setting(
      'DIAL_USER',
      'user/{user}@{domain}',
      dialTemplate('{user}', '{domain}'),
      'Dial string of a SIP login or extension.',
    ),
    uri: setting(
      'DIAL_URI',
      'sofia/external/sip:{user}@{host}',
      dialTemplate('{user}', '{host}'),
      'Dial string of sip:user@host.',
    ),
  },
  defaultScheme: setting('DEFAULT_SCHEME', '', text, 'Scheme for calls that no other scheme matches.'),
  schemes: {
    dir: setting(
      'SCHEMES_DIR',
      'conf/schemes',
      text,
      'Folder of the schemes, one JSON file each. If not set: schemes/ beside the configuration file.',
    ),
    watch: setting(
      'SCHEMES_WATCH',
      true,
      flag,
      'Reload schemes when their files change (SIGHUP always does).',
    ),
  },
  network: {
    deny: setting(
      'NETWORK_DENY',
      [],
      list('IP addresses or networks (10.0.0.0/8)', isNetwork),
      'More addresses that no webhook or redirect may lead to, whatever the host name. Always denied: link-local addresses, cloud metadata (169.254.169.254 and the like), "this host" (0.0.0.0/8), multicast.',
    ),
    allow: setting(
      'NETWORK_ALLOW',
      [],
      list('IP addresses or networks (10.0.0.0/8)', isNetwork),
      'Exceptions to what is denied; the longest match wins, network.deny if both are equal. Cloud metadata can only be allowed by its exact address.',
    ),
    private: setting(
      'NETWORK_PRIVATE',
      true,
      flag,
      'Webhooks may be on loopback and in private networks (RFC 1918, 100.64.0.0/10, fc00::/7). A redirect never leads there from a public address.',
    ),
    switchPorts: setting(
      'NETWORK_SWITCH_PORTS',
      [8021],
      ports,
      "Ports of FreeSWITCH's own event socket: no webhook or redirect may lead to one, on any host.",
    ),
  },
  http: {
    proxy: setting(
      'HTTP_PROXY',
      'environment',
      format('environment, none, or the URL of a proxy', (v) => typeof v === 'string' && v !== ''),
      'Proxy for webhooks, unless a scheme has its own: environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), none, or http://user:{{secret.NAME}}@proxy.example.com:3128. Requests to this machine never use a proxy.',
    ),
  },
  secrets: {
    hosts: setting(
      'SECRETS_HOSTS',
      {},
      json('lists of hosts', (v) =>
        Object.values(v).every(
          (hosts) => Array.isArray(hosts) && hosts.every((host) => typeof host === 'string' && isHost(host)),
        ),
      ),
      'Hosts that a secret may be sent to: {"CRM_TOKEN": ["crm.example.com"]}. A secret that is not listed may be sent to any host.',
    ),
  },
  crms: setting(
    'CRMS',
    {},
    json('profiles of CRMs by name', (v) =>
      Object.values(v).every((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
    ),
    'Profiles of CRMs, which schemes name by webhook.crm: {"main": {"url": "https://crm.example.com", "auth": {"type": "bearer", "token": "{{secret.CRM}}"}}}; or one file each in crms/ beside the schemes.',
  ),
  webhook: {
    url: setting(
      'WEBHOOK_URL',
      '',
      text,
      'URL of the default scheme. Together with the other webhook settings it makes a scheme without a file.',
    ),
    method: setting('WEBHOOK_METHOD', '', text, 'GET, POST, PUT or DELETE.'),
    submission: setting('WEBHOOK_SUBMISSION', '', text, 'http, json or json-rpc.'),
    import: setting('WEBHOOK_IMPORT', '', text, 'http, json or json-rpc.'),
    responseName: setting(
      'WEBHOOK_RESPONSE_NAME',
      [],
      list('names', () => true),
      'Key of the destination in the reply, or several: the first that holds something is used.',
    ),
    rpcMethod: setting('WEBHOOK_RPC_METHOD', '', text, 'JSON-RPC method.'),
    parameters: setting(
      'WEBHOOK_PARAMETERS',
      {},
      json('strings', (v) => Object.values(v).every((value) => typeof value === 'string')),
      'Parameters as a JSON object: {"phone": "{{caller}}"}.',
    ),
    headers: setting(
      'WEBHOOK_HEADERS',
      {},
      json('strings', (v) => Object.values(v).every((value) => typeof value === 'string')),
      'Headers of the default scheme as a JSON object: {"X-Key": "{{secret.KEY}}"}.',
    ),
    auth: setting(
      'WEBHOOK_AUTH',
      {},
      json('webhook.auth', () => true),
      'Authentication of the default scheme as JSON: {"type": "bearer", "token": "{{secret.TOKEN}}"}.',
    ),
    timeout: setting('WEBHOOK_TIMEOUT', 4, number(0.1, 30), 'Seconds for the whole decision.'),
  },
  forwardingTimeout: setting(
    'FORWARDING_TIMEOUT',
    30,
    integer(2, 300),
    'Seconds that the destination rings, in the default scheme.',
  ),
  esl: {
    headerBytes: setting(
      'ESL_HEADER_BYTES',
      65_536,
      integer(8192, 16_777_216),
      'Largest header block accepted from FreeSWITCH, bytes.',
    ),
    bodyBytes: setting(
      'ESL_BODY_BYTES',
      1_048_576,
      integer(65_536, 67_108_864),
      'Largest body, and largest reply to connect, accepted from FreeSWITCH, bytes.',
    ),
    replyTimeoutSeconds: setting(
      'ESL_REPLY_TIMEOUT',
      5,
      number(0.1, 60),
      'Seconds that FreeSWITCH may take to answer a command.',
    ),
    heartbeatSeconds: setting(
      'ESL_HEARTBEAT',
      60,
      number(0.1, 3600),
      'Seconds between the commands that show whether a bridged call is still there.',
    ),
    lingerSeconds: setting(
      'ESL_LINGER',
      10,
      integer(1, 60),
      'Seconds that FreeSWITCH keeps the socket open after the call, for its last events.',
    ),
  },
  store: STORE_SETTINGS,
  api: API_SETTINGS,
  events: {
    recording: setting(
      'EVENTS_RECORDING',
      '',
      variableOrNone,
      'Channel variable that holds the recording of a call: {{recording}} in events. Read when the call has ended.',
    ),
  },
  tenants: setting(
    'TENANTS',
    'one',
    oneOf('one', 'domain'),
    'How records are separated: one tenant for all, or one for each domain (domain_name of the call).',
  ),
  log: {
    level: setting(
      'LOG_LEVEL',
      'info',
      oneOf('error', 'warn', 'info', 'debug'),
      'Lowest level that is logged.',
    ),
    format: setting(
      'LOG_FORMAT',
      'pretty',
      oneOf('json', 'pretty'),
      'One JSON object per line, or lines for people.',
    ),
    maskNumbers: setting(
      'LOG_MASK_NUMBERS',
      false,
      flag,
      'Telephone numbers appear in the log as *****33; ids and times stay.',
    ),
  },
};

export const SETTINGS: readonly Setting[] = leaves(SCHEMA).map(([name, leaf]) => ({
  name,
  env: leaf.env,
  doc: leaf.doc,
  format: leaf.format,
  default: leaf.default,
}));
