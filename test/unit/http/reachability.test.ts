import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import { Reachability } from '../../../lib/http/reachability.ts';

const HOST = 'crm.example.com';
const ADDRESSES = ['192.0.2.1', '192.0.2.2', '2001:db8::1'];

describe('reachability', () => {
  let now: number;
  let reachability: Reachability;
  beforeEach(() => {
    now = 0;
    reachability = new Reachability(() => now);
  });

  const order = (): string[] => reachability.order(HOST, ADDRESSES);
  /** A connection that is being made: each address is tried for as long as is said. */
  function connecting(tries: Readonly<Record<string, number>>): EventEmitter & { remoteAddress?: string } {
    const socket: EventEmitter & { remoteAddress?: string } = new EventEmitter();
    reachability.watch(HOST, socket);
    for (const [address, ms] of Object.entries(tries)) {
      socket.emit('connectionAttempt', address);
      now += ms;
    }
    return socket;
  }
  function connect(tries: Readonly<Record<string, number>>): void {
    const socket = connecting(tries);
    const address = Object.keys(tries).at(-1);
    if (address !== undefined) socket.remoteAddress = address;
    socket.emit('connect');
    socket.emit('close');
  }
  function fail(tries: Readonly<Record<string, number>>, ...codes: string[]): void {
    const socket = connecting(tries);
    socket.emit('error', new AggregateError(codes.map((code) => Object.assign(new Error(code), { code }))));
    socket.emit('close');
  }

  it('knows nothing in the beginning', () => {
    expect(order()).to.deep.equal(ADDRESSES);
    expect(reachability.attemptMs(HOST)).to.equal(250);
  });

  it('what answered comes first, and has the time that it needs', () => {
    connect({ '192.0.2.1': 250, '192.0.2.2': 180 });
    expect(order()).to.deep.equal(['192.0.2.2', '192.0.2.1', '2001:db8::1']);
    expect(reachability.attemptMs(HOST)).to.equal(540);
    connect({ '192.0.2.2': 100.4 });
    // Node takes whole milliseconds alone, and refuses the connection else.
    expect(reachability.attemptMs(HOST)).to.equal(302);
    connect({ '192.0.2.2': 3 });
    expect(reachability.attemptMs(HOST)).to.equal(250);
    connect({ '192.0.2.2': 900 });
    expect(reachability.attemptMs(HOST)).to.equal(1500);
    expect(reachability.order('other.example.com', ADDRESSES)).to.deep.equal(ADDRESSES);
    // DNS says otherwise by now.
    expect(reachability.order(HOST, ['192.0.2.9', '192.0.2.1'])).to.deep.equal(['192.0.2.9', '192.0.2.1']);
  });

  it('a time in which nobody answered was too short, unless somebody refused', () => {
    const tries = { '192.0.2.1': 250, '2001:db8::1': 3 };
    fail(tries, 'ETIMEDOUT', 'ECONNREFUSED');
    expect(reachability.attemptMs(HOST)).to.equal(250);
    for (const ms of [500, 1000, 1500, 1500]) {
      fail(tries, 'ETIMEDOUT', 'EHOSTUNREACH');
      expect(reachability.attemptMs(HOST)).to.equal(ms);
    }
    connect({ '192.0.2.1': 300 });
    expect(reachability.attemptMs(HOST)).to.equal(900);
  });

  it('what a deadline ended comes last', () => {
    const socket = connecting({ '192.0.2.1': 100 });
    socket.emit('close');
    expect(order()).to.deep.equal(['192.0.2.2', '2001:db8::1', '192.0.2.1']);
    expect(reachability.attemptMs(HOST)).to.equal(250);
  });

  it('learns nothing of a host of one address that fails', () => {
    fail({}, 'ECONNREFUSED');
    fail({}, 'ETIMEDOUT');
    expect(reachability.attemptMs(HOST)).to.equal(250);
    expect(order()).to.deep.equal(ADDRESSES);
  });
});
