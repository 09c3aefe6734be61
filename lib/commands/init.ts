import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { loadConfig } from '../config/config.ts';
import { RouterError } from '../errors.ts';
import { parseScheme } from '../scheme/scheme.ts';
import { sentenceOf } from '../schemes/file.ts';
import { CONFIGURATION_FILE, SCHEMES_FOLDER } from './configuration.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { print } from './print.ts';
import { ENVIRONMENT_FILE, starterFiles, type StarterFile, type StarterOptions } from './starter.ts';

/** Writes a starter configuration into a folder, overwrites nothing, and says what is left to do. */
export async function initCommand(
  { stdout, configurationFolders, packageFolder }: CommandContext,
  named: string | undefined,
  options: StarterOptions,
): Promise<ExitCode> {
  const [project = ''] = configurationFolders;
  const given = normalize(named ?? '.').replace(/(?<=.)\/$/, '');
  // In a project the files go where the router looks for them.
  const folder = given === '.' ? project : given;
  const files = starterFiles(options);
  refuseFaults(files);
  const others = await schemesIn(join(folder, SCHEMES_FOLDER));
  const todo: string[] = [];
  for (const { path, text, mode, kind, open, filled } of files) {
    const file = join(folder, path);
    // The systemd units read it in /etc; in a project nobody would.
    if (path === ENVIRONMENT_FILE && folder === project) continue;
    // With schemes of their own people need no starter.
    const isNew = !(kind === 'scheme' && others.length > 0) && (await writeNew(file, text, mode));
    const name = kind === 'scheme' && !isNew ? join(folder, SCHEMES_FOLDER) : file;
    const lost =
      isNew || filled.length === 0 ? '' : `: not changed, so ${filled.join(' and ')} was not written`;
    print(stdout, [`${isNew ? 'written' : 'kept   '}  ${name}${lost}`]);
    if (isNew) todo.push(...open.map((text) => `${file}: ${text}`));
  }
  const use = configurationFolders.includes(folder) ? '' : ` --config ${join(folder, CONFIGURATION_FILE)}`;
  todo.push(
    `esl-router check${use}: names every fault, and what is not filled in yet`,
    `esl-router try${use} --caller 380441112233 --did 15005550100: asks the CRM, places no call`,
    folder === project || use !== ''
      ? `esl-router${use}: runs the router`
      : 'systemctl enable --now esl-router: runs the router, now and at every boot',
    `FreeSWITCH: hand the calls over in its dialplan, see ${join(packageFolder, 'freeswitch/README.md')}`,
  );
  print(stdout, ['', 'Left to do:', ...todo.map((text, index) => `  ${index + 1}. ${text}`)]);
  return 0;
}

/** A bad value on the command line is a fault now, not at the first start. */
function refuseFaults(files: readonly StarterFile[]): void {
  const faults = files.flatMap(({ path, text, kind }) => {
    if (kind === 'configuration') {
      const result = loadConfig({ file: { name: path, text }, env: {}, argv: {}, readSecretFile: () => '' });
      return result.ok ? [] : result.faults;
    }
    if (kind !== 'scheme') return [];
    const result = parseScheme(JSON.parse(text), '');
    return result.ok ? [] : result.faults.map((fault) => `${path}: ${fault.path}: ${fault.message}`);
  });
  if (faults.length > 0) throw new RouterError('config_invalid', faults.join('\n'));
}

async function schemesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.json'));
}

/** False: a file or a link of that name already exists, wherever the link leads. */
async function writeNew(file: string, text: string, mode: number): Promise<boolean> {
  const failed = (error: unknown): never => {
    throw new RouterError('internal', `${file} cannot be written: ${sentenceOf(error)}`, { cause: error });
  };
  await mkdir(dirname(file), { recursive: true }).catch(failed);
  return writeFile(file, text, { flag: 'wx', mode }).then(
    () => true,
    (error: unknown) => (error as NodeJS.ErrnoException).code !== 'EEXIST' && failed(error),
  );
}
