import { expect } from 'chai';
import { SimulatedFreeSwitch, startCrm, type SimulatedCrm } from '../../lib/simulator/index.ts';
import { BAD } from '../support/bad-peers.ts';
import { Daemon } from '../support/daemon.ts';
import { RawSwitch } from '../support/raw-switch.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';

/** Peers that are broken, silent or dead end their own connection and nothing else. */

describe('broken peers', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let daemon: Daemon;
  let count = 0;

  const warnings = (): unknown[] => daemon.lines.filter(({ level }) => level === 'warn' || level === 'error');
  const dial = (): Promise<RawSwitch> =>
    RawSwitch.dial(daemon.address, `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`);

  before(async () => {
    crm = await startCrm({
      '/now': { status: 200, body: '{"destination":"201"}' },
      '/slow': { status: 204, delayMs: 700 },
    });
    daemon = await Daemon.start({
      schemes: [
        { name: 'now', webhook: { url: `${crm.url}/now` } },
        { name: 'slow', webhook: { url: `${crm.url}/slow` } },
      ],
      settings: { ESL_REPLY_TIMEOUT: '1', ESL_HEARTBEAT: '0.2' },
    });
  });

  for (const { title, send, uuid: named = '' } of BAD) {
    it(`${title}: that connection ends with one line, and a call beside it goes on`, async () => {
      const before = warnings().length;
      const lines = daemon.lines.length;
      const freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100, seed: ++count });
      const beside = freeswitch.call({
        caller: CALLER,
        did: DID,
        path: 'slow',
        guardSeconds: 100,
        callee: () => answers(),
      });
      const peer = await dial();
      await peer.heard(/^connect\n\n/);
      send(peer);
      await peer.closed;
      const line = await daemon.until(
        ({ message, uuid }) => message === 'ended' && uuid === named,
        5000,
        lines,
      );
      expect(line['reason']).to.be.oneOf(['esl_protocol', 'esl_timeout', 'switch_lost']);
      const report = await beside;
      expect([report.lost, report.end.kind, report.violations]).to.deep.equal([null, 'dialplan', []]);
      expect(warnings().slice(before)).to.have.length(1);
      expect(JSON.stringify(line)).not.to.match(/\\n\s+at /);
    });
  }

  it('a caller who is gone before the router has spoken is not a fault: FreeSWITCH says goodbye in order', async () => {
    const before = warnings().length;
    const lines = daemon.lines.length;
    const peer = await dial();
    await peer.heard(/^connect\n\n/);
    peer.write('Content-Type: text/disconnect-notice\nContent-Length: 11\n\nGood bye\n\n\n');
    peer.end();
    await peer.closed;
    await daemon.until(({ message, uuid }) => message === 'ended' && uuid === '', 5000, lines);
    expect(warnings().slice(before)).to.deep.equal([]);
  });

  // His last events were over before `myevents`: none will come, and only the reply can tell who hung up.
  for (const [who, headers, ended] of [
    [
      'caller',
      { variable_sip_hangup_disposition: 'recv_cancel' },
      { end: 'caller_hangup', reason: 'caller_hung_up', hungUpBy: 'caller' },
    ],
    [
      'switch',
      { 'Hangup-Cause': 'MANAGER_REQUEST' },
      { end: 'switch_hangup', reason: 'switch_hung_up', hungUpBy: 'switch' },
    ],
    ['nobody is known to have', {}, { end: 'switch_hangup', reason: 'switch_hung_up', hungUpBy: 'unknown' }],
  ] as const) {
    it(`a call that is over when the reply to connect comes (${who}): nobody is asked, and nothing waited for`, async () => {
      const asked = crm.requests.length;
      const tookMs: number[] = [];
      for (let n = 0; n < 3; n++) {
        const peer = await dial();
        await peer.heard(/^connect\n\n/);
        const began = performance.now();
        peer.greet('now', { 'Answer-State': 'hangup', 'Channel-Call-State': 'HANGUP', ...headers });
        await peer.heard(/exit\n\n/);
        tookMs.push(performance.now() - began);
        peer.destroy();
        expect(await daemon.record(peer.uuid)).to.include(ended);
        expect(peer.said).not.to.include('bridge');
      }
      expect(crm.requests).to.have.length(asked);
      // Last events are waited for in 2 s: that delays all of them, a busy machine some.
      expect(Math.min(...tookMs)).to.be.below(1_500);
    });
  }

  it('a caller whom the guard took while the connection was queued is left alone', async () => {
    const asked = crm.requests.length;
    const peer = await dial();
    await peer.heard(/^connect\n\n/);
    peer.greet('now', {
      variable_current_application: 'playback',
      variable_esl_router_guard: '8',
      variable_esl_router_guard_id: '7',
    });
    await peer.heard(/api sched_del 7\n\n/);
    peer.api('+OK Deleted: 0\n');
    peer.hangUp('NORMAL_CLEARING');
    await peer.heard(/exit\n\n/);
    peer.destroy();
    expect(await daemon.record(peer.uuid)).to.include({ end: 'guard', reason: 'guard_fired' });
    expect(crm.requests).to.have.length(asked);
    expect(peer.said).not.to.match(/sendmsg|sched_(?!del 7)|uuid_setvar/);
  });

  it('a disconnect notice in place of the replies ends the call at once, though FreeSWITCH does not close', async () => {
    const before = warnings().length;
    const peer = await dial();
    await peer.heard(/myevents plain\n\n/);
    peer.greeted('now');
    peer.write('Content-Type: text/disconnect-notice\nContent-Length: 11\n\nGood bye\n\n\n');
    await peer.closed;
    const line = await daemon.line(peer.uuid);
    // It does not say whose doing it was.
    expect(line).to.include({ reason: 'switch_hung_up', end: 'switch_hangup', hungUpBy: null });
    expect(warnings().slice(before)).to.deep.equal([]);
  });

  it('more channel data than is taken: given back once FreeSWITCH has parked him, and the line says whose call', async () => {
    const peer = await dial();
    await peer.heard(/myevents plain\n\n/);
    peer.greet('now', { variable_a: 'x'.repeat(1_100_000) });
    const [, proof = ''] = await peer.heard(/esl_router_parked=(\S{36})/);
    peer.ok();
    await peer.heard(/getvar esl_router_parked\n\n/);
    peer.write(`Content-Type: command/reply\nReply-Text: ${proof}\n\n`);
    await peer.heard(/esl_router_reason=esl_protocol;[^]*\n\n/);
    peer.api('+OK\n');
    await peer.located();
    await peer.heard(/exit\n\n/);
    peer.end();
    await peer.closed;
    const line = await daemon.line(peer.uuid);
    expect(line).to.include({ reason: 'esl_protocol', end: 'dialplan' });
    expect(JSON.stringify(line))
      .to.include('esl.bodyBytes')
      .and.include(peer.uuid)
      .and.include('380441110001');
  });

  it('64 KB of newlines are skipped', async () => {
    const peer = await dial();
    await peer.heard(/^connect\n\n/);
    peer.write('\n'.repeat(65_536));
    await peer.bridged('now');
    peer.event('CHANNEL_HANGUP_COMPLETE', { 'Hangup-Cause': 'NORMAL_CLEARING' });
    await peer.heard(/exit\n\n/);
    peer.destroy();
    expect(await daemon.record(peer.uuid)).to.include({ end: 'bridged', reason: 'answered' });
  });

  it('bad percent-encoding and bytes that are not UTF-8 are survived', async () => {
    const peer = await dial();
    await peer.heard(/^connect\n\n/);
    peer.write(Buffer.from('Caller-Caller-ID-Name: %E9%zz%\xff%C3\nvariable_x: %\n', 'latin1'));
    await peer.bridged('now');
    peer.write('Content-Length: 7\nContent-Type: text/event-plain\n\n%%%\n\n\n\n');
    peer.event('CHANNEL_HANGUP_COMPLETE', { 'Hangup-Cause': 'NORMAL_CLEARING' });
    await peer.heard(/exit\n\n/);
    peer.destroy();
    expect((await daemon.record(peer.uuid)).end).to.equal('bridged');
  });

  it('a peer that dies while bridged is noticed by the heartbeat, and its record closes', async () => {
    const peer = await dial();
    await peer.bridged('now');
    await peer.heard(/api uuid_exists \S+\n\n/);
    peer.api('true');
    await peer.heard(/uuid_exists[^]+uuid_exists/);
    // And not a word any more.
    const record = await daemon.record(peer.uuid);
    expect(record).to.include({ end: 'switch_lost', result: 'routed' });
    expect(record.answeredMs).to.be.a('number');
    await peer.closed;
  });

  it('a call that FreeSWITCH no longer knows is closed by the heartbeat', async () => {
    const peer = await dial();
    await peer.bridged('now');
    await peer.heard(/api uuid_exists \S+\n\n/);
    peer.api('false');
    await peer.heard(/exit\n\n/);
    peer.destroy();
    expect((await daemon.record(peer.uuid)).end).to.be.oneOf(['switch_lost', 'bridged']);
  });

  it('the heartbeat says nothing while FreeSWITCH answers, and the call goes on', async () => {
    const peer = await dial();
    await peer.bridged('now');
    for (let beat = 1; beat <= 4; beat++) {
      await peer.heard(new RegExp(`(uuid_exists[^]*){${beat}}`));
      peer.api('true');
    }
    peer.event('CHANNEL_HANGUP_COMPLETE', { 'Hangup-Cause': 'NORMAL_CLEARING' });
    await peer.heard(/exit\n\n/);
    peer.destroy();
    expect(await daemon.record(peer.uuid)).to.include({ end: 'bridged' });
  });

  it('a command that FreeSWITCH never answers gives the call up, with a reason', async () => {
    const peer = await dial();
    await peer.heard(/^connect\n\n/);
    peer.greet('now');
    await peer.located();
    await peer.heard(/app-name: bridge/);
    const record = await daemon.record(peer.uuid);
    expect(record).to.include({ end: 'switch_lost' });
    expect(record.notes.join()).to.match(/did not answer|within/);
    await peer.closed;
  });

  it('a bridge that FreeSWITCH refuses gives the call back', async () => {
    const peer = await dial();
    await peer.heard(/^connect\n\n/);
    peer.greet('now');
    await peer.located();
    await peer.heard(/app-name: bridge/);
    peer.event('CHANNEL_PARK');
    peer.api('+OK\n');
    peer.api('+OK\n');
    peer.write('Content-Type: command/reply\nReply-Text: -ERR invalid session\n\n');
    await peer.heard(/esl_router_result=error[^]+/);
    peer.api('+OK\n');
    await peer.located(2);
    await peer.heard(/exit\n\n/);
    peer.destroy();
    expect(await daemon.record(peer.uuid)).to.include({ end: 'dialplan', reason: 'esl_protocol' });
  });

  it('200 silent connections cost nothing but themselves', async () => {
    const peers = await Promise.all(Array.from({ length: 200 }, dial));
    const freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100, seed: ++count });
    const report = await freeswitch.call({
      caller: CALLER,
      did: DID,
      path: 'now',
      guardSeconds: 100,
      callee: () => answers(),
    });
    expect(report.end.kind).to.equal('answered');
    await Promise.all(peers.map(({ closed }) => closed));
  });

  after(async () => {
    await crm.close();
    await daemon.stop();
  });
});
