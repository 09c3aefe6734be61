/**
 * A text as those who read it decode it: percent-encoding, JSON, HTML, base64, hexadecimal digits, and each of them
 * within another. Of every character it is known where it was written, so that what is found can be taken out there.
 */
export interface Layer {
  readonly text: string;
  /** Where the character at `i` was written: from `from[i]` to before `to[i]`; null where the layer is the text itself. */
  readonly written: { readonly from: Uint32Array; readonly to: Uint32Array } | null;
}

/** A piece of the text: from `from` to before `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Stands between pieces that did not stand together; no character of any text. */
export const BREAK = 0xffff;

/** Where a piece of a layer was written. */
export function writtenAt({ written }: Layer, from: number, to: number): Span {
  if (written === null) return { from, to };
  return { from: written.from[from] ?? 0, to: written.to[to - 1] ?? 0 };
}

/** A layer in the making, of the one below it. */
export class Decoding {
  readonly #below: Layer;
  #codes: Uint16Array;
  #from: Uint32Array;
  #to: Uint32Array;
  #length = 0;

  constructor(below: Layer) {
    this.#below = below;
    // Nothing is written shorter than it is read, but what is read in two ways.
    this.#codes = new Uint16Array(below.text.length);
    this.#from = new Uint32Array(below.text.length);
    this.#to = new Uint32Array(below.text.length);
  }

  /** A code point for what is from `from` to before `to` in the layer below. */
  add(code: number, from: number, to: number): void {
    const { written } = this.#below;
    if (code > 0xffff) {
      this.add(0xd800 + ((code - 0x10000) >> 10), from, to);
      this.add(0xdc00 + ((code - 0x10000) & 0x3ff), from, to);
      return;
    }
    if (this.#length === this.#codes.length) this.#grow();
    this.#codes[this.#length] = code;
    this.#from[this.#length] = written === null ? from : (written.from[from] ?? 0);
    this.#to[this.#length++] = written === null ? to : (written.to[to - 1] ?? 0);
  }

  /** What is not an escape. */
  keep(from: number, to: number): void {
    const { text } = this.#below;
    for (let at = from; at < to; at++) this.add(text.charCodeAt(at), at, at + 1);
  }

  /** UTF-8, its n-th byte written from `from + n * width` to before `to` at most. */
  addBytes(bytes: Uint8Array, from: number, to: number, width: number): void {
    for (let i = 0; i < bytes.length;) {
      const first = bytes[i] ?? 0;
      const length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
      let code = length === 1 ? first : first & (0x7f >> length);
      for (let n = 1; n < length; n++) code = code * 64 + ((bytes[i + n] ?? 0) & 0x3f);
      const begin = from + Math.floor(i * width);
      this.add(Math.min(code, 0x10ffff), begin, Math.min(to, from + Math.ceil((i + length) * width)));
      i += length;
    }
  }

  layer(): Layer {
    const text: string[] = [];
    for (let at = 0; at < this.#length; at += CHUNK) {
      const codes = this.#codes.subarray(at, Math.min(at + CHUNK, this.#length));
      // Spread out it takes ten times as long.
      text.push(String.fromCharCode.apply(null, codes as unknown as number[]));
    }
    return { text: text.join(''), written: { from: this.#from, to: this.#to } };
  }

  #grow(): void {
    const length = this.#length * 2 + 16;
    const [codes, from, to] = [new Uint16Array(length), new Uint32Array(length), new Uint32Array(length)];
    codes.set(this.#codes);
    from.set(this.#from);
    to.set(this.#to);
    this.#codes = codes;
    this.#from = from;
    this.#to = to;
  }
}

/** Arguments of one call. */
const CHUNK = 4096;
