import { expect } from 'chai';
import type { Call } from '../../../lib/call/channel.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import type { Destination } from '../../../lib/dial/destination.ts';
import { originatesFor } from '../../../lib/dial/originate.ts';
import type { SchemeDocument } from '../../../lib/scheme/scheme.ts';
import { callOf, schemeOf } from '../../support/scheme.ts';

const NUMBER = { kind: 'number', number: '380441112233' } as Destination;
const OTHER = { kind: 'number', number: '380501112233' } as Destination;
const USER: Destination = { kind: 'user', login: 'bob' };

interface Options {
  readonly scheme?: Partial<Omit<SchemeDocument, 'name' | 'webhook'>>;
  readonly call?: Partial<Call>;
  readonly env?: Record<string, string>;
}

function plan(destinations: readonly Destination[], { scheme, call, env = {} }: Options = {}) {
  const loaded = loadConfig({
    file: null,
    env: { ESL_ROUTER_DOMAIN: 'pbx.test', ...env },
    argv: {},
    readSecretFile: () => '',
  });
  if (!loaded.ok) throw new Error(loaded.faults.join());
  const result = originatesFor(
    { kind: 'dial', destinations, timeoutSeconds: null, callerName: null, calleeHeaders: {} },
    {
      scheme: schemeOf({ gateway: ['a', 'b', 'c'], ...scheme }),
      call: callOf(call),
      config: loaded.config,
    },
  );
  if (!result.ok) throw new Error(result.detail);
  return result;
}

/** `leg_progress_timeout` of each gateway in turn, for so many seconds. */
function silences(seconds: number, options: Options = {}): (string | null)[] {
  return plan([NUMBER], options).originates.map(
    ({ dialString }) => /leg_progress_timeout=(\d+)/.exec(dialString(seconds))?.[1] ?? null,
  );
}

describe('originate', () => {
  it('lets a gateway be silent only while another one waits', () => {
    expect(silences(30)).to.deep.equal(['6', '6', null]);
    expect(silences(30, { scheme: { gateway: ['a'] } })).to.deep.equal([null]);
  });

  it('leaves the next gateway at least half of the time', () => {
    expect(silences(12)).to.deep.equal(['6', '6', null]);
    expect(silences(9)).to.deep.equal(['4', '4', null]);
    expect(silences(5)).to.deep.equal(['2', '2', null]);
    expect(silences(2)).to.deep.equal(['1', '1', null]);
  });

  it('holds a configured silence at every gateway, the only one too', () => {
    const bridge = { progressTimeoutSeconds: 9 };
    expect(silences(8, { scheme: { bridge } })).to.deep.equal(['9', '9', '9']);
    expect(silences(8, { scheme: { bridge, gateway: ['a'] } })).to.deep.equal(['9']);
  });

  it('times the silence of numbers alone', () => {
    const [first] = plan([NUMBER, USER]).originates;
    expect(first.dialString(30)).to.match(
      /leg_progress_timeout=6\]sofia\/gateway\/a\/380441112233,\[.*\]user\/bob@/,
    );
    expect(first.dialString(30).match(/leg_progress_timeout/g)).to.have.length(1);
  });

  it('rings those who are left of a group, under the names that are given', () => {
    const [, second] = plan([NUMBER, USER, OTHER]).originates;
    const uuids = new Map([[OTHER, '5c9d1d7e-0b1c-4b52-9d6b-6d5f5f0c5a11']]);
    const text = second?.dialString(20, { destinations: [OTHER], uuids }) ?? '';
    expect(text).to.match(/^\{[^}]*\}\[origination_uuid=5c9d1d7e-[^\]]*\]sofia\/gateway\/b\/380501112233$/);
    expect(second?.dialString(20)).to.include('380441112233').and.not.include('origination_uuid');
  });

  it('notes a caller ID that is not what one would expect, once', () => {
    const env = { ESL_ROUTER_GATEWAYS: '{"a":{"callerId":"did"},"c":{"callerId":"did"}}' };
    expect(plan([NUMBER], { env }).notes).to.deep.equal([]);
    expect(plan([NUMBER, USER], { env, call: { did: '201' } }).notes).to.deep.equal([
      'caller ID "did": the called number "201" is an extension, see didFrom',
    ]);
    expect(plan([USER], { env, call: { did: '201' } }).notes).to.deep.equal([]);
    const emoji = { caller: '💥', callerRaw: '💥' };
    expect(plan([USER], { call: emoji }).notes).to.have.length(1);
    expect(plan([NUMBER, USER], { call: emoji }).notes).to.have.length(1);
  });
});
