import type { IncomingCall } from '../callee.ts';
import { sleep } from '../journal.ts';
import { between, check, type Row } from '../row.ts';
import { CALLEE_VOICE, type Line, type Script, type Stage } from '../stage.ts';
import { BUSY_USER, DECLINING_USER, SCRIPTS_USER } from '../switch-config.ts';
import { userOf } from '../sip.ts';

/**
 * Several gateways for a number, and what each callee is told of the caller. The gateway "mute" never says a word, nobody
 * listens at "closed", and "crm" is the carrier.
 */

const answersAt = (silentMs: number, ringMs = 200): Script => {
  return async (call) => {
    await sleep(silentMs);
    call.ring();
    await sleep(ringMs);
    await call.answer(CALLEE_VOICE);
  };
};

/** A user's telephone rings a while, and then says this. */
const refusesAfter = (ringMs: number, line: string): Script => {
  return async (call) => {
    call.ring();
    await sleep(ringMs);
    call.refuse(line);
  };
};

/** A number and a user ring together, in either order; the number's first gateway fails. */
function group(
  { name, title }: Pick<Row, 'name' | 'title'>,
  gateway: string,
  user: string,
  script: Script,
  run: Group,
): Row {
  return {
    name,
    title,
    scheme: { gateway: [gateway, 'crm'], forwardingTimeoutSeconds: 12 },
    run: async (stage) => {
      const line = stage.line(stage.number(), answersAt(0));
      const phone = stage.line(user, script, stage.world.phones);
      const figures: string[] = [];
      for (const order of [
        [line.number, user],
        [user, line.number],
      ]) {
        line.calls.length = 0;
        phone.calls.length = 0;
        stage.destination([order]);
        figures.push(await run(stage, line, phone));
      }
      return figures.join('; the other order: ');
    },
  };
}

type Group = (stage: Stage, line: Line, phone: Line) => Promise<string>;

/** What a caller may call himself, in From, and the user part that callees are to see. */
const CALLERS: readonly (readonly [sent: string, shown: string])[] = [
  ['%D0%98%D0%B2%D0%B0%D0%BD', '%D0%98%D0%B2%D0%B0%D0%BD'],
  // The letters themselves, which no SIP address may hold.
  [Buffer.from('Иван').toString('latin1'), '%D0%98%D0%B2%D0%B0%D0%BD'],
  ['%E4%B8%AD%E6%96%87', '%E4%B8%AD%E6%96%87'],
  ['caf%C3%A9', 'caf%C3%A9'],
  // Latin-1.
  ['caf%E9', 'caf%C3%A9'],
  ['john%20doe', 'john%20doe'],
  ["o'brien", "o'brien"],
  ['user%40host', 'user%40host'],
  ['alice&bob', 'alice&bob'],
  ['a,b', 'a,b'],
  ['agent.007_x-1', 'agent.007_x-1'],
  ['*98', '*98'],
  ['*21%23', '*21%23'],
  ['(044)111-22-33', '0441112233'],
  // None of these may become a header, a parameter or somebody else.
  ['x%0d%0aX-Evil%3a1', 'xX-Evil1'],
  ['1%3Bcpc=priority', '1'],
  // FreeSWITCH itself drops what is before a quote.
  ['q%22%3E%2C%3Csip%3Aevil%40x%3E', ',sipevil%40x'],
];

const userIn = (header: string): string => userOf(/<([^>]*)>/.exec(header)?.[1] ?? '');

/** Of one INVITE: From, whichever header of identity there is, and Privacy where somebody is to be hidden. */
function toldOf(callee: IncomingCall): string {
  const identity = callee.header('P-Asserted-Identity') || callee.header('Remote-Party-ID');
  const hidden = /privacy=(full|name|uri)/.test(identity) || /id/.test(callee.header('Privacy'));
  return [userIn(callee.header('From')), userIn(identity), hidden ? 'hidden' : ''].join(' ').trim();
}

