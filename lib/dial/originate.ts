import { HOPS_HEADER, type Call } from '../call/channel.ts';
import type { Config } from '../config/config.ts';
import type { Reason } from '../errors.ts';
import type { Scheme } from '../scheme/scheme.ts';
import { callerIdNote, callerIdVariables, DEFAULT_GATEWAY, type GatewaySettings } from './callerid.ts';
import type { Destination } from './destination.ts';
import { serializeDialString, type DialString, type Endpoint, type Leg } from './dialstring.ts';
import type { Step } from './route.ts';

/**
 * One dial step -> the bridges that it may take: one for each gateway that may be tried, or a single one when no
 * phone number is among its destinations. FreeSWITCH's own `|` is not used: there a timeout skips the rest.
 */
export interface Originate {
  /** The gateway that numbers go through; null when there are none. */
  readonly gateway: string | null;
  readonly timeoutSeconds: number;
  readonly dialString: (timeoutSeconds: number, options?: DialStringOptions) => DialString;
}

interface DialStringOptions {
  /** In the braces, beside those of the step. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Those of the step that are rung; all of them when absent. */
  readonly destinations?: readonly Destination[];
  /** What the leg of a destination is called, where its own end has to be told from the others'. */
  readonly uuids?: ReadonlyMap<Destination, string>;
}

export interface OriginateContext {
  readonly scheme: Scheme;
  readonly call: Call;
  readonly config: Pick<Config, 'gateway' | 'gateways' | 'domain' | 'domains' | 'dial'>;
}

export type OriginateResult =
  | {
      readonly ok: true;
      readonly originates: readonly [Originate, ...Originate[]];
      /** What is out of the ordinary, in words. */
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly reason: Reason; readonly detail: string };

/** Whom to ring, and what his telephone is told beside the call: by name, ready for a dial string. */
type DialStep = Extract<Step, { kind: 'dial' }> & {
  readonly calleeHeaders: Readonly<Record<string, string>>;
};

/** Seconds that a gateway may stay silent while another one waits for its turn; half of the time, when that is less. */
const PROGRESS_TIMEOUT_SECONDS = 6;

export function originatesFor(step: DialStep, context: OriginateContext): OriginateResult {
  const { scheme, config, call } = context;
  const gateways = scheme.gateway ?? config.gateway;
  const domain = domainFor(scheme, config, call);
  const kinds = new Set(step.destinations.map(({ kind }) => kind));
  if (kinds.has('number') && gateways.length === 0) {
    return {
      ok: false,
      reason: 'no_gateway',
      detail: 'a number, and neither scheme nor configuration has a gateway',
    };
  }
  if ((kinds.has('user') || kinds.has('extension')) && domain.value === '') {
    return { ok: false, reason: 'no_domain', detail: domain.detail };
  }
  const timeoutSeconds = step.timeoutSeconds ?? scheme.forwardingTimeoutSeconds;
  const settingsOf = (gateway: string): GatewaySettings => ({
    ...DEFAULT_GATEWAY,
    ...(Object.hasOwn(config.gateways, gateway) ? config.gateways[gateway] : {}),
  });
  const legFor = (
    destination: Destination,
    gateway: string,
    silenceSeconds: number | null,
    uuid?: string,
  ): Leg => {
    const settings = destination.kind === 'number' ? settingsOf(gateway) : null;
    return {
      endpoint: endpointFor(destination, gateway, domain.value),
      variables: {
        ...(uuid === undefined ? {} : { origination_uuid: uuid }),
        ...callerIdVariables(call, settings, step.callerName),
        // In braces the timeout would be reported as NO_ANSWER; per leg it is PROGRESS_TIMEOUT (measured on 1.11.1).
        ...(settings === null || silenceSeconds === null
          ? {}
          : { leg_progress_timeout: String(silenceSeconds) }),
      },
    };
  };
  const originate = (gateway: string | null, nth: number): Originate => {
    const isLast = nth >= gateways.length - 1;
    return {
      gateway,
      timeoutSeconds,
      dialString: (seconds, { variables = {}, destinations = step.destinations, uuids } = {}) => {
        const silence = scheme.bridge.progressTimeoutSeconds ?? (isLast ? null : silenceFor(seconds));
        return serializeDialString(
          destinations.map((each) => legFor(each, gateway ?? '', silence, uuids?.get(each))),
          {
            originate_timeout: seconds,
            // A 183 with SDP would stop originate_timeout from counting (recording 31a).
            ignore_early_media: true,
            // A callee's 302 would run the dialplan again (recording 38).
            outbound_redirect_fatal: true,
            ...variables,
            ...Object.fromEntries(
              Object.entries(step.calleeHeaders).map(([name, value]) => [`sip_h_${name}`, value]),
            ),
            [`sip_h_${HOPS_HEADER}`]: call.hops + 1,
          },
          config.dial,
        );
      },
    };
  };
  const [first = null, ...others] = kinds.has('number') ? gateways : [];
  const notes = [
    ...(kinds.size === 1 && kinds.has('number') ? [] : [null]),
    ...(kinds.has('number') ? gateways : []),
  ].flatMap((gateway) => {
    const settings = gateway === null ? null : settingsOf(gateway);
    return callerIdNote(call, settings, scheme.numbering.extensionDigits) ?? [];
  });
  return {
    ok: true,
    originates: [originate(first, 0), ...others.map((gateway, nth) => originate(gateway, nth + 1))],
    notes: [...new Set(notes)],
  };
}

function silenceFor(seconds: number): number {
  return Math.max(1, Math.min(PROGRESS_TIMEOUT_SECONDS, Math.floor(seconds / 2)));
}

/** How destinations are written in markers and log lines: `380441234567`, `201,202`. */
export function nameOf(destinations: readonly Destination[]): string {
  return destinations
    .map((destination) => {
      switch (destination.kind) {
        case 'number':
          return destination.number;
        case 'extension':
          return destination.extension;
        case 'user':
          return destination.login;
        case 'uri':
          return `${destination.user}@${destination.host}`;
      }
    })
    .join(',');
}

function endpointFor(destination: Destination, gateway: string, domain: string): Endpoint {
  switch (destination.kind) {
    case 'number':
      return { kind: 'gateway', gateway, number: destination.number };
    case 'extension':
      return { kind: 'user', user: destination.extension, domain };
    case 'user':
      return { kind: 'user', user: destination.login, domain };
    case 'uri':
      return { kind: 'uri', user: destination.user, host: destination.host };
  }
}

/**
 * The SIP domain of logins and extensions; '' where there is none, and why. One that is read from the call is the caller's
 * word, so it counts only when it is on the configured list.
 */
export function domainFor(
  scheme: Pick<Scheme, 'domain'>,
  config: Pick<Config, 'domain' | 'domains'>,
  call: Pick<Call, 'variables'>,
): { value: string; detail: string } {
  const domain = scheme.domain ?? config.domain;
  if (domain === '')
    return { value: '', detail: 'a login, and neither scheme nor configuration has a domain' };
  return placeFor(domain, config, call);
}

/** A domain, or the context of one: as it is written, or, for `var:NAME`, of the call. '' where that is not on the list. */
export function placeFor(
  place: string,
  { domains }: Pick<Config, 'domains'>,
  { variables }: Pick<Call, 'variables'>,
): { value: string; detail: string } {
  if (!place.startsWith('var:')) return { value: place, detail: '' };
  const variable = place.slice('var:'.length);
  const value = variables.get(variable) ?? '';
  if (domains.includes(value)) return { value, detail: '' };
  return {
    value: '',
    detail: `the variable ${variable} is ${JSON.stringify(value)}, which is not among "domains"`,
  };
}
