import { failsBeforeInvite, phraseOf } from './cause.ts';
import { Callee, type Signal } from './callee.ts';
import { readEndpoint, type DialLeg } from './dialstring.ts';
import { BLeg } from './b-leg.ts';
import type { Leg } from './leg.ts';
import { bytesOf, textOf, type Bytes } from './message.ts';
import type { CalleeBehaviour, DialledLeg } from './types.ts';

export type OriginateEnd =
  | { readonly kind: 'answered'; readonly leg: BLeg; readonly early: boolean }
  /** `cause` is the callee's; `disposition` is what the variable says of it: they differ for PROGRESS_TIMEOUT (03i). */
  | {
      readonly kind: 'failed';
      readonly cause: string;
      readonly disposition: string;
      readonly timedOut: boolean;
    }
  /** The A leg was hung up or taken away. */
  | { readonly kind: 'interrupted' };

/** FreeSWITCH's default for originate_timeout, in seconds. */
const DEFAULT_TIMEOUT_SECONDS = 60;

/** The originate loop looks every 20 ms. */
const LOOP_MS = 20;

/** One alternative of a dial string: its legs ring together until one answers, all have failed, or time is up. */
export class Originate {
  readonly #leg: Leg;
  readonly #shared: ReadonlyMap<string, Bytes>;
  readonly #asked: readonly DialLeg[];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #ringing = new Set<BLeg>();
  /** In the order of the dial string, as they were made; null until each has ended. */
  readonly #made = new Map<BLeg, string | null>();
  #open = 0;
  /** The A leg is gone: whatever a callee still says comes too late. */
  #over = false;
  #finish: ((end: OriginateEnd) => void) | null = null;

  constructor(leg: Leg, shared: ReadonlyMap<string, Bytes>, asked: readonly DialLeg[]) {
    this.#leg = leg;
    this.#shared = shared;
    this.#asked = asked.filter(({ endpoint }) => endpoint !== '');
  }

  async run(): Promise<OriginateEnd> {
    const { signal } = this.#leg;
    if (signal.aborted || this.#asked.length === 0) return { kind: 'interrupted' }; // `{}` alone: CANCEL (22r)
    const end = await new Promise<OriginateEnd>((resolve) => {
      this.#finish = (result) => {
        this.#finish = null;
        resolve(result);
      };
      signal.addEventListener('abort', this.#interrupted, { once: true });
      this.#open = this.#asked.length;
      this.#setTimers();
      for (const asked of this.#asked) this.#dial(asked);
    });
    signal.removeEventListener('abort', this.#interrupted);
    this.#timers.forEach(clearTimeout);
    const winner = end.kind === 'answered' ? end.leg : null;
    for (const b of this.#ringing) if (b !== winner) this.#close(b, this.#losingCause(end));
    // A caller who gave up leaves the last bridge's cause as it was (09); one who was moved does not.
    const { interrupt, channel } = this.#leg;
    if (end.kind === 'interrupted' && interrupt !== null && interrupt.kind !== 'hangup') {
      channel.set('last_bridge_hangup_cause', this.#losingCause(end));
    }
    // Written when the attempt is over, not leg by leg (16c), and in the order of the dial string (measured on 1.11.1).
    for (const [b, cause] of this.#made) {
      if (cause !== null) this.#leg.channel.push('originate_causes', `${b.uuid};${cause}`);
    }
    return end;
  }

  readonly #interrupted = (): void => {
    this.#over = true;
    // The loop notices at its next look: HANGUP at 2036 ms, EXECUTE_COMPLETE at 2055 (09).
    this.#after(LOOP_MS, () => this.#finish?.({ kind: 'interrupted' }));
  };

  #losingCause(end: OriginateEnd): string {
    if (end.kind === 'answered') return 'LOSE_RACE'; // 16
    if (end.kind === 'failed') return end.cause;
    const { phase } = this.#leg;
    return phase.kind === 'moved' && phase.by === 'pickup' ? 'PICKED_OFF' : 'ORIGINATOR_CANCEL';
  }

  #after(ms: number, run: () => void): void {
    this.#timers.push(setTimeout(run, ms));
  }

  #setTimers(): void {
    const { exchange, random, channel } = this.#leg;
    // Read only from the braces: as an A-leg variable it is ignored (03g). call_timeout is the other way round (03b, 03c).
    const asked = Number(this.#shared.get('originate_timeout') ?? channel.get('call_timeout') ?? '');
    const seconds = asked > 0 ? asked : DEFAULT_TIMEOUT_SECONDS;
    // A whole-second clock: fires after N-1 to N seconds.
    this.#after((seconds - random.next()) * exchange.secondMs, () => {
      this.#finish?.({ kind: 'failed', cause: 'NO_ANSWER', disposition: 'NO_ANSWER', timedOut: true });
    });
    const progress = Number(this.#shared.get('progress_timeout') ?? '');
    if (progress > 0) {
      this.#after((progress + random.next()) * exchange.secondMs, () => {
        // In braces it is reported as NO_ANSWER (03i), per leg as what it is.
        for (const b of [...this.#ringing]) {
          if (!b.progressed) this.#failed(b, 'PROGRESS_TIMEOUT', null, 'NO_ANSWER');
        }
      });
    }
  }

