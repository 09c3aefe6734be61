import { expect } from 'chai';
import { apply, newRecord } from '../../../lib/call/record.ts';
import { Cancellation } from '../../../lib/cancel.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import { Inquiry } from '../../../lib/decide/decide.ts';
import type { FindLastAgent } from '../../../lib/decide/last-agent.ts';
import { AnswerMemory } from '../../../lib/decide/memory.ts';
import { RouterError } from '../../../lib/errors.ts';
import type { Call } from '../../../lib/call/channel.ts';
import type { SchemeDocument } from '../../../lib/scheme/scheme.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { callOf, schemeOf } from '../../support/scheme.ts';

const env = { ESL_ROUTER_GATEWAY: 'crm', ESL_ROUTER_DOMAIN: 'pbx.example' };
const loaded = loadConfig({ file: null, env, argv: {}, readSecretFile: () => '' });
if (!loaded.ok) throw new Error(loaded.faults.join());
const { config } = loaded;
const AT = '2026-11-20T09:00:00.000Z';
const talkedTo =
  (destination: string): FindLastAgent =>
  () =>
    Promise.resolve({ destination, at: AT, talkedMs: 65_000 });

interface Setting {
  readonly find?: FindLastAgent;
  readonly call?: Partial<Call>;
  readonly scheme?: Partial<SchemeDocument>;
  readonly clock?: ManualClock;
}

function prepared({ find, call = {}, scheme: more = {}, clock = new ManualClock() }: Setting) {
  const fallback = { onError: [{ lastAgent: {} }, { dial: '900' }], onNoAnswer: [{ lastAgent: {} }] };
  const scheme = schemeOf({ fallback, ...more });
  const record = newRecord('trace', clock.date());
  const signal = new Cancellation();
  const inquiry = new Inquiry({
    call: callOf({ caller: '380501234567', did: '15005550100', ...call }),
    config,
    schemes: { schemes: new Map([['sales', scheme]]), default: null, variables: new Set() },
    secrets: { has: () => true, read: () => '' },
    send: () => Promise.reject(new RouterError('connect_failed')),
    ...(find === undefined ? {} : { lastAgent: find }),
    memory: new AnswerMemory(),
    ...{ clock, version: '0', trace: 'trace', dryRun: false, signal },
    note: (event) => {
      apply(record, event);
    },
    elapsedMs: () => 0,
  });
  return { inquiry, scheme, record, clock, signal };
}

async function wayOf(setting: Setting): Promise<{ steps: readonly string[]; notes: string }> {
  const { inquiry, scheme, record, clock } = prepared(setting);
  await inquiry.decide(scheme, clock.now() + 4_000);
  return { steps: record.decisions[0]?.steps ?? [], notes: record.notes.join('\n') };
}

describe('last agent', () => {
  for (const [destination, scheme] of [
    ['201', {}],
    ['agent_007', {}],
    ['380441112299', {}],
    ['380441112299', { numbering: { country: 'UA' } }],
    ['+380441112299', { numbering: { country: 'UA', dialAs: 'plus' } }],
    ['0441112299', { numbering: { country: 'UA', dialAs: 'national' } }],
    // Bare digits are read as those of the country, and these were dialled in E.164.
    ['442079460000', { numbering: { country: 'US' } }],
  ] as const) {
    it(`is dialled as then: ${destination} ${JSON.stringify(scheme)}`, async () => {
      const { steps, notes } = await wayOf({ find: talkedTo(destination), scheme });
      expect(steps).to.deep.equal([`dial ${destination}`, 'dial 900']);
      expect(notes).to.contain(`last agent: ${destination}, for 65 s on ${AT}`);
    });
  }

  it("is transferred to where extensions are the dialplan's", async () => {
    const { steps } = await wayOf({ find: talkedTo('201'), scheme: { extensions: 'dialplan' } });
    expect(steps[0]).to.match(/^transfer 201 /);
  });

  it('is held against the policies of today', async () => {
    const { steps } = await wayOf({
      find: talkedTo('380441112299'),
      scheme: { numbers: { deny: ['380441'] } },
    });
    expect(steps).to.deep.equal(['dial 900']);
  });

  for (const [title, setting, why] of [
    ['nobody', { find: () => Promise.resolve(null) }, 'nobody within 30 days'],
    ['without a store', {}, 'there is no store'],
    [
      'of a caller who withholds his number',
      { find: talkedTo('201'), call: { withheld: true } },
      'the caller has no number',
    ],
    ['without a number', { find: talkedTo('201'), call: { caller: '' } }, 'the caller has no number'],
    [
      'where the store fails',
      { find: () => Promise.reject(new Error('gone')) },
      'the store cannot be asked: gone',
    ],
    // What another scheme has dialled may be no destination of this one.
    ['that can not be read', { find: talkedTo('a b c') }, 'last agent: a b c'],
  ] as const satisfies readonly (readonly [string, Setting, string])[]) {
    it(`goes on with the next step: ${title}`, async () => {
      const { steps, notes } = await wayOf(setting);
      expect(steps).to.deep.equal(['dial 900']);
      expect(notes).to.contain(why);
    });
  }

  it('waits 300 ms for a store that hangs, and less where less is left', async () => {
    for (const [leftMs, waitMs] of [
      [4_000, 300],
      [120, 120],
    ] as const) {
      const clock = new ManualClock();
      const { inquiry, scheme, record } = prepared({ clock, find: () => new Promise(() => undefined) });
      let done = false;
      const decided = inquiry.decide(scheme, clock.now() + leftMs).then(() => (done = true));
      await new Promise(setImmediate);
      clock.advance(waitMs - 1);
      await new Promise(setImmediate);
      expect(done).to.equal(false);
      clock.advance(1);
      await decided;
      expect(record.notes.join()).to.contain(`the store did not answer within ${waitMs} ms`);
      expect(record.decisions[0]?.steps).to.deep.equal(['dial 900']);
    }
  });

  it('lets go at once when the caller hangs up', async () => {
    const { inquiry, scheme, clock, signal } = prepared({ find: () => new Promise(() => undefined) });
    const decided = inquiry.decide(scheme, clock.now() + 4_000).then(
      () => null,
      (error: unknown) => error,
    );
    await new Promise(setImmediate);
    const gone = new RouterError('caller_hung_up');
    signal.abort(gone);
    expect(await decided).to.equal(gone);
  });

  it('is not rung again at once', async () => {
    const { inquiry, scheme, record, clock } = prepared({ find: talkedTo('900') });
    const first = await inquiry.decide(scheme, clock.now() + 4_000);
    const second = await inquiry.resume(first, 'no_answer', 'NO_ANSWER');
    expect(first.steps[0].kind).to.equal('dial');
    expect(second.steps[0].kind).to.equal('dial');
    expect(record.decisions.map(({ steps }) => steps)).to.deep.equal([
      ['dial 900', 'dial 900'],
      ['dial 900'],
    ]);
  });
});
