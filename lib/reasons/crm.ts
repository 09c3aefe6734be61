import { NOTHING, type About } from './about.ts';

/** The CRM knows nobody for this caller. */
export const NOBODY = {
  no_content: ['the CRM answered 204 No Content', 'The CRM knows nobody for this caller.', NOTHING],
  empty_body: [
    'the CRM answered with an empty body',
    'The CRM knows nobody, or its script ended without writing anything.',
    "If somebody was expected, look at the CRM's own log for this time.",
  ],
  no_route_status: [
    'the CRM answered with a status that means "nobody" in this scheme',
    'The status is one of `webhook.noRouteStatuses`.',
    NOTHING,
  ],
  empty_value: [
    'the destination in the reply is empty or null',
    'The CRM found the customer, but there is no owner, or the owner has no number.',
    'Give the owner a number in the CRM.',
  ],
  unmapped: [
    'the CRM named somebody who is not in webhook.map',
    'A new employee, or an id that has changed.',
    'Add the id to `webhook.map`.',
  ],
  missing_key: [
    'the reply does not hold the destination under the expected name',
    'The reply does not have the form that `webhook.responseName` expects.',
    'Run `esl-router try`: it lists what the reply holds. Correct `webhook.responseName`.',
  ],
  when_unmet: [
    'the reply does not hold what webhook.when asks for',
    'The owner is not at work, or another condition of `webhook.when` is not met.',
    'Nothing, or set what `onNoRoute` does with such calls. The detail shows the value that was there.',
  ],
  reply_ends_chain: [
    'the reply holds nothing to ask the next question with',
    'The contact has no owner, or the path in `{{reply.path}}` is wrong.',
    'Run `esl-router try`: it shows each reply. Correct the path in `webhook.then`.',
  ],
  nothing_to_ask: [
    'the call lacks a value that the scheme needs to ask the CRM',
    'The caller withholds the number, or a macro of `webhook.require` is empty.',
    'Nothing, or set what `onNoRoute` does with such calls.',
  ],
} as const satisfies Record<string, About>;

