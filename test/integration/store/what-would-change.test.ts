import { expect } from 'chai';
import { systemClock, type Clock } from '../../../lib/clock.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import { whatWouldChange } from '../../../lib/decide/what-would-change.ts';
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

  it('looks at 500 calls in turns of some milliseconds, and ends in time', async function () {
    this.timeout(60_000);
    const records = Array.from({ length: CALLS }, (_, index) => ({ masked: false, record: recordOf(index) }));
    await whatWouldChange(records.slice(0, 50), options);
    // By the processor's time, of which a busy machine gives less, and never more.
    const turns: number[] = [];
    let began = process.cpuUsage();
    const clock: Clock = {
      ...systemClock,
      after: (ms, callback, more) => {
        if (ms > 0) return systemClock.after(ms, callback, more);
        const { user, system } = process.cpuUsage(began);
        turns.push((user + system) / 1000);
        return systemClock.after(ms, () => {
          began = process.cpuUsage();
          callback();
        });
      },
    };
    const { verdicts, unread } = await whatWouldChange(records, { ...options, clock });
    expect([verdicts.length, unread]).to.deep.equal([CALLS, 0]);
    expect(verdicts.filter(({ kind }) => kind !== 'same')).to.deep.equal([]);
    turns.sort((one, other) => one - other);
    expect(turns.length).to.be.above(5);
    // A collection of garbage may fall into one, on other threads too.
    expect(turns[Math.floor(turns.length * 0.95) - 1], `turns: ${turns.join(' ')}`).to.be.below(20);
    const none = await whatWouldChange(records, { ...options, limitMs: 0 });
    expect([none.verdicts.length, none.unread]).to.deep.equal([0, CALLS]);
  });
});
