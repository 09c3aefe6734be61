import type { Reason, RouterError } from '../errors.ts';
import type { HttpResponse } from '../http/message.ts';

/** What one try says about whom it was sent to. */
export type Verdict = 'works' | 'fails' | 'nothing';

/**
 * What a try teaches. The host is whether connections can be made at all: that is the same for everybody who asks there.
 * The account is how the CRM treats one asker: a tenant whose script is broken, or whose certificate is not trusted, says
 * nothing about the others.
 */
export interface Lesson {
  readonly host: Verdict;
  readonly account: Verdict;
}

/** What the try was given, and what befell it on our side. */
export interface Conditions {
  /** It had at least half of the time that its scheme would give the CRM. */
  readonly fair: boolean;
  /** This process was stalled: the reply may well have come in time. */
  readonly stalled: boolean;
}

const NOTHING: Lesson = { host: 'nothing', account: 'nothing' };
/** No connection was made; on a host that answers nobody gets one. */
const UNREACHED: ReadonlySet<Reason> = new Set(['dns_failed', 'connect_failed', 'proxy_unreachable']);
/** There was a connection, and no answer by it. */
const UNANSWERED: ReadonlySet<Reason> = new Set([
  // The proxy answered: it does not want this asker, or this host of his.
  'proxy_refused',
  'tls_failed',
  'certificate_required',
  'certificate_refused',
  'http_malformed',
  'body_too_large',
  'reply_abusive',
]);
/** Of this machine: it is out of descriptors, ports or memory, and no CRM is to blame. */
const OUR_WANT = /\b(EMFILE|ENFILE|EADDRNOTAVAIL|ENOBUFS|ENOMEM)\b/;

/** `paused`: the CRM asks to be left alone. A limit that was reached is a CRM that works; 4xx is its word on this one request. */
export function lessonOfReply({ status }: HttpResponse, paused: boolean): Lesson {
  return { host: 'works', account: status >= 500 && !paused ? 'fails' : 'works' };
}

export function lessonOfFailure({ code, message }: RouterError, { fair, stalled }: Conditions): Lesson {
  if (stalled) return NOTHING;
  if (UNREACHED.has(code)) {
    return OUR_WANT.test(message) ? NOTHING : { host: 'fails', account: 'nothing' };
  }
  if (UNANSWERED.has(code)) return { host: 'works', account: 'fails' };
  if (code === 'connection_lost') return { host: 'nothing', account: 'fails' };
  // A CRM may close an idle connection at any time: that is not an outage. It has answered before, though.
  // What came of a call that had spent its time elsewhere is not a measure of this CRM.
  if (code === 'webhook_timeout') return { host: 'nothing', account: fair ? 'fails' : 'nothing' };
  return NOTHING;
}
