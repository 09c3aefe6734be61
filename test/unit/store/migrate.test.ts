import { expect } from 'chai';
import { expectVersion } from '../../../lib/store/migrate.ts';
import { faultOf } from '../../../lib/store/postgres.ts';
import { answering } from '../../support/answering.ts';

describe('tables of a store', () => {
  const told = (message: string, code: string) =>
    expectVersion(answering(() => Promise.reject(faultOf(Object.assign(new Error(message), { code }))))).then(
      () => '',
      String,
    );

  it('are not there yet, in whatever language the database says so', async () => {
    for (const message of [
      'relation "schema_versions" does not exist',
      'відношення "schema_versions" не існує',
    ])
      expect(await told(message, '42P01'), message).to.contain('the store has no tables of this version yet');
  });

  it('are not taken for missing because of a word', async () => {
    expect(await told('role "esl_router" does not exist', '28000')).to.contain('role "esl_router"');
    expect(await told('function f() does not exist', '42883')).to.contain('function f()');
  });
});