/** The CRM could not be asked, or its reply could not be read: whoever runs it has to look. */
export const CRM = {
  dns_failed: [
    'the host name of the webhook could not be resolved',
    'A typo in `webhook.url`, or a DNS server that does not answer.',
    'Run `getent hosts NAME` on the machine of the router.',
  ],
  address_denied: [
    "the webhook's address is not allowed",
    'The host name leads to an address that `network.deny` forbids.',
    'Correct the URL, or change `network.deny` if the CRM really is there.',
  ],
  connect_failed: [
    'no connection to the webhook',
    'The CRM is down, or a firewall blocks the connection.',
    'Try `curl -v URL` from the machine of the router.',
  ],
  proxy_unreachable: [
    'no connection to the proxy',
    'The proxy is down, or its address is wrong.',
    'Look at `HTTPS_PROXY`, `http.proxy` or `webhook.proxy`, and at the proxy.',
  ],
  proxy_refused: [
    'the proxy did not let the question through',
    'The proxy wants other credentials (HTTP 407), or does not allow this host (HTTP 403).',
    "407: put user and password into the proxy's URL. 403: allow the host on the proxy. The proxy's log says more.",
  ],
  tls_failed: [
    'the TLS connection to the webhook failed',
    'The certificate has expired, is for another name, or was signed by an unknown CA.',
    'Run `esl-router try`, which shows why. Renew the certificate, or set its CA in `webhook.tls.ca`.',
  ],
  certificate_required: [
    'the CRM wants a client certificate',
    'The scheme has no client certificate to show.',
    'Get a certificate from the administrator of the CRM, and set `webhook.tls.cert` and `webhook.tls.key`.',
  ],
  certificate_refused: [
    'the CRM rejects the client certificate',
    'It has expired, was revoked, or the CRM does not know who signed it.',
    'Run `esl-router check`, which shows when it expires. Ask the administrator of the CRM which certificates it accepts.',
  ],
  webhook_timeout: [
    'the CRM did not answer within the time for the decision',
    'The CRM, or a proxy on the way to it, is slow or overloaded.',
    "Look at the CRM's response times. `webhook.timeoutSeconds` may be raised: the caller waits that long.",
  ],
  connection_gone: [
    'the CRM closed a kept-alive connection as the question went out over it',
    'The CRM, or a proxy in front of it, closes idle connections.',
    'Allow one retry: `webhook.retries`.',
  ],
  connection_lost: [
    'the connection to the CRM ended before the reply was whole',
    'The CRM or a proxy closed it: a restart, a crash, a limit.',
    "Look at the CRM's log for this time.",
  ],
  http_malformed: [
    'the reply is not valid HTTP',
    'Something other than a web server listens there.',
    'Check host and port of `webhook.url`.',
  ],
  reply_abusive: [
    'the reply is far more work than an answer should be, and was cut off',
    'Thousands of headers, or a body that comes byte by byte.',
    'Ask the administrator of the CRM; an answer of a few hundred bytes is enough.',
  ],
  token_refused: [
    "the token endpoint rejected the router's credentials",
    'Client id, client secret or refresh token is wrong, or was used up by another program.',
    'Run `esl-router try`, which shows what the endpoint said. Authorize the integration again and set the secrets.',
  ],
  token_failed: [
    'the token endpoint gave no access token that can be used',
    'It answered with a web page, an error, or a token of another type.',
    'Check `webhook.auth.tokenUrl`, and run `esl-router try`, which shows its reply.',
  ],
  token_unreachable: [
    'the token endpoint could not be reached, or did not answer in time',
    'It is down, or its name, a proxy, a certificate or a firewall is in the way.',
    'Try `curl -v` with `webhook.auth.tokenUrl` from the machine of the router.',
  ],
  token_held: [
    'the token endpoint has failed, and is not asked again yet',
    'It failed, or rejected the credentials, a moment ago; the router asks again by itself after about a minute at most.',
    'Look for the first token_refused, token_failed or token_unreachable in the log.',
  ],
  redirect_refused: [
    'the CRM redirected the question to where it may not be sent',
    'The URL has moved, often from http to https or to a login page.',
    'Put the final URL into `webhook.url`, or set `webhook.redirects`.',
  ],
  http_status: [
    'the CRM answered with a status outside 2xx',
    '401 and 403: credentials. 404: URL. 429: too many requests. 5xx: an error in the CRM.',
    '401, 403: set or renew `webhook.auth`. 3xx: put the final URL into `webhook.url`. 404: correct it; if 404 means "nobody" there, add it to `webhook.noRouteStatuses`. 5xx: look at the log of the CRM.',
  ],
  body_too_large: [
    'the reply is larger than allowed',
    'The CRM sends whole objects, or a page.',
    'Make it send only the destination, at most 64 KiB.',
  ],
  body_not_json: [
    'the reply is not JSON',
    'A login or error page with status 200, or plain text where `webhook.import` says `json`.',
    'Look at the body. A login page: set `webhook.auth`, or correct `webhook.url`. Plain text: correct `webhook.import`.',
  ],
  body_not_text: [
    'the reply is HTML or too long for a destination',
    'A login or error page with status 200.',
    'Run `esl-router try` and look at the body.',
  ],
  crm_error: [
    "the CRM's reply says that it failed",
    'The field that `webhook.errorName` names holds something.',
    'Its text is in the record: fix it in the CRM.',
  ],
  rpc_error: [
    'the JSON-RPC reply carries an error',
    'The method does not exist, or its parameters are wrong.',
    'Code and message are in the record. Check `webhook.rpcMethod` and the parameters.',
  ],
  rpc_invalid: [
    'the reply is not a JSON-RPC response to this question',
    'The CRM does not speak JSON-RPC 2.0 there, or answers with another `id`.',
    'Run `esl-router try` and compare; correct `webhook.import`.',
  ],
  reply_foreign: [
    'the reply does not repeat the id of this question',
    'A cache or a proxy has answered with the reply to another call.',
    'Switch caching off for this URL.',
  ],
  breaker_open: [
    'the webhook keeps failing, and is not asked for a few seconds',
    'Earlier failures, which have their own reasons.',
    'Look for those. The router tries again by itself.',
  ],
  webhook_paused: [
    'the CRM has asked the router to wait',
    'It answered 429 or 503 with `Retry-After`: its request limit is reached, or it is down for maintenance. The router waits a minute at most.',
    '429: raise the limit in the CRM, or use `webhook.cacheSeconds`. 503: look at the CRM.',
  ],
  bulkhead_full: [
    'too many requests of this scheme are already waiting for the CRM',
    'Calls come in faster than the CRM answers.',
    "Look at the CRM's response times; the limit is `webhook.maxInFlight`.",
  ],
} as const satisfies Record<string, About>;
