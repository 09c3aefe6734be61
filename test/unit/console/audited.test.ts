import { expect } from 'chai';
import { auditedFields } from '../../../lib/console/pages/people/audited.ts';
import { en } from '../../../lib/console/words/en/index.ts';

describe('console: a line of the audit log', () => {
  for (const [change, lines] of [
    [{ from: 3, to: 4, state: 'live' }, ['revision: 3 → 4', 'state: live']],
    [{ from: 0, to: 1, state: 'draft' }, ['revision: – → 1', 'state: draft']],
    [
      { role: ['viewer', 'admin'], disabled: [true, false] },
      ['role: viewer → admin', 'disabled: true → false'],
    ],
    [{ password: 'changed' }, ['password: changed']],
    // Names of headers that were changed are no before and after.
    [
      { question: 1, to: 'https://crm.test', body: true, headers: [] },
      ['question: 1', 'to: https://crm.test', 'body: true', 'headers: '],
    ],
    [{ headers: ['X-Id', 'X-Key'] }, ['headers: X-Id, X-Key']],
    [{ x: [{ a: 1 }, 2] }, ['x: {"a":1}, 2']],
    [{}, []],
    [null, []],
    ['text', []],
  ] as const) {
    it(JSON.stringify(change), () => {
      const said = auditedFields(change).map(({ field, from, to }) =>
        from === null ? `${field}: ${to}` : `${field}: ${from} → ${to}`,
      );
      expect(said).to.deep.equal(lines);
    });
  }

  it('has words for every field', () => {
    const fields = ['revision', 'state', 'role', 'password', 'disabled', 'name', 'days', 'reason', 'live'];
    fields.push('unsaved', 'question', 'to', 'body', 'headers', 'force', 'retried');
    expect(Object.keys(en.system.audit.fields).sort()).to.deep.equal(fields.sort());
  });
});
