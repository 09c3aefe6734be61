import { expect } from 'chai';
import { whatToDo, type Reason } from '../../../lib/errors.ts';
import { CrmFailures } from '../../../lib/router/failures.ts';
import { ManualClock } from '../../support/manual-clock.ts';

interface Line {
  readonly message: string;
  readonly scheme: unknown;
  readonly detail: unknown;
}

function stage() {
  const clock = new ManualClock();
  const lines: Line[] = [];
  const nothing = (): void => undefined;
  const log = {
    error: nothing,
    info: nothing,
    debug: nothing,
    warn: (message: string, fields: object = {}) => lines.push({ message, ...fields } as Line),
  };
  const failures = new CrmFailures(log, clock);
  const fail = (
    scheme: string,
    detail = 'HTTP 503',
    reason: Reason = 'http_status',
    webhook = 'https://crm.test',
  ): void => {
    failures.add({ scheme, webhook, reason, detail, trace: 't', uuid: 'u' });
  };
  return { clock, lines, failures, fail };
}

describe('failures of a CRM in the log', () => {
  it('are a warning with detail once, then a count every minute for as long as they last', () => {
    const { clock, lines, fail } = stage();
    fail('sales');
    for (let n = 1; n <= 14; n++) fail('sales', `HTTP 50${n % 5}`);
    fail('sales', 'late', 'webhook_timeout');
    fail('night');
    expect(lines.map(({ message }) => message)).to.deep.equal(Array(3).fill('the CRM failed'));
    expect(lines[2]).to.include({ advice: whatToDo('http_status') });
    clock.advance(60_000);
    expect(lines.slice(3)).to.have.length(1);
    expect(lines[3]).to.include({
      message: 'the CRM failed: 14 more in the last minute',
      scheme: 'sales',
      detail: 'HTTP 504',
    });
    clock.advance(60_000);
    expect(lines).to.have.length(4);
    fail('sales');
    expect(lines.at(-1)).to.include({ message: 'the CRM failed', scheme: 'sales' });
  });

  it('of two CRMs of one scheme are told apart', () => {
    const { lines, fail } = stage();
    for (const webhook of ['https://contacts.test', 'https://owners.test', 'https://owners.test'])
      fail('sales', 'HTTP 503', 'http_status', webhook);
    expect(lines).to.have.length(2);
    expect(lines[1]).to.include({ webhook: 'https://owners.test' });
  });

  it('that were counted are logged when the router stops', () => {
    const { clock, lines, failures, fail } = stage();
    fail('sales');
    fail('sales');
    failures.close();
    expect(lines.at(-1)?.message).to.equal('the CRM failed: 1 more since the last line');
    clock.advance(120_000);
    expect(lines).to.have.length(2);
  });

  it('of very many schemes take bounded memory and lines', () => {
    const { clock, lines, fail } = stage();
    for (let n = 0; n < 5000; n++) fail(`scheme-${n}`);
    expect(lines).to.have.length(201);
    clock.advance(60_000);
    expect(lines.at(-1)).to.include({
      message: 'the CRM failed: 4799 more in the last minute',
      scheme: 'other schemes',
    });
  });
});
