import { Random } from '../../../lib/simulator/random.ts';
import { KINDS, STATES, type Kind, type State } from '../kind.ts';
import { AGAIN_NUMBER } from './stage.ts';

/** Who is moved how, in which state and when: by chance from the seed. */

/** `nowhere`: to an extension that does not exist; the switch ends him. */
export interface MoveKind extends Kind {
  readonly leads: 'elsewhere' | 'to the router' | 'nowhere';
}

export interface Cell {
  readonly kind: MoveKind;
  readonly state: State;
}

export interface MovePlan extends Cell {
  /** From the beginning of the state to the move. */
  readonly afterMs: number;
}

const NAMES = [
  ...['transfer', 'scheduled', 'park', 'bridge', 'bridged', 'intercept'],
  ...['refer', 'replaces', 'after-bridge', 'att-xfer'],
];
const OWN: readonly MoveKind[] = [
  {
    name: 'again',
    title: 'uuid_transfer to a second number of the router',
    by: 'transfer',
    states: STATES,
    leads: 'to the router',
    move: async ({ order, channel, colleague }) => {
      await order(`uuid_transfer ${channel.uuid} ${AGAIN_NUMBER} XML esl_router`);
      return colleague.called();
    },
  },
  {
    name: 'nowhere',
    title: 'uuid_transfer to an extension that does not exist',
    by: 'transfer',
    states: STATES,
    leads: 'nowhere',
    move: async ({ order, channel, caller }) => {
      await order(`uuid_transfer ${channel.uuid} nowhere XML inbound`);
      await caller.ended();
      return null;
    },
  },
];

/** Twelve kinds. */
export const MOVES: readonly MoveKind[] = [
  ...KINDS.filter(({ name }) => NAMES.includes(name)).map((kind): MoveKind => {
    return { ...kind, leads: 'elsewhere' };
  }),
  ...OWN,
];

export const CELLS: readonly Cell[] = MOVES.flatMap((kind) => kind.states.map((state) => ({ kind, state })));

/** Before the CRM's time is up, or the callee's. */
const LATEST_MS = 600;

export function drawMove(random: Random): MovePlan {
  const cell = CELLS[random.below(CELLS.length)];
  if (cell === undefined) throw new Error('no cells');
  return { ...cell, afterMs: 50 + random.below(LATEST_MS) };
}
