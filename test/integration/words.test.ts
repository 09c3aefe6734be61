import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { runInside, runProgram } from '../support/cli.ts';

/** The words of the command line: examples, what was most likely meant, completion, no colours. */

async function commands(): Promise<string[]> {
  const { stdout } = await runInside(['--help']);
  return [...stdout.matchAll(/^ {2}([a-z]+) [[<a-z]/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
}

describe('command line: words', function () {
  this.timeout(60_000);

  it('the help of each command shows examples, of options that it has', async () => {
    const names = await commands();
    expect(names).to.include.members([
      'start',
      'init',
      'check',
      'try',
      'demo',
      'simulate',
      'config',
      'completion',
    ]);
    for (const name of names) {
      const { stdout } = await runInside([name, '--help']);
      const [, examples = ''] = stdout.split('\nExamples:\n');
      expect(examples, name).to.include(`esl-router ${name}`);
      for (const [option] of examples.matchAll(/--[a-z-]+/g))
        expect(stdout.split('Examples:')[0]).to.include(option);
    }
  });

  for (const [title, args, meant] of [
    ['a command', ['chekc'], /unknown command 'chekc' \(did you mean "check"\?\)/],
    ['an option', ['check', '--confg', 'x'], /unknown option .--confg. \(did you mean "--config"\?\)/],
  ] as const) {
    it(`says which ${title} was most likely meant`, async () => {
      const { code, stderr } = await runInside(args);
      expect([code, stderr]).to.match(/^2,/);
      expect(stderr).to.match(meant);
    });
  }

  it('says which key, value, macro, scheme and variable was most likely meant', async () => {
    const { code, stderr } = await runInside(['check'], {
      files: {
        'config.json': { listen: { prot: 1 }, log: { level: 'wran' } },
        'schemes/a.json': {
          name: 'a',
          forwardingTimeout: 20,
          numbering: { dialAs: 'digit' },
          webhook: { url: 'http://h/{{callr}}', responsName: 'x', auth: { type: 'baerer' } },
          fallback: {
            onError: [
              { transfr: { extension: '1' } },
              { hangup: 'USER_BSY' },
              { transfer: { extention: '1' } },
            ],
          },
        },
      },
    });
    expect(code).to.equal(2);
    for (const word of [
      'listen.port',
      'warn',
      'forwardingTimeoutSeconds',
      'digits',
      'caller',
      'responseName',
      'bearer',
      'transfer',
      'USER_BUSY',
      'extension',
    ]) {
      expect(stderr).to.include(`(did you mean "${word}"?)`);
    }
    const other = await runInside(['check'], {
      settings: { DEFAULT_SCHEME: 'sale' },
      files: { 'schemes/a.json': { name: 'sales', webhook: { url: 'http://h/' } } },
    });
    expect(other.stderr).to.include('there is no scheme "sale" (did you mean "sales"?)');
    const variable = await runInside(['check'], { settings: { LISTEN_PROT: '1' } });
    expect(variable.stdout).to.include('(did you mean "ESL_ROUTER_LISTEN_PORT"?)');
  });

  it('completion: bash completes commands and the options of each', async () => {
    const { code, stdout } = await runInside(['completion', 'bash']);
    expect(code).to.equal(0);
    const completed = (...words: readonly string[]): string[] => {
      const script = `${stdout}\nCOMP_WORDS=(esl-router ${words.join(' ')}); COMP_CWORD=${words.length}; _esl_router; echo "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split(' ');
    };
    expect(completed('ch')).to.deep.equal(['check']);
    expect(completed('try', '--caller')).to.deep.equal(['--caller', '--caller-name']);
    expect(completed('check', '--d')).to.deep.equal(['--dialplan']);
    expect(completed('demo', '--d')).to.deep.equal(['']);
  });

  it('completion: zsh has every command, described', async () => {
    const { stdout } = await runInside(['completion', 'zsh']);
    for (const name of await commands()) expect(stdout).to.include(`'${name}:`);
    expect(stdout)
      .to.match(/^#compdef esl-router$/m)
      .and.to.match(/^ +check\) options=\(--config --schemes --dialplan\) ;;$/m);
  });

  it('writes no colours where it writes to no terminal', async () => {
    for (const args of [['--help'], ['config'], ['check'], ['nonsense']]) {
      const { stdout, stderr } = await runProgram(args, { settings: {} });
      expect(stdout + stderr).not.to.include('\u001b');
    }
  });
});
