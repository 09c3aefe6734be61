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
  /** 200 and a BYE within milliseconds: the bridge ends with NORMAL_CLEARING, and the A leg was never answered. */
  | { readonly kind: 'gone'; readonly afterMs: number }
  /** 302 whose Contact is FreeSWITCH itself. */
  | { readonly kind: 'redirect' };

export type MoveKind =
  /** `uuid_transfer`, and a REFER of the callee's telephone, which looks the same. */
  | 'transfer'
  | 'refer-by-callee'
  /** `uuid_park` */
  | 'park'
  /** `uuid_bridge` to another call, which is to be the B side, and an attended REFER of the callee's telephone. */
  | 'bridge'
  | 'attended'
  /** Another call intercepts the caller, and is the A side then. */
  | 'pickup'
  /** The variables `transfer_after_bridge` and `park_after_bridge` are set; they act when the callee hangs up. */
  | 'transfer-after-bridge'
  | 'park-after-bridge'
  /** A task of the dialplan's own that transfers: see `schedules`. */
  | 'sched_transfer';

/** What others do with a call: none of it comes from its router. */
type Deed =
  | Exclude<MoveKind, 'sched_transfer'>
  /** The caller's own REFER: FreeSWITCH takes the callee elsewhere, and he leaves. */
  | 'refer-by-caller'
  /** Another call intercepts the ringing callee: the caller is hung up with PICKED_OFF. */
  | 'pickup-callee'
  /** `uuid_answer` */
  | 'answer'
  /** `uuid_broadcast` of a tone */
  | 'broadcast'
  /** `uuid_kill` of the caller, of the callee, and the end of all calls. */
  | 'kill'
  | 'kill-callee'
  | 'hupall'
  /** `uuid_transfer` of the callee */
  | 'transfer-callee';

/** Who ends the call in its new place. */
export type MovedEnder = 'caller' | 'other' | 'hupall';

export interface Move {
  /** `ringing` is a callee's; `moved` is the arrival in a new place. */
  readonly at: 'connected' | 'ringing' | 'answered' | 'moved';
  readonly afterMs: number;
  readonly kind: Deed;
  /** `extension` or `extension/context`; `socket` is an extension that runs `socket` again. `700` when absent. */
  readonly to?: string | { readonly socket: true };
  /** How long the caller stays in the new place; 100. */
  readonly talkMs?: number;
  /** Who ends it there; the caller when absent. */
  readonly hangup?: MovedEnder;
}

/** A task that the dialplan has scheduled for purposes of its own. */
export interface DialplanTask {
  readonly application: 'sched_hangup' | 'sched_transfer' | 'sched_broadcast';
  readonly seconds: number;
  /** Its id is then `last_sched_id`, and not the guard's. */
  readonly behindGuard?: boolean;
  /** Behind the time: a cause, an extension, a path. */
  readonly argument?: string;
}

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
  /** Of the A leg; FreeSWITCH's own when absent. A dialplan, or a SIP header, may have chosen any text. */
  readonly uuid?: string;
  readonly caller: string;
  /** Text, or the raw bytes of the display name, e.g. Latin-1. */
  readonly callerName?: string | Buffer;
  readonly did: string;
  readonly context?: string;
  /** What follows the port in the socket's address; becomes `socket_path`. */
  readonly path?: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** Headers of the INVITE; each becomes `variable_sip_h_<name>`. */
  readonly sipHeaders?: Readonly<Record<string, string>>;
  readonly privacy?: boolean;
  /** An IVR in front has answered the A leg before `socket`. */
  readonly answered?: boolean;
  /** The IVR's CHANNEL_ANSWER comes on the socket, older than the `connect` reply by its Event-Sequence. */
  readonly lateAnswer?: boolean;
  /** The dialplan's `sched_transfer +N` before `socket`. */
  readonly guardSeconds?: number;
  /** An old dialplan does not set `esl_router_guard_id`. */
  readonly tellsGuardId?: boolean;
  readonly schedules?: readonly DialplanTask[];
  /** What the extension after `socket`, and the guard's, does: serves the caller, or leads back to `socket`. */
  readonly fallback?: 'serves' | 'socket';
  readonly moves?: readonly Move[];
  /** The router is stopped or killed: then it may close the socket of a call that was moved. */
  readonly routerStops?: boolean;
  /** `uuid_ring_ready` and its like fail. */
  readonly refuses?: readonly string[];
  /** The dialplan itself sets `continue_on_fail` and `hangup_after_bridge` before `socket`. */
  readonly dialplanSetsBridgeVariables?: boolean;
  /** The caller gives up so long after `hangupAt`. */
  readonly hangupAfterMs?: number;
  readonly hangupAt?: 'connected' | 'ringing' | 'answered';
  readonly callee: (leg: DialledLeg) => CalleeBehaviour;
  /** The words after the address; `async full` when absent. */
  readonly socketArgs?: { readonly async: boolean; readonly full: boolean };
}

/** How the call ended, as its caller saw it. */
export type CallEnd =
  | {
      readonly kind: 'answered';
      readonly leg: DialledLeg;
      readonly afterMs: number;
      readonly hangupBy: 'caller' | 'callee' | 'router' | 'switch';
    }
  /** Others took the call away, and it went on in another place. */
  | {
      readonly kind: 'moved';
      readonly by: MoveKind;
      readonly to: string;
      readonly endedBy: 'caller' | 'other' | 'router' | 'switch' | 'guard';
    }
  | { readonly kind: 'hangup'; readonly cause: string; readonly sipCode: number }
  /** The dialplan went on after `socket`, to the fallback extension. */
  | { readonly kind: 'dialplan' }
  | { readonly kind: 'transfer'; readonly extension: string; readonly context: string }
  /** The dialplan's `sched_transfer` took the call back. */
  | { readonly kind: 'guard' }
  | { readonly kind: 'caller-hangup'; readonly at: 'waiting' | 'ringing' }
  /** No router accepted; the dialplan went on after `socket`. */
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

export interface MoveReport {
  readonly by: MoveKind;
  readonly to: string;
  readonly from: 'asked' | 'ringing' | 'talking' | 'moved';
  readonly atMs: number;
}

/** What became of one entry of the scheduler. */
export interface TaskReport {
  readonly id: number;
  readonly description: string;
  readonly owner: 'router' | 'dialplan' | 'others';
  readonly guard: boolean;
  /** `remained`: it was still due at the hang-up. */
  readonly outcome: 'fired' | 'deleted' | 'remained';
  readonly deletedBy: 'router' | 'dialplan' | 'others' | null;
}

interface CallTimings {
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
  readonly moves: readonly MoveReport[];
  readonly tasks: readonly TaskReport[];
  /** How often `socket` ran for this call, and a router accepted. */
  readonly sessions: number;
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
  /** Known extensions of the dialplan; any when absent. */
  readonly extensions?: readonly string[];
  /** API commands that fail, whatever they ask for: `uuid_ring_ready` of a channel that can't. */
  readonly refuses?: readonly string[];
  /** How long a leg may sit parked after a step has ended; 1000. A fresh webhook in `onNoAnswer` needs more. */
  readonly parkedMs?: number;
  /** Safety bound of one call. */
  readonly maxCallMs?: number;
  /** Events without the long tail of variables: cheap to make in a benchmark. */
  readonly lean?: boolean;
}
