import { expect } from 'chai';
import type { Destination } from '../../../lib/dial/destination.ts';
import { endOf, rungTogether } from '../../../lib/leg/rung.ts';

const ONE = { kind: 'number', number: '380441112233' } as Destination;
const TWO = { kind: 'number', number: '380501112233' } as Destination;
const USER: Destination = { kind: 'user', login: 'bob' };

/** Ends a bridge: each leg's own cause, null for one that never came to be; `cause` is what FreeSWITCH says of all. */
function ended(legs: readonly (readonly [Destination, string | null])[], cause: string) {
  const rung = rungTogether(legs.map(([destination]) => destination));
  const entries = legs.flatMap(([destination, own]) =>
    own === null ? [] : [`${rung.uuids.get(destination) ?? 'some-uuid'};${own}`],
  );
  const legCauses = entries.length > 1 ? `ARRAY::${entries.join('|:')}` : entries.join();
  return endOf(rung, { answered: false, cause, legCauses });
}

describe('the legs that one bridge rings', () => {
  it('one alone goes by the cause of the bridge', () => {
    for (const cause of ['GATEWAY_DOWN', 'INVALID_GATEWAY', 'PROGRESS_TIMEOUT', 'NORMAL_TEMPORARY_FAILURE']) {
      expect(ended([[ONE, cause]], cause)).to.deep.equal({ cause, again: [ONE] });
      expect(ended([[USER, cause]], cause)).to.deep.equal({ cause, again: [] });
    }
    expect(ended([[ONE, 'USER_BUSY']], 'USER_BUSY')).to.deep.equal({ cause: 'USER_BUSY', again: [] });
    expect(rungTogether([ONE]).uuids.size).to.equal(0);
  });

  it('names the legs to numbers and no other: a user may have several telephones', () => {
    const { uuids } = rungTogether([ONE, USER, TWO]);
    expect([...uuids.keys()]).to.deep.equal([ONE, TWO]);
    expect(new Set(uuids.values()).size).to.equal(2);
  });

  // The first of the dial string gives the bridge its cause, as measured on 1.11.1.
  for (const [title, legs, cause, wanted, again] of [
    [
      'the gateway failed, the user was busy',
      [
        [ONE, 'NORMAL_TEMPORARY_FAILURE'],
        [USER, 'USER_BUSY'],
      ],
      'NORMAL_TEMPORARY_FAILURE',
      'USER_BUSY',
      [ONE],
    ],
    [
      'the same in the other order',
      [
        [USER, 'USER_BUSY'],
        [ONE, 'NORMAL_TEMPORARY_FAILURE'],
      ],
      'USER_BUSY',
      'USER_BUSY',
      [ONE],
    ],
    [
      'a silent gateway',
      [
        [ONE, 'PROGRESS_TIMEOUT'],
        [USER, 'CALL_REJECTED'],
      ],
      'PROGRESS_TIMEOUT',
      'CALL_REJECTED',
      [ONE],
    ],
    [
      'a gateway that nobody knows',
      [
        [ONE, null],
        [USER, 'USER_BUSY'],
      ],
      'USER_BUSY',
      'USER_BUSY',
      [ONE],
    ],
    [
      'that, and a user who is not registered',
      [
        [ONE, null],
        [USER, null],
      ],
      'USER_NOT_REGISTERED',
      'USER_NOT_REGISTERED',
      [ONE],
    ],
    [
      'a failed gateway, and a user who is not registered',
      [
        [ONE, 'NETWORK_OUT_OF_ORDER'],
        [USER, null],
      ],
      'NETWORK_OUT_OF_ORDER',
      'NETWORK_OUT_OF_ORDER',
      [ONE],
    ],
    [
      'of two numbers one was busy',
      [
        [ONE, 'USER_BUSY'],
        [TWO, 'NORMAL_TEMPORARY_FAILURE'],
      ],
      'USER_BUSY',
      'USER_BUSY',
      [TWO],
    ],
    [
      'both gateways failed',
      [
        [ONE, 'GATEWAY_DOWN'],
        [TWO, 'PROGRESS_TIMEOUT'],
      ],
      'GATEWAY_DOWN',
      'GATEWAY_DOWN',
      [ONE, TWO],
    ],
    [
      'nobody failed by a gateway',
      [
        [ONE, 'USER_BUSY'],
        [USER, 'CALL_REJECTED'],
      ],
      'USER_BUSY',
      'USER_BUSY',
      [],
    ],
    // Those who still rang are listed with the cause of the first.
    [
      'a silent gateway, and a user who rang to the end',
      [
        [ONE, 'PROGRESS_TIMEOUT'],
        [USER, 'PROGRESS_TIMEOUT'],
      ],
      'NO_ANSWER',
      'NO_ANSWER',
      [ONE],
    ],
    [
      'the caller gave up',
      [
        [ONE, null],
        [USER, 'ORIGINATOR_CANCEL'],
      ],
      'ORIGINATOR_CANCEL',
      'ORIGINATOR_CANCEL',
      [],
    ],
  ] as const) {
    it(title, () => {
      expect(ended(legs, cause)).to.deep.equal({ cause: wanted, again });
    });
  }

  it('reads no more into a text than stands there', () => {
    const rung = rungTogether([ONE, USER]);
    for (const legCauses of ['', 'ARRAY::', ';', '|:|:', 'x', 'x;', ';USER_BUSY', 'x;user_busy'])
      expect(endOf(rung, { answered: false, cause: 'INVALID_GATEWAY', legCauses })).to.deep.equal({
        cause: 'INVALID_GATEWAY',
        again: [ONE],
      });
  });
});
