/**
 * Random texts that a pattern of the numbering metadata matches. The metadata's patterns know digits, classes, groups
 * without capture, alternatives and counts: anything else is an error, so that no pattern is quietly half understood.
 */
import { Random } from '../../lib/simulator/random.ts';

type Write = (random: Random) => string;

export function patternWriter(pattern: string): Write {
  const reader = new PatternReader(pattern);
  const write = reader.alternatives();
  if (!reader.ended) throw new Error(`a pattern that is not understood: ${pattern}`);
  return write;
}

/** Of some hundred texts the shortest and then the least: `00(?:30|5[09]|[126-9]?)` -> `00`. */
export function shortestMatch(pattern: string): string {
  const random = new Random(1);
  const write = patternWriter(pattern);
  const texts = Array.from({ length: 400 }, () => write(random));
  return texts.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0] ?? '';
}

const DIGITS = '0123456789';

class PatternReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get ended(): boolean {
    return this.#at === this.#text.length;
  }

  alternatives(): Write {
    const choices = [this.#row()];
    while (this.#take('|')) choices.push(this.#row());
    return (random) => (choices[random.below(choices.length)] as Write)(random);
  }

  #row(): Write {
    const parts: Write[] = [];
    while (!this.ended && !'|)'.includes(this.#peek())) parts.push(this.#counted(this.#atom()));
    return (random) => parts.map((part) => part(random)).join('');
  }

  #atom(): Write {
    if (this.#take('(?:') || this.#take('(')) {
      const inner = this.alternatives();
      if (!this.#take(')')) throw new Error(`an open group: ${this.#text}`);
      return inner;
    }
    if (this.#take('\\d')) return oneOf(DIGITS);
    if (this.#take('[')) return oneOf(this.#set());
    const digit = this.#peek();
    if (!DIGITS.includes(digit)) throw new Error(`${digit} is not understood: ${this.#text}`);
    this.#at++;
    return () => digit;
  }

  #set(): string {
    let members = '';
    while (!this.#take(']')) {
      const range = /^(\d)(?:-(\d))?/.exec(this.#text.slice(this.#at));
      if (range === null) throw new Error(`a class that is not understood: ${this.#text}`);
      const [whole, from = '', to = from] = range;
      members += DIGITS.slice(Number(from), Number(to) + 1);
      this.#at += whole.length;
    }
    return members;
  }

  #counted(write: Write): Write {
    if (this.#take('?')) return (random) => (random.chance(0.5) ? write(random) : '');
    const count = /^\{(\d+)(?:,(\d+))?\}/.exec(this.#text.slice(this.#at));
    if (count === null) return write;
    const [whole, least = '', most = least] = count;
    this.#at += whole.length;
    const spread = Number(most) - Number(least) + 1;
    return (random) => {
      let text = '';
      for (let left = Number(least) + random.below(spread); left > 0; left--) text += write(random);
      return text;
    };
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }
}

function oneOf(characters: string): Write {
  return (random) => characters.charAt(random.below(characters.length));
}
