import type { Socket } from 'node:dgram';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Crm } from '../crm.ts';
import { EventSocket } from '../event-socket.ts';
import { freePorts, freeRange } from '../port.ts';
import { Router } from '../router.ts';
import { openSink } from '../soak/carrier.ts';
import type { SwitchPlan } from '../switch-config.ts';
import { PASSWORD, Switch } from '../switch.ts';
import { UserAgent } from '../user-agent.ts';
import { Witness } from '../witness.ts';
import { COLLEAGUES, DOMAIN, prepare, type Stops } from '../world.ts';

/** Everybody who takes part in the random moves. */

/** What callers dial, and the second number of the router. */
export const DID = '380440000001';
export const AGAIN_NUMBER = '380440000002';
export const GROUP_NUMBER = '380630000000';
/** As short as they may be: a move has to outlive what is scheduled for the caller. */
export const GUARD_SECONDS = 5;
export const RINGING_SECONDS = 4;

const SCHEME = 'moves';
/** 300 calls at a time have four legs at most, and a leg two ports. */
const RTP_PORTS = 3000;
/** Commands of somebody else: one that takes its time must not hold up the others. */
const ORDERING = 4;

export class MovesStage {
  readonly freeswitch: Switch;
  readonly witness: Witness;
  readonly router: Router;
  readonly crm: Crm;
  readonly callers: UserAgent;
  readonly carrier: UserAgent;
  readonly sink: Socket;
  readonly #orders: readonly EventSocket[];
  #ordered = 0;

  private constructor(
    parts: Omit<MovesStage, 'order' | 'directory' | 'external' | 'rtpPort'>,
    orders: readonly EventSocket[],
  ) {
    this.freeswitch = parts.freeswitch;
    this.witness = parts.witness;
    this.router = parts.router;
    this.crm = parts.crm;
    this.callers = parts.callers;
    this.carrier = parts.carrier;
    this.sink = parts.sink;
    this.#orders = orders;
  }

  get external(): number {
    return this.freeswitch.plan.ports.external;
  }

  get rtpPort(): number {
    return this.sink.address().port;
  }

  /** A command to FreeSWITCH, as somebody else than the router gives it. */
  async order(command: string): Promise<string> {
    const socket = this.#orders[this.#ordered++ % this.#orders.length];
    const reply = (await socket?.api(command)) ?? '';
    if (reply.startsWith('-')) throw new Error(`${command}: ${reply}`);
    return reply;
  }

  /** Whatever has begun is in `stops`, also when this fails half-way. */
  static async open(
    { binary, folder }: { readonly binary: string; readonly folder: string },
    stops: Stops,
  ): Promise<MovesStage> {
    const crm = await Crm.open();
    stops.push(() => {
      crm.close();
    });
    const [callers, carrier] = await Promise.all([UserAgent.open(), UserAgent.open()]);
    const sink = await openSink();
    stops.push(() => {
      for (const end of [callers, carrier, sink]) end.close();
    });
    const [eventSocket = 0, external = 0, internal = 0, routerPort = 0] = await freePorts(4);
    const rtpFirst = await freeRange(RTP_PORTS);
    const plan: SwitchPlan = {
      ports: { eventSocket, external, internal, rtpFirst, rtpLast: rtpFirst + RTP_PORTS - 1 },
      domain: DOMAIN,
      userPassword: 'moves-test-1',
      logLevel: 'notice',
      inbound: [
        {
          number: DID,
          actions: [
            ['export', 'force_transfer_context=default'],
            ['set', `esl_router_hosts=127.0.0.1:${routerPort}/${SCHEME}`],
            ['set', `esl_router_group=sofia/gateway/crm/${GROUP_NUMBER}`],
            ['set', `esl_router_guard=${GUARD_SECONDS}`],
            ['transfer', `${DID} XML esl_router`],
          ],
        },
        ...COLLEAGUES,
      ],
      gateways: {},
    };
    const freeswitch = await Switch.start(binary, folder, plan, (conf) => {
      prepare(conf, plan, carrier.port);
    });
    stops.push(() => freeswitch.stop());
    const witness = await Witness.open(eventSocket, PASSWORD);
    const orders = await Promise.all(
      Array.from({ length: ORDERING }, () => EventSocket.open(eventSocket, PASSWORD)),
    );
    stops.push(() => {
      for (const socket of [witness, ...orders]) socket.close();
    });
    const schemes = join(folder, 'schemes');
    mkdirSync(schemes, { recursive: true });
    const scheme = {
      name: SCHEME,
      webhook: { url: crm.url(SCHEME) },
      forwardingTimeoutSeconds: RINGING_SECONDS,
    };
    writeFileSync(join(schemes, `${SCHEME}.json`), JSON.stringify(scheme));
    const router = await Router.start('router', {
      LISTEN_PORT: String(routerPort),
      SCHEMES_DIR: schemes,
      GATEWAY: 'crm',
      DOMAIN,
      LOG_LEVEL: 'debug',
    });
    stops.push(() => router.stop());
    return new MovesStage({ freeswitch, witness, router, crm, callers, carrier, sink }, orders);
  }

  /** What the CRM answers to the router, by what it was told. */
  directory(lookUp: (caller: string, did: string) => string | null): void {
    this.crm.on(SCHEME, ({ body }) => {
      const destination = lookUp(String(body['caller']), String(body['did']));
      return destination === null ? null : { body: { destination } };
    });
  }
}
