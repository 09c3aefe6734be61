import { runApi } from './api.ts';
import type { Callee } from './callee.ts';
import type { Ender } from './exchange.ts';
import type { Leg } from './leg.ts';
import { bytesOf, type Bytes } from './message.ts';
import type { Profile } from './profile.ts';
import type { DialledLeg } from './types.ts';
import type { CalleeLeg } from './whereabouts.ts';

/** What befalls a leg before it is answered. */
interface WhileRinging {
  killed(cause: string): void;
  takenElsewhere(): void;
}

/** How a talk has ended; an interrupt is the A leg's own end, or its being moved. */
export interface TalkEnd {
  readonly cause: string;
  readonly by: 'callee' | 'killed' | 'elsewhere' | 'interrupt';
}

/** One callee's leg. */
export class BLeg implements CalleeLeg {
  readonly uuid: string;
  readonly dialled: DialledLeg;
  readonly channelName: Bytes;
  callee: Callee | null = null;
  progressed = false;
  endedBy: Ender = 'callee';
  readonly #leg: Leg;
  readonly #created = Date.now();
  readonly #whileRinging: WhileRinging;
  #endTalk: ((end: TalkEnd) => void) | null = null;

  constructor(leg: Leg, dialled: DialledLeg, whileRinging: WhileRinging) {
    this.#leg = leg;
    this.dialled = dialled;
    this.#whileRinging = whileRinging;
    this.uuid = dialled.variables.get('origination_uuid') ?? leg.random.uuid();
    this.channelName = `sofia/internal/${bytesOf(dialled.user)}${dialled.domain === null ? '' : `@${dialled.domain}`}`;
    leg.exchange.legs.set(this.uuid, this);
    leg.callees.add(this);
  }

  /** `uuid_kill`: ends this leg, whether it rings or talks. */
  kill(cause: string, by: Ender): void {
    this.endedBy = by;
    if (this.#endTalk === null) this.#whileRinging.killed(cause);
    else this.#endTalk({ cause, by: 'killed' });
  }

  takeElsewhere(by: Ender): void {
    this.endedBy = by;
    if (this.#endTalk === null) this.#whileRinging.takenElsewhere();
    else this.#endTalk({ cause: 'NORMAL_CLEARING', by: 'elsewhere' });
  }

  /** `api_on_answer`, `api_on_answer_2`, ...: every variable that begins so, in their order, whatever has become of the router. */
  runHooks(prefix: string): void {
    const { exchange, router } = this.#leg;
    for (const [name, command] of this.dialled.variables) {
      if (name.toLowerCase().startsWith(prefix)) runApi(exchange, bytesOf(command), router);
    }
  }

  release(): void {
    this.callee?.cancel();
    this.#leg.callees.delete(this);
    this.#leg.exchange.legs.delete(this.uuid);
  }

  /** Until one side hangs up, or one of the legs is taken away. */
  async talk(leg: Leg): Promise<TalkEnd> {
    const behaviour = this.callee?.behaviour;
    let timer: NodeJS.Timeout | undefined;
    const end = await new Promise<TalkEnd>((resolve) => {
      this.#endTalk = resolve;
      const ends = (by: TalkEnd['by']) => (): void => {
        resolve({ cause: 'NORMAL_CLEARING', by });
      };
      if (leg.signal.aborted) ends('interrupt')();
      else leg.signal.addEventListener('abort', ends('interrupt'), { once: true });
      if (behaviour?.kind === 'answer') {
        const sayGoodbye = behaviour.hangup === 'callee' ? ends('callee') : leg.callerHangsUp.bind(leg);
        timer = setTimeout(sayGoodbye, behaviour.talkMs);
      }
    });
    clearTimeout(timer);
    this.release();
    return end;
  }

  profile(leg: Leg): Profile {
    const own = leg.channel.profile;
    return {
      ...own,
      direction: 'outbound',
      callee: bytesOf(this.dialled.user),
      destination: bytesOf(this.dialled.user),
      uuid: this.uuid,
      channelName: this.channelName,
      profileIndex: null,
      transferSource: null,
      redirectedFrom: null,
      times: { ...own.times, created: this.#created, answered: Date.now(), bridged: 0, hangup: 0 },
    };
  }
}
