import { expect } from 'chai';
import { Heartbeat } from '../../../lib/events/heartbeat.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { listeningLog } from '../../support/stored.ts';

/** Its wall clock can be set. */
class SetClock extends ManualClock {
  aheadMs = 0;

  override date(): Date {
    return new Date(super.date().getTime() + this.aheadMs);
  }
}

/** Routers of one store, each with calls, by a clock that is moved by hand. */
class Stage {
  readonly clock = new SetClock();
  readonly seen = new Map<string, number>();
  readonly calls = new Map<string, string[]>();
  readonly closed: string[] = [];
  down = false;

  router(id: string, calls: string[]): Heartbeat {
    this.calls.set(id, calls);
    const liveCalls = {
      beat: (router: string, at: Date) => this.#ask(() => void this.seen.set(router, at.getTime())),
      leave: (router: string) => this.#ask(() => void this.seen.delete(router)),
      closeOrphans: (aliveSince: Date) =>
        this.#ask(() => {
          const dead = [...this.calls.keys()].filter(
            (one) => (this.seen.get(one) ?? 0) < aliveSince.getTime(),
          );
          const orphans = dead.flatMap((one) => this.calls.get(one) ?? []);
          for (const one of dead) this.calls.delete(one);
          this.closed.push(...orphans);
          return orphans;
        }),
    };
    const { clock } = this;
    return new Heartbeat({ id, liveCalls, onClosed: () => undefined, clock, log: listeningLog() });
  }

  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.clock.advance(1_000);
      for (let turns = 0; turns < 10; turns++) await Promise.resolve();
    }
  }

  #ask<T>(work: () => T): Promise<T> {
    return this.down ? Promise.reject(new Error('no database')) : Promise.resolve(work());
  }
}

describe('heartbeat of a router', () => {
  it('closes the calls of one that died, once, half a minute later', async () => {
    const stage = new Stage();
    const [one, two] = [stage.router('one', ['a']), stage.router('two', ['b'])];
    one.start();
    two.start();
    await stage.pass(40);
    // Killed behind its last beat: it does not leave.
    stage.calls.set('dead', ['c']);
    stage.seen.set('dead', stage.clock.date().getTime());
    await stage.pass(29);
    expect(stage.closed).to.deep.equal([]);
    await stage.pass(10);
    expect(stage.closed).to.deep.equal(['c']);
    await stage.pass(300);
    expect(stage.closed).to.deep.equal(['c']);
    await two.stop();
  });

  it('leaves the calls of the living alone, through a database that is away for ten minutes', async () => {
    const stage = new Stage();
    const routers = ['one', 'two', 'three'].map((id) => stage.router(id, [id]));
    for (const router of routers) router.start();
    await stage.pass(60);
    stage.down = true;
    await stage.pass(600);
    stage.down = false;
    await stage.pass(120);
    expect(stage.closed).to.deep.equal([]);
  });

  it('says that it is alive before it writes calls, after an outage and not each time', async () => {
    const stage = new Stage();
    const router = stage.router('one', ['a']);
    router.start();
    await stage.pass(10);
    const seen = stage.seen.get('one');
    await router.refresh();
    expect(stage.seen.get('one')).to.equal(seen);
    stage.down = true;
    await stage.pass(40);
    expect(await router.refresh().then(() => 'saved', String)).to.contain('no database');
    stage.down = false;
    await router.refresh();
    expect(stage.seen.get('one')).to.equal(stage.clock.date().getTime());
  });

  it('judges nobody after a standstill of its own', async () => {
    const stage = new Stage();
    const [one, two] = [stage.router('one', ['a']), stage.router('two', ['b'])];
    one.start();
    two.start();
    await stage.pass(60);
    // Both processes are stopped, and go on: whoever is first must not take the other for dead.
    stage.clock.stall(120_000);
    await stage.pass(60);
    expect(stage.closed).to.deep.equal([]);
  });

  for (const stepMs of [60_000, -60_000]) {
    it(`judges nobody by a clock that was set by ${stepMs} ms, and the dead by the new one`, async () => {
      const stage = new Stage();
      const [one, two] = [stage.router('one', ['a']), stage.router('two', ['b'])];
      one.start();
      await stage.pass(2);
      two.start();
      await stage.pass(60);
      stage.clock.aheadMs = stepMs;
      await stage.pass(60);
      expect(stage.closed).to.deep.equal([]);
      await two.stop();
      stage.seen.set('two', stage.clock.date().getTime());
      await stage.pass(40);
      expect(stage.closed).to.deep.equal(['b']);
    });
  }

  it('begins with half a minute in which it judges nobody', async () => {
    const stage = new Stage();
    stage.calls.set('before', ['x']);
    const one = stage.router('one', []);
    one.start();
    await stage.pass(29);
    expect(stage.closed).to.deep.equal([]);
    await stage.pass(6);
    expect(stage.closed).to.deep.equal(['x']);
  });

  it('leaves in order', async () => {
    const stage = new Stage();
    const one = stage.router('one', []);
    one.start();
    await stage.pass(6);
    expect([...stage.seen.keys()]).to.deep.equal(['one']);
    await one.stop();
    expect([...stage.seen.keys()]).to.deep.equal([]);
    await stage.pass(60);
    expect([...stage.seen.keys()]).to.deep.equal([]);
  });
});
