import { expect } from 'chai';
import { dialStringFaults, lostReason, type Facts } from '../../../lib/simulator/judge.ts';

describe('the judge of lost calls', () => {
  const patience = { budgetMs: 4000, parkedMs: 1000 };
  const decided: Facts = {
    end: { kind: 'dialplan' },
    acceptedMs: 2,
    connectReplyMs: 3,
    decisionsMs: [100],
    stepsMs: [],
    settledMs: 120,
  };
  const judge = (facts: Partial<Facts>) => lostReason({ ...decided, ...facts }, patience);

  it('is content with a decision within the budget and a second', () => {
    expect(judge({})).to.be.null;
    expect(judge({ decisionsMs: [5000], settledMs: 5100 })).to.be.null;
  });

  it('counts a late decision, and none at all', () => {
    expect(judge({ decisionsMs: [5100], settledMs: 5200 })).to.contain('within 5000 ms');
    expect(
      judge({ decisionsMs: [], settledMs: 60_000, end: { kind: 'caller-hangup', at: 'waiting' } }),
    ).to.contain('no command');
  });

  it('is content with a caller who left earlier', () => {
    expect(judge({ decisionsMs: [], settledMs: 900, end: { kind: 'caller-hangup', at: 'waiting' } })).to.be
      .null;
  });

  it('counts a router that never said connect, while the caller waited', () => {
    expect(judge({ connectReplyMs: null, decisionsMs: [], settledMs: 9000 })).to.contain('no connect');
  });

  it('counts a leg that sits parked after a step', () => {
    expect(judge({ stepsMs: [500], decisionsMs: [100, 1400], settledMs: 1500 })).to.be.null;
    expect(judge({ stepsMs: [500], decisionsMs: [100, 1600], settledMs: 1700 })).to.contain(
      'parked for 1100 ms',
    );
    expect(judge({ stepsMs: [500], decisionsMs: [100], settledMs: 2600 })).to.contain('parked for 2100 ms');
  });

  it('counts silence always, and the guard and a missing router never', () => {
    expect(judge({ end: { kind: 'silence' } })).to.contain('silence');
    expect(judge({ end: { kind: 'guard' }, decisionsMs: [], settledMs: 8000 })).to.be.null;
    expect(judge({ end: { kind: 'no-router' }, acceptedMs: null, connectReplyMs: null, decisionsMs: [] })).to
      .be.null;
  });
});

describe('the judge of dial strings', () => {
  const FAULTY: readonly (readonly [string, string])[] = [
    ['user/a@d|user/b@d', '"|"'],
    ['user/a@d:_:user/b@d', '":_:"'],
    [Array.from({ length: 11 }, (_, i) => `user/u${i}@d`).join(','), 'extra legs: 11'],
    ['sofia/gateway/crm/38044,loopback/app=system:reboot', 'neither gateway nor user'],
    ['sofia/gateway/crm/38044@evil.example', 'out of its grammar'],
    ['sofia/gateway/crm/38044;fs_path=sip:evil', 'out of its grammar'],
    ['sofia/gateway/crm/380 44', 'out of its grammar'],
    ['{continue_on_fail=true}user/a@d', 'continue_on_fail does nothing'],
    ['[hangup_after_bridge=true]user/a@d', 'hangup_after_bridge does nothing'],
    ['[origination_caller_id_name=a%0D%0Ab]user/a@d', 'mod_sofia decodes origination_caller_id_name'],
    ['{origination_caller_id_number=1%3Bcpc}user/a@d', 'mod_sofia decodes origination_caller_id_number'],
    ['{origination_caller_id_number=1%2527}user/a@d', 'mod_sofia decodes origination_caller_id_number'],
  ];
  for (const [text, fault] of FAULTY) {
    it(`finds ${fault} in ${text.slice(0, 60)}`, () => {
      expect(dialStringFaults(text).join('; ')).to.contain(fault);
    });
  }

  it('finds nothing in what the router may send', () => {
    const dialString =
      '{originate_timeout=30,ignore_early_media=true,outbound_redirect_fatal=true}' +
      '[leg_timeout=10,origination_caller_id_name=O%27Brien (Sales)]sofia/gateway/crm/380441234567,user/agent_007@pbx.test';
    expect(dialStringFaults(dialString)).to.deep.equal([]);
  });
});
