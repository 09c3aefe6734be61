import { setTimeout as delay } from 'node:timers/promises';
import { broadcast, STAY } from './appointment.ts';
import { extensionNamed, type Extension } from './exchange.ts';
import type { Leg } from './leg.ts';
import { bytesOf, textOf } from './message.ts';
import { strangersProfile } from './profile.ts';
import type { Move, MoveKind } from './types.ts';
import type { Away, Moment, Partner } from './whereabouts.ts';

/** What a moment is called in a script. */
const WHEN: Readonly<Partial<Record<Moment, Move['at']>>> = {
  connected: 'connected',
  'callee-rings': 'ringing',
  answered: 'answered',
  moved: 'moved',
};

/** Where a call is sent, when the script does not say. */
const SOMEWHERE = '700';

/** Private events are looked at every 20 ms. */
const POLL_MS = 20;

/** What agents at their telephones and other programs do to a call while its router works on it. */
export class Others {
  readonly #leg: Leg;
  readonly #toCome: Set<Move>;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(leg: Leg) {
    this.#leg = leg;
    this.#toCome = new Set(leg.script.moves);
    leg.whenReached = (moment) => {
      this.#reached(moment);
    };
  }

  /** The call is over for them. */
  leave(): void {
    this.#timers.forEach(clearTimeout);
  }

  #reached(moment: Moment): void {
    for (const move of this.#toCome) {
      if (move.at !== WHEN[moment]) continue;
      this.#toCome.delete(move);
      this.#timers.push(
        setTimeout(() => {
          void this.#act(move);
        }, move.afterMs),
      );
    }
  }

  async #act(move: Move): Promise<void> {
    const leg = this.#leg;
    if (leg.hungUp) return;
    const { channel } = leg;
    switch (move.kind) {
      case 'transfer':
      case 'refer-by-callee': {
        const to = this.#extension(move);
        leg.transferAway(to, away(move, move.kind, `${to.extension}/${to.context}`));
        return;
      }
      case 'park':
        leg.parkAway(away(move, 'park', 'park'));
        return;
      case 'bridge':
      case 'attended':
        this.#join(move, move.kind, 'originator');
        return;
      case 'pickup':
        leg.answer();
        channel.callState = 'ACTIVE';
        await delay(POLL_MS);
        this.#join(move, 'pickup', 'originatee');
        return;
      case 'transfer-after-bridge': {
        const { extension, context } = this.#extension(move);
        channel.set('transfer_after_bridge', bytesOf(`${extension}:XML:${context}`));
        leg.afterBridge = away(move, move.kind, `${extension}/${context}`);
        return;
      }
      case 'park-after-bridge':
        channel.set('park_after_bridge', 'true');
        leg.afterBridge = away(move, move.kind, 'park');
        return;
      case 'refer-by-caller':
        channel.set('endpoint_disposition', 'BLIND_TRANSFER');
        channel.set('transfer_disposition', 'recv_replace');
        channel.set('transfer_destination', bytesOf(`blind:${this.#extension(move).extension}`));
        for (const callee of [...leg.callees]) callee.takeElsewhere('caller');
        return;
      case 'transfer-callee':
        for (const callee of [...leg.callees]) callee.takeElsewhere('switch');
        return;
      case 'answer':
        leg.answer();
        channel.callState = 'ACTIVE';
        return;
      case 'broadcast':
        broadcast(leg, `tone_stream://%(${move.talkMs ?? STAY.talkMs},0,440)`);
        return;
      case 'pickup-callee':
        for (const callee of [...leg.callees]) callee.takeElsewhere('switch');
        leg.hangup('PICKED_OFF', 'switch');
        return;
      case 'kill':
        leg.hangup('NORMAL_CLEARING', 'switch');
        return;
      case 'kill-callee':
        for (const callee of [...leg.callees]) callee.kill('NORMAL_CLEARING', 'switch');
        return;
      case 'hupall':
        if (leg.phase.kind === 'answered') channel.set('last_bridge_hangup_cause', 'MANAGER_REQUEST');
        leg.hangup('MANAGER_REQUEST', 'switch');
    }
  }

  #join(move: Move, by: MoveKind, role: Partner['role']): void {
    const leg = this.#leg;
    const number = this.#extension(move).extension;
    const profile = strangersProfile(leg.channel.profile, leg.random.uuid());
    const partner = {
      ...profile,
      callerNumber: bytesOf(number),
      callerName: bytesOf(number),
      destination: bytesOf(number),
      callee: null,
      channelName: bytesOf(`sofia/internal/${number}@127.0.0.1`),
    };
    leg.joinTo({ profile: partner, role }, away(move, by, number));
  }

  #extension({ to = SOMEWHERE }: Move): Extension {
    const { script, channel } = this.#leg;
    const context = textOf(channel.profile.context);
    if (typeof to === 'string') return extensionNamed(to, context);
    return { extension: script.did, context };
  }
}

function away({ talkMs = STAY.talkMs, hangup = STAY.hangup }: Move, by: MoveKind, to: string): Away {
  return { by, to, stay: { talkMs, hangup } };
}
