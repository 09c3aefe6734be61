import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { STATES, type State } from '../kind.ts';
import { checkRecord } from '../record.ts';
import { present, type Row } from '../row.ts';
import { Stage } from '../stage.ts';
import { World, type Stops } from '../world.ts';
import { begin, ordered, type RowScene } from './move.ts';

/** Who hung up: by evidence, and by nothing else. */

type Who = 'caller' | 'callee' | 'switch';

interface Ending {
  readonly name: string;
  readonly title: string;
  readonly by: Who;
  readonly states: readonly State[];
  readonly act: (scene: RowScene) => Promise<unknown>;
}

const endings: readonly Ending[] = [
  {
    name: 'kill',
    title: "uuid_kill of the caller's leg",
    by: 'switch',
    states: STATES,
    act: ({ stage, channel }) => ordered(stage, `uuid_kill ${channel.uuid}`),
  },
  {
    name: 'kill-callee',
    title: "uuid_kill of the callee's leg",
    by: 'switch',
    states: ['talking'],
    act: async ({ stage }) => {
      const { uuid } = await stage.world.witness.to(stage.number());
      return ordered(stage, `uuid_kill ${uuid}`);
    },
  },
  {
    name: 'hupall',
    title: 'hupall',
    by: 'switch',
    states: STATES,
    // Of this row's calls alone: others are played beside it.
    act: ({ stage }) => ordered(stage, `hupall MANAGER_REQUEST sip_from_user ${stage.caller()}`),
  },
  {
    name: 'caller',
    title: 'the caller hangs up',
    by: 'caller',
    states: STATES,
    act: ({ caller }) => caller.hangup(),
  },
  {
    name: 'callee',
    title: 'the callee hangs up',
    by: 'callee',
    states: ['talking'],
    act: ({ callee }) => present(callee, 'the callee').hangup(),
  },
];

const ENDS: Readonly<Record<Who, string>> = {
  caller: 'caller_hangup',
  callee: 'bridged',
  switch: 'switch_hangup',
};

async function hangsUp(stage: Stage, state: State, { by, act }: Pick<Ending, 'by' | 'act'>): Promise<string> {
  const scene = await begin(stage, state);
  const { caller, channel } = scene;
  await act(scene);
  await caller.ended();
  const end = await stage.world.witness.until(channel, 'the end', (seen) => seen.end);
  const record = await stage.record(caller);
  checkRecord(record, {
    end: state === 'talking' ? 'bridged' : ENDS[by],
    hungUpBy: by,
    hangupCause: end.cause,
    ...(by === 'switch' && state !== 'talking' ? { reason: 'switch_hung_up' } : {}),
    ...(by === 'caller' && state !== 'talking' ? { reason: 'caller_hung_up' } : {}),
    ...(state === 'talking' ? { answeredBy: stage.number() } : { talked: null }),
  });
  return `${end.cause}: end ${record.end}, hungUpBy ${record.hungUpBy ?? ''}`;
}

export const hangupRows: readonly Row[] = [
  ...endings.flatMap((ending) =>
    ending.states.map((state): Row => ({
      name: `hangup-${ending.name}-${state}`,
      title: `${ending.title}, ${state}: the record says who it was`,
      run: (stage) => hangsUp(stage, state, ending),
    })),
  ),
  ...STATES.map((state): Row => ({
    name: `hangup-shutdown-${state}`,
    title: `fsctl shutdown, ${state}: the record says who it was`,
    run: async (stage) => {
      // Not the FreeSWITCH that all rows share.
      const folder = join(stage.world.folder, stage.row.name);
      mkdirSync(folder, { recursive: true });
      const stops: Stops = [];
      try {
        const world = await World.start({ binary: stage.world.binary, folder, rows: [stage.row] }, stops);
        const inner = new Stage(world, stage.row, 0);
        return await hangsUp(inner, state, {
          by: 'switch',
          act: () => ordered(inner, 'fsctl shutdown').catch(() => undefined),
        });
      } finally {
        for (const stop of stops.reverse()) await stop();
      }
    },
  })),
];
