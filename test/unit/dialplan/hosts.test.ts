import { expect } from 'chai';
import { otherPorts, strayHosts } from '../../../lib/dialplan/hosts.ts';

describe('dialplan/hosts', () => {
  const others = otherPorts({ 'the API': 8085, 'the health port': 8086, nothing: null });

  it('finds the ports of this machine where FreeSWITCH is not answered', () => {
    const [api, health, ...more] = strayHosts(
      '127.0.0.1:8084|127.0.0.1:8085/sales|localhost:8086 async full',
      others,
    );
    expect(api).to.match(/^socket names 127\.0\.0\.1:8085, which is the API of this router: /);
    expect(health).to.match(/^socket names localhost:8086, which is the health port of this router: /);
    expect(more).to.deep.equal([]);
  });

  for (const data of [
    '127.0.0.1:8084|127.0.0.1:8184 async full',
    '192.0.2.7:8085 async full',
    '',
    'nonsense',
  ]) {
    it(`has nothing against ${JSON.stringify(data)}`, () => {
      expect(strayHosts(data, others)).to.deep.equal([]);
    });
  }
});
