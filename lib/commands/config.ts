import { load, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';

/** Prints each setting, its value, where it came from and its environment variable. */
export async function configCommand(
  context: CommandContext,
  options: CommonOptions & { readonly json?: boolean },
): Promise<ExitCode> {
  const { settings, notes } = await load(context, options);
  const { stdout, stderr } = context;
  if (options.json === true) {
    stdout.write(`${JSON.stringify(settings, null, 2)}\n`);
  } else {
    const rows = settings.map(({ name, value, origin, env }) => [name, JSON.stringify(value), origin, env]);
    stdout.write(`${table([['setting', 'value', 'from', 'environment variable'], ...rows])}\n`);
  }
  for (const note of notes) stderr.write(`note: ${note}\n`);
  return 0;
}

/** Columns as wide as their widest cell, the last one as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
