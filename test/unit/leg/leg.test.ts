import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { HungUpBy } from '../../../lib/call/hangup.ts';
import { replay } from '../../support/replay.ts';

/** What the leg makes of a real FreeSWITCH 1.11.1, for every move and every end that others can bring about. */

interface Row {
  /** Of a recording `m-<name>`. */
  readonly name: string;
  /** Its states, `asked` in front and `gone` behind left out: they are in each. */
  readonly states: string;
  /** Each as `by from to`. */
  readonly moves?: readonly string[];
  /** null: the recording ends before its call. */
  readonly ended: readonly [by: HungUpBy, cause: string] | null;
  /** Our callee, or somebody else, had answered. */
  readonly answered: boolean;
  /** The number of the callee whom our bridge connected. */
  readonly callee?: string;
}

const CALLEE = '201';

const ASKED: readonly Row[] = [
  {
    name: 'transfer-asked',
    states: 'moved',
    moves: ['transfer asked 700 inbound'],
    ended: ['switch', 'MANAGER_REQUEST'],
    answered: true,
  },
  {
    name: 'transfer-to-nowhere-asked',
    states: 'moved',
    moves: ['transfer asked nope inbound'],
    ended: ['switch', 'NO_ROUTE_DESTINATION'],
    answered: false,
  },
  {
    name: 'guard-asked',
    states: 'moved',
    moves: ['transfer asked esl_router_fallback inbound'],
    ended: null,
    answered: false,
  },
  // The second socket of a channel, let go when the first one was closed: FreeSWITCH does not say why.
  { name: 'two-sockets-asked', states: 'moved', moves: ['unknown asked '], ended: null, answered: false },
];

const RINGING: readonly Row[] = [
  {
    name: 'transfer-ringing',
    states: 'bridging moved',
    moves: ['transfer ringing 700 inbound'],
    ended: ['switch', 'MANAGER_REQUEST'],
    answered: true,
  },
  {
    name: 'park-ringing',
    states: 'bridging moved',
    moves: ['park ringing '],
    ended: ['switch', 'MANAGER_REQUEST'],
    answered: false,
  },
  // Who was never answered is hung up in his new place.
  {
    name: 'bridge-ringing',
    states: 'bridging moved',
    moves: ['bridge ringing 800'],
    ended: ['switch', 'DESTINATION_OUT_OF_ORDER'],
    answered: false,
  },
  {
    name: 'pickup-ringing',
    states: 'bridging moved',
    moves: ['bridge ringing 800'],
    ended: ['callee', 'NORMAL_CLEARING'],
    answered: true,
  },
  {
    name: 'pickup-callee-ringing',
    states: 'bridging',
    ended: ['switch', 'PICKED_OFF'],
    answered: false,
  },
  // Its bridge was ended, and it was not moved: it has to prove first that it is back.
  {
    name: 'transfer-callee-ringing',
    states: 'bridging',
    ended: ['switch', 'MANAGER_REQUEST'],
    answered: false,
  },
  // Foreign events that are not a move, and no answer of our callee.
  { name: 'answer-ringing', states: 'bridging', ended: null, answered: true },
  { name: 'broadcast-ringing', states: 'bridging', ended: null, answered: false },
  // He answered and was gone 2 ms later: the bridge never stood.
  { name: 'gone-ringing', states: 'bridging returned', ended: null, answered: false },
];

const TALKING: readonly Row[] = (
  [
    ['transfer', 'transfer talking 700 inbound', ['switch', 'MANAGER_REQUEST']],
    ['refer-by-callee', 'transfer talking 700 inbound', ['switch', 'MANAGER_REQUEST']],
    ['transfer-after-bridge', 'transfer talking 700 inbound', null],
    ['park', 'park talking ', ['switch', 'MANAGER_REQUEST']],
    ['park-after-bridge', 'park talking ', null],
    ['attended', 'bridge talking 701', ['callee', 'NORMAL_CLEARING']],
    ['bridge', 'bridge talking 800', ['callee', 'NORMAL_CLEARING']],
    ['bridge caller-hangs-up', 'bridge talking 800', ['caller', 'NORMAL_CLEARING']],
    ['hupall', null, ['switch', 'MANAGER_REQUEST']],
    ['kill-callee', null, ['switch', 'NORMAL_CLEARING']],
    ['refer-by-caller', null, ['caller', 'NORMAL_CLEARING']],
  ] as const
).map(([what, move, ended]) => {
  const [kind, ...who] = what.split(' ');
  return {
    name: [kind, 'talking', ...who].join('-'),
    states: move === null ? 'bridging talking' : 'bridging talking moved',
    moves: move === null ? [] : [move],
    ended,
    answered: true,
    callee: CALLEE,
  };
});

const ROWS = [...ASKED, ...RINGING, ...TALKING];

describe('the leg on the recordings of what others do to a call', () => {
  for (const { name, states, moves = [], ended, answered, callee } of ROWS) {
    it(`${name}: ${states}`, async () => {
      const { leg, states: seen } = await replay(`m-${name}`);
      expect(seen.join(' ')).to.equal(`asked ${states} gone`);
      expect(leg.moves.map(({ by, from, to }) => `${by} ${from} ${to}`)).to.deep.equal(moves);
      expect([leg.hungUpBy, leg.hangupCause]).to.deep.equal(ended ?? [null, null]);
      expect(leg.answered).to.equal(answered);
      expect(leg.connected?.callee.number).to.equal(callee);
      if (callee !== undefined) expect(leg.connected?.callee.uuid).to.match(/^[0-9a-f-]{36}$/);
      // Whatever takes it says so to whoever waits for it.
      const code =
        moves.length > 0
          ? 'moved'
          : ended === null
            ? 'switch_lost'
            : ended[0] === 'caller'
              ? 'caller_hung_up'
              : 'switch_hung_up';
      expect(leg.taken.reason).to.include({ code });
    });
  }

  it('leaves out none of them', () => {
    const folder = join(import.meta.dirname, '../../fixtures/esl-transcripts');
    const files = readdirSync(folder).filter((file) => file.startsWith('m-'));
    expect(ROWS.map(({ name }) => `m-${name}.jsonl`).sort()).to.deep.equal(files.sort());
  });
});
