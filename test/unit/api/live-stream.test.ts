import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { LiveStream } from '../../../lib/api/live-stream.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** A response as the stream uses it, which keeps what was written; `isFull` is a client that does not read. */
class Client extends EventEmitter {
  readonly written: string[] = [];
  isFull = false;
  destroyed = false;
  get writableNeedDrain(): boolean {
    return this.isFull;
  }
  get writableLength(): number {
    return this.isFull ? this.written.join('').length : 0;
  }
  write(bytes: Buffer | string): void {
    this.written.push(bytes.toString());
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

describe('LiveStream', () => {
  let clock: ManualClock;
  let stream: LiveStream;
  let version: number;
  let made: string[];
  let checks: number;
  beforeEach(() => {
    clock = new ManualClock();
    version = 1;
    made = [];
    checks = 0;
    stream = new LiveStream({
      clock,
      version: () => version,
      text: (isMasked) => {
        made.push(isMasked ? 'masked' : 'plain');
        return `{"v":${version}}`;
      },
    });
  });
  const join = (isMasked = false): Client => {
    const client = new Client();
    const check = (): void => {
      checks++;
    };
    stream.add({ response: client as unknown as ServerResponse, who: 'anna', isMasked, check });
    return client;
  };
  /** A second goes by, and all have been served. */
  const second = (): void => {
    clock.advance(1_000);
    clock.advance(50);
  };
  const event = (of: number): string => `event: live\ndata: {"v":${of}}\n\n`;

  it('makes one text a second for two hundred readers, and one for those who see no numbers', () => {
    const clients = Array.from({ length: 200 }, (_, n) => join(n % 2 === 0));
    expect(made).to.deep.equal(['masked', 'plain']);
    for (let n = 0; n < 20; n++) version++;
    second();
    expect(made).to.have.lengthOf(4);
    for (const { written } of clients) expect(written).to.deep.equal([event(1), event(21)]);
    expect(checks).to.equal(400);
  });

  it('hands a text out to a few at a time: between them calls go on', () => {
    const clients = Array.from({ length: 200 }, () => join());
    version++;
    clock.advance(1_000);
    const served = clients.filter(({ written }) => written.includes(event(2))).length;
    expect(served).to.be.within(1, 20);
  });

  it('says nothing while nothing changes, but for a sign of life', () => {
    const client = join();
    for (let n = 0; n < 30; n++) second();
    expect(client.written).to.deep.equal([event(1), ': still here\n\n', ': still here\n\n']);
    expect(made).to.have.lengthOf(1);
  });

  it('keeps one text at most for a client that does not read, and the newest for when it reads again', () => {
    const client = join();
    client.isFull = true;
    for (let n = 0; n < 10; n++) {
      version++;
      second();
    }
    expect(client.written).to.deep.equal([event(1)]);
    client.isFull = false;
    second();
    expect(client.written).to.deep.equal([event(1), event(11)]);
  });

  it('stops with its last reader, and goes on with the next', () => {
    const client = join();
    client.destroy();
    second();
    expect(clock.timers).to.equal(0);
    version++;
    expect(join().written).to.deep.equal([event(2)]);
    expect(stream.readers).to.equal(1);
    expect(clock.timers).to.equal(1);
  });

  it('cuts all when the port closes', () => {
    const clients = [join(), join()];
    stream.close();
    expect(clients.every(({ destroyed }) => destroyed)).to.equal(true);
    expect(stream.readers).to.equal(0);
  });
});
