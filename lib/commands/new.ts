import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RouterError } from '../errors.ts';
import { PRESETS } from '../presets/index.ts';
import { NAME, NAME_RULE, type SchemeDocument } from '../scheme/scheme.ts';
import { sentenceOf } from '../schemes/file.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { print } from './print.ts';

export interface NewOptions {
  readonly preset: string;
  readonly out: string;
  /** With events. */
  readonly events?: boolean;
}

const SCHEMA = '../schema/scheme.schema.json';

/** Writes a preset as a scheme, and says what is left to do. A file that is there already is never touched. */
export async function newCommand(
  { stdout }: CommandContext,
  name: string,
  { preset: wanted, out, events: told = false }: NewOptions,
): Promise<ExitCode> {
  const preset = Object.hasOwn(PRESETS, wanted) ? PRESETS[wanted] : undefined;
  if (preset === undefined)
    throw new RouterError(
      'config_invalid',
      `no preset ${JSON.stringify(wanted)}: expected one of ${Object.keys(PRESETS).join(', ')}`,
    );
  if (!NAME.test(name)) throw new RouterError('config_invalid', `${JSON.stringify(name)}: ${NAME_RULE}`);
  const { events } = preset;
  if (told && events === undefined)
    throw new RouterError(
      'config_invalid',
      `the preset ${wanted} has no events; presets with events: ${withEvents().join(', ')}; to write your own see docs/events.md`,
    );
  const document: SchemeDocument = {
    ...(existsSync(join(out, SCHEMA)) ? { $schema: SCHEMA } : {}),
    name,
    ...preset.scheme,
    ...(told && events !== undefined ? { events: events.entries } : {}),
  };
  const path = join(out, `${name}.json`);
  try {
    await mkdir(out, { recursive: true });
    await writeFile(path, `${JSON.stringify(document, null, 2)}\n`, { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'already exists, and was not changed' : sentenceOf(error);
    throw new RouterError('config_invalid', `${path}: ${why}`, { cause: error });
  }
  const toDo = [
    ...preset.toDo,
    ...(told ? (events?.toDo ?? []) : []),
    `esl-router check --schemes ${out}: finds what is still missing`,
    `esl-router try --scheme ${name} --caller NUMBER --did NUMBER: asks the CRM as for a call`,
  ];
  print(stdout, [
    `${path}: ${preset.what}`,
    '',
    'What is left to do:',
    ...toDo.map((line, index) => `${String(index + 1).padStart(3)}. ${line}`),
    '',
    'Its limits: docs/presets.md',
  ]);
  return 0;
}

function withEvents(): string[] {
  return Object.entries(PRESETS).flatMap(([name, { events }]) => (events === undefined ? [] : [name]));
}
