import type { IncomingCall } from './callee.ts';
import type { CallOptions, OutgoingCall } from './caller.ts';
import { sleep } from './journal.ts';
import type { Move } from './record.ts';
import { check } from './row.ts';
import type { End, Line } from './stage.ts';
import type { Channel } from './witness.ts';
import { PARKED } from './world.ts';

/** The ways in which others take a caller away from the router. */

export type State = 'asked' | 'ringing' | 'talking';
export const STATES: readonly State[] = ['asked', 'ringing', 'talking'];

/** A call in one of the states, and those who can move it. */
export interface Scene {
  readonly state: State;
  readonly caller: OutgoingCall;
  readonly channel: Channel;
  /** Whom the CRM named; null while it is asked. */
  readonly callee: IncomingCall | null;
  /** Where the caller is moved to. */
  readonly colleague: Line;
  /** The switch's port for calls. */
  readonly external: number;
  /** A command to FreeSWITCH, as somebody else than the router gives it; rejects when it is refused. */
  readonly order: (command: string) => Promise<string>;
  /** Somebody else's call to the switch; he speaks with the colleague's voice. */
  readonly call: (options: Pick<CallOptions, 'number'>) => Promise<OutgoingCall>;
  /** The uuid of a call to the switch. */
  readonly uuidOf: (call: OutgoingCall) => Promise<string>;
  /** Resolves once FreeSWITCH says that a leg to this number is bridged. */
  readonly bridgedTo: (number: string) => Promise<unknown>;
  /** The uuid of the callee's leg. */
  readonly calleeUuid: () => Promise<string>;
}

export interface Kind {
  readonly name: string;
  readonly title: string;
  readonly by: Move['by'];
  readonly states: readonly State[];
  /** Resolves to whom the caller is connected with then; null: nobody, he is parked. */
  readonly move: (scene: Scene) => Promise<End | null>;
}

/** A third party who waits in the switch: to be joined with the caller by others. */
async function third(scene: Scene): Promise<{ call: OutgoingCall; uuid: string }> {
  const call = await scene.call({ number: PARKED });
  await call.answered();
  return { call, uuid: await scene.uuidOf(call) };
}

/** `uuid_bridge` hangs up a channel without media. */
async function answered({ caller, channel, order }: Scene): Promise<void> {
  if (caller.responses.some(({ status }) => status >= 200)) return;
  await order(`uuid_answer ${channel.uuid}`);
  await caller.answered();
}

/** The callee's leg asks the colleague while the caller waits. */
async function attended(scene: Scene, dialString: string): Promise<End> {
  const { callee, colleague, order } = scene;
  await order(`uuid_broadcast ${await scene.calleeUuid()} att_xfer::${dialString} aleg`);
  const other = await colleague.called();
  await scene.bridgedTo(colleague.number);
  await sleep(300);
  await callee?.hangup();
  return other;
}

export const KINDS = [
  {
    name: 'transfer',
    title: 'uuid_transfer to a colleague',
    by: 'transfer',
    states: STATES,
    move: async ({ order, channel, colleague }) => {
      await order(`uuid_transfer ${channel.uuid} ${colleague.number} XML default`);
      return colleague.called();
    },
  },
  {
    name: 'scheduled',
    title: "somebody's sched_transfer to a colleague",
    by: 'transfer',
    states: STATES,
    move: async ({ order, channel, colleague }) => {
      await order(`sched_transfer +1 ${channel.uuid} ${colleague.number} XML default`);
      return colleague.called();
    },
  },
  {
    name: 'park',
    title: 'uuid_park',
    by: 'park',
    states: STATES,
    move: async ({ order, channel }) => {
      await order(`uuid_park ${channel.uuid}`);
      return null;
    },
  },
  {
    name: 'bridge',
    title: 'uuid_bridge of the caller to a third leg',
    by: 'bridge',
    states: STATES,
    move: async (scene) => {
      const { call, uuid } = await third(scene);
      await answered(scene);
      await scene.order(`uuid_bridge ${scene.channel.uuid} ${uuid}`);
      return call;
    },
  },
  {
    name: 'bridged',
    title: 'uuid_bridge of a third leg to the caller',
    by: 'bridge',
    states: STATES,
    move: async (scene) => {
      const { call, uuid } = await third(scene);
      await answered(scene);
      await scene.order(`uuid_bridge ${uuid} ${scene.channel.uuid}`);
      return call;
    },
  },
  {
    name: 'intercept',
    title: 'a colleague picks the caller up by intercept',
    by: 'bridge',
    states: STATES,
    move: async (scene) => {
      const { call, uuid } = await third(scene);
      await scene.order(`uuid_transfer ${uuid} 'intercept:${scene.channel.uuid}' inline`);
      return call;
    },
  },
  {
    name: 'refer',
    title: 'the callee transfers him by REFER',
    by: 'transfer',
    states: ['talking'],
    move: async ({ callee, colleague }) => {
      const status = await callee?.refer(`<sip:${colleague.number}@127.0.0.1>`);
      check(status === 202, `REFER was answered ${status ?? 'by nobody'}`);
      return colleague.called();
    },
  },
  {
    name: 'replaces',
    title: 'the callee asks a colleague, and joins both by REFER with Replaces',
    by: 'bridge',
    states: ['talking'],
    move: async ({ call, callee, colleague, external }) => {
      const consultation = await call({ number: colleague.number });
      await consultation.answered();
      const other = await colleague.called();
      await sleep(300);
      const replaces = encodeURIComponent(consultation.replaces);
      const to = `<sip:${colleague.number}@127.0.0.1:${external}?Replaces=${replaces}>`;
      const status = await callee?.refer(to);
      check(status === 202, `REFER was answered ${status ?? 'by nobody'}`);
      return other;
    },
  },
  {
    name: 'after-bridge',
    title: 'transfer_after_bridge, and the callee hangs up',
    by: 'transfer',
    states: ['talking'],
    move: async ({ order, channel, callee, colleague }) => {
      const value = `${colleague.number}:XML:default`;
      await order(`uuid_setvar ${channel.uuid} transfer_after_bridge ${value}`);
      await callee?.hangup();
      return colleague.called();
    },
  },
  {
    name: 'park-after-bridge',
    title: 'park_after_bridge, and the callee hangs up',
    by: 'park',
    states: ['talking'],
    move: async ({ order, channel, callee }) => {
      await order(`uuid_setvar ${channel.uuid} park_after_bridge true`);
      await callee?.hangup();
      return null;
    },
  },
  {
    name: 'att-xfer',
    title: 'the callee asks a colleague by att_xfer and hangs up',
    by: 'bridge',
    states: ['talking'],
    move: (scene) => attended(scene, `sofia/gateway/crm/${scene.colleague.number}`),
  },
  {
    name: 'att-xfer-loopback',
    title: 'the same through a loopback leg',
    by: 'bridge',
    states: ['talking'],
    move: (scene) => attended(scene, `loopback/${scene.colleague.number}/default`),
  },
] as const satisfies readonly Kind[];
