import { expect } from 'chai';
import { systemClock, type Clock } from '../../../lib/clock.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import { whatWouldChange, type RecordedCall } from '../../../lib/decide/what-would-change.ts';
import { assembleSchemes } from '../../../lib/schemes/schemes.ts';
import { callRecord } from '../../support/stored.ts';

const NO_SECRETS = { has: () => false, read: () => '' };
const CALLS = 500;

describe('what would change', () => {
  const loaded = loadConfig({ file: null, env: {}, argv: {}, readSecretFile: () => '' });
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const { config } = loaded;
  const webhook = {
    url: 'https://crm.example/route?n={{caller}}',
    submission: 'http',
    method: 'GET',
    parameters: {},
  };
  const schemesOf = (more: object) => {
    const json = { name: 'default', domain: 'pbx.example', webhook, ...more };
    const result = assembleSchemes([{ name: 'test', json, text: JSON.stringify(json) }], config, NO_SECRETS);
    if (!result.ok) throw new Error(result.faults.join('\n'));
    return result.set;
  };
  const recordOf = (index: number) => {
    const caller = `38044${1_000_000 + index}`;
    const record = callRecord({ scheme: 'default', caller });
    Object.assign(record.requests[0] ?? {}, {
      method: 'GET',
      url: `https://crm.example/route?n=${caller}`,
      body: null,
    });
    return record;
  };
  const options = {
    ...{
      config,
      secrets: NO_SECRETS,
      version: 'test',
      clock: systemClock,
      random: () => 0.5,
      limitMs: 60_000,
    },
    schemes: schemesOf({}),
  };
  const whyOf = async (call: Parameters<typeof whatWouldChange>[0]) => {
    const [verdict] = (await whatWouldChange(call, options)).verdicts;
    return verdict?.kind === 'unknown' ? verdict.why : verdict?.kind;
  };

  it('tells what can not be told, and why', async () => {
    expect(await whyOf([{ masked: true, record: recordOf(1) }])).to.equal('its numbers are masked or erased');
    const replied = (body: string) => {
      const record = recordOf(1);
      Object.assign(record.requests[0] ?? {}, { reply: { status: 200, headers: {}, body } });
      return [{ masked: false, record }];
    };
    expect(await whyOf(replied(' '.repeat(65_536)))).to.equal('its reply is cut at 64 KiB');
    expect(await whyOf(replied('{"destination":"101","key":"***"}'))).to.contain('hidden as secrets');
    expect(await whyOf(replied('{"destination":"101"}'))).to.equal('same');
    expect(await whyOf(replied('{"destination":"102"}'))).to.equal('moved');
  });

  it('gives the event loop a turn every four milliseconds, and ends in time', async () => {
    let nowMs = 0;
    let unbroken = 0;
    const turns: number[] = [];
    const clock: Clock = {
      ...systemClock,
      now: () => nowMs,
      after: (ms, callback, more) => {
        if (ms === 0) {
          turns.push(unbroken);
          unbroken = 0;
        }
        return systemClock.after(ms, callback, more);
      },
    };
    /** Each takes a millisecond. */
    function* calls(): Generator<RecordedCall> {
      for (let index = 0; index < CALLS; index++) {
        nowMs++;
        unbroken++;
        yield { masked: false, record: recordOf(index) };
      }
    }
    const { verdicts, unread } = await whatWouldChange(calls(), { ...options, clock });
    expect([verdicts.length, unread]).to.deep.equal([CALLS, 0]);
    expect(verdicts.filter(({ kind }) => kind !== 'same')).to.deep.equal([]);
    expect(new Set(turns)).to.deep.equal(new Set([4]));
    expect(turns).to.have.length(CALLS / 4);
    const part = await whatWouldChange(calls(), { ...options, clock, limitMs: 101 });
    expect([part.verdicts.length, part.unread]).to.deep.equal([100, CALLS - 100]);
    const none = await whatWouldChange(calls(), { ...options, clock, limitMs: 0 });
    expect([none.verdicts.length, none.unread]).to.deep.equal([0, CALLS]);
  });
});
