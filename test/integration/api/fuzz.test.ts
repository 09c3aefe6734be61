import { expect } from 'chai';
import { fuzzApi } from '../../fuzz/api.ts';

describe('api: hostile requests', () => {
  it('has no fault, and writes nothing that it refuses', async () => {
    const { statuses, faults } = await fuzzApi(1_000, 3, () => undefined);
    expect(faults).to.deep.equal([]);
    expect([...statuses.keys()]).to.include.members([200, 401, 403, 404, 422]);
  }).timeout(60_000);
});
