import type { IncomingCall } from '../callee.ts';
import { now, seconds, sleep } from '../journal.ts';
import { KINDS, STATES, type Kind, type Scene, type State } from '../kind.ts';
import { checkRecord } from '../record.ts';
import { check, present, type Row } from '../row.ts';
import { CALLEE_VOICE, type End, type Script, type Stage } from '../stage.ts';

/** Somebody takes the caller elsewhere: he lives on there, and the router's record says so. */

/** As the rows have it. */
export interface RowScene extends Scene {
  readonly stage: Stage;
}

export const COLLEAGUE_VOICE = 0x61;
/** The colleague's number, among the row's. */
const COLLEAGUE = 9;
export const GUARD_SECONDS = 4;
export const RINGING_SECONDS = 4;
/** Past all that could still be scheduled for the caller: the guard, and the guard that was pushed back. */
const PAST_GUARD_MS = (RINGING_SECONDS + GUARD_SECONDS + 1.5) * 1000;
const PAST_GUARD_ASKED_MS = (GUARD_SECONDS + 1.5) * 1000;
/** He has to be left alone for so long at least. */
const LIVES_MS = 3000;

const answers: Script = async (call) => {
  call.ring();
  await sleep(200);
  await call.answer(CALLEE_VOICE);
};
const rings: Script = (call) => {
  call.ring();
};

/** Brings a call into a state. */
export async function begin(stage: Stage, state: State): Promise<RowScene> {
  const colleague = stage.line(stage.number(COLLEAGUE), (call) => call.answer(COLLEAGUE_VOICE));
  const line = stage.line(stage.number(), state === 'talking' ? answers : rings);
  if (state === 'asked') stage.answer(null);
  else stage.destination(line.number);
  const caller = await stage.call();
  let callee: IncomingCall | null = null;
  if (state === 'asked') {
    await stage.asked();
    await sleep(300);
  } else {
    callee = await line.called();
    await caller.response(180, 180);
    if (state === 'ringing') await sleep(500);
    else {
      await caller.answered();
      await stage.talk(caller, callee);
    }
  }
  return {
    ...{ stage, state, caller, channel: await stage.channel(caller), callee, colleague },
    external: stage.world.ports.external,
    order: (command) => ordered(stage, command),
    call: (options) => stage.call({ voice: COLLEAGUE_VOICE, ...options }),
    uuidOf: async (call) => (await stage.channel(call)).uuid,
    bridgedTo: (number) => stage.world.witness.bridgedTo(number),
    calleeUuid: async () => (await stage.world.witness.to(stage.number())).uuid,
  };
}

/** Gives a command to FreeSWITCH, as somebody else than the router. */
export async function ordered(stage: Stage, command: string): Promise<string> {
  const reply = await stage.api(command);
  check(!reply.startsWith('-'), `${command}: ${reply}`);
  return reply;
}

/** The caller is left alone until then. */
export async function staysUntil(
  { stage, caller }: RowScene,
  untilMs: number,
  movedMs: number,
): Promise<void> {
  while (now() < untilMs) {
    const { end } = caller;
    if (end !== null)
      throw new Error(`the caller was ${end.how} ${seconds(end.atMs - movedMs)} after the move`);
    const served = stage.group.calls[0];
    if (served !== undefined) {
      const afterMs = served.invitedMs - movedMs;
      // He was never in his new place then: FreeSWITCH, or this machine, took longer than the row has.
      check(afterMs >= 0, `moved too late: the fallback had served him ${seconds(-afterMs)} before`);
      throw new Error(`torn out of his new place, into the fallback, ${seconds(afterMs)} after the move`);
    }
    await sleep(50);
  }
}

