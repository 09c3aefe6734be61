import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * The house, from the street down to the ground. A wing is a folder of lib/, or a file beside them. Each may import what
 * follows it here, type imports included, and nothing that is above it; `(wing)` is for types alone.
 */
const WINGS = parsed(`
  bin        | cli
  cli        | commands presets redact
  commands   | router api decide presets schemes store scheme upstream http call config log redact dialplan simulator
  router     | api events metrics leg decide schemes (scheme) (store) upstream esl http call config log redact dialplan
  console    | (api)
  api        | (metrics) (schemes) presets store scheme webhook (call) config (log) redact
  events     | store scheme webhook upstream (http) call log redact
  metrics    | (call) (http)
  leg        | decide schemes dial call esl config dialplan
  decide     | schemes scheme dial webhook upstream http call config redact
  schemes    | dial scheme webhook call config log
  presets    | scheme
  store      | call config log redact
  dial       | scheme webhook call numbering config
  scheme     | webhook call numbering
  webhook    | call numbering http
  upstream   | http
  call       | (http) redact
  numbering  |
  log        | config redact
  redact     |
  dialplan   |
  esl        |
  http       |
  config     |
  simulator  |
`);

/** What every wing may import. The simulator may not: it is a program of its own. */
const GROUND = ['errors', 'reasons', 'cancel', 'clock', 'emitter', 'nearest', 'uuid'];

