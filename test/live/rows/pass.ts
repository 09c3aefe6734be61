import type { IncomingCall } from '../callee.ts';
import { Media } from '../media.ts';
import { now, seconds, sleep, SOON } from '../journal.ts';
import { STATES, type State } from '../kind.ts';
import { checkRecord } from '../record.ts';
import { between, check, present, type Row } from '../row.ts';
import { uriOf, userOf } from '../sip.ts';
import { openSink } from '../soak/carrier.ts';
import { quantile } from '../soak/tally.ts';
import type { Script } from '../stage.ts';
import { begin, GUARD_SECONDS, livesOn, ordered, RINGING_SECONDS } from './move.ts';

/** One channel that comes to the router more than once. */

/** The second number of the router, among the row's; the context "esl_router" takes any. */
const AGAIN = 8;
const COLLEAGUE = 9;
const MOST_PASSES = 5;
const TRANSFERS = 500;
const TRANSFERS_A_SECOND = 10;

function againRow(state: State, routers: 1 | 2): Row {
  return {
    name: `again-${state}-${routers}`,
    title: `transferred to a second number of ${routers === 1 ? 'the router' : 'another router'}, ${state}: that decision counts too, and the two records are linked`,
    guard: GUARD_SECONDS,
    scheme: { forwardingTimeoutSeconds: RINGING_SECONDS },
    ...(routers === 2 ? { own: { routers } } : {}),
    run: async (stage) => {
      const scene = await begin(stage, state);
      const { caller, channel, colleague } = scene;
      const again = stage.number(AGAIN);
      stage.answer(({ body }) =>
        body['did'] === again ? { body: { destination: colleague.number } } : null,
      );
      const second = stage.routers[1];
      if (second !== undefined) {
        const hosts = `127.0.0.1:${second.port}/${stage.row.name}`;
        await ordered(stage, `uuid_setvar ${channel.uuid} esl_router_hosts ${hosts}`);
      }
      await ordered(stage, `uuid_transfer ${channel.uuid} ${again} XML esl_router`);
      const movedMs = now();
      const other = await colleague.called();
      const lived = await livesOn(scene, other, movedMs);
      const [one, two] = await stage.passes(caller, 2);
      const [first, then] = [present(one, 'the first record'), present(two, 'the second record')];
      checkRecord(first, {
        end: 'moved',
        moves: [{ from: state, by: 'transfer', to: again }],
        pass: 1,
        hungUpBy: 'caller',
      });
      checkRecord(then, {
        end: 'bridged',
        result: 'routed',
        answeredBy: colleague.number,
        pass: 2,
        moves: [],
        hungUpBy: 'caller',
        hangupCause: 'NORMAL_CLEARING',
      });
      check(then.previous === first.id, `previous is ${then.previous ?? 'null'}, not the first one's trace`);
      return `rung by the second decision after ${(other.invitedMs - movedMs).toFixed(0)} ms, lived on for ${seconds(lived)}`;
    },
  };
}

