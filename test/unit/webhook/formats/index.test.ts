import { expect } from 'chai';
import { FORMATS, IMPORTS, SUBMISSIONS } from '../../../../lib/webhook/formats/index.ts';

describe('formats', () => {
  it('names what can be sent and what can be read', () => {
    expect(SUBMISSIONS).to.deep.equal(['http', 'json', 'json-rpc']);
    expect(IMPORTS).to.deep.equal(['http', 'json', 'json-rpc']);
  });

  it('asks for a remote method in JSON-RPC only', () => {
    expect(SUBMISSIONS.filter((name) => FORMATS[name].submission.needsRpcMethod)).to.deep.equal(['json-rpc']);
  });
});
