import type { SettingValue } from '../config/config.ts';
import { shownValue } from '../config/shown.ts';
import { printableJson } from '../redact/printable.ts';
import { load, redactorOf, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';
import { print, printJson } from './print.ts';
import { columnsOf, table } from './table.ts';

/**
 * Prints each setting, its value, where it came from and its environment variable: first those that are not at their default.
 */
export async function configCommand(
  context: CommandContext,
  options: CommonOptions & { readonly json?: boolean },
): Promise<ExitCode> {
  const { settings, notes } = await load(context, options);
  const redactor = redactorOf(context.env);
  const { stdout, stderr } = context;
  const isPlain = ({ value, default: plain }: SettingValue): boolean =>
    JSON.stringify(value) === JSON.stringify(plain);
  const sorted = [...settings.filter((setting) => !isPlain(setting)), ...settings.filter(isPlain)];
  const shown = sorted.map((setting) => ({ ...setting, value: shownValue(setting) }));
  if (options.json === true) {
    printJson(stdout, shown, redactor);
  } else {
    const rows = shown.map(({ name, value, origin, source, secretFile, env }) => [
      name,
      printableJson(value),
      origin === 'environment' ? (secretFile ?? origin) : origin === 'file' ? source : origin,
      secretFile === null ? env : `${env}_FILE`,
    ]);
    print(
      stdout,
      [table([['setting', 'value', 'from', 'environment variable'], ...rows], columnsOf(context))],
      redactor,
    );
  }
  if (notes.length > 0)
    print(
      stderr,
      notes.map((note) => `note: ${note}`),
      redactor,
    );
  return 0;
}
