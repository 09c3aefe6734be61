import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runInside } from '../support/cli.ts';

/** Pages that people follow word for word. */

const read = (name: string): string => readFileSync(name, 'utf8');

describe('docs/fusionpbx.md', () => {
  const page = read('docs/fusionpbx.md');
  const [settings = '', scheme = ''] = [...page.matchAll(/```json\n([^]*?)```/g)].map(
    (match) => match[1] ?? '',
  );
  const pasted = read('freeswitch/fusionpbx/esl-router.xml');

  it('its settings, its scheme and its dialplan are fine', async () => {
    const { code, stdout } = await runInside(
      ['check', '--dialplan', join(process.cwd(), 'freeswitch/fusionpbx/esl-router.xml')],
      { files: { 'config.json': settings, 'schemes/one.json': scheme } },
    );
    expect(stdout)
      .to.match(/^one: POST /m)
      .and.to.match(/fine: 1 scheme$/m);
    expect(code).to.equal(0);
  });

  it('without the list of domains they are not', async () => {
    const { domains, ...rest } = JSON.parse(settings) as { domains: string[] };
    expect(domains).to.include('one.example');
    const { code, stderr } = await runInside(['check'], {
      files: { 'config.json': rest, 'schemes/one.json': scheme },
    });
    expect(code).to.equal(2);
    for (const name of ['DOMAIN', 'EXTENSION_CONTEXT'])
      expect(stderr).to.include(`(ESL_ROUTER_${name}): is read`);
    expect(stderr).to.include('targets.sales.context: is read');
  });

  it('names what stands in the file to paste', () => {
    expect(pasted).to.include('^esl-router$').and.to.include('|127.0.0.1:8184').and.to.include('"600 XML');
  });
});

for (const guide of [
  'docs/fusionpbx.md',
  'docs/freeswitch.md',
  'docs/operation.md',
  'freeswitch/README.md',
]) {
  it(`${guide} names only files that are there`, () => {
    const page = read(guide);
    const links = [...page.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => join(dirname(guide), match[1] ?? ''));
    const copied = [...page.matchAll(/\$ cp (freeswitch\/\S+)/g)].map((match) => match[1] ?? '');
    for (const path of [...links, ...copied]) expect(existsSync(path), path).to.equal(true);
  });
}
