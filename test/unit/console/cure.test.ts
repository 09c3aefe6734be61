import { expect } from 'chai';
import { cureKey } from '../../../lib/console/pages/calls/cure.ts';
import { en } from '../../../lib/console/words/en/index.ts';

const LATE = 'no reply within 2000 ms (webhook.timeoutSeconds)';

describe('console: the advice for the cause that a call shows', () => {
  const replied = (status: number, body = '') => ({
    decisions: [],
    requests: [{ retries: [], url: '', reply: { status, body } }],
  });
  const unanswered = { retries: [], url: '', reply: null };
  const late = { decisions: [], requests: [unanswered] };
  const TRUNK = '{originate_timeout=20}sofia/gateway/trunk/380501234567';
  const USER = 'user/205@pbx.test';
  const through = (...bridges: readonly (readonly [dialString: string, cause: string])[]) => ({
    decisions: [],
    requests: [],
    bridges: bridges.map(([dialString, cause]) => ({ dialString, cause })),
  });
  const page = '<!DOCTYPE html><title>Log in</title>';

  for (const [reason, detail, told, key] of [
    ['http_status', '', replied(301), 'moved'],
    ['http_status', '', replied(302), 'moved'],
    ['http_status', '', replied(400), null],
    ['http_status', '', replied(401), 'credentials'],
    ['http_status', '', replied(403), 'credentials'],
    ['http_status', '', replied(404), 'missing'],
    ['http_status', '', replied(410), 'missing'],
    ['http_status', '', replied(422), null],
    ['http_status', '', replied(429), 'often'],
    ['http_status', '', replied(500), 'broken'],
    ['http_status', '', replied(503), 'broken'],
    ['body_not_json', '', replied(200, page), 'page'],
    ['body_not_json', '', replied(200, '<form action="/login">'), 'page'],
    ['body_not_json', '', replied(200, "{'a': 1}"), null],
    ['body_not_json', 'the reply ends before its JSON does: {"a":', replied(200, '{"a":'), 'cut'],
    ['http_status', 'the CRM wants credentials, and the scheme has none', replied(401), 'unauthenticated'],
    ['missing_key', 'no "destination": the reply holds the keys a', replied(200, '{}'), null],
    [
      'missing_key',
      'no "destination": the reply holds the keys dest (did you mean "dest"?)',
      replied(200, '{}'),
      'spelling',
    ],
    ['unreachable', '205: USER_NOT_REGISTERED', undefined, 'USER_NOT_REGISTERED'],
    ['unreachable', 'crm: INVALID_GATEWAY', undefined, 'INVALID_GATEWAY'],
    ['unreachable', '205: NO_ROUTE_DESTINATION', undefined, null],
    ['unreachable', 'NETWORK_OUT_OF_ORDER', through([USER, 'NETWORK_OUT_OF_ORDER']), null],
    ['unreachable', 'NORMAL_TEMPORARY_FAILURE', through([TRUNK, 'NORMAL_TEMPORARY_FAILURE']), 'carrier'],
    ['unreachable', 'UNALLOCATED_NUMBER', through([TRUNK, 'UNALLOCATED_NUMBER']), 'number'],
    ['unreachable', 'SUBSCRIBER_ABSENT', through([TRUNK, 'SUBSCRIBER_ABSENT']), null],
    // The fallback's gateway has nothing to do with it.
    ['unreachable', 'GATEWAY_DOWN', through([USER, 'GATEWAY_DOWN'], [TRUNK, 'NORMAL_CLEARING']), null],
    ['webhook_timeout', `${LATE}: connected to crm.test:443, and nothing came back`, late, null],
    ['webhook_timeout', `${LATE}: no connection to crm.test:443`, late, 'unreached'],
    ['webhook_timeout', `${LATE}: DNS did not resolve crm.test`, late, 'unresolved'],
    // Of an older router.
    ['webhook_timeout', LATE, late, null],
    ['destination_invalid', '', replied(200, page), null],
    ['destination_invalid', '"user/201" is written as a command of FreeSWITCH', replied(200), 'command'],
  ] as const) {
    const seen: { status: number; body: string } | null = told?.requests[0]?.reply ?? null;
    const said = [reason, detail, seen?.status, seen?.body].filter((one) => one !== undefined && one !== '');
    it(`${said.join(', ')}: ${key ?? 'the usual one'}`, () => {
      expect(cureKey(reason, detail, told)).to.equal(key);
      if (key !== null) expect(en.calls.cures).to.have.property(key);
    });
  }

  it('goes by the last reply that came', () => {
    const [first, last] = [replied(500), replied(404)];
    const requests = [...first.requests, ...last.requests, unanswered];
    expect(cureKey('http_status', '', { decisions: [], requests })).to.equal('missing');
  });

  it('has no words that no call leads to', () => {
    const statuses = Array.from({ length: 300 }, (_, index) =>
      cureKey('http_status', '', replied(300 + index)),
    );
    const causes = ['USER_NOT_REGISTERED', 'INVALID_GATEWAY'].map((cause) =>
      cureKey('unreachable', cause, undefined),
    );
    const lates = ['no connection to x', 'DNS did not resolve x'].map((how) =>
      cureKey('webhook_timeout', `${LATE}: ${how}`, undefined),
    );
    const others = [
      cureKey('unreachable', 'SWITCH_CONGESTION', through([TRUNK, 'SWITCH_CONGESTION'])),
      cureKey('destination_invalid', '"x" is written as a command of FreeSWITCH', replied(200)),
      cureKey('unreachable', 'INVALID_NUMBER_FORMAT', through([TRUNK, 'INVALID_NUMBER_FORMAT'])),
      cureKey('http_status', 'the scheme has none', replied(401)),
      cureKey('missing_key', 'x (did you mean "y"?)', replied(200)),
      cureKey('body_not_json', '', replied(200, page)),
      cureKey('body_not_json', 'ends before its JSON does', replied(200)),
    ];
    const all = [...statuses, ...causes, ...lates, ...others];
    const reached = new Set(all.filter((key) => key !== null));
    expect(Object.keys(en.calls.cures).sort()).to.deep.equal([...reached].sort());
  });
});