/** He lives on in his new place, past all guards, until he hangs up himself. Milliseconds since the move. */
export async function livesOn(scene: RowScene, there: End | null, movedMs: number): Promise<number> {
  const { stage, state, caller, channel, colleague } = scene;
  const pastMs = state === 'ringing' ? PAST_GUARD_MS : PAST_GUARD_ASKED_MS;
  if (there !== null) await stage.talk(caller, there, COLLEAGUE_VOICE);
  await staysUntil(scene, Math.max(movedMs + LIVES_MS, caller.placedMs + pastMs), movedMs);
  let other = there;
  if (other === null) {
    check(channel.parkedMs.length > 0 && (channel.parkedMs.at(-1) ?? 0) > movedMs - 500, 'he is not parked');
    await ordered(stage, `uuid_transfer ${channel.uuid} ${colleague.number} XML default`);
    other = await colleague.called();
  }
  await stage.talk(caller, other, COLLEAGUE_VOICE);
  const lived = now() - movedMs;
  await caller.hangup();
  return lived;
}

function rowOf({ name, title, by, states, move }: Kind): Row[] {
  return states.map((state) => ({
    name: `move-${name}-${state}`,
    title: `${title}, ${state === 'asked' ? 'while the CRM is asked' : state === 'ringing' ? 'while the callee rings' : 'while they talk'}: he lives on there`,
    guard: GUARD_SECONDS,
    scheme: { forwardingTimeoutSeconds: RINGING_SECONDS },
    before: [['export', 'force_transfer_context=default']],
    run: async (stage) => {
      const scene = await begin(stage, state);
      const { caller, callee, colleague, channel } = scene;
      const there = await move(scene);
      const movedMs = now();
      const lived = await livesOn(scene, there, movedMs);
      const record = await stage.record(caller);
      const answer = state === 'talking' ? caller.responses.find(({ status }) => status === 200) : undefined;
      const end = await stage.world.witness.until(channel, 'the end', (seen) => seen.end);
      checkRecord(record, {
        end: 'moved',
        hungUpBy: 'caller',
        hangupCause: end.cause,
        answeredBy: state === 'talking' ? stage.number() : null,
        moves: [
          { from: state, by, to: by === 'transfer' ? colleague.number : '' },
          ...(there === null ? [{ from: 'moved', by: 'transfer', to: colleague.number } as const] : []),
          // A loopback leg steps aside for the leg behind it.
          ...(name === 'att-xfer-loopback' ? [{ from: 'moved', by: 'bridge' } as const] : []),
        ],
        talked: answer === undefined ? null : (end.atMs - answer.atMs) / 1000,
        ...(state === 'ringing' ? { bridges: ['moved'] } : {}),
      });
      check(callee?.end !== null, 'the callee was left behind');
      return `lived on for ${seconds(lived)} until he hung up; moves ${JSON.stringify(record.moves?.map(({ from, by: how, to }) => `${from} by ${how} to ${to}`))}`;
    },
  }));
}

type Stop = 'stopped' | 'killed';

/** The router goes while they talk, or while the callee rings; then the caller is moved. */
function leftRow(state: 'ringing' | 'talking', stop: Stop): Row {
  const words = stop === 'stopped' ? 'stopped (SIGTERM)' : 'killed';
  return {
    name: `move-${state}-${stop}`,
    title: `the router is ${words} while ${state === 'ringing' ? 'the callee rings' : 'they talk'}, then the caller is moved: he lives on there`,
    guard: GUARD_SECONDS,
    scheme: { forwardingTimeoutSeconds: RINGING_SECONDS },
    own: { routers: 1 },
    run: async (stage) => {
      const scene = await begin(stage, state);
      const { caller, channel, colleague } = scene;
      const router = present(stage.routers[0], 'the router');
      if (stop === 'killed') await router.kill();
      else {
        router.terminate();
        await sleep(300);
      }
      await ordered(stage, `uuid_transfer ${channel.uuid} ${colleague.number} XML default`);
      const lived = await livesOn(scene, await colleague.called(), now());
      if (stop === 'killed') return `lived on for ${seconds(lived)}`;
      const record = await stage.record(caller);
      const bridges = state === 'ringing' ? ['released'] : ['answered'];
      check(['released', 'moved'].includes(record.end), `end ${record.end}, not released or moved`);
      if (record.end === 'released' && state === 'ringing') checkRecord(record, { bridges });
      return `lived on for ${seconds(lived)}, end ${record.end}`;
    },
  };
}

