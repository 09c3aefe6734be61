import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock, type Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/log.ts';
import type { Scheme } from '../../../lib/scheme/scheme.ts';
import { ReloadableSchemes } from '../../../lib/schemes/reload.ts';
import type { LoadResult, SchemeSet } from '../../../lib/schemes/schemes.ts';

const emptySet = (): SchemeSet => ({ schemes: new Map(), default: null, variables: new Set() });

const scheme = { webhook: { timeoutSeconds: 4 } } as Scheme;

/** A load of schemes that each have a file of their own. */
function loadOf(files: Readonly<Record<string, string>>): LoadResult {
  const schemes = new Map(Object.keys(files).map((name) => [name, scheme]));
  return { ok: true, set: { ...emptySet(), schemes }, notes: [], files: new Map(Object.entries(files)) };
}

/** Time that stands still until it is moved on. */
class HeldClock implements Clock {
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  #now = 0;

  now(): number {
    return this.#now;
  }

  date(): Date {
    return new Date(this.#now);
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  async pass(ms: number): Promise<void> {
    for (const until = this.#now + ms; this.#now < until;) {
      this.#now += 50;
      for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
        this.#timers.delete(timer);
        timer.callback();
      }
      await turn();
    }
  }
}

describe('reload', () => {
  let lines: { level: string; message: string; faults?: readonly string[]; deleted?: readonly string[] }[];
  const told =
    (level: string) =>
    (message: string, fields: object = {}): void => {
      lines.push({ level, message, ...fields });
    };
  const log = { info: told('info'), warn: told('warn'), error: told('error') } as unknown as Logger;
  const KEPT = 'schemes not loaded: the old ones stay in use';

  beforeEach(() => {
    lines = [];
  });

  it('takes what was read last, though it was read sooner', async () => {
    const reads: ((result: LoadResult) => void)[] = [];
    const read = (): Promise<LoadResult> => new Promise((resolve) => reads.push(resolve));
    const opening = ReloadableSchemes.open({ read, watched: null, log, clock: systemClock });
    reads[0]?.(loadOf({ a: 'a.json' }));
    const schemes = await opening;
    const first = schemes.reload();
    await turn();
    const second = schemes.reload();
    await turn();
    expect(reads, 'the second waits for the first').to.have.length(2);
    reads[1]?.(loadOf({ a: 'a.json', b: 'b.json' }));
    await first;
    expect([...schemes.current.schemes.keys()]).to.deep.equal(['a', 'b']);
    for (let n = 0; reads.length < 3 && n < 1000; n++) await systemTurn();
    reads[2]?.(loadOf({ a: 'a.json', b: 'b.json', c: 'c.json' }));
    await second;
    expect([...schemes.current.schemes.keys()]).to.deep.equal(['a', 'b', 'c']);
    await schemes.close();
  });

  it('merges what is asked while it is busy: 500 times in ten seconds', async () => {
    const clock = new HeldClock();
    let reads = 0;
    const read = (): Promise<LoadResult> => {
      reads++;
      return Promise.resolve(loadOf({ a: 'a.json' }));
    };
    const schemes = await ReloadableSchemes.open({ read, watched: null, log, clock });
    reads = 0;
    const asked: Promise<readonly string[]>[] = [];
    for (let n = 0; n < 250; n++) {
      asked.push(schemes.reload(), schemes.reload());
      if (n % 2 === 0) await clock.pass(50);
    }
    await clock.pass(1000);
    expect((await Promise.all(asked)).flat()).to.deep.equal([]);
    expect(reads).to.be.within(10, 30);
    await schemes.close();
  });

  it('a read that throws is logged, leaves the old ones, and is tried again', async () => {
    const clock = new HeldClock();
    let fails = false;
    const read = (): Promise<LoadResult> =>
      fails ? Promise.reject(new RangeError('Maximum call stack')) : Promise.resolve(loadOf({ a: 'a.json' }));
    const schemes = await ReloadableSchemes.open({ read, watched: null, log, clock });
    fails = true;
    const faults = ['an internal error: Maximum call stack'];
    expect(await schemes.reload()).to.deep.equal(faults);
    expect(lines.at(-1)).to.deep.equal({ level: 'error', message: KEPT, faults });
    expect([...schemes.current.schemes.keys()]).to.deep.equal(['a']);
    const count = lines.length;
    await clock.pass(20_000);
    expect(lines.slice(count), 'a further try does not say the same once more').to.deep.equal([]);
    fails = false;
    await clock.pass(6_000);
    expect(lines.at(-1)?.message).to.equal('schemes loaded');
    await schemes.close();
  });

  describe('files that vanish', () => {
    let clock: HeldClock;
    let there: LoadResult;
    let schemes: ReloadableSchemes;
    const names = (): string[] => [...schemes.current.schemes.keys()];
    const BOTH = { a: 'a.json', b: 'b.json' };

    beforeEach(async () => {
      clock = new HeldClock();
      there = loadOf(BOTH);
      schemes = await ReloadableSchemes.open({
        read: () => Promise.resolve(there),
        watched: null,
        log,
        clock,
      });
      await clock.pass(1000);
    });

    afterEach(() => schemes.close());

    it('one that is away for a moment takes nothing with it', async () => {
      there = loadOf({ a: 'a.json' });
      expect(await schemes.reload()).to.match(/b\.json: is gone/);
      expect(lines.at(-1)).to.deep.include({ level: 'warn' });
      await clock.pass(4_000);
      there = loadOf(BOTH);
      await clock.pass(60_000);
      expect(names()).to.deep.equal(['a', 'b']);
    });

    it('one that stays away was deleted, and the log says so', async () => {
      there = loadOf({ a: 'a.json' });
      await schemes.reload();
      await clock.pass(4_000);
      expect(names()).to.deep.equal(['a', 'b']);
      await clock.pass(2_000);
      expect(names()).to.deep.equal(['a']);
      expect(lines.at(-1)).to.deep.include({ message: 'schemes loaded', deleted: ['b.json'] });
    });

    it('each has its own time', async () => {
      there = loadOf({ ...BOTH, c: 'c.json' });
      void schemes.reload();
      await clock.pass(500);
      there = loadOf({ ...BOTH });
      void schemes.reload();
      await clock.pass(3_000);
      there = loadOf({ a: 'a.json' });
      void schemes.reload();
      await clock.pass(3_000);
      expect(names()).to.deep.equal(['a', 'b', 'c']);
      await clock.pass(4_000);
      expect(names()).to.deep.equal(['a']);
    });

    it('all of them are a fault, however long', async () => {
      there = loadOf({});
      expect(await schemes.reload()).to.match(/a\.json, b\.json: every scheme file is gone: bring/);
      await clock.pass(60_000);
      await schemes.reload().catch(() => undefined);
      expect(names()).to.deep.equal(['a', 'b']);
      expect(lines.map(({ message }) => message)).to.deep.equal([KEPT, KEPT]);
    });

    it('a scheme that another file holds now is not lost', async () => {
      there = loadOf({ a: 'a.json', b: 'renamed.json' });
      expect(await schemes.reload()).to.deep.equal([]);
      there = loadOf({ a: 'a.json', c: 'renamed.json' });
      void schemes.reload();
      await clock.pass(500);
      expect(names(), 'the file is there, and somebody has given it another name').to.deep.equal(['a', 'c']);
    });

    it('takes nothing after it was closed', async () => {
      there = loadOf({ a: 'a.json' });
      await schemes.reload();
      await schemes.close();
      await clock.pass(10_000);
      expect(names()).to.deep.equal(['a', 'b']);
    });
  });
});

function systemTurn(): Promise<void> {
  return new Promise((resolve) => systemClock.after(1, resolve));
}
