import { messageOf } from '../errors.ts';
import { loadSchemes } from '../schemes.ts';
import { load, type CommandContext, type CommonOptions, type ExitCode, type Loaded } from './context.ts';

/** Tells every fault of configuration and schemes at once, and what the schemes will do. */
export async function checkCommand(context: CommandContext, options: CommonOptions): Promise<ExitCode> {
  const { stdout, stderr } = context;
  let loaded: Loaded;
  try {
    loaded = await load(context, options);
  } catch (error) {
    stderr.write(`${faults(messageOf(error).split('\n'))}\n`);
    return 2;
  }
  const result = await loadSchemes(loaded.config, loaded.secrets);
  if (!result.ok) {
    stderr.write(`${faults(result.faults)}\n`);
    return 2;
  }
  const { schemes, default: chosen } = result.set;
  for (const note of [...loaded.notes, ...result.notes]) stdout.write(`note: ${note}\n`);
  for (const scheme of schemes.values()) {
    const { webhook } = scheme;
    const how = `${webhook.submission === 'http' ? webhook.method : 'POST'} ${webhook.url.source}`;
    stdout.write(
      `${scheme.name}${scheme === chosen ? ' (default)' : ''}: ${how}, revision ${scheme.revision}\n`,
    );
  }
  stdout.write(`fine: ${schemes.size} scheme${schemes.size === 1 ? '' : 's'}\n`);
  return 0;
}

function faults(lines: readonly string[]): string {
  return [...lines, `${lines.length} fault${lines.length === 1 ? '' : 's'}`].join('\n');
}