export const gatewayRows: readonly Row[] = [
  {
    name: 'gateway-slow',
    title: 'the last gateway takes 8 s to ring: the number is reached, though a gateway before it has 6 s',
    scheme: { gateway: ['closed', 'crm'], forwardingTimeoutSeconds: 20 },
    run: async (stage) => {
      const line = stage.line(stage.number(), answersAt(8_000));
      stage.destination(line.number);
      const caller = await stage.call();
      const { atMs } = await caller.answered(15_000);
      await stage.talk(caller, await line.called());
      check(line.calls.length === 1, `${line.calls.length} INVITEs at the carrier`);
      return `answered after ${((atMs - caller.placedMs) / 1000).toFixed(2)} s`;
    },
  },
  {
    name: 'gateway-short-time',
    title: 'a silent gateway leaves the next one half of a short time',
    scheme: { gateway: ['mute', 'crm'], forwardingTimeoutSeconds: 6 },
    run: async (stage) => {
      const line = stage.line(stage.number(), answersAt(0, 300));
      stage.destination(line.number);
      const caller = await stage.call();
      const callee = await line.called();
      const waited = (callee.invitedMs - caller.placedMs) / 1000;
      between('seconds until the second gateway', waited, 2, 4.5);
      await stage.talk(caller, callee);
      return `the second gateway after ${waited.toFixed(2)} s of 6`;
    },
  },
  group(
    {
      name: 'gateway-group-busy',
      title:
        "a number and a user together, the number's gateway fails, the user is busy: the number alone is tried again",
    },
    'closed',
    BUSY_USER,
    refusesAfter(500, '486 Busy Here'),
    async (stage, line, phone) => {
      const caller = await stage.call();
      await caller.answered();
      await stage.talk(caller, await line.called());
      await caller.hangup();
      check(phone.calls.length === 1, `the user's telephone rang ${phone.calls.length} times`);
      check(line.calls.length === 1, `${line.calls.length} INVITEs at the carrier`);
      const { bridges } = await stage.record(caller);
      const causes = bridges.map(({ cause }) => cause).join(', ');
      check(causes === 'USER_BUSY, NORMAL_CLEARING', `the record's bridges: ${causes}`);
      return 'the user was rung once, the number through the second gateway';
    },
  ),
  group(
    {
      name: 'gateway-group-silent',
      title:
        'the same, and the gateway is silent while the user rings on: he is not cut off, and the number follows when he declines',
    },
    'mute',
    DECLINING_USER,
    refusesAfter(7_500, '603 Decline'),
    async (stage, line, phone) => {
      const caller = await stage.call();
      const callee = await line.called(1, 12_000);
      await caller.answered();
      await stage.talk(caller, callee);
      await caller.hangup();
      const [user] = phone.calls;
      check(phone.calls.length === 1 && user?.end?.how === 'refused', `the user: ${user?.end?.how ?? '-'}`);
      const { bridges } = await stage.record(caller);
      const causes = bridges.map(({ cause }) => cause).join(', ');
      check(causes === 'CALL_REJECTED, NORMAL_CLEARING', `the record's bridges: ${causes}`);
      return `the second gateway ${((callee.invitedMs - caller.placedMs) / 1000).toFixed(2)} s after the INVITE`;
    },
  ),
  {
    name: 'gateway-group-next',
    title: 'a group behind a busy number: its own end counts, and not what the bridge before it left behind',
    scheme: { gateway: ['closed', 'crm'], forwardingTimeoutSeconds: 8 },
    run: async (stage) => {
      const busy = stage.line(stage.number(), (call) => {
        call.refuse('486 Busy Here');
      });
      const down = stage.line(stage.number(1), (call) => {
        call.refuse('503 Service Unavailable');
      });
      stage.destination([busy.number, [down.number, '888']]);
      // A channel that API commands can't name gets its variables by an application.
      for (const odd of [{}, { to: stage.world.ports.byCallId ?? 0, callId: 'g{cX821%bek@host' }]) {
        const caller = await stage.call(odd);
        await stage.served(caller, 15_000);
        await caller.hangup();
        const { bridges, reason } = await stage.record(caller);
        const causes = bridges.map(({ cause }) => (cause === 'USER_BUSY' ? 'busy' : cause)).join(', ');
        const down = 'NORMAL_TEMPORARY_FAILURE';
        check(causes === [down, 'busy', down, down].join(', '), `the bridges: ${causes}`);
        check(reason === 'unreachable', `the reason is ${reason}`);
      }
      return 'unreachable, by a channel with and one without a name for API commands';
    },
  },
  {
    name: 'caller-scripts',
    title:
      'callers beyond ASCII, with spaces and signs: callees see who calls, as he can be called back, and nobody is made anonymous',
    own: { routers: 1 },
    settings: { GATEWAYS: JSON.stringify({ rpid: { identity: 'rpid' }, none: { identity: 'none' } }) },
    scheme: { gateway: ['crm', 'rpid', 'none'] },
    run: async (stage) => {
      const user = stage.line(
        SCRIPTS_USER,
        (call) => {
          call.refuse('486 Busy Here');
        },
        stage.world.phones,
      );
      // One number is called through three gateways, each of which tells of the caller in its own way.
      const line = stage.line(stage.number(), async (call) => {
        if (call.header('Contact').includes('gw=none')) await call.answer(CALLEE_VOICE);
        else call.refuse('503 Service Unavailable');
      });
      stage.destination([SCRIPTS_USER, line.number]);
      for (const [nth, [sent, shown]] of CALLERS.entries()) {
        const caller = await stage.call({ from: sent });
        await caller.answered();
        const seen = [await user.called(nth + 1), ...line.calls.slice(nth * 3)];
        const told = seen.map(toldOf).join('; ');
        const both = `${shown} ${shown}`;
        check(told === [both, both, both, shown].join('; '), `${JSON.stringify(sent)} was shown as ${told}`);
        check(
          seen.every((callee) => callee.headersLike('X-Evil').length === 0),
          `${JSON.stringify(sent)} made a header of its own`,
        );
        await caller.hangup();
      }
      return `${CALLERS.length} callers at a user and three gateways`;
    },
  },
];
