import type { Field } from './field.ts';

/** The fields of `webhook` in words. */
export const WEBHOOK_FIELDS = {
  crm: {
    label: 'Profile of a CRM',
    doc: 'Name of a profile (crms/NAME.json beside the schemes, or "crms" in the configuration): URL, authentication, headers, limits and whatever else schemes share for one CRM. webhook.url is then a path below the URL of the profile.',
    example: 'main',
  },
  url: {
    label: 'URL',
    doc: 'Where the question is sent: http or https, any port, an IP address allowed. Macros in path and query only.',
    example: 'https://crm.example.com/route',
  },
  method: {
    label: 'HTTP request method',
    doc: 'For submission "http". JSON and JSON-RPC are always sent by POST.',
    example: 'GET',
  },
  submission: {
    label: 'Data submission type',
    doc: 'How the parameters are sent: "http" as query or form, "json" as one object, "json-rpc" as the params of a call.',
    example: 'json',
  },
  import: {
    label: 'Data import type',
    doc: 'How the reply is read, whatever the submission is: "http" is plain text, the whole body is the destination.',
    example: 'json',
  },
  responseName: {
    label: 'Name in response for destination',
    doc: 'Key, dotted path or JSON Pointer of the destination in the reply, or a list of them: the first that holds something is used.',
    example: ['result.0.phone', '/result/user.phone'],
  },
  rpcMethod: {
    label: 'JSON-RPC method',
    doc: 'The method that is called. Required when submission is "json-rpc".',
    example: 'call.route',
  },
  timeoutSeconds: {
    label: 'Max time waiting for the response',
    doc: 'The budget of the whole decision: DNS, connection, TLS, reply, retries, hand-overs and the backup.',
    unit: 'seconds',
    example: 4,
  },
  parameters: {
    label: 'Webhook parameters',
    doc: 'What is sent: name -> text with macros. Without this and without a body the default question is sent (question.schema.json).',
    example: { phone: '{{caller_e164}}', line: '{{did}}' },
  },
  body: {
    label: 'Body',
    doc: 'Any JSON with macros in its strings, instead of parameters.',
    example: { filter: { phone: '{{caller_e164}}' }, limit: 1 },
  },
  parametersIn: {
    label: 'Where parameters go',
    doc: 'For submission "http": "auto" is the query for GET and DELETE, a form for POST and PUT.',
    example: 'query',
  },
  headers: {
    label: 'Headers',
    doc: 'HTTP headers of your own: name -> text with macros. Those that frame the message cannot be set.',
    example: { 'X-Tenant': '{{var.domain_name}}' },
  },
  auth: {
    label: 'Authentication',
    doc: 'How the router authenticates. Secrets are written as {{secret.NAME}} and are read from ESL_ROUTER_SECRET_NAME or its _FILE.',
    example: { type: 'bearer', token: '{{secret.CRM}}' },
  },
  map: {
    label: "The CRM's words",
    doc: "What the CRM's words mean here, compared as text: ids of owners -> extensions, numbers, logins or targets.",
    example: { '17': '201' },
  },
  unmapped: {
    label: 'A word that the map does not have',
    doc: '"nobody" goes on with onNoRoute, "refuse" with onError, "pass" reads the word as it is. Default when there is a map: "nobody".',
    example: 'nobody',
  },
  expect: {
    label: 'Kinds of destination',
    doc: 'Kinds of destination that the CRM may name; any other is refused. All kinds when left out.',
    example: ['extension'],
  },
  require: {
    label: 'Required values',
    doc: 'Macros that must not be empty: many CRMs find somebody when they search for an empty number. If one is empty the CRM is not asked, and the call goes on with onNoRoute.',
    example: ['caller_e164'],
  },
  errorName: {
    label: 'Name in response for an error',
    doc: 'Key or path as in responseName: when it holds something, the CRM has failed, whatever the status.',
    example: 'error',
  },
  rpcId: {
    label: 'JSON-RPC id',
    doc: 'Sent as text, or as an integer for servers that accept nothing else.',
    example: 'number',
  },
  echo: {
    label: 'Echo of the question',
    doc: 'Where the CRM repeats the webhook-id. A reply with another id, or without one, is an error.',
    example: { key: 'requestId' },
  },
  when: {
    label: 'Only when',
    doc: 'What the reply must hold, path -> value or values, compared as text. Otherwise the call goes on with onNoRoute, for example when the owner is not at work.',
    example: { 'result.0.ASSIGNED_BY.TIMEMAN_STATUS': ['OPENED', 'PAUSED'] },
  },
  noRouteStatuses: {
    label: 'Statuses that mean "nobody"',
    doc: 'HTTP statuses that mean that the CRM does not know the caller.',
    example: [404],
  },
  withheld: {
    label: 'Withheld caller',
    doc: 'Whether a withheld number is hidden from the CRM or sent.',
    example: 'hide',
  },
  redirects: {
    label: 'Redirects',
    doc: 'How many redirects are followed, each checked against the same rules. Google Apps Script needs 1.',
    example: 1,
  },
  tls: {
    label: 'TLS',
    doc: 'Certificates for https: which are trusted, and which one the router shows. Files are PEM, relative to the folder of the schemes. The certificate of the CRM is always verified.',
    example: { ca: '../crm-ca.pem', cert: '../router.pem', key: '../router.key' },
  },
  proxy: {
    label: 'Proxy',
    doc: 'Proxy for this CRM: "environment" (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), "none", or a URL whose user and password may be secrets. When left out http.proxy of the configuration is used.',
    example: 'http://router:{{secret.PROXY}}@proxy.example.com:3128',
  },
  retries: {
    label: 'Retries',
    doc: 'How many times a question is sent again when no connection was made, or a kept-alive one was gone; after a status only if retryStatuses lists it.',
    example: 1,
  },
  retryStatuses: {
    label: 'Statuses that are tried again',
    doc: '502, 503 or 504, if the CRM can answer the same question twice.',
    example: [503],
  },
  maxInFlight: {
    label: 'Requests at a time',
    doc: 'How many requests of this scheme may wait for the CRM at a time.',
    unit: 'requests',
    example: 50,
  },
  maxPerSecond: {
    label: 'Requests a second',
    doc: 'How many requests may begin within any second; null: no limit. Set it below the limit of your CRM.',
    unit: 'requests a second',
    example: 7,
  },
  cacheSeconds: {
    label: 'Cache',
    doc: 'How long the last answer to the same question is used without asking. 0: always ask.',
    unit: 'seconds',
    example: 60,
  },
  lastGoodSeconds: {
    label: 'Last good answer',
    doc: 'How old the last answer may be to be used when the CRM cannot answer. 0: never.',
    unit: 'seconds',
    example: 86_400,
  },
} as const satisfies Record<string, Field>;

