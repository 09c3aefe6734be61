import { isEventName, type EventName } from './channel.ts';
import { encodeValue, type Bytes } from './message.ts';

/** Which events a socket hears; each method returns the Reply-Text of the command it is named after. */
export class Subscription {
  #own = false;
  readonly #ofEveryCall = new Set<EventName>();
  #filters: (readonly [name: string, value: Bytes])[] = [];

  /** `myevents plain`: this leg's alone. */
  myEvents(format: Bytes): string | null {
    if (format !== 'plain' && format !== '') return null;
    if (this.#own) return '-ERR aready enabled.'; // sic (14)
    this.#own = true;
    return '+OK Events Enabled';
  }

  /** `event plain X`: X of every call on the switch. */
  event(argument: Bytes): string {
    const known = eventNames(argument.replace(/^plain\b/, ''));
    for (const name of known) this.#ofEveryCall.add(name);
    return known.length === 0 ? '-ERR no keywords supplied' : '+OK event listener enabled plain';
  }

  nixevent(argument: Bytes): string {
    const known = eventNames(argument);
    for (const name of known) this.#ofEveryCall.delete(name);
    return known.length === 0 ? '-ERR no keywords supplied' : '+OK events nixed';
  }

  noevents(): string {
    this.#own = false;
    this.#ofEveryCall.clear();
    return '+OK no longer listening for events';
  }

  /** `filter name value`, `filter delete name`. */
  filter(argument: Bytes): string | null {
    const [, removes, name, value = ''] = /^(delete )?(\S+)(?: (.*))?$/.exec(argument) ?? [];
    if (name === undefined) return null;
    this.#filters = this.#filters.filter(([known]) => known !== name);
    if (removes === undefined) this.#filters.push([name, value]);
    return `+OK filter ${removes === undefined ? 'added' : 'deleted'}. [${name}]=[${value}]`;
  }

  get hearsEveryCall(): boolean {
    return this.#ofEveryCall.size > 0;
  }

  wants(name: EventName, own: boolean, body: Bytes = ''): boolean {
    if (!(own && this.#own) && !this.#ofEveryCall.has(name)) return false;
    return this.#filters.every(([header, value]) => body.includes(`\n${header}: ${encodeValue(value)}\n`));
  }
}

function eventNames(argument: Bytes): EventName[] {
  return argument.split(/\s+/).filter(isEventName);
}
