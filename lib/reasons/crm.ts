import { NOTHING, type About } from './about.ts';

/** The CRM said that there is nobody. */
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
    'The CRM found the customer, who has no owner or whose owner has no number.',
    'Give the owner a number in the CRM.',
  ],
  unmapped: [
    'the CRM named somebody whom webhook.map does not have',
    'A new employee, or one whose id has changed.',
    'Add the id to `webhook.map`.',
  ],
  missing_key: [
    'the reply does not hold the destination under the expected name',
    'The reply has another shape than `webhook.responseName` says.',
    'Run `esl-router try`: it lists what the reply holds. Correct `webhook.responseName`.',
  ],
  when_unmet: [
    'the reply does not hold what webhook.when asks for',
    'The owner is not at work, or another condition of `webhook.when` is not met.',
    'Nothing, or set what `onNoRoute` does with such calls. The detail names the value that was there.',
  ],
  reply_ends_chain: [
    'the reply holds nothing that the next question could ask about',
    'The contact has no owner, or the path in `{{reply.path}}` is wrong.',
    'Run `esl-router try`: it shows each reply. Correct the path in `webhook.then`.',
  ],
  nothing_to_ask: [
    'the call does not have what the scheme asks the CRM about',
    'The caller withholds his number, or a field of `webhook.require` is empty.',
    'Nothing, or set what `onNoRoute` does with such calls.',
  ],
} as const satisfies Record<string, About>;

/** The CRM could not be asked, or its reply could not be read: whoever runs it has to look. */
export const CRM = {
  dns_failed: [
    'the host name of the webhook could not be resolved',
    'A typing error in `webhook.url`, or a name server that does not answer.',
    'Run `getent hosts NAME` on the machine of the router.',
  ],
  address_denied: [
    "the webhook's address may not be asked",
    'The host name leads to an address that `network.deny` forbids.',
    'Correct the URL, or change `network.deny` if the CRM does live there.',
  ],
  connect_failed: [
    'no connection to the webhook',
    'The CRM is down, or a firewall is in between.',
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
    "407: put user and password into the proxy's URL. 403: have the host allowed. The proxy's log says more.",
  ],
  tls_failed: [
    'the TLS connection to the webhook failed',
    'The certificate has expired, is for another name, or its authority is not known.',
    'Run `esl-router try`, which shows why. Renew the certificate, or name its authority.',
  ],
  certificate_required: [
    'the CRM wants a client certificate',
    'The scheme has no client certificate to show.',
    'Get a certificate from whoever runs the CRM, and set `webhook.tls.cert` and `webhook.tls.key`.',
  ],
  certificate_refused: [
    'the CRM rejects the client certificate',
    'It has expired, was revoked, or the CRM does not know who signed it.',
    'Run `esl-router check`, which shows when it expires. Ask whoever runs the CRM which certificates it takes.',
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
    'The CRM or a proxy broke off: a restart, a crash, a limit.',
    "Look at the CRM's log for this time.",
  ],
  http_malformed: [
    'the reply is not valid HTTP',
    'Something else than a web server listens there.',
    'Check host and port of `webhook.url`.',
  ],
  reply_abusive: [
    'the reply takes more work than an answer needs and was cut off',
    'Thousands of headers, or a body that comes byte by byte.',
    'Ask whoever runs the CRM; an answer of some hundred bytes is enough.',
  ],
  token_refused: [
    "the token endpoint refused the router's credentials",
    'Client id, client secret or refresh token is wrong, or was used up by another program.',
    'Run `esl-router try`, which shows what the endpoint said. Authorize the integration again and set the secrets.',
  ],
  token_failed: [
    'the token endpoint gave no access token that can be used',
    'It answered with a page, an error of its own, or a token of another type.',
    'Check `webhook.auth.tokenUrl`, and run `esl-router try`, which shows its reply.',
  ],
  token_unreachable: [
    'the token endpoint could not be reached, or did not answer in time',
    'It is down, or its name, a proxy, a certificate or a firewall is in the way.',
    'Try `curl -v` with `webhook.auth.tokenUrl` from the machine of the router.',
  ],
  token_held: [
    'the token endpoint has failed, and is left alone for some seconds',
    'It failed or refused a moment ago; it is asked again within a minute.',
    'Look for the first token_refused, token_failed or token_unreachable in the log.',
  ],
  redirect_refused: [
    'the CRM redirected the question to where it may not be sent',
    'The URL has moved, often from http to https or to a login page.',
    'Put the final URL into `webhook.url`, or set `webhook.redirects`.',
  ],
  http_status: [
    'the CRM answered with a status outside 2xx',
    '401 and 403: credentials. 404: URL. 429: too many requests. 5xx: a fault in the CRM.',
    'The status is in the record. If 404 means "nobody" there, add it to `webhook.noRouteStatuses`.',
  ],
  body_too_large: [
    'the reply is larger than allowed',
    'The CRM sends whole objects, or a page.',
    'Have it send the destination alone, at most 64 KiB.',
  ],
  body_not_json: [
    'the reply is not JSON',
    'An error page with status 200, or plain text where `webhook.import` says `json`.',
    'Run `esl-router try` and look at the body; correct `webhook.import`.',
  ],
  body_not_text: [
    'the reply is HTML or too long for a destination',
    'A login or error page with status 200.',
    'Run `esl-router try` and look at the body.',
  ],
  crm_error: [
    "the CRM's reply says that it failed",
    'The field that `webhook.errorName` names holds something.',
    'Its text is in the record: mend it in the CRM.',
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
    'the webhook has failed again and again, and is left alone for some seconds',
    'The failures before it, which have their own reasons.',
    'Look for those. The router tries again by itself.',
  ],
  webhook_paused: [
    'the CRM has asked to be left alone for some seconds',
    'It answered 429 or 503 with `Retry-After`: its limit of requests is reached.',
    'Raise the limit in the CRM, or use `webhook.cacheSeconds`.',
  ],
  bulkhead_full: [
    'too many requests of this scheme wait for the CRM already',
    'The CRM is slower than calls come in.',
    "Look at the CRM's response times; the limits are those of the scheme's webhook.",
  ],
} as const satisfies Record<string, About>;
