import { createSocket, type Socket } from 'node:dgram';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Crm } from './crm.ts';
import { TENANTS, TENANT_USERS, type FusionPlan } from './fusion.ts';
import { calleesOf, didOf, groupOf } from './number.ts';
import { freePorts, freeRange } from './port.ts';
import { Router } from './router.ts';
import type { Row } from './row.ts';
import { PASSWORD, Switch } from './switch.ts';
import { TESTED_USERS, type Inbound, type SwitchPlan, type SwitchPorts } from './switch-config.ts';
import { UserAgent } from './user-agent.ts';
import { Witness } from './witness.ts';

/** Everybody who takes part, started and stopped together. */

export const DOMAIN = 'pbx.example';
const USERS = ['agent_007', '201', '202', ...TESTED_USERS] as const;
export const USER_PASSWORD = 'live-test-1';
const RTP_PORTS = 600;
/** A callee's number, dialled by the dialplan alone, and a number where whoever calls it is parked. */
const CALLEE = '(38050\\d{7})';
export const PARKED = '920';
export const COLLEAGUES: readonly Inbound[] = [
  { number: CALLEE, actions: [['bridge', 'sofia/gateway/crm/$1']] },
  {
    number: PARKED,
    actions: [
      ['answer', ''],
      ['park', ''],
    ],
  },
];
/** Router addresses that a row may have for itself. */
const ADDRESSES = 2;

export interface WorldOptions {
  readonly binary: string;
  readonly folder: string;
  readonly rows: readonly Row[];
}

export class World {
  /** FreeSWITCH's own, for a row that has to start another one. */
  readonly binary: string;
  readonly folder: string;
  readonly ports: SwitchPorts;
  readonly freeswitch: Switch;
  readonly router: Router;
  /** FreeSWITCH's own view of every channel. */
  readonly witness: Witness;
  readonly crm: Crm;
  /** Where callers call from. */
  readonly callers: UserAgent;
  /** Behind the gateway "crm". */
  readonly carrier: UserAgent;
  /** Telephones of the users, registered. */
  readonly phones: UserAgent;
  /** Telephones by domain, registered as its `TENANT_USERS`. */
  readonly tenants: ReadonlyMap<string, UserAgent>;
  /** Ports of the profiles that FusionPBX would have. */
  readonly fusion: Pick<FusionPlan, 'external' | 'internal'>;
  /** A port that no call has any business with; see `elsewhereCount`. */
  readonly elsewhere: number;
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.binary = parts.binary;
    this.folder = parts.folder;
    this.ports = parts.plan.ports;
    this.freeswitch = parts.freeswitch;
    this.router = parts.router;
    this.witness = parts.witness;
    this.crm = parts.crm;
    this.callers = parts.callers;
    this.carrier = parts.carrier;
    this.phones = parts.phones;
    this.tenants = parts.tenants;
    this.fusion = parts.fusion;
    this.elsewhere = parts.elsewhere.socket.address().port;
    this.#parts = parts;
  }

  /** Packets that came to `elsewhere`. */
  get elsewhereCount(): number {
    return this.#parts.elsewhere.count();
  }

  /** Whatever has begun is in `stops`, also when this fails half-way. */
  static async start({ binary, folder, rows }: WorldOptions, stops: Stops): Promise<World> {
    const crm = await Crm.open();
    stops.push(() => {
      crm.close();
    });
    const agents = await Promise.all([UserAgent.open(), UserAgent.open(), UserAgent.open()]);
    const [callers, carrier, phones] = agents;
    const elsewhere = await listen();
    const mute = await listen();
    stops.push(() => {
      for (const end of [...agents, elsewhere.socket, mute.socket]) end.close();
    });
    const [eventSocket = 0, external = 0, internal = 0, byCallId = 0, closed = 0, ...more] =
      await freePorts(7);
    const tenants = new Map<string, UserAgent>();
    for (const domain of TENANTS) tenants.set(domain, await UserAgent.open());
    stops.push(() => {
      for (const agent of tenants.values()) agent.close();
    });
    // Below the ports that the system gives to clients: nobody takes a router's while it is not there yet.
    const rtpFirst = await freeRange(RTP_PORTS + 1 + rows.length * ADDRESSES);
    const shared = rtpFirst + RTP_PORTS;
    const addresses = (row: Row, index: number): number[] =>
      row.own === undefined
        ? [shared]
        : Array.from({ length: row.own.routers + (row.own.absent ?? 0) }, (_, nth) => {
            return shared + 1 + index * ADDRESSES + nth;
          });
    const fusion: FusionPlan = {
      external: more[0] ?? 0,
      internal: more[1] ?? 0,
      routes: rows.flatMap((row, index) =>
        row.fusion === undefined
          ? []
          : {
              number: didOf(index),
              domain: row.fusion,
              hosts: hostsOf(row, addresses(row, index)),
              group: groupOf(index),
              mobile: calleesOf(index)(),
            },
      ),
    };
    const plan: SwitchPlan = {
      fusion,
      ports: { eventSocket, external, internal, byCallId, rtpFirst, rtpLast: rtpFirst + RTP_PORTS - 1 },
      domain: DOMAIN,
      userPassword: USER_PASSWORD,
      logLevel: 'debug',
      inbound: [...rows.map((row, index) => inbound(row, index, addresses(row, index))), ...COLLEAGUES],
      gateways: {
        mute: mute.socket.address().port,
        closed,
        // The same carrier, told of the caller in other ways.
        rpid: carrier.port,
        none: carrier.port,
      },
    };
    const schemes = join(folder, 'schemes');
    mkdirSync(schemes, { recursive: true });
    for (const [index, row] of rows.entries()) {
      writeFileSync(join(schemes, `${row.name}.json`), JSON.stringify(schemeOf(row, index, crm)));
    }
    const freeswitch = await Switch.start(binary, folder, plan, (conf) => {
      prepare(conf, plan, carrier.port);
    });
    stops.push(() => freeswitch.stop());
    const witness = await Witness.open(eventSocket, PASSWORD);
    stops.push(() => {
      witness.close();
    });
    const settings = (port: number): Record<string, string> => ({
      LISTEN_PORT: String(port),
      SCHEMES_DIR: schemes,
      GATEWAY: 'crm',
      DOMAIN,
      DOMAINS: TENANTS.join(','),
      LOG_LEVEL: 'debug',
    });
    const router = await Router.start('router', settings(shared));
    stops.push(() => router.stop());
    for (const user of USERS) {
      await phones.register({ user, domain: DOMAIN, password: USER_PASSWORD, server: internal });
    }
    for (const [domain, agent] of tenants) {
      for (const user of TENANT_USERS)
        await agent.register({ user, domain, password: USER_PASSWORD, server: fusion.internal });
    }
    return new World({
      ...{ tenants, fusion },
      ...{ binary, folder, plan, freeswitch, router, witness, crm, callers, carrier, phones, elsewhere },
      routerSettings: (row) => {
        const index = rows.indexOf(row);
        const more = typeof row.settings === 'function' ? row.settings(folder) : row.settings;
        return addresses(row, index)
          .slice(row.own?.absent ?? 0)
          .map((port) => ({ ...settings(port), ...more }));
      },
    });
  }

  /** What happened beside the rows and should not have. */
  strays(): string[] {
    const legs = [this.callers, this.carrier, this.phones, ...this.tenants.values()].flatMap(
      ({ unexpected }) => unexpected,
    );
    const errors = this.freeswitch.errors();
    return [
      ...legs.map(({ invite }) => `a leg that nobody asked for: ${invite.startLine}`),
      ...(this.elsewhereCount > 0 ? [`${this.elsewhereCount} packets to a port that no call may go to`] : []),
      ...errors.map((line) => `FreeSWITCH: ${line}`),
    ];
  }

  /** Starts the routers of one row. */
  startRouters(row: Row): Promise<Router[]> {
    if (row.own === undefined) return Promise.resolve([]);
    const all = this.#parts.routerSettings(row);
    return Promise.all(
      all.map((settings, nth) => Router.start(`router ${nth + 1} of ${row.name}`, settings)),
    );
  }
}

