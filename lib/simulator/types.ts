/** What the far end of one leg does once FreeSWITCH has sent it an INVITE. */
export type CalleeBehaviour =
  /** 180, then 200 after `afterMs`; the named side ends the call `talkMs` later. */
  | {
      readonly kind: 'answer';
      readonly afterMs: number;
      readonly talkMs: number;
      readonly hangup: 'caller' | 'callee';
    }
  /** A final refusal; `cause` is FreeSWITCH's name of it, USER_BUSY for a 486. */
  | { readonly kind: 'fail'; readonly cause: string; readonly afterMs: number; readonly sipCode?: number }
  /** 180 and never answers. */
  | { readonly kind: 'ring' }
  /** No response at all: what `progress_timeout` is for. */
  | { readonly kind: 'silent' }
  /** 183 with SDP, never answers. */
  | { readonly kind: 'early-media'; readonly afterMs: number }
  /** 302 whose Contact is FreeSWITCH itself. */
  | { readonly kind: 'redirect' };

/** One leg as the dial string asked for it. */
export interface DialledLeg {
  /** e.g. `sofia/gateway/crm/380441234567` */
  readonly endpoint: string;
  readonly gateway: string | null;
  /** The number or the login. */
  readonly user: string;
  readonly domain: string | null;
  /** `{}` merged with the leg's own `[]`. */
  readonly variables: ReadonlyMap<string, string>;
  /** Milliseconds since the call began. */
  readonly atMs: number;
}

/** One call, as its caller and its callees will play it. */
export interface CallScript {
  readonly caller: string;
  /** Text, or the raw bytes of the display name, e.g. Latin-1. */
  readonly callerName?: string | Buffer;
  readonly did: string;
  readonly context?: string;
  /** What stands behind the port in the socket's address; becomes `socket_path`. */
  readonly path?: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** Headers of the INVITE; each becomes `variable_sip_h_<name>`. */
  readonly sipHeaders?: Readonly<Record<string, string>>;
  readonly privacy?: boolean;
  /** An IVR in front has answered the A leg before `socket`. */
  readonly answered?: boolean;
  /** The dialplan's `sched_transfer +N` before `socket`. */
  readonly guardSeconds?: number;
  /** The dialplan itself sets `continue_on_fail` and `hangup_after_bridge` before `socket`. */
  readonly dialplanSetsBridgeVariables?: boolean;
  /** The caller gives up so long after `hangupAt`. */
  readonly hangupAfterMs?: number;
  readonly hangupAt?: 'connected' | 'ringing' | 'answered';
  readonly callee: (leg: DialledLeg) => CalleeBehaviour;
  /** The words behind the address; `async full` when absent. */
  readonly socketArgs?: { readonly async: boolean; readonly full: boolean };
}

/** How the call ended, as its caller saw it. */
export type CallEnd =
  | {
      readonly kind: 'answered';
      readonly leg: DialledLeg;
      readonly afterMs: number;
      readonly hangupBy: 'caller' | 'callee' | 'router';
    }
  | { readonly kind: 'hangup'; readonly cause: string; readonly sipCode: number }
  /** The dialplan went on behind `socket`, to the fallback extension. */
  | { readonly kind: 'dialplan' }
  | { readonly kind: 'transfer'; readonly extension: string; readonly context: string }
  /** The dialplan's `sched_transfer` took the call back. */
  | { readonly kind: 'guard' }
  | { readonly kind: 'caller-hangup'; readonly at: 'waiting' | 'ringing' }
  /** No router accepted; the dialplan went on behind `socket`. */
  | { readonly kind: 'no-router' }
  /** LIMBO: parked in silence with nothing to come. */
  | { readonly kind: 'silence' };

export interface SentCommand {
  readonly atMs: number;
  /** The exact text, its body included. */
  readonly text: string;
}

export interface BridgeReport {
  readonly dialString: string;
  /** `originate_disposition` at its EXECUTE_COMPLETE. */
  readonly outcome: string;
  readonly startedMs: number;
  readonly endedMs: number;
}

export interface CallTimings {
  /** When a router accepted the connection; all times count from the call's begin. */
  readonly acceptedMs: number | null;
  readonly connectReplyMs: number | null;
  /** From the connect reply to the first command that ends or moves the call. */
  readonly firstDecisionMs: number | null;
  /** When the caller's fate was settled; the socket may live longer. */
  readonly settledMs: number;
  readonly endMs: number;
}

export interface CallReport {
  readonly uuid: string;
  readonly script: CallScript;
  readonly end: CallEnd;
  /** Why the call is judged LOST. */
  readonly lost: string | null;
  /** What a router must never send. */
  readonly violations: readonly string[];
  readonly commands: readonly SentCommand[];
  readonly legs: readonly DialledLeg[];
  readonly bridges: readonly BridgeReport[];
  /** The A leg's at the end, the router's markers included. */
  readonly variables: ReadonlyMap<string, string>;
  readonly timings: CallTimings;
  readonly closedByRouter: boolean;
  readonly lingered: boolean;
}

export interface RouterAddress {
  readonly host: string;
  readonly port: number;
}

export interface SwitchOptions {
  /** Tried in order, as in `socket h1:p|h2:p`. */
  readonly routers: readonly RouterAddress[];
  readonly seed?: number;
  /** Length of one simulated second for FreeSWITCH's own timers. */
  readonly secondMs?: number;
  /** The router's decision budget, for the LOST judgement. */
  readonly budgetMs?: number;
  /** Known gateways; any when absent. */
  readonly gateways?: readonly string[];
  /** Known domains of users; any when absent. */
  readonly domains?: readonly string[];
  /** What `user/<login>@<domain>` finds; registered when absent. */
  readonly users?: (login: string, domain: string) => 'registered' | 'unregistered' | 'unknown';
  /** How long a leg may sit parked after a step has ended; 1000. A fresh webhook in `onNoAnswer` needs more. */
  readonly parkedMs?: number;
  /** Safety bound of one call. */
  readonly maxCallMs?: number;
  /** Events without the long tail of variables: cheap to make in a benchmark. */
  readonly lean?: boolean;
}
