import { expect } from 'chai';
import { readAsOf } from '../../../lib/console/pages/calls/readings.ts';

describe('console: what a reply was read as', () => {
  const replied = (body: string, answer: 'found' | 'http_status' = 'found') => ({
    answer,
    reply: { status: 200, headers: {}, body },
  });
  const reading = (text: string, result: string, from: 'reply' | 'fallback' = 'reply') => ({
    ...{ from, path: '', text, result },
  });
  const extension = reading('050123', 'extension 050123');

  it('says it of a destination, and of each in a list', () => {
    expect(readAsOf(replied('{"destination":"050123"}'), [extension])).to.equal('extension 050123');
    const both = [reading('201', 'extension 201'), reading('202', 'extension 202')];
    expect(readAsOf(replied('["201","202"]'), both)).to.equal('extension 201, extension 202');
  });

  it('says nothing of a fallback, of another reply, or of one that failed', () => {
    expect(readAsOf(replied('{"destination":""}'), [reading('900', 'extension 900', 'fallback')])).to.equal(
      '',
    );
    expect(readAsOf(replied('{"destination":"201"}'), [extension])).to.equal('');
    expect(readAsOf(replied('050123 failed', 'http_status'), [extension])).to.equal('');
    expect(readAsOf({ answer: 'found', reply: null }, [extension])).to.equal('');
  });

  it('leaves what was not taken to its cause', () => {
    for (const result of [
      'refused: "112" is an emergency number',
      'nobody: "Anna" is not in webhook.map',
      'scheme',
    ])
      expect(readAsOf(replied('112 Anna'), [reading('112', result)]), result).to.equal('');
  });
});
