import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { start, stop, SWITCH_CORE } from '../../../bench/child.ts';
import type { FloodOrder, FloodReport } from '../flood.ts';
import type { Outcome, Row } from '../row.ts';
import type { Stage } from '../stage.ts';
import type { StrangersOrder, StrangersReport } from '../strangers.ts';

/**
 * A host that is not allowed makes ten thousand connections a second. What the calls lose by it is held against the same calls
 * while it does the same to a port where nobody listens: its own work is not the router's.
 */

const CALLS_PER_SECOND = 30;
const PATIENCE_MS = 5_000;
const MOST_TIMES = 2;

export const strangers: Row = {
  name: 'strangers',
  fault: 'a host that is not on listen.allow makes 10,000 connections a second for 30 s',
  target: '0 lost, 0 given back, p99 of the calls at most 2 times its baseline',
  run: async (stage) => {
    const crowd = await callers(stage);
    const { address } = await stage.router({
      sheds: true,
      ...stage.ownCore,
      schemes: [{ name: 's', webhook: { url: crowd.crmUrl } }],
      settings: { ALLOW: '127.0.0.1/32' },
    });
    return flooded(stage, crowd, address.port);
  },
  control: {
    what: 'a controller that has a thousand places for whoever connects',
    run: async (stage) => {
      const crowd = await callers(stage);
      const { port } = await stage.control('./controls/everybody.ts');
      return flooded(stage, crowd, port);
    },
  },
};

interface Callers {
  readonly crmUrl: string;
  play(port: number, seconds: number): Promise<FloodReport>;
  disturb(port: number, seconds: number): Promise<StrangersReport>;
}

async function callers(stage: Stage): Promise<Callers> {
  const child = (name: string): ReturnType<typeof start> => {
    const started = start(fileURLToPath(new URL(`../${name}.ts`, import.meta.url)), {
      core: SWITCH_CORE,
      nodeArguments: ['--import', 'tsx'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    stage.atEnd(() => stop(started));
    return started;
  };
  const [flood, others] = [child('flood'), child('strangers')];
  const [[crmUrl]] = (await Promise.all([once(flood, 'message'), once(others, 'message')])) as [
    [string],
    [string],
  ];
  return {
    crmUrl,
    play: async (port, seconds) => {
      flood.send({
        port,
        calls: CALLS_PER_SECOND * seconds,
        callsPerSecond: CALLS_PER_SECOND,
        patienceMs: PATIENCE_MS,
      } satisfies FloodOrder);
      const [report] = (await once(flood, 'message')) as [FloodReport];
      return report;
    },
    disturb: async (port, seconds) => {
      others.send({ port, seconds, perSecond: stage.count(10_000, 10_000, 2_000) } satisfies StrangersOrder);
      const [report] = (await once(others, 'message')) as [StrangersReport];
      return report;
    },
  };
}

async function flooded(stage: Stage, crowd: Callers, port: number): Promise<Outcome> {
  const seconds = stage.count(30, 10, 3);
  const both = async (disturbed: number): Promise<[FloodReport, StrangersReport]> => {
    const [calls, made] = await Promise.all([crowd.play(port, seconds), crowd.disturb(disturbed, seconds)]);
    stage.inTime(calls.lagMs);
    // The connections that are still there are closed by then.
    await delay(3_000);
    return [calls, made];
  };
  await crowd.play(port, 2); // warm
  const alone = await stage.untilValid(async () => {
    const calls = await crowd.play(port, stage.count(10, 5, 1));
    stage.inTime(calls.lagMs);
    return calls;
  });
  const nobody = await closedPort();
  const [baseline] = await stage.untilValid(() => both(nobody));
  const [under, made] = await stage.untilValid(() => both(port));
  const { calls, routed, givenBack, refused, lost, example, p99Ms } = under;
  return {
    figure:
      `${Math.round(made.perSecond)} connections a second for ${seconds} s: of ${calls} calls ${routed} routed, ${givenBack} given back, ` +
      `${refused} refused, ${lost} lost${example === null ? '' : ` (${example})`}; p99 ${p99Ms.toFixed(1)} ms, ` +
      `against ${baseline.p99Ms.toFixed(1)} ms while the same host does the same to a closed port, ${alone.p99Ms.toFixed(1)} ms without it`,
    reached: routed === calls && (!stage.timed || p99Ms <= MOST_TIMES * baseline.p99Ms),
  };
}

/** Nobody listens there. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