/** Of a profile, where they are not those of `webhook`. */
export const CRM_FIELDS = {
  $schema: {
    label: 'JSON Schema',
    doc: 'For your editor: the path or URL of crm.schema.json. The router does not read it.',
    example: '../schema/crm.schema.json',
  },
  title: { label: 'Title', doc: 'Free text for people.', example: 'The CRM of the head office' },
  url: {
    label: 'Base URL',
    doc: 'The path in webhook.url of a scheme is added to it. No path of a scheme can lead away from it.',
    example: 'https://crm.example.com/api/v2',
  },
  timeoutSeconds: {
    label: 'Max time waiting for the response',
    doc: 'For schemes without their own. When a scheme gives the CRM less than half of this, its timeouts do not count against the CRM.',
    unit: 'seconds',
    example: 4,
  },
} as const satisfies Record<string, Field>;

export const THEN_FIELD = {
  then: {
    label: 'Further questions',
    doc: 'Up to 3 questions, each with {{reply.path}} of the previous reply; the last one names the destination. They share timeoutSeconds. An empty value ends in onNoRoute. A question to the same host uses the headers, authentication and limits of the previous one, unless it has its own.',
    example: [{ url: 'https://crm.example.com/owners/{{reply.owner}}', responseName: 'extension' }],
  },
} as const satisfies Record<string, Field>;

/** Those that mean something else where a CRM is told of a call. */
export const EVENT_WEBHOOK_FIELDS = {
  url: {
    label: 'URL',
    doc: 'Where the event is sent: http or https, any port, an IP address allowed. Macros in path and query only.',
    example: 'https://crm.example.com/calls',
  },
  import: {
    label: 'Data import type',
    doc: 'How the reply is read for errorName or a further request. Otherwise only the status counts: any 2xx counts as delivered.',
    example: 'json',
  },
  timeoutSeconds: {
    label: 'Max time waiting for the response',
    doc: 'For one try, further requests included.',
    unit: 'seconds',
    example: 10,
  },
  parameters: {
    label: 'Webhook parameters',
    doc: 'What is sent: name -> text with macros. Without this and without a body the default event is sent (event.schema.json).',
    example: { phone: '{{caller_e164}}', seconds: '{{talk_seconds}}' },
  },
  body: {
    label: 'Body',
    doc: 'Any JSON with macros in its strings, instead of parameters. {{seq}}, {{ring_seconds}}, {{talk_seconds}}, {{talk_ms}} and {{unix_time}} alone in a string are sent as numbers.',
    example: { number: '{{caller_e164}}', seconds: '{{talk_seconds}}' },
  },
  require: {
    label: 'Required',
    doc: 'Macros that must not be empty: without them the event is not sent.',
    example: ['caller_e164'],
  },
  errorName: {
    label: 'Name in response for an error',
    doc: 'Key or path: when it holds something the event counts as not delivered, whatever the status.',
    example: 'error',
  },
  maxInFlight: {
    label: 'Requests at a time',
    doc: 'To this entry, from this router.',
    unit: 'requests',
    example: 20,
  },
} as const satisfies Partial<Record<keyof typeof WEBHOOK_FIELDS, Field>>;

/** The further requests of one that tells. */
export const EVENT_THEN_FIELD = {
  then: {
    label: 'Further requests',
    doc: 'Up to 3 requests, each with {{reply.path}} of the previous reply. An empty value ends them, and the event counts as delivered.',
    example: [{ url: 'https://crm.example.com/contacts/{{reply.contact}}/calls' }],
  },
} as const satisfies Record<string, Field>;

/** The fields of `webhook.tls` in words. */
export const TLS_FIELDS = {
  cert: {
    label: 'Client certificate',
    doc: 'A PEM file: the certificate that the router shows to the CRM, and those that signed it. Needs key.',
    example: '../router.pem',
  },
  key: {
    label: 'Private key',
    doc: 'A PEM file: the private key of cert.',
    example: '../router.key',
  },
  ca: {
    label: 'CAs',
    doc: 'A PEM file: CAs that are trusted besides the usual ones.',
    example: '../crm-ca.pem',
  },
  passphrase: {
    label: 'Passphrase',
    doc: 'Opens the private key if it is encrypted. May be a secret.',
    example: '{{secret.CRM_KEY}}',
  },
  serverName: {
    label: 'Server name',
    doc: 'The name in the certificate of the CRM, if it is not the host of the URL.',
    example: 'crm.example.com',
  },
  minVersion: {
    label: 'Oldest TLS version',
    doc: 'The oldest TLS version that is allowed. "TLSv1.2" when this is left out.',
    example: 'TLSv1.3',
  },
} as const satisfies Record<string, Field>;
