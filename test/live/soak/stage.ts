import type { Socket } from 'node:dgram';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, freeRange } from '../port.ts';
import type { SwitchPlan } from '../switch-config.ts';
import { Switch } from '../switch.ts';
import { UserAgent } from '../user-agent.ts';
import { DOMAIN, prepare, type Stops } from '../world.ts';
import { openSink } from './carrier.ts';
import { MoodyCrm, type Directory } from './crm.ts';
import { Pair } from './pair.ts';
import { DIDS, GROUP_NUMBER } from './plan.ts';
import type { Patience } from './silence.ts';

/** Everybody who takes part in a soak. */

/** What freeswitch/dialplan/esl-router.xml and a scheme have without any word of their own. */
export const GUARD_SECONDS = 8;
const DECISION_SECONDS = 4;
const RINGING_SECONDS = 4;
export const PATIENCE: Patience = { guardMs: GUARD_SECONDS * 1000, ringingMs: RINGING_SECONDS * 1000 };

const SCHEME = 'soak';
/** 500 calls at a time have two legs, and a leg two ports. */
const RTP_PORTS = 2000;

export interface Stage {
  readonly freeswitch: Switch;
  readonly pair: Pair;
  readonly crm: MoodyCrm;
  readonly callers: UserAgent;
  readonly carrier: UserAgent;
  readonly sink: Socket;
}

export interface StageOptions {
  readonly binary: string;
  readonly folder: string;
  readonly seed: number;
  /** Without the guard: the negative control. */
  readonly control: boolean;
  readonly debug: boolean;
  readonly directory: Directory;
}

/** Whatever has begun is in `stops`, also when this fails half-way. */
export async function openStage(
  { binary, folder, seed, control, debug, directory }: StageOptions,
  stops: Stops,
): Promise<Stage> {
  // Below the ports that the system gives to clients: nobody takes a router's or the CRM's while it is down.
  const first = await freeRange(RTP_PORTS + 3);
  const [crmPort, ...routerPorts] = [first + RTP_PORTS, first + RTP_PORTS + 1, first + RTP_PORTS + 2];
  const crm = await MoodyCrm.open(crmPort, seed, directory);
  stops.push(() => crm.close());
  const callers = await UserAgent.open();
  const carrier = await UserAgent.open();
  const sink = await openSink();
  stops.push(() => {
    for (const end of [callers, carrier, sink]) end.close();
  });
  const [eventSocket = 0, external = 0, internal = 0] = await freePorts(3);
  const plan: SwitchPlan = {
    ports: { eventSocket, external, internal, rtpFirst: first, rtpLast: first + RTP_PORTS - 1 },
    domain: DOMAIN,
    userPassword: 'soak-test-1',
    logLevel: debug ? 'debug' : 'notice',
    inbound: DIDS.map((number, nth) => ({
      number,
      actions: [
        ['set', `esl_router_hosts=${hostsOf(nth === 0 ? routerPorts : routerPorts.toReversed())}`],
        ['set', `esl_router_group=sofia/gateway/crm/${GROUP_NUMBER}`],
        ...(control ? [] : [['set', `esl_router_guard=${GUARD_SECONDS}`] as const]),
        ['transfer', `${number} XML esl_router`],
      ],
    })),
    gateways: {},
  };
  const freeswitch = await Switch.start(binary, folder, plan, (conf) => {
    prepare(conf, plan, carrier.port);
    if (control) removeGuard(join(conf, 'esl-router/dialplan/esl-router.xml'));
  });
  stops.push(() => freeswitch.stop());
  const schemes = join(folder, 'schemes');
  mkdirSync(schemes, { recursive: true });
  writeFileSync(join(schemes, `${SCHEME}.json`), JSON.stringify(schemeOf(crm.port)));
  const pair = await Pair.start(
    routerPorts.map((port) => ({
      LISTEN_PORT: String(port),
      SCHEMES_DIR: schemes,
      GATEWAY: 'crm',
      DOMAIN,
      LOG_LEVEL: debug ? 'debug' : 'info',
    })),
  );
  stops.push(() => pair.stop());
  return { freeswitch, pair, crm, callers, carrier, sink };
}

function hostsOf(ports: readonly number[]): string {
  return ports.map((port) => `127.0.0.1:${port}/${SCHEME}`).join('|');
}

function schemeOf(crmPort: number): object {
  return {
    name: SCHEME,
    webhook: { url: `http://127.0.0.1:${crmPort}/route`, timeoutSeconds: DECISION_SECONDS },
    forwardingTimeoutSeconds: RINGING_SECONDS,
  };
}

/** The dialplan as people write it who have not heard of the guard. */
function removeGuard(file: string): void {
  const before = readFileSync(file, 'utf8').split('\n');
  const after = before.filter((line) => !/application="sched_transfer"|data="esl_router_guard=/.test(line));
  // The default, the variable and the guard itself.
  if (before.length - after.length !== 3) throw new Error('the guard is not where it was in esl-router.xml');
  writeFileSync(file, after.join('\n'));
}
