import { expect } from 'chai';
import fc from 'fast-check';
import { loadConfig } from '../../../lib/config/config.ts';
import type { Outcome } from '../../../lib/call/cause.ts';
import { describeStep, Inquiry, type Decision } from '../../../lib/decide/decide.ts';
import { AnswerMemory } from '../../../lib/decide/memory.ts';
import { nextLists } from '../../../lib/decide/next.ts';
import type { SchemeDocument } from '../../../lib/scheme/scheme.ts';
import { assembleSchemes } from '../../../lib/schemes/schemes.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { callOf } from '../../support/scheme.ts';

type Fallback = NonNullable<SchemeDocument['fallback']>;

/** The decision for a reply, what would follow it, and what does follow it. */
async function decided(destination: unknown, fallback: Fallback) {
  const env = { ESL_ROUTER_GATEWAY: 'trunk', ESL_ROUTER_DOMAIN: 'pbx.test' };
  const loaded = loadConfig({ file: null, env, argv: {}, readSecretFile: () => '' });
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const { config } = loaded;
  const json = { name: 'sales', webhook: { url: 'https://crm.example.com/' }, fallback };
  const secrets = { has: () => true, read: () => '' };
  const assembled = assembleSchemes([{ name: 'sales', json, text: '' }], config, secrets);
  if (!assembled.ok) throw new Error(assembled.faults.join('\n'));
  const schemes = assembled.set;
  const call = callOf();
  const clock = new ManualClock();
  const body = JSON.stringify({ destination });
  const inquiry = new Inquiry({
    ...{ call, config, schemes, secrets, clock, memory: new AnswerMemory() },
    ...{ version: '0.0.0', trace: '', dryRun: false, signal: new AbortController().signal },
    send: () => Promise.resolve({ status: 200, headers: {}, body, phases: { total: 1 } }),
    note: () => undefined,
    elapsedMs: () => 0,
  });
  const scheme = schemes.schemes.get('sales');
  if (scheme === undefined) throw new Error('no scheme');
  const decision = await inquiry.decide(scheme, clock.now() + 4000);
  const walked = async (outcome: Outcome): Promise<string[]> => {
    const steps: string[] = [];
    let at: Decision = decision;
    for (;;) {
      steps.push(describeStep(at.steps[0]));
      if (at.steps[0].kind !== 'dial') return steps;
      at = await inquiry.resume(at, outcome, 'CAUSE');
    }
  };
  return { decision, next: nextLists(decision, { call, config, schemes }), walked };
}

describe('the lists that follow a decision', () => {
  const dial = fc.constantFrom('201', '202', '380671234567', ['203', '204']);
  const step = fc.oneof(
    { weight: 4, arbitrary: dial.map((to) => ({ dial: to })) },
    { weight: 1, arbitrary: fc.constant({ transfer: { extension: 'vm' } }) },
    { weight: 1, arbitrary: fc.constant({ hangup: 'USER_BUSY' }) },
    { weight: 1, arbitrary: fc.constant({ dialplan: true as const }) },
    // Around in a circle: left out.
    { weight: 1, arbitrary: fc.constant({ scheme: 'sales' }) },
  );
  const list = fc.array(step, { maxLength: 4 });
  const fallback = fc.record(
    { onNoRoute: list, onError: list, onNoAnswer: list, onBusy: list, onRejected: list, onUnreachable: list },
    { requiredKeys: [] },
  );
  const end = fc.constantFrom({ hangup: 'USER_BUSY' }, { dialplan: true }, { scheme: 'sales' });
  const destination = fc.oneof(
    fc.array(fc.oneof({ weight: 3, arbitrary: dial }, { weight: 1, arbitrary: end }), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.constantFrom(null, 'not readable at all'),
  );

  it('are those that the call goes on with', async () => {
    await fc.assert(
      fc.asyncProperty(destination, fallback, async (value, lists) => {
        const { decision, next, walked } = await decided(value, lists);
        for (const outcome of ['no_answer', 'busy', 'rejected', 'unreachable'] as const) {
          const [following, ...others] = next.filter(({ outcomes }) => outcomes.includes(outcome));
          expect(others).to.deep.equal([]);
          const steps = [...decision.steps, ...(following?.steps ?? [])].map(describeStep);
          // What follows the end of the list itself, and a circle, show as steps and are never taken.
          const known = steps.filter((text) => text !== 'scheme sales');
          const last = known.findIndex((text) => !text.startsWith('dial '));
          expect(await walked(outcome)).to.deep.equal(known.slice(0, last + 1));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are none where the decision ends the call', async () => {
    for (const value of [{ hangup: 'USER_BUSY' }, ['201', { dialplan: true }, '202']])
      expect((await decided(value, { onNoAnswer: [{ dial: '900' }] })).next).to.deep.equal([]);
  });

  it('stand once for all outcomes that they are for, with how they were read', async () => {
    const { next } = await decided('201', { onNoAnswer: [{ dial: '380441234567' }], onBusy: [] });
    expect(next.map(({ outcomes, steps }) => [outcomes, steps.map(describeStep)])).to.deep.equal([
      [['no_answer', 'rejected', 'unreachable'], ['dialplan']],
      [['busy'], ['dialplan']],
    ]);
    expect(next[0]?.readings[0]?.result).to.match(/^refused: .* is the called number$/);
  });
});
