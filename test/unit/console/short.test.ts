import { expect } from 'chai';
import { dialled } from '../../../lib/console/pages/calls/short.ts';

describe('console: a dial string in short', () => {
  for (const [dialString, short] of [
    ['{originate_timeout=30}user/201@pbx.example', '201'],
    ['{a=1,b=2}[origination_caller_id_number=380,c=d]user/201@pbx.example', '201'],
    ['{a=1}[a=b,c=d]sofia/gateway/trunk/380501234567', '380501234567 · trunk'],
    ['{a=1}[a=b]user/201@x,[a=b,c=d]user/202@x', '201, 202'],
  ] as const) {
    it(short, () => {
      expect(dialled(dialString)).to.equal(short);
    });
  }
});