  #dial(asked: DialLeg): void {
    const leg = this.#leg;
    const endpoint = readEndpoint(asked.endpoint);
    const text = ([name, value]: [string, Bytes]): [string, string] => [name, textOf(value)];
    const dialled: DialledLeg = {
      endpoint: textOf(asked.endpoint),
      gateway: endpoint.kind === 'gateway' ? textOf(endpoint.gateway) : null,
      user: endpoint.kind === 'unknown' ? '' : textOf(endpoint.user),
      domain: endpoint.kind === 'user' || endpoint.kind === 'uri' ? textOf(endpoint.domain) : null,
      variables: new Map([...this.#shared, ...asked.variables].map(text)),
      atMs: leg.book.now(),
    };
    leg.book.dialled.push(dialled);
    const fails = (cause: string, afterMs = 0): void => {
      this.#after(afterMs, () => {
        this.#lost(cause);
      });
    };
    if (endpoint.kind === 'unknown') {
      fails('CHAN_NOT_IMPLEMENTED'); // 22d5
      return;
    }
    if (endpoint.kind === 'gateway' && !leg.exchange.knowsGateway(endpoint.gateway)) {
      fails('INVALID_GATEWAY'); // 07c
      return;
    }
    const missing =
      endpoint.kind === 'user' ? leg.exchange.missingUser(endpoint.user, endpoint.domain) : null;
    const behaviour: CalleeBehaviour =
      missing === null ? leg.script.callee(dialled) : { kind: 'fail', cause: missing, afterMs: LOOP_MS };
    const cause = behaviour.kind === 'fail' ? behaviour.cause : null;
    if (endpoint.kind === 'user' && cause !== 'SUBSCRIBER_ABSENT') {
      leg.channel.set('dialed_user', endpoint.user);
      leg.channel.set('dialed_domain', endpoint.domain);
    }
    if (cause !== null && failsBeforeInvite(cause)) {
      fails(cause, LOOP_MS); // 07, 07b
      return;
    }
    const b = new BLeg(leg, dialled, {
      killed: (cause) => {
        this.#failed(b, cause, null);
      },
      takenElsewhere: () => {
        // As if the caller had given up, though he has not (measured on 1.11.1).
        this.#ringing.delete(b);
        b.release();
        this.#made.set(b, 'NONE');
        this.#lost('ORIGINATOR_CANCEL');
      },
    });
    this.#ringing.add(b);
    this.#made.set(b, null);
    leg.channel.push('originated_legs', `${b.uuid};Outbound Call;${bytesOf(dialled.user)}`);
    leg.channel.set('originate_signal_bond', b.uuid);
    const legTimeout = Number(asked.variables.get('leg_timeout') ?? '');
    if (legTimeout > 0) {
      this.#after((legTimeout + leg.random.next()) * leg.exchange.secondMs, () => {
        this.#failed(b, 'ALLOTTED_TIMEOUT', null); // 03d
      });
    }
    const silence = Number(asked.variables.get('leg_progress_timeout') ?? '');
    if (silence > 0) {
      // 3.4 s for 3 (measured on 1.11.1).
      this.#after((silence + leg.random.next()) * leg.exchange.secondMs, () => {
        if (!b.progressed) this.#failed(b, 'PROGRESS_TIMEOUT', null);
      });
    }
    b.callee = new Callee(behaviour, (signal) => {
      this.#heard(b, signal);
    });
  }

  #heard(b: BLeg, signal: Signal): void {
    if (this.#finish === null || this.#over || !this.#ringing.has(b)) return;
    const leg = this.#leg;
    const early = this.#variable(b, 'ignore_early_media');
    switch (signal.kind) {
      case 'ringing':
        b.progressed = true;
        leg.ringReady(b.dialled.user);
        return;
      case 'early-media':
        b.progressed = true;
        if (early === 'ring_ready') leg.ringReady(b.dialled.user);
        if (early === undefined || early === 'false') {
          leg.earlyMedia(b.dialled.user);
          this.#finish({ kind: 'answered', leg: b, early: true }); // originate_timeout counts no longer (31a)
        }
        return;
      case 'answered':
        leg.channel.nameCallee(bytesOf(b.dialled.user));
        b.runHooks('api_on_answer');
        this.#finish({ kind: 'answered', leg: b, early: false });
        return;
      case 'gone':
        b.runHooks('api_on_answer');
        this.#failed(b, 'NORMAL_CLEARING', 200);
        return;
      case 'refused':
        this.#failed(b, signal.cause, signal.sipCode);
        return;
      case 'redirected':
        if (this.#variable(b, 'outbound_redirect_fatal') === 'true') {
          this.#failed(b, 'REQUESTED_CHAN_UNAVAIL', 302); // 38
          return;
        }
        leg.book.violate('a 302 was followed into the dialplan: outbound_redirect_fatal is missing');
        leg.transfer({ extension: leg.script.did, context: leg.script.context ?? 'public' }, 'redirect');
    }
  }

  #variable(b: BLeg, name: string): string | undefined {
    return b.dialled.variables.get(name);
  }

  /** One leg that had its INVITE is over; the last one ends the attempt. */
  #failed(b: BLeg, cause: string, sipCode: number | null, disposition = cause): void {
    if (!this.#ringing.has(b)) return;
    this.#close(b, cause, sipCode);
    this.#lost(cause, disposition);
  }

  #lost(cause: string, disposition = cause): void {
    if (--this.#open > 0) return;
    // The first in the dial string gives the cause, whenever it ended; one that never came to be gives none (measured on 1.11.1).
    const [first = null] = this.#made.values();
    const told = this.#made.size > 1 && first !== null && first !== 'NONE' ? first : null;
    this.#finish?.({
      kind: 'failed',
      cause: told ?? cause,
      disposition: told ?? disposition,
      timedOut: false,
    });
  }

  #close(b: BLeg, cause: string, sipCode: number | null = null): void {
    const { channel } = this.#leg;
    this.#ringing.delete(b);
    b.release();
    if (sipCode !== null) channel.set('last_bridge_proto_specific_hangup_cause', `sip:${sipCode}`);
    if (sipCode !== null && sipCode >= 400) {
      channel.set('sip_invite_failure_status', String(sipCode));
      channel.set('sip_invite_failure_phrase', phraseOf(sipCode));
      channel.set('sip_hangup_phrase', phraseOf(sipCode));
    }
    // A caller who gave up leaves the last bridge's cause as it was (09).
    if (cause !== 'ORIGINATOR_CANCEL') channel.set('last_bridge_hangup_cause', cause);
    this.#made.set(b, cause);
  }
}