export const moveRows: readonly Row[] = [
  ...KINDS.flatMap(rowOf),
  leftRow('talking', 'stopped'),
  leftRow('talking', 'killed'),
  leftRow('ringing', 'stopped'),
  leftRow('ringing', 'killed'),
  {
    name: 'move-refer-caller',
    title:
      'the caller sends the callee to a colleague by REFER: his own call ends, and it was he who ended it',
    before: [['export', 'force_transfer_context=default']],
    run: async (stage) => {
      const scene = await begin(stage, 'talking');
      const { caller, callee, colleague, channel } = scene;
      const status = await caller.refer(`<sip:${colleague.number}@127.0.0.1>`);
      check(status === 202, `REFER was answered ${status}`);
      const end = await stage.world.witness.until(channel, 'the end', (seen) => seen.end);
      await colleague.called();
      await sleep(LIVES_MS);
      check(callee?.end === null, `the callee's end: ${callee?.end?.how ?? ''}`);
      const record = await stage.record(caller);
      checkRecord(record, { end: 'bridged', hungUpBy: 'caller', hangupCause: end.cause });
      return `the callee went on with the colleague; hungUpBy ${record.hungUpBy ?? ''}`;
    },
  },
  {
    name: 'move-callee',
    title: "the callee's leg is transferred away: the caller's call ends, and neither of them ended it",
    run: async (stage) => {
      const { caller, callee, colleague, channel } = await begin(stage, 'talking');
      const { uuid } = await stage.world.witness.to(stage.number());
      await ordered(stage, `uuid_transfer ${uuid} ${colleague.number} XML default`);
      await colleague.called();
      await caller.ended();
      check(callee?.end === null, 'the callee was hung up');
      const end = await stage.world.witness.until(channel, 'the end', (seen) => seen.end);
      const record = await stage.record(caller);
      checkRecord(record, {
        end: 'bridged',
        hungUpBy: ['switch', 'unknown'],
        hangupCause: end.cause,
        answeredBy: stage.number(),
      });
      return `the callee went on with the colleague; ${end.cause}, hungUpBy ${record.hungUpBy ?? ''}`;
    },
  },
  ...STATES.map((state): Row => ({
    name: `move-nowhere-${state}`,
    title: `uuid_transfer to an extension that does not exist, ${state}: the record says that he was moved, and that the switch ended him`,
    guard: GUARD_SECONDS,
    run: async (stage) => {
      const { caller, channel } = await begin(stage, state);
      await ordered(stage, `uuid_transfer ${channel.uuid} nowhere XML inbound`);
      const { how } = await caller.ended();
      const end = await stage.world.witness.until(channel, 'the end', (seen) => seen.end);
      const record = await stage.record(caller);
      checkRecord(record, {
        end: 'moved',
        hungUpBy: 'switch',
        hangupCause: end.cause,
        moves: [{ from: state, by: 'transfer', to: 'nowhere' }],
      });
      return `${how} by ${end.cause}; moved to ${record.moves?.[0]?.to ?? ''}`;
    },
  })),
  {
    name: 'refer-context',
    title:
      'a REFER of the callee goes to the context that the dialplan names, and not round through the router',
    run: async (stage) => {
      const { caller, callee, colleague } = await begin(stage, 'talking');
      const before = stage.questions.length;
      await callee?.refer(`<sip:${colleague.number}@127.0.0.1>`);
      const other = await colleague.called();
      await stage.talk(caller, other, COLLEAGUE_VOICE);
      const asked = stage.questions.length - before;
      check(asked === 0, `the CRM was asked ${asked} times for the colleague's number`);
      return 'the CRM was not asked again';
    },
  },
];
