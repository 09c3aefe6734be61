import { expect } from 'chai';
import { apply, newRecord, type CallEvent, type CallRecord } from '../../../lib/call/record.ts';
import { ReplyRoom, type CallReplies } from '../../../lib/call/room.ts';

const REQUEST: CallEvent = {
  type: 'request',
  request: {
    atMs: 0,
    attempt: 1,
    scheme: 'sales',
    webhookId: 'msg_1',
    method: 'POST',
    url: 'https://crm.example.com/',
    headers: {},
    proxy: null,
    body: '',
    retries: [],
    reply: null,
    phases: null,
    answer: null,
    detail: null,
  },
};
const said = (body: string, headers: Record<string, string> = {}): CallEvent => ({
  type: 'reply',
  status: 200,
  headers,
  body,
  phases: { total: 1 },
});

function recorded(replies: CallReplies, ...events: CallEvent[]): CallRecord {
  const record = newRecord('trace', new Date(0));
  for (const event of [REQUEST, ...events]) for (const one of replies.fit(event)) apply(record, one);
  return record;
}

describe('the room for replies in the records of calls', () => {
  it('keeps every reply whole while there is room, up to 64 KiB', () => {
    const room = new ReplyRoom();
    const body = 'x'.repeat(65_536);
    const { requests, notes } = recorded(room.forCall(), said(body, { server: 'nginx' }));
    expect(requests[0]?.reply).to.deep.equal({ status: 200, headers: { server: 'nginx' }, body });
    expect(notes).to.deep.equal([]);
    expect(room.bytes).to.be.within(65_536, 140_000);
  });

  it('has only the beginning of a large one where there is none, and says so', () => {
    const room = new ReplyRoom(200_000);
    const first = room.forCall();
    recorded(first, said('x'.repeat(65_536)));
    const { requests, notes } = recorded(room.forCall(), said('y'.repeat(65_536), { server: 'nginx' }));
    expect(requests[0]?.reply).to.deep.equal({ status: 200, headers: {}, body: 'y'.repeat(2048) });
    expect(notes).to.have.length(1);
    expect(notes[0]).to.include("the first 2048 of the reply's 65536 characters");
    first.leave();
    first.leave();
    expect(room.bytes).to.equal(0);
    expect(recorded(room.forCall(), said('z'.repeat(65_536))).notes).to.deep.equal([]);
  });

  it('always keeps small ones, whatever the neighbours fill', () => {
    const room = new ReplyRoom(0);
    const { requests, notes } = recorded(room.forCall(), said('{"destination":"201"}', { server: 'nginx' }));
    expect(requests[0]?.reply?.body).to.equal('{"destination":"201"}');
    expect(requests[0]?.reply?.headers).to.deep.equal({ server: 'nginx' });
    expect(notes).to.deep.equal([]);
  });

  it('counts headers too, and answers of before', () => {
    const room = new ReplyRoom(0);
    const headed = recorded(room.forCall(), said('201', { 'x-long': 'h'.repeat(12_000) }));
    expect(headed.requests[0]?.reply).to.deep.equal({ status: 200, headers: {}, body: '201' });
    const recalled = { atMs: 0, scheme: 'sales', stale: true, ageSeconds: 1, status: 200 };
    const of = recorded(room.forCall(), {
      type: 'recalled',
      recalled: { ...recalled, body: 'x'.repeat(9_000) },
    });
    expect(of.recalled[0]?.body).to.have.length(2048);
  });

  it('bounds what a thousand calls hold whose CRM fills its replies up', () => {
    const room = new ReplyRoom(1_000_000);
    let characters = 0;
    for (let n = 0; n < 1_000; n++) {
      const { requests } = recorded(room.forCall(), said('x'.repeat(65_536)));
      characters += requests[0]?.reply?.body.length ?? 0;
    }
    expect(characters).to.be.at.most(500_000 + 1_000 * 2_048);
  });
});
