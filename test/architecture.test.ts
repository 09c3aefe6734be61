import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';

/**
 * Who may import whom. A room is a file of lib/ or a folder of it; type imports count. `*` is every room below the
 * edge, so that the table reads from the edge of the process down to what knows nothing.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  bin: ['cli'],
  cli: ['commands', 'errors'],
  commands: ['*'],
  main: [
    'call',
    'cancel',
    'clock',
    'config',
    'errors',
    'esl',
    'http',
    'limits',
    'health',
    'load',
    'log',
    'record',
    'reload',
    'schemes',
    'secret',
    'upstream',
  ],
  call: [
    'bridge',
    'cancel',
    'cause',
    'channel',
    'clock',
    'config',
    'decide',
    'errors',
    'esl',
    'guard',
    'leg',
    'limits',
    'originate',
    'record',
    'schemes',
    'secret',
    'talk',
  ],
  dialplan: ['errors'],
  reload: ['clock', 'errors', 'log', 'schemes'],
  talk: ['cancel', 'clock', 'esl', 'leg'],
  bridge: ['cancel', 'cause', 'clock', 'dialstring', 'esl', 'leg'],
  limits: ['clock'],
  guard: ['channel', 'esl'],
  leg: ['cancel', 'channel', 'clock', 'errors', 'esl', 'guard'],
  decide: [
    'ask',
    'cause',
    'channel',
    'destination',
    'errors',
    'limits',
    'originate',
    'record',
    'route',
    'scheme',
    'schemes',
    'walk',
    'webhook',
  ],
  walk: ['cause', 'errors', 'record', 'route', 'scheme'],
  ask: [
    'cancel',
    'channel',
    'clock',
    'config',
    'dialstring',
    'errors',
    'formats',
    'http',
    'macro',
    'record',
    'request',
    'response',
    'route',
    'scheme',
    'schemes',
    'secret',
    'upstream',
    'webhook',
  ],
  originate: ['callerid', 'channel', 'config', 'destination', 'dialstring', 'errors', 'route', 'scheme'],
  schemes: ['channel', 'config', 'destination', 'errors', 'macro', 'route', 'scheme', 'secret'],
  request: ['auth', 'formats', 'http', 'macro', 'url', 'webhook'],
  response: ['formats', 'http', 'webhook'],
  route: ['callerid', 'cause', 'destination', 'errors', 'macro', 'scheme'],
  destination: ['dialstring', 'errors', 'number', 'scheme'],
  webhook: ['auth', 'formats', 'macro', 'template'],
  scheme: ['cause', 'channel', 'macro', 'number', 'template', 'webhook'],
  record: ['cause', 'channel', 'errors', 'http'],
  callerid: ['channel', 'dialstring'],
  dialstring: ['errors'],
  template: ['errors', 'macro'],
  macro: ['channel', 'errors', 'number'],
  url: ['errors', 'macro'],
  secret: ['errors'],
  simulator: [],
  auth: ['macro', 'template'],
  upstream: ['cancel', 'clock', 'errors', 'http'],
  health: ['errors'],
  load: ['clock', 'esl'],
  notify: ['clock'],
  esl: ['cancel', 'errors'],
  http: ['cancel', 'clock', 'errors'],
  formats: ['errors'],
  config: ['settings'],
  settings: ['setting'],
  setting: [],
  errors: [],
  cancel: [],
  log: ['config', 'mask'],
  cause: [],
  channel: [],
  clock: [],
  mask: [],
  number: [],
};

/** Rooms that only compute: no clock, no file, no socket, no process. */
const PURE = [
  'channel',
  'guard',
  'scheme',
  'webhook',
  'macro',
  'template',
  'url',
  'number',
  'request',
  'response',
  'route',
  'destination',
  'callerid',
  'dialstring',
  'originate',
  'record',
  'walk',
  'cause',
  'dialplan',
  'mask',
  'formats',
  'auth',
];

const ROOT = normalize(join(import.meta.dirname, '..'));
const files = sourceFiles();

describe('architecture', () => {
  it('knows every room', () => {
    expect([...new Set(files.map(({ room }) => room))].sort()).to.deep.equal(Object.keys(MAY_IMPORT).sort());
  });

  it('imports only what the table allows', () => {
    const wrong = files.flatMap(({ name, room, imports }) =>
      imports
        .filter((target) => target.room !== room)
        .filter(
          (target) => !(MAY_IMPORT[room] ?? []).some((allowed) => allowed === '*' || allowed === target.room),
        )
        .map((target) => `${name} -> ${target.name}`),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('lists no permission that nothing uses', () => {
    const unused = Object.entries(MAY_IMPORT).flatMap(([room, allowed]) => {
      const used = new Set(
        files.filter((file) => file.room === room).flatMap(({ imports }) => imports.map((i) => i.room)),
      );
      return allowed
        .filter((target) => target !== '*' && !used.has(target))
        .map((target) => `${room} -> ${target}`);
    });
    expect(unused).to.deep.equal([]);
  });

  it('has no cycle between files', () => {
    const graph = new Map(files.map(({ name, imports }) => [name, imports.map((target) => target.name)]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (name: string, path: readonly string[]): void => {
      if (path.includes(name)) cycles.push([...path.slice(path.indexOf(name)), name].join(' -> '));
      if (path.includes(name) || done.has(name)) return;
      for (const next of graph.get(name) ?? []) visit(next, [...path, name]);
      done.add(name);
    };
    for (const name of graph.keys()) visit(name, []);
    expect(cycles).to.deep.equal([]);
  });

  it('keeps effects out of the pure rooms', () => {
    const effects =
      /from 'node:(?!crypto|url|util)|\bprocess\.|\bDate\.now\(|new Date\(\)|\bsetTimeout\(|\bfetch\(|Math\.random\(/;
    const wrong = files
      .filter(({ room, text }) => PURE.includes(room) && effects.test(text))
      .map(({ name }) => name);
    expect(wrong).to.deep.equal([]);
  });

  it('speaks to the process only at its edge', () => {
    const wrong = files.filter(({ room, text }) => room !== 'bin' && /\bprocess\.[a-z]/i.test(text));
    expect(wrong.map(({ name }) => name)).to.deep.equal([]);
  });

  it('keeps every room small enough to be read', () => {
    const long = files.filter(({ text }) => text.split('\n').length > 400).map(({ name }) => name);
    expect(long).to.deep.equal([]);
  });
});

interface SourceFile {
  readonly name: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly { name: string; room: string }[];
}

function sourceFiles(): SourceFile[] {
  return ['bin', 'lib'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => {
        const name = join(folder, file);
        const text = readFileSync(join(ROOT, name), 'utf8');
        const imports = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) => {
          const target = normalize(join(dirname(name), match[1] ?? ''));
          return { name: target, room: roomOf(target) };
        });
        return { name, room: roomOf(name), text, imports };
      }),
  );
}

function roomOf(name: string): string {
  const [folder, room = ''] = name.split(sep);
  return folder === 'bin' ? 'bin' : room.replace(/\.ts$/, '');
}