export type Stops = (() => void | Promise<void>)[];

interface Counter {
  readonly socket: Socket;
  readonly count: () => number;
}

interface Parts {
  readonly tenants: ReadonlyMap<string, UserAgent>;
  readonly fusion: FusionPlan;
  readonly binary: string;
  readonly folder: string;
  readonly plan: SwitchPlan;
  readonly freeswitch: Switch;
  readonly router: Router;
  readonly witness: Witness;
  readonly crm: Crm;
  readonly callers: UserAgent;
  readonly carrier: UserAgent;
  readonly phones: UserAgent;
  readonly elsewhere: Counter;
  readonly routerSettings: (row: Row) => Record<string, string>[];
}

/** The numbers in the project's files, in their own words, replaced by those of this run. */
export function prepare(conf: string, { ports }: SwitchPlan, carrier: number): void {
  const edit = (file: string, text: string, replacement: string): void => {
    const path = join(conf, 'esl-router', file);
    const before = readFileSync(path, 'utf8');
    if (!before.includes(text)) throw new Error(`${file} does not hold ${text} any more`);
    writeFileSync(path, before.replaceAll(text, replacement));
  };
  edit('autoload_configs/event_socket.conf.xml', '8021', String(ports.eventSocket));
  edit('sip_profiles/external/esl-router-crm.xml', 'sip.carrier.example', `127.0.0.1:${carrier}`);
  writeFileSync(
    join(conf, 'default.xml'),
    `<include>
<context name="default">
  <extension name="900"><condition field="destination_number" expression="^(900|\\*98)$">
    <action application="answer"/>
    <action application="playback" data="tone_stream://%(2000,0,440)"/>
    <action application="hangup" data="NORMAL_CLEARING"/>
  </condition></extension>
  <extension name="colleagues"><condition field="destination_number" expression="^${CALLEE}$">
    <action application="bridge" data="sofia/gateway/crm/$1"/>
  </condition></extension>
</context>
</include>
`,
  );
}

function hostsOf(row: Row, addresses: readonly number[]): string {
  return addresses.map((port) => `127.0.0.1:${port}/${row.name}`).join('|');
}

/** The row's number in the dialplan: settings of the context "esl_router" for this call, and then the context. */
function inbound(row: Row, index: number, addresses: readonly number[]): Inbound {
  return {
    number: didOf(index),
    actions: [
      ...(row.before ?? []),
      ['set', `esl_router_hosts=${hostsOf(row, addresses)}`],
      ['set', `esl_router_group=sofia/gateway/crm/${groupOf(index)}`],
      ...(row.guard === undefined ? [] : [['set', `esl_router_guard=${row.guard}`] as const]),
      ...(row.dialplan ?? [['transfer', `${didOf(index)} XML esl_router`] as const]),
    ],
  };
}

function schemeOf({ name, scheme = {} }: Row, index: number, crm: Crm): object {
  const url = crm.url(name);
  const { webhook = {}, ...rest } = typeof scheme === 'function' ? scheme(calleesOf(index), url) : scheme;
  return { name, forwardingTimeoutSeconds: 10, ...rest, webhook: { url, ...webhook } };
}

function listen(): Promise<Counter> {
  const socket = createSocket('udp4');
  let count = 0;
  socket.on('message', () => {
    count++;
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      resolve({ socket, count: () => count });
    });
  });
}