/** Where the world outside is read, written, waited for or listened to. All else works with what it is handed. */
const EFFECTS = [
  'bin/',
  'lib/api/server.ts',
  'lib/commands/',
  'lib/console/',
  'lib/router/',
  'lib/esl/connection.ts',
  'lib/esl/listener.ts',
  'lib/esl/port.ts',
  'lib/esl/queue.ts',
  'lib/esl/replies.ts',
  'lib/esl/strangers.ts',
  'lib/http/client.ts',
  'lib/http/exchange.ts',
  'lib/http/hosts.ts',
  'lib/http/lookup.ts',
  'lib/http/handshake.ts',
  'lib/http/pool.ts',
  'lib/http/tls.ts',
  'lib/http/resolver.ts',
  'lib/http/tunnel.ts',
  'lib/schemes/file.ts',
  'lib/schemes/folder.ts',
  'lib/schemes/kept.ts',
  'lib/schemes/sight.ts',
  'lib/store/',
  'lib/simulator/',
  'lib/clock.ts',
  'lib/log.ts',
];
const EFFECT =
  /^import (?!type )[^;]*? from '(axios|chokidar|winston|node:(child_process|cluster|dgram|dns|fs|http|http2|https|os|process|readline|timers|tls|worker_threads)(\/promises)?)'|^import (?!type )(?!\{ (?:BlockList, )?isIP \})[^;]*? from 'node:net'|\b(Date\.now|performance\.now|Math\.random|setTimeout|setInterval|setImmediate|fetch)\(|\bnew Date\(\)/m;

/** What makes an emitter. */
const EMITTER =
  /^import (?!type )[^;]*?\b(createServer|connect|spawn|fork|watch|createReadStream|createWriteStream|createInterface|createSocket|Worker)\b[^;]*? from '(node:|chokidar)|process\.std(in|out|err)\b/m;
/** Whose emitters are listened to all the same: axios does it, the watcher's owner, and the simulator is none of the daemon's. */
const GUARDED = [
  'lib/http/client.ts',
  'lib/schemes/reload.ts',
  'lib/commands/',
  'lib/simulator/',
  'lib/console/',
];

const WHAT_TO_DO =
  'Move the code to the wing that it belongs to, or hand it in as a parameter; a new wing or arrow is a decision about the whole house, and is written into the table above.';

const ROOT = normalize(join(import.meta.dirname, '..'));
const files = ['bin', 'lib'].flatMap(sourceFiles);

describe('architecture', () => {
  it('knows every wing', () => {
    const found = new Set(files.map(({ wing }) => wing).filter((wing) => !GROUND.includes(wing)));
    expect([...found].sort(), WHAT_TO_DO).to.deep.equal([...WINGS.keys()].sort());
  });

  it('has no arrow that leads up', () => {
    const order = [...WINGS.keys()];
    const up = [...WINGS].flatMap(([wing, allowed]) =>
      [...allowed.keys()]
        .filter((target) => order.indexOf(target) <= order.indexOf(wing))
        .map((target) => `${wing} -> ${target}`),
    );
    expect(up, WHAT_TO_DO).to.deep.equal([]);
  });

  it('imports what the table allows, and allows no more than is imported', () => {
    const arrows = new Set<string>();
    const wrong = files.flatMap(({ name, wing, imports }) =>
      imports.flatMap(({ target, types }) => {
        const to = wingOf(target);
        if (to === wing || (GROUND.includes(to) && wing !== 'simulator')) return [];
        arrows.add(`${wing} -> ${to}`);
        const allowed = WINGS.get(wing)?.get(to);
        return allowed === 'all' || (allowed === 'types' && types) ? [] : [`${name} -> ${target}`];
      }),
    );
    expect(wrong, WHAT_TO_DO).to.deep.equal([]);
    const unused = [...WINGS].flatMap(([wing, allowed]) =>
      [...allowed.keys()].map((to) => `${wing} -> ${to}`).filter((arrow) => !arrows.has(arrow)),
    );
    expect(unused, 'Take them out of the table: nothing imports so any more.').to.deep.equal([]);
  });

  it('has no circle of files', () => {
    const graph = new Map(files.map(({ name, imports }) => [name, imports.map(({ target }) => target)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (name: string, path: readonly string[]): void => {
      if (path.includes(name)) circles.push([...path.slice(path.indexOf(name)), name].join(' -> '));
      if (path.includes(name) || done.has(name)) return;
      for (const next of graph.get(name) ?? []) visit(next, [...path, name]);
      done.add(name);
    };
    for (const name of graph.keys()) visit(name, []);
    expect(circles, WHAT_TO_DO).to.deep.equal([]);
  });

  it('has effects only where they belong', () => {
    const wrong = files
      .filter(({ name, text }) => EFFECT.test(text) && !EFFECTS.some((place) => name.startsWith(place)))
      .map(({ name }) => name);
    expect(wrong, WHAT_TO_DO).to.deep.equal([]);
  });

  it('guards whatever emits events', () => {
    const wrong = files
      .filter(
        ({ name, text }) =>
          EMITTER.test(text) &&
          !text.includes('guarded(') &&
          !GUARDED.some((place) => name.startsWith(place)),
      )
      .map(({ name }) => name);
    expect(
      wrong,
      'Hand it to guarded() of lib/emitter.ts: an error that nobody hears ends the process.',
    ).to.deep.equal([]);
  });

  it('speaks to the process only at its edge', () => {
    const wrong = files.filter(({ wing, text }) => wing !== 'bin' && /\bprocess\.[a-z]/i.test(text));
    expect(
      wrong.map(({ name }) => name),
      WHAT_TO_DO,
    ).to.deep.equal([]);
  });

  it('keeps every file short enough to be read', () => {
    const long = files.filter(({ text }) => text.trimEnd().split('\n').length > 400).map(({ name }) => name);
    expect(long, 'Give a part of it a file of its own.').to.deep.equal([]);
  });
});

interface SourceFile {
  readonly name: string;
  readonly wing: string;
  readonly text: string;
  readonly imports: readonly { target: string; types: boolean }[];
}

function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => {
      const name = join(folder, file);
      const text = readFileSync(join(ROOT, name), 'utf8');
      const found = text.matchAll(
        /^(?:import|export) (type )?[^;']*?from '(\.[^']+)'|import\('(\.[^']+)'\)/gm,
      );
      const imports = [...found].map(([, types, path, called]) => ({
        target: normalize(join(dirname(name), path ?? called ?? '')),
        types: types !== undefined,
      }));
      return { name, wing: wingOf(name), text, imports };
    });
}

function wingOf(name: string): string {
  const [folder = '', wing = ''] = name.split('/');
  return folder === 'bin' ? 'bin' : wing.replace(/\.ts$/, '');
}

function parsed(table: string): Map<string, Map<string, 'all' | 'types'>> {
  const rows = table.trim().split('\n');
  return new Map(
    rows.map((row) => {
      const [wing = '', allowed = ''] = row.split('|');
      const targets = allowed.match(/\S+/g) ?? [];
      return [
        wing.trim(),
        new Map(targets.map((to) => [to.replace(/[()]/g, ''), to.startsWith('(') ? 'types' : 'all'])),
      ];
    }),
  );
}
