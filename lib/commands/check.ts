import { DEFAULT_API_PORT } from '../config/api-settings.ts';
import type { Config } from '../config/config.ts';
import type { Finding } from '../dialplan/check.ts';
import type { DialplanFile } from '../dialplan/dialplan.ts';
import { otherPorts, type OtherPorts } from '../dialplan/hosts.ts';
import { messageOf } from '../errors.ts';
import { bareDigitsOf } from '../scheme/scheme.ts';
import { readBytes } from '../schemes/file.ts';
import { loadSchemes } from '../schemes/folder.ts';
import { proxyLines } from '../schemes/notes.ts';
import { unfilledIn } from '../schemes/unfilled.ts';
import {
  load,
  redactorOf,
  type CommandContext,
  type CommonOptions,
  type ExitCode,
  type Loaded,
} from './context.ts';
import { print } from './print.ts';

export interface CheckOptions extends CommonOptions {
  /** FreeSWITCH's dialplan: files that belong together. */
  readonly dialplan?: readonly string[];
}

/** The findings, one or more lines each. */
interface Findings {
  readonly faults: readonly string[];
  readonly notes: readonly string[];
  /** What is fine. */
  readonly lines: readonly string[];
}

/** Reports every fault of configuration, schemes and dialplan at once, and what the schemes will do. */
export async function checkCommand(context: CommandContext, options: CheckOptions): Promise<ExitCode> {
  let loaded: Loaded | null = null;
  let unloaded: readonly string[] = [];
  try {
    loaded = await load(context, options);
  } catch (error) {
    unloaded = messageOf(error).split('\n');
  }
  const schemes = await checkSchemes(loaded);
  const dialplan = await checkFiles(options.dialplan ?? [], loaded?.config ?? null, schemes.timeoutSeconds);
  const redactor = redactorOf(context.env);
  const faults = [...unloaded, ...schemes.faults, ...dialplan.faults];
  if (faults.length > 0) {
    const count = `${faults.length} fault${faults.length === 1 ? '' : 's'}`;
    print(context.stderr, [...faults, count], redactor);
    return 2;
  }
  const notes = [...(loaded?.notes ?? []), ...schemes.notes, ...dialplan.notes].map(
    (note) => `note: ${note}`,
  );
  print(context.stdout, [...notes, ...dialplan.lines, ...schemes.lines], redactor);
  return 0;
}

async function checkSchemes(loaded: Loaded | null): Promise<Findings & { timeoutSeconds: number }> {
  if (loaded === null) return { faults: [], notes: [], lines: [], timeoutSeconds: 0 };
  const result = await loadSchemes(loaded.config, loaded.secrets);
  if (!result.ok) return { faults: result.faults, notes: [], lines: [], timeoutSeconds: 0 };
  const { schemes, default: chosen } = result.set;
  const lines = [...schemes.values()].flatMap((scheme) => {
    const { webhook } = scheme;
    const [how = '', ...further] = [webhook, ...webhook.then].map(
      ({ submission, method, url }) => `${submission === 'http' ? method : 'POST'} ${url.source}`,
    );
    const name = `${scheme.name}${scheme === chosen ? ' (default)' : ''}`;
    return [
      `${name}: ${how}, revision ${scheme.revision}`,
      ...further.map((then) => `  then ${then}`),
      ...(webhook.profile === null ? [] : [`  uses the profile ${webhook.profile.name}`]),
      ...proxyLines(scheme),
      ...bareDigitsOf(scheme).map((line) => `  ${line}`),
      ...scheme.events.map(({ on, webhook: { url } }) => `  reports ${[...on].join(', ')} to ${url.source}`),
    ];
  });
  lines.push(`fine: ${schemes.size} scheme${schemes.size === 1 ? '' : 's'}`);
  const timeoutSeconds = Math.max(0, ...[...schemes.values()].map(({ webhook }) => webhook.timeoutSeconds));
  const unfilled = [...schemes.values()].flatMap((scheme) => {
    const place = result.files.get(scheme.name) ?? 'environment';
    return unfilledIn(scheme, loaded.config).map((note) => `${place}: ${note}`);
  });
  return { faults: [], notes: [...result.notes, ...unfilled], lines, timeoutSeconds };
}

/** FreeSWITCH's XML in one file, or from a pipe; in any encoding that FreeSWITCH accepts. */
const DIALPLAN = { maxBytes: 16 * 1024 * 1024, pipes: true };

async function checkFiles(
  names: readonly string[],
  config: Config | null,
  timeoutSeconds: number,
): Promise<Findings> {
  const files: DialplanFile[] = [];
  const faults: string[] = [];
  for (const name of names) {
    try {
      files.push({ name, text: new TextDecoder().decode(await readBytes(name, DIALPLAN)) });
    } catch (error) {
      faults.push(`${name}: ${messageOf(error)}`);
    }
  }
  if (files.length === 0) return { faults, notes: [], lines: [] };
  // The XML parser, loaded by a router that never reads XML, made its heap grow by another 35 MiB under load (measured).
  const [{ checkDialplan }, { readDialplan }] = await Promise.all([
    import('../dialplan/check.ts'),
    import('../dialplan/dialplan.ts'),
  ]);
  const found = checkDialplan(readDialplan(files), {
    port: numberOf(config?.listen.port),
    otherPorts: config === null ? new Map() : otherPortsOf(config),
    timeoutSeconds,
  });
  const notes = found.filter(({ kind }) => kind === 'note').map(textOf);
  faults.push(...found.filter(({ kind }) => kind === 'fault').map(textOf));
  return { faults, notes, lines: notes.length === 0 ? files.map(({ name }) => `${name}: fine`) : [] };
}

/** Null: it is not known before the router runs, or not open. */
function numberOf(port: number | string | undefined): number | null {
  return typeof port === 'number' && port !== 0 ? port : null;
}

function otherPortsOf({ api, health, store }: Config): OtherPorts {
  const isByDefault = api.port === 'auto' && store.url !== 'off';
  return otherPorts({
    'the API': isByDefault ? DEFAULT_API_PORT : numberOf(api.port),
    'the health port': numberOf(health.port),
  });
}

function textOf({ file, line, extension, text, write }: Finding): string {
  const where = `${file}:${line}: ${extension === '' ? '' : `extension "${extension}": `}`;
  return `${where}${text}${write === null ? '' : `\n    write: ${write}`}`;
}