export const passRows: readonly Row[] = [
  {
    name: 'transfer-loop',
    title: `our own transfer to an extension that runs socket again, ${TRANSFERS} times: nobody is lost`,
    alone: true,
    seconds: TRANSFERS / TRANSFERS_A_SECOND + 60,
    scheme: (callees) => ({
      fallback: { onNoRoute: [{ transfer: { extension: callees(AGAIN), context: 'esl_router' } }] },
    }),
    run: async (stage) => {
      const sink = await openSink();
      const again = stage.number(AGAIN);
      const answered = new Map<string, number>();
      const fallbacks = new Set<string>();
      const callerOf = (call: IncomingCall): string => userOf(uriOf(call.header('from')));
      const answers: Script = async (call) => {
        call.media = Media.mute(sink.address().port);
        await call.answer(0);
        answered.set(callerOf(call), now());
      };
      stage.line(stage.group.number, (call) => {
        fallbacks.add(callerOf(call));
        return call.answer(0);
      });
      const line = stage.line(stage.number(COLLEAGUE), answers);
      stage.answer(({ body }) =>
        body['did'] === again ? { body: { destination: line.number } } : { status: 204, body: '' },
      );
      const waits: number[] = [];
      const lost: string[] = [];
      const play = async (nth: number): Promise<void> => {
        const caller = await stage.call({ media: Media.mute(sink.address().port) });
        const number = stage.caller(nth);
        await caller.answered().catch(() => undefined);
        const atMs = answered.get(number);
        await sleep(300);
        if (atMs === undefined || caller.end !== null) {
          const by = fallbacks.has(number) ? ', by the fallback' : '';
          lost.push(`${number}: ${caller.journal.told(caller.placedMs)}${by}`);
        } else waits.push(atMs - caller.placedMs);
        await caller.hangup();
      };
      const plays: Promise<void>[] = [];
      const startedMs = now();
      for (let nth = 0; nth < TRANSFERS; nth++) {
        await sleep(Math.max(0, startedMs + (nth * 1000) / TRANSFERS_A_SECOND - now()));
        plays.push(play(nth));
      }
      await Promise.all(plays);
      sink.close();
      check(lost.length === 0, `${lost.length} of ${TRANSFERS} lost: ${lost.slice(0, 3).join('; ')}`);
      waits.sort((a, b) => a - b);
      return `${waits.length} of ${TRANSFERS} reached the second decision's callee, after ${quantile(waits, 0.5).toFixed(0)} ms (median), ${quantile(waits, 1).toFixed(0)} ms (worst)`;
    },
  },
  ...STATES.flatMap((state) => [againRow(state, 1), againRow(state, 2)]),
  {
    name: 'circle',
    title: `a dialplan whose fallback leads back to the socket: the CRM is asked ${MOST_PASSES} times at most, then the call is given back, then it is busy`,
    dialplan: [
      ['set', 'continue_on_fail=true'],
      ['set', 'hangup_after_bridge=true'],
      ['socket', '${esl_router_hosts} async full'],
      ['transfer', '${destination_number} XML inbound'],
    ],
    run: async (stage) => {
      stage.answer({ status: 204, body: '' });
      const caller = await stage.call();
      const { status } = await caller.refused(3 * SOON);
      await sleep(300);
      const asked = stage.questions.length;
      check(asked <= MOST_PASSES, `the CRM was asked ${asked} times; the caller got ${status}`);
      check(status === 486, `the caller got ${status}`);
      const records = await stage.passes(caller, MOST_PASSES + 2);
      const told = records.map(({ end, reason, pass }) => `${pass ?? '?'} ${end}/${reason}`).join(', ');
      check(records.length === MOST_PASSES + 2, `${records.length} records: ${told}`);
      check(records[MOST_PASSES]?.reason === 'pass_limit', `records: ${told}`);
      check(records[MOST_PASSES + 1]?.end === 'hangup', `records: ${told}`);
      check(
        records.every(({ previous }, nth) => previous === (records[nth - 1]?.id ?? null)),
        'the records are not linked',
      );
      return `asked ${asked} times, ${records.length} passes, then ${status}`;
    },
  },
  {
    name: 'max-calls',
    title: 'at maxCalls 1 the second call is given back at once, and the first goes on',
    own: { routers: 1 },
    settings: { MAX_CALLS: '1' },
    run: async (stage) => {
      const { caller, callee } = await begin(stage, 'talking');
      const second = await stage.call();
      const served = await stage.served(second);
      between('seconds until the second is served', served / 1000, 0, 1);
      await stage.talk(caller, present(callee, 'the callee'));
      const record = await (async () => {
        await second.hangup();
        return stage.record(second);
      })();
      checkRecord(record, { end: 'dialplan', reason: 'over_capacity' });
      return `served by the dialplan after ${served.toFixed(0)} ms`;
    },
  },
  {
    name: 'max-calls-again',
    title:
      'the same for a call that is transferred to the router again: the dialplan serves it, and it is not torn from there',
    own: { routers: 1 },
    settings: { MAX_CALLS: '1' },
    guard: GUARD_SECONDS,
    run: async (stage) => {
      const { caller, channel } = await begin(stage, 'talking');
      await ordered(stage, `uuid_transfer ${channel.uuid} ${stage.number(AGAIN)} XML esl_router`);
      const member = await stage.group.called();
      await stage.talk(caller, member, 0x51);
      await sleep((GUARD_SECONDS + 1) * 1000);
      check(caller.end === null && stage.group.calls.length === 1, 'torn out of the fallback');
      await stage.talk(caller, member, 0x51);
      return 'served by the dialplan, and left there';
    },
  },
];
