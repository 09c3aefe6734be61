import type { Field } from './field.ts';

/** The fields of `webhook` in words. */
export const WEBHOOK_FIELDS = {
  crm: {
    label: 'Profile of a CRM',
    doc: 'Name of a profile (crms/NAME.json beside the schemes, or "crms" in the configuration): URL, authentication, headers, limits and what else many schemes share of one CRM. webhook.url is then a path behind the URL of the profile.',
    example: 'main',
  },
  url: {
    label: 'URL',
    doc: 'Where the CRM is asked: http or https, any port, an IP address allowed. Macros in path and query only.',
    example: 'https://crm.example.com/route',
  },
  method: {
    label: 'HTTP request method',
    doc: 'For submission "http". JSON and JSON-RPC always go by POST.',
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
    doc: 'Key, dotted path or JSON Pointer of the destination in the reply, or a list of them: the first that holds something counts.',
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
    doc: 'Any JSON with macros in its texts, instead of parameters.',
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
    doc: 'How the router proves who it is. Secrets are written as {{secret.NAME}} and are read from ESL_ROUTER_SECRET_NAME or its _FILE.',
    example: { type: 'bearer', token: '{{secret.CRM}}' },
  },
  map: {
    label: "The CRM's words",
    doc: "What the CRM's words mean here, compared as text: ids of owners -> extensions, numbers, logins or targets.",
    example: { '17': '201' },
  },
  unmapped: {
    label: 'A word that the map does not have',
    doc: '"nobody" goes on with onNoRoute, "refuse" with onError, "pass" reads the word as it is. "nobody" when there is a map.',
    example: 'nobody',
  },
  expect: {
    label: 'Kinds of destination',
    doc: 'What the CRM may name; what is read as another kind is refused. All kinds when this is left out.',
    example: ['extension'],
  },
  require: {
    label: 'Values without which nobody is asked',
    doc: 'Macros that have to hold something: a search for an empty number finds somebody in many CRMs. Where one is empty the call goes on with onNoRoute, unasked.',
    example: ['caller_e164'],
  },
  errorName: {
    label: 'Name in response for an error',
    doc: 'Key or path as in responseName: when it holds something, the CRM says that it failed, whatever the status is.',
    example: 'error',
  },
  rpcId: {
    label: 'JSON-RPC id',
    doc: 'Sent as text, or as an integer for servers that take nothing else.',
    example: 'number',
  },
  echo: {
    label: 'Echo of the question',
    doc: 'Where the CRM repeats the webhook-id. A reply that repeats another one, or none, rings nobody.',
    example: { key: 'requestId' },
  },
  when: {
    label: 'Only when',
    doc: 'What the reply has to hold, path -> value or values, compared as text. Where it holds something else the call goes on with onNoRoute: an owner who is not at work.',
    example: { 'result.0.ASSIGNED_BY.TIMEMAN_STATUS': ['OPENED', 'PAUSED'] },
  },
  noRouteStatuses: {
    label: 'Statuses that mean "nobody"',
    doc: 'HTTP statuses by which the CRM says that it does not know the caller.',
    example: [404],
  },
  withheld: {
    label: 'Withheld caller',
    doc: 'Whether the number of a caller who withholds it is hidden from the CRM or sent.',
    example: 'hide',
  },
  redirects: {
    label: 'Redirects',
    doc: 'How many redirects are followed, each held against the same rules. Google Apps Script needs 1.',
    example: 1,
  },
  tls: {
    label: 'TLS',
    doc: 'Certificates for https: which are trusted, and which one shows the CRM who asks. Files are PEM, relative to the folder of the schemes. The certificate of the CRM is always verified.',
    example: { ca: '../crm-ca.pem', cert: '../router.pem', key: '../router.key' },
  },
  proxy: {
    label: 'Proxy',
    doc: 'What the CRM is asked through: "environment" (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), "none", or a URL whose user and password may be secrets. Without it http.proxy of the configuration counts.',
    example: 'http://router:{{secret.PROXY}}@proxy.example.com:3128',
  },
  retries: {
    label: 'Retries',
    doc: 'Further tries where no connection was made, or a kept one was gone; after a status only as retryStatuses says.',
    example: 1,
  },
  retryStatuses: {
    label: 'Statuses that are tried again',
    doc: '502, 503 or 504, where the CRM can take the same question twice.',
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
    doc: 'How old an answer may be that is used when the CRM cannot give one. 0: none is kept.',
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
    doc: 'What stands in front of the path that a scheme has in webhook.url. No path of a scheme leads away from it.',
    example: 'https://crm.example.com/api/v2',
  },
  timeoutSeconds: {
    label: 'Max time waiting for the response',
    doc: 'For schemes without their own. A scheme that gives the CRM less than half of it says nothing about the CRM when the time is up.',
    unit: 'seconds',
    example: 4,
  },
} as const satisfies Record<string, Field>;

export const THEN_FIELD = {
  then: {
    label: 'Further questions',
    doc: 'Up to 3 questions, each with {{reply.path}} of the reply before it; the last one names the destination. All have timeoutSeconds together. A value that is empty ends in onNoRoute. A question to the same host has the headers, authentication and limits of the one before, unless it has its own.',
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
    doc: 'How the reply is read where errorName or a further request needs it. Else the status says all: any 2xx is delivered.',
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
    doc: 'Any JSON with macros in its texts, instead of parameters. {{seq}}, {{ring_seconds}}, {{talk_seconds}}, {{talk_ms}} and {{unix_time}} alone in a text go as numbers.',
    example: { number: '{{caller_e164}}', seconds: '{{talk_seconds}}' },
  },
  require: {
    label: 'Required',
    doc: 'Macros that must not be empty: without them the event is not sent.',
    example: ['caller_e164'],
  },
  errorName: {
    label: 'Name in response for an error',
    doc: 'Key or path: when it holds something the event is not delivered, whatever the status.',
    example: 'error',
  },
  maxInFlight: {
    label: 'Requests at a time',
    doc: 'To this entry, by this router.',
    unit: 'requests',
    example: 20,
  },
} as const satisfies Partial<Record<keyof typeof WEBHOOK_FIELDS, Field>>;

/** The further requests of one that tells. */
export const EVENT_THEN_FIELD = {
  then: {
    label: 'Further requests',
    doc: 'Up to 3 requests, each with {{reply.path}} of the reply before it. A value that is empty ends them, and the event counts as delivered.',
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
    label: 'Authorities',
    doc: 'A PEM file: authorities that are trusted beside the usual ones.',
    example: '../crm-ca.pem',
  },
  passphrase: {
    label: 'Passphrase',
    doc: 'Opens the private key, where it is encrypted. It may be a secret.',
    example: '{{secret.CRM_KEY}}',
  },
  serverName: {
    label: 'Server name',
    doc: 'The name in the certificate of the CRM, where it is not the host of the URL.',
    example: 'crm.example.com',
  },
  minVersion: {
    label: 'Oldest TLS version',
    doc: 'The oldest TLS version that is allowed. "TLSv1.2" when this is left out.',
    example: 'TLSv1.3',
  },
} as const satisfies Record<string, Field>;
