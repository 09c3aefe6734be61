import { expect } from 'chai';
import type { Answer, Question } from '../../../../lib/webhook/formats/format.ts';
import { jsonRpc } from '../../../../lib/webhook/formats/json-rpc.ts';

const QUESTION: Question = { rpcId: 'msg_1', rpcMethod: 'route' };

function read(reply: unknown, question = QUESTION, names = ['destination']): Answer {
  return jsonRpc.import.read(typeof reply === 'string' ? reply : JSON.stringify(reply), names, question);
}

describe('format json-rpc', () => {
  it('asks by the specification', () => {
    expect(jsonRpc.submission.encode({ caller: '201' }, QUESTION)).to.equal(
      '{"jsonrpc":"2.0","method":"route","params":{"caller":"201"},"id":"msg_1"}',
    );
  });

  it('looks inside result', () => {
    const reply = { jsonrpc: '2.0', result: { destination: '201', card: 'x' }, id: 'msg_1' };
    expect(read(reply)).to.deep.equal({ kind: 'found', value: '201', name: 'destination', document: reply });
    expect(read({ result: [{ phone: 7 }], id: 'msg_1' }, QUESTION, ['0.phone'])).to.include({ value: 7 });
  });

  it('takes result itself when it is a text or a number', () => {
    for (const result of ['agent_007', 201]) {
      expect(read({ jsonrpc: '2.0', result, id: 'msg_1' })).to.include({ value: result, name: 'result' });
    }
  });

  it('fails on an error even beside a result, and tells it', () => {
    const error = { code: -32601, message: 'Method not found' };
    const answer = read({ jsonrpc: '2.0', error, result: '201', id: 'msg_1' });
    expect(answer).to.deep.equal({
      kind: 'unavailable',
      reason: 'rpc_error',
      detail: 'error -32601 "Method not found"',
    });
    for (const odd of ['broken', 1, [], {}, { code: 'x' }]) {
      expect(read({ error: odd, id: 'msg_1' })).to.include({ reason: 'rpc_error' });
    }
  });

  it('tells an error whose id is null as what it is', () => {
    expect(read({ error: { code: -32700, message: 'Parse error' }, id: null })).to.include({
      reason: 'rpc_error',
    });
  });

  it('takes "error": null of version 1.0 for none', () => {
    expect(read({ result: '201', error: null, id: 'msg_1' })).to.include({ value: '201' });
  });

  it('compares the id when the question was JSON-RPC', () => {
    for (const id of ['msg_2', 1, null, undefined]) {
      expect(read({ result: '201', id }), String(id)).to.include({
        kind: 'unavailable',
        reason: 'rpc_invalid',
      });
    }
    expect(read({ result: '201' }, { rpcId: null, rpcMethod: undefined })).to.include({ value: '201' });
  });

  it('has no route for an empty result and for a missing key in it', () => {
    for (const result of [null, '', []]) {
      expect(read({ result, id: 'msg_1' })).to.include({ kind: 'none', reason: 'empty_value' });
    }
    expect(read({ result: { destination: null }, id: 'msg_1' })).to.include({ reason: 'empty_value' });
    expect(read({ result: { phone: '201' }, id: 'msg_1' })).to.deep.include({
      kind: 'none',
      reason: 'missing_key',
      detail: 'no "destination": result holds the keys phone',
    });
  });

  it('refuses what is no response', () => {
    for (const reply of [[], [{ result: '201', id: 'msg_1' }], '"201"', 'null', { id: 'msg_1' }, {}]) {
      expect(read(reply), JSON.stringify(reply)).to.include({ kind: 'unavailable', reason: 'rpc_invalid' });
    }
    expect(read('<html>')).to.include({ reason: 'body_not_json' });
    expect(read('{"__proto__":{"result":"666"},"id":"msg_1"}')).to.include({ reason: 'rpc_invalid' });
  });
});
