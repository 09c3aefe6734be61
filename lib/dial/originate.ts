import { HOPS_HEADER, type Call } from '../call/channel.ts';
import type { Config } from '../config/config.ts';
import type { Reason } from '../errors.ts';
import type { Scheme } from '../scheme/scheme.ts';
import { callerIdVariables, DEFAULT_GATEWAY } from './callerid.ts';
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
  /** `variables` stand in the braces beside those of the step. */
  readonly dialString: (timeoutSeconds: number, variables?: Readonly<Record<string, string>>) => DialString;
}

export interface OriginateContext {
  readonly scheme: Scheme;
  readonly call: Call;
  readonly config: Pick<Config, 'gateway' | 'gateways' | 'domain' | 'domains' | 'dial'>;
}

export type OriginateResult =
  | { readonly ok: true; readonly originates: readonly [Originate, ...Originate[]] }
  | { readonly ok: false; readonly reason: Reason; readonly detail: string };

type DialStep = Extract<Step, { kind: 'dial' }>;

/** Seconds that a gateway may stay silent while another one waits for its turn. */
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
  const originate = (gateway: string | null, index: number, isLast: boolean): Originate => {
    // Behind the last gateway nobody waits for a number that is slow to ring.
    const progress = scheme.bridge.progressTimeoutSeconds ?? (isLast ? null : PROGRESS_TIMEOUT_SECONDS);
    // In braces the timeout would be reported as NO_ANSWER; per leg it is PROGRESS_TIMEOUT (measured on 1.11.1).
    const silence = progress === null ? {} : { leg_progress_timeout: String(progress) };
    // Users have rung beside the first gateway: only the numbers are tried again.
    const destinations = step.destinations.filter(({ kind }) => index === 0 || kind === 'number');
    const legs = destinations.map((destination): Leg => {
      const leg = legFor(destination, gateway ?? '', domain.value, call, config.gateways, step.callerName);
      return destination.kind === 'number' ? { ...leg, variables: { ...leg.variables, ...silence } } : leg;
    });
    return {
      gateway,
      timeoutSeconds,
      dialString: (seconds, variables = {}) =>
        serializeDialString(
          legs,
          {
            originate_timeout: seconds,
            // A 183 with SDP would stop originate_timeout from counting (recording 31a).
            ignore_early_media: true,
            // A callee's 302 would run the dialplan again (recording 38).
            outbound_redirect_fatal: true,
            ...variables,
            ...Object.fromEntries(
              Object.entries(step.headers ?? {}).map(([name, value]) => [`sip_h_${name}`, value]),
            ),
            [`sip_h_${HOPS_HEADER}`]: call.hops + 1,
          },
          config.dial,
        ),
    };
  };
  const [first = null, ...others] = kinds.has('number') ? gateways : [];
  const last = others.length;
  return {
    ok: true,
    originates: [
      originate(first, 0, last === 0),
      ...others.map((gateway, index) => originate(gateway, index + 1, index + 1 === last)),
    ],
  };
}

/** How destinations stand in markers and log lines: `380441234567`, `201,202`. */
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

function legFor(
  destination: Destination,
  gateway: string,
  domain: string,
  call: Call,
  gateways: Config['gateways'],
  callerName: string | null,
): Leg {
  const settings =
    destination.kind === 'number'
      ? { ...DEFAULT_GATEWAY, ...(Object.hasOwn(gateways, gateway) ? gateways[gateway] : {}) }
      : null;
  return {
    endpoint: endpointFor(destination, gateway, domain),
    variables: callerIdVariables(call, settings, callerName),
  };
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
  if (!domain.startsWith('var:')) return { value: domain, detail: '' };
  const variable = domain.slice('var:'.length);
  const value = call.variables.get(variable) ?? '';
  if (config.domains.includes(value)) return { value, detail: '' };
  return {
    value: '',
    detail: `the variable ${variable} is ${JSON.stringify(value)}, which is not among "domains"`,
  };
}
