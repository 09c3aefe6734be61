import { expect } from 'chai';
import fc from 'fast-check';
import type { Answer, Question } from '../../../../lib/webhook/formats/format.ts';
import { jsonRpc } from '../../../../lib/webhook/formats/json-rpc.ts';

const QUESTION: Question = { rpcId: 'msg_1', rpcMethod: 'route' };

function read(reply: unknown, question = QUESTION, responseName = ['destination']): Answer {
  const body = typeof reply === 'string' ? reply : JSON.stringify(reply);
  return jsonRpc.import.read(body, { responseName, errorName: 'fault' }, question);
}

function detailOf(answer: Answer): string {
  if (answer.kind === 'found') throw new Error('found');
  return answer.detail;
}

describe('format json-rpc', () => {
  it('asks by the specification', () => {
    expect(jsonRpc.submission.encode({ caller: '201' }, QUESTION)).to.equal(
      '{"jsonrpc":"2.0","method":"route","params":{"caller":"201"},"id":"msg_1"}',
    );
    expect(jsonRpc.submission.encode({}, { rpcId: 1, rpcMethod: 'route' })).to.equal(
      '{"jsonrpc":"2.0","method":"route","params":{},"id":1}',
    );
  });

  it('looks inside result', () => {
    const reply = { jsonrpc: '2.0', result: { destination: '201', card: 'x' }, id: 'msg_1' };
    expect(read(reply)).to.deep.equal({ kind: 'found', value: '201', name: 'destination', document: reply });
    expect(read({ result: [{ phone: 7 }], id: 'msg_1' }, QUESTION, ['0.phone'])).to.include({ value: 7 });
  });

  it('takes result itself when it is a text, a number or a list of them', () => {
    for (const result of ['agent_007', 201, ['201', '202']]) {
      expect(read({ jsonrpc: '2.0', result, id: 'msg_1' })).to.deep.include({
        value: result,
        name: 'result',
      });
    }
    expect(read('{"result":4876876000000333013,"id":"msg_1"}')).to.include({ value: '4876876000000333013' });
    expect(detailOf(read({ result: '{"destination":"201"}', id: 'msg_1' }))).to.match(
      /^result is JSON inside/,
    );
  });

  it('reads result as the json format reads a reply', () => {
    const id = 'msg_1';
    const reply = { result: { destination: '201', timeout: 9, hangup: 'USER_BUSY' }, callerName: 'x', id };
    expect(read(reply)).to.deep.equal({
      kind: 'found',
      value: '201',
      name: 'destination',
      document: reply,
      beside: { timeout: 9 },
      notes: ['hangup beside the destination is ignored'],
    });
    expect(read({ result: { dialplan: true }, id })).to.deep.include({ value: { dialplan: true } });
    expect(read({ dialplan: true, result: { x: 1 }, id })).to.include({ reason: 'missing_key' });
    expect(read({ result: { fault: 'locked', destination: '201' }, id })).to.deep.equal({
      kind: 'unavailable',
      reason: 'crm_error',
      detail: 'fault is "locked"',
    });
    expect(read({ fault: 'locked', result: { destination: '201' }, id })).to.include({ value: '201' });
  });

  it('fails on an error even beside a result, and tells it', () => {
    const error = { code: -32601, message: 'Method not found' };
    const answer = read({ jsonrpc: '2.0', error, result: '201', id: 'msg_1' });
    expect(answer).to.deep.equal({
      kind: 'unavailable',
      reason: 'rpc_error',
      detail: 'error -32601 "Method not found"',
    });
    for (const odd of ['broken', 1, true, ['x'], { code: 'x' }]) {
      expect(read({ error: odd, id: 'msg_1' })).to.include({ reason: 'rpc_error' });
    }
    const odoo = { code: 200, message: 'Odoo Server Error', data: { name: 'x', message: 'no such model' } };
    expect(detailOf(read({ error: odoo, id: 'msg_1' }))).to.equal(
      'error 200 "Odoo Server Error": "no such model"',
    );
    expect(detailOf(read({ error: { fault: 7 } }))).to.equal('error {"fault":7}');
  });

  it('tells an error whose id is null as what it is', () => {
    expect(read({ error: { code: -32700, message: 'Parse error' }, id: null })).to.include({
      reason: 'rpc_error',
    });
  });

  it('takes an error that holds nothing for none', () => {
    for (const error of [null, '', false, 0, [], {}]) {
      expect(read({ result: '201', error, id: 'msg_1' }), JSON.stringify(error)).to.include({ value: '201' });
    }
    expect(read({ error: {}, id: 'msg_1' })).to.include({ reason: 'rpc_invalid' });
  });

  it('compares the id as text when the question was JSON-RPC', () => {
    for (const id of ['msg_2', '', 1, 0, true, {}, ['msg_1']]) {
      const answer = read({ result: '201', id });
      expect(answer, JSON.stringify(id)).to.include({ kind: 'unavailable', reason: 'rpc_invalid' });
    }
    expect(detailOf(read({ result: '201', id: 'msg_2' }))).to.equal(
      'the reply has the id "msg_2", the question had "msg_1"',
    );
    expect(detailOf(read({ result: '201', id: 0 }))).to.match(/ \(webhook\.rpcId "number" is for servers/);
    const numbered = { rpcId: 1, rpcMethod: 'route' };
    for (const id of [1, '1']) expect(read({ result: '201', id }, numbered)).to.include({ value: '201' });
    expect(read('{"result":"201","id":1.0}', numbered)).to.include({ value: '201' });
    for (const id of [2, '01', 'msg_1', 1.5]) {
      expect(read({ result: '201', id }, numbered)).to.include({ reason: 'rpc_invalid' });
    }
    expect(read({ result: '201', id: 7 }, { rpcId: null, rpcMethod: undefined })).to.include({
      value: '201',
    });
  });

  it('reads a result without an id, and says so', () => {
    expect(read({ result: '201' })).to.deep.include({
      value: '201',
      notes: ['the JSON-RPC reply has no id: read anyway'],
    });
    expect(read({ result: '201', id: null })).to.deep.include({
      value: '201',
      notes: ['the JSON-RPC reply has the id null: read anyway'],
    });
    expect(read({ result: null }))
      .to.include({ kind: 'none' })
      .and.have.property('notes');
    const unasked = read({ result: '201' }, { rpcId: null, rpcMethod: undefined });
    expect(unasked).to.not.have.property('notes');
  });

  it('has no route for an empty result and for a missing key in it', () => {
    for (const result of [null, '', [], false, 0]) {
      expect(read({ result, id: 'msg_1' })).to.include({ kind: 'none', reason: 'empty_value' });
    }
    expect(read({ result: { destination: null }, id: 'msg_1' })).to.include({ reason: 'empty_value' });
    expect(read({ result: { phone: '201' }, id: 'msg_1' })).to.deep.include({
      kind: 'none',
      reason: 'missing_key',
      detail: 'no "destination": result holds the keys phone',
    });
  });

  it('refuses what is not a response', () => {
    for (const reply of [[], [{ result: '201', id: 'msg_1' }], '"201"', 'null', { id: 'msg_1' }, {}]) {
      expect(read(reply), JSON.stringify(reply)).to.include({ kind: 'unavailable', reason: 'rpc_invalid' });
    }
    expect(read('<html>')).to.include({ reason: 'body_not_json' });
    expect(read('{"__proto__":{"result":"666"},"id":"msg_1"}')).to.include({ reason: 'rpc_invalid' });
    expect(detailOf(read([{ result: '201', id: 'msg_1' }]))).to.match(
      /^the reply is a list, as for a JSON-RPC batch/,
    );
    expect(detailOf(read('"201"'))).to.equal('the reply is not a JSON-RPC object, it is the string "201"');
    expect(detailOf(read({ destination: '201' }))).to.equal(
      'the reply has neither result nor error: it holds the keys destination',
    );
    expect(detailOf(read({ jsonrpc: '2.0', id: 'msg_1' }))).to.match(/ \(Odoo sends no result/);
  });

  it('never throws, whatever it is given', () => {
    const part = fc.option(fc.jsonValue({ maxDepth: 3 }), { nil: undefined });
    const reply = fc.oneof(fc.jsonValue(), fc.record({ jsonrpc: part, result: part, error: part, id: part }));
    fc.assert(
      fc.property(reply, fc.constantFrom('msg_1', 1, null), (document, rpcId) => {
        const answer = read(JSON.stringify(document), { rpcId, rpcMethod: 'route' });
        expect(answer.kind).to.be.oneOf(['found', 'none', 'unavailable']);
      }),
    );
  });
});
