import { expect } from 'chai';
import type { HeaderLookup } from '../../../lib/call/channel.ts';
import { whoHungUp, type Circumstances, type HungUpBy } from '../../../lib/call/hangup.ts';
import { replay } from '../../support/replay.ts';

/** Who hung up, by CHANNEL_HANGUP alone and by CHANNEL_HANGUP_COMPLETE, as a real FreeSWITCH said them. */

const NOTHING: Circumstances = { ordered: null, limited: false, conversation: 'none' };
const TALKED: Circumstances = { ...NOTHING, conversation: 'over' };
/** CHANNEL_HANGUP came before CHANNEL_UNBRIDGE. */
const TALKING: Circumstances = { ...NOTHING, conversation: 'standing' };

interface Row {
  readonly title: string;
  readonly recording: string;
  readonly circumstances: Circumstances;
  /** By the first event; what it can't tell yet is `unknown`. */
  readonly first: HungUpBy;
  readonly last: HungUpBy;
}

const ROWS: readonly Row[] = [
  {
    title: 'BYE of the caller',
    recording: '01-answered-caller-hangs-up',
    circumstances: TALKING,
    first: 'caller',
    last: 'caller',
  },
  {
    title: 'BYE of the callee',
    recording: '02-answered-callee-hangs-up',
    circumstances: TALKED,
    first: 'callee',
    last: 'callee',
  },
  {
    title: 'CANCEL of the caller while it rings',
    recording: '09-caller-cancels-while-ringing',
    circumstances: NOTHING,
    first: 'caller',
    last: 'caller',
  },
  {
    title: 'CANCEL of the caller before anything',
    recording: '08-abandon-before-command-linger',
    circumstances: NOTHING,
    first: 'caller',
    last: 'caller',
  },
  {
    title: 'REFER of the caller, whose leg a BYE of ours ends',
    recording: 'm-refer-by-caller-talking',
    circumstances: TALKED,
    first: 'caller',
    last: 'caller',
  },
  {
    title: 'uuid_kill of the callee',
    recording: 'm-kill-callee-talking',
    circumstances: TALKED,
    first: 'switch',
    last: 'switch',
  },
  {
    title: 'hupall',
    recording: 'm-hupall-talking',
    circumstances: TALKING,
    first: 'switch',
    last: 'switch',
  },
  {
    title: 'the ringing callee is picked up by somebody else',
    recording: 'm-pickup-callee-ringing',
    circumstances: NOTHING,
    first: 'switch',
    last: 'switch',
  },
  {
    title: 'a transfer to nowhere',
    recording: 'm-transfer-to-nowhere-asked',
    circumstances: NOTHING,
    first: 'switch',
    last: 'switch',
  },
  {
    title: 'BYE of the caller in his new place',
    recording: 'm-bridge-talking-caller-hangs-up',
    circumstances: TALKING,
    first: 'caller',
    last: 'caller',
  },
  {
    title: 'BYE of the one to whom the caller was joined',
    recording: 'm-bridge-talking',
    circumstances: TALKED,
    first: 'callee',
    last: 'callee',
  },
  {
    title: 'BYE of the one who picked the call up',
    recording: 'm-pickup-ringing',
    circumstances: TALKED,
    first: 'callee',
    last: 'callee',
  },
  {
    title: 'a hang-up of the router',
    recording: '17d-sendmsg-hangup-CALL_REJECTED',
    circumstances: { ...NOTHING, ordered: 'CALL_REJECTED' },
    first: 'router',
    last: 'router',
  },
  {
    title: 'the same cause from somebody else',
    recording: '17d-sendmsg-hangup-CALL_REJECTED',
    circumstances: NOTHING,
    first: 'unknown',
    last: 'switch',
  },
  {
    title: 'a hang-up of the router that another has forestalled',
    recording: 'm-hupall-talking',
    circumstances: { ...TALKING, ordered: 'NORMAL_CLEARING' },
    first: 'switch',
    last: 'switch',
  },
];

const event = (headers: Readonly<Record<string, string>>): HeaderLookup => new Map(Object.entries(headers));

describe('who hung up', () => {
  for (const { title, recording, circumstances, first, last } of ROWS) {
    it(`${title}: ${last}`, async () => {
      const { hangups } = await replay(recording);
      const said = hangups.map((hangup) => [hangup.name, whoHungUp(hangup, circumstances)]);
      expect(said).to.deep.equal([
        ['CHANNEL_HANGUP', first],
        ['CHANNEL_HANGUP_COMPLETE', last],
      ]);
    });
  }

  it('the longest duration is the router’s when it has set it, and the dialplan’s when not', () => {
    const over = event({ 'Hangup-Cause': 'ALLOTTED_TIMEOUT' });
    expect(whoHungUp(over, { ...TALKING, limited: true })).to.equal('router');
    expect(whoHungUp(over, TALKING)).to.equal('switch');
  });

  it('a callee who left no SIP answer is not known to have said BYE', () => {
    const cleared = {
      'Hangup-Cause': 'NORMAL_CLEARING',
      variable_last_bridge_hangup_cause: 'NORMAL_CLEARING',
    };
    const through = (channel: string): HungUpBy =>
      whoHungUp(event({ ...cleared, variable_bridge_channel: channel }), TALKED);
    expect(through('sofia/internal/201')).to.equal('switch');
    // Through loopback, or another endpoint, nothing of SIP reaches this leg.
    expect(through('loopback/201-a')).to.equal('unknown');
  });

  it('of a bridge that stands nobody knows by its variables, which are those of the one before', () => {
    const cleared = {
      'Hangup-Cause': 'NORMAL_CLEARING',
      variable_last_bridge_hangup_cause: 'NORMAL_CLEARING',
      variable_last_bridge_proto_specific_hangup_cause: 'sip:200',
    };
    expect(whoHungUp(event(cleared), TALKING)).to.equal('unknown');
  });

  it('nothing is said without a sign', () => {
    expect(whoHungUp(event({ 'Hangup-Cause': 'NORMAL_CLEARING' }), TALKED)).to.equal('unknown');
    expect(whoHungUp(event({}), NOTHING)).to.equal('unknown');
  });
});
