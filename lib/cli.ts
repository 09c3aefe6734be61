import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import {
  EVENTS_ACTIONS,
  ROLES,
  STORE_ACTIONS,
  USER_ACTIONS,
  type EventsAction,
  type StoreAction,
  type UserAction,
} from './commands/actions.ts';
import type { CallsOptions } from './commands/calls.ts';
import type { CheckOptions } from './commands/check.ts';
import type { CompletedCommand, Shell } from './commands/completion.ts';
import { redactorOf, type CommandContext, type CommonOptions, type ExitCode } from './commands/context.ts';
import type { EventsCommandOptions } from './commands/events.ts';
import { EXAMPLES } from './commands/examples.ts';
import { momentOf } from './commands/moment.ts';
import type { NewOptions } from './commands/new.ts';
import { print } from './commands/print.ts';
import type { ShadowOptions } from './commands/shadow.ts';
import type { SimulateOptions } from './commands/simulate.ts';
import type { StarterOptions } from './commands/starter.ts';
import type { StoreCommandOptions } from './commands/store.ts';
import type { TopOptions } from './commands/top.ts';
import type { TryOptions } from './commands/try.ts';
import type { UserCommandOptions } from './commands/user.ts';
import type { WhyOptions } from './commands/why.ts';
import { systemClock } from './clock.ts';
import { RouterError } from './errors.ts';
import { didYouMean } from './nearest.ts';
import { PRESETS } from './presets/index.ts';
import { printableLines } from './redact/printable.ts';

/** The command line. Resolves to the exit code; a user's mistake never shows a stack trace. */
export async function runCli(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = commands(context, (code) => {
    exitCode = code;
  });
  try {
    refuseUnknown(program, argv);
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof RouterError) {
      print(context.stderr, [error.message], redactorOf(context.env));
      return error.code === 'config_invalid' ? 2 : 1;
    }
    throw error;
  }
}

/**
 * Before commander looks: to it a word that is not a command is an argument too many of the default one, and of a mistyped option it
 * says that the one meant is missing.
 */
function refuseUnknown(program: Command, [word = '-', ...rest]: readonly string[]): void {
  const command = program.commands.find((one) => one.name() === word);
  if (command === undefined) {
    if (word.startsWith('-') || word === 'help') return;
    const names = [...program.commands.map((one) => one.name()), 'help', '--version'];
    program.error(`error: unknown command '${word}'${didYouMean(word, names)}`);
  }
  const known = command.options.flatMap(({ long }) => long ?? []);
  for (let at = 0; at < rest.length && rest[at] !== '--'; at++) {
    const [name = ''] = (rest[at] ?? '').split('=');
    if (!name.startsWith('--') || name === '--help') continue;
    const option = command.options.find(({ long }) => long === name);
    if (option === undefined) command.error(`error: unknown option '${name}'${didYouMean(name, known)}`);
    // Whatever follows is its value.
    else if (option.required && rest[at] === name) at++;
  }
}

/** The text of what nobody caught, for a process that has no log. */
export function crashText(error: unknown, env: CommandContext['env']): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return printableLines(redactorOf(env).text(text));
}

/** The code of a command is loaded when it runs: a router that starts has no use for the others. */
function commands(context: CommandContext, exit: (code: ExitCode) => void): Command {
  const program = new Command('esl-router')
    .description('Asks the CRM where an inbound FreeSWITCH call goes, and bridges it there.')
    .version(context.version)
    .exitOverride()
    .showHelpAfterError('See esl-router --help, or esl-router COMMAND --help.')
    .configureOutput({
      writeOut: (text) => context.stdout.write(printableLines(text)),
      writeErr: (text) => context.stderr.write(printableLines(redactorOf(context.env).text(text))),
    });
  const common = (command: Command): Command =>
    command
      .addOption(
        new Option(
          '--config <file>',
          'configuration file (default: conf/esl-router.json, /etc/esl-router/esl-router.json)',
        ),
      )
      .addOption(new Option('--schemes <folder>', 'folder of the schemes'));

  common(program.command('start', { isDefault: true }))
    .description('run the router (the default command)')
    .action(async (options: CommonOptions) => {
      const { startCommand } = await import('./commands/start.ts');
      exit(await startCommand(context, options));
    });
  program
    .command('init')
    .argument('[folder]', 'folder to write to, such as /etc/esl-router (default: ./conf)')
    .description('write a starter configuration and scheme; overwrites nothing, and says what is left to do')
    .option('--url <url>', 'URL of your CRM', notEmpty)
    .option('--gateway <name>', 'gateway of FreeSWITCH for phone numbers', notEmpty)
    .option('--domain <domain>', 'domain of your SIP users', notEmpty)
    .action(async (folder: string | undefined, options: StarterOptions) => {
      const { initCommand } = await import('./commands/init.ts');
      exit(await initCommand(context, folder, options));
    });
  common(program.command('check'))
    .description('check configuration and schemes: every fault at once, with file and path')
    .option(
      '--dialplan <file...>',
      "check FreeSWITCH's dialplan around socket too: guard, fallback, settings",
    )
    .action(async (options: CheckOptions) => {
      const { checkCommand } = await import('./commands/check.ts');
      exit(await checkCommand(context, options));
    });
  common(program.command('try'))
    .description('ask the CRM as for a call, marked as a dry run, and show what would happen; places no call')
    .option('--caller <number>', "the caller's number; empty if none was sent")
    .option('--did <number>', 'the called number', notEmpty)
    .option('--csv <file>', 'try each call of a file: columns caller, did, and channel variables', notEmpty)
    .option('--rate <calls>', 'calls of the file a second (default: 5)', integer(1, 1_000))
    .option('--out <file>', 'write a JSON object for each call of the file', notEmpty)
    .option('--caller-name <text>', "the caller's name")
    .option('--withheld', 'the caller withholds the number')
    .option('--context <name>', 'dialplan context (default: public)', notEmpty)
    .option('--path <name>', 'path of the socket address, 127.0.0.1:8084/NAME', notEmpty)
    .option('--var <name=value...>', 'channel variables: esl_router_scheme=night, esl_router_guard=8, ...')
    .option('--scheme <name>', 'use this scheme (default: chosen as for a call)', notEmpty)
    .option('--reply <file>', 'use this reply body instead of asking')
    .option('--status <code>', 'HTTP status of that reply', integer(100, 599), 200)
    .option('--json', 'print the record as JSON')
    .addHelpText('after', '\nExit codes: 0 routed or nobody (no_route), 1 error or refused, 2 wrong usage.')
    .action(async (options: TryOptions) => {
      const { tryCommand } = await import('./commands/try.ts');
      exit(await tryCommand(context, options));
    });
  common(program.command('calls'))
    .description('list calls from the store, newest first')
    .option('--since <time>', '90m, 2h, 3d ago, or 2026-06-01T08:00 (UTC)', moment)
    .option('--until <time>', 'as for --since', moment)
    .option('--caller <number>', "the caller's number, in any spelling", notEmpty)
    .option('--did <number>', 'the called number', notEmpty)
    .option('--destination <text>', 'number or login', notEmpty)
    .option('--number <number>', 'caller, called number or destination', notEmpty)
    .option('--scheme <name...>', 'names of schemes')
    .option('--result <result...>', 'routed, no_route, error, no_answer, refused, abandoned')
    .option('--reason <reason...>', 'reason codes')
    .option('--text <words>', 'whole words in names, notes, details and replies', notEmpty)
    .option('--limit <count>', 'at most this many', integer(1, 500), 50)
    .option('--cursor <place>', 'go on from here: printed at the end of the previous page', notEmpty)
    .option('--json', 'print one JSON object per line')
    .action(async (options: CallsOptions) => {
      const { callsCommand } = await import('./commands/calls.ts');
      exit(await callsCommand(context, options));
    });
  common(program.command('why'))
    .argument('<call>', 'trace, uuid, or number of the caller (the last call)', notEmpty)
    .description('tell the story of one call: what happened when, and why it ended as it did')
    .option('--log <file...>', 'read log files (log.format json) instead of the store')
    .option('--json', 'print the record as JSON')
    .action(async (call: string, options: WhyOptions) => {
      const { whyCommand } = await import('./commands/why.ts');
      exit(await whyCommand(context, call, options));
    });
  common(program.command('shadow'))
    .argument('<scheme>', 'a scheme in shadow, a scheme that has a canary, or the canary', notEmpty)
    .description(
      'show what a scheme in shadow would have done and where that differs from what was done, and both sides of a canary',
    )
    .option('--since <time>', '90m, 2h, 3d ago, or 2026-06-01T08:00 (UTC)', moment)
    .option('--tenant <domain>', 'only calls of this tenant (setting tenants)', 'default')
    .option('--limit <count>', 'at most this many calls that differ', integer(0, 500), 20)
    .option('--json', 'print as JSON')
    .action(async (scheme: string, options: ShadowOptions) => {
      const { shadowCommand } = await import('./commands/shadow.ts');
      exit(await shadowCommand(context, scheme, options));
    });
  common(program.command('store'))
    .addArgument(new Argument('<action>', 'what to do').choices(STORE_ACTIONS))
    .argument('[what]', 'backup: the file; erase: the number or login', notEmpty)
    .description(
      'show the status of the store, back it up while the router runs, or erase a number or a login from every record',
    )
    .option('--json', 'print the status as JSON')
    .action(async (action: StoreAction, what: string | undefined, options: StoreCommandOptions) => {
      const { storeCommand } = await import('./commands/store.ts');
      exit(await storeCommand(context, action, what, options));
    });
  common(program.command('user'))
    .addArgument(new Argument('<action>', 'what to do').choices(USER_ACTIONS))
    .argument('[name]', 'name of the user')
    .description(
      'manage users of the API and the console; the password is asked for, or read from standard input',
    )
    .addOption(new Option('--role <role>', 'what the user may do').choices(ROLES).default('viewer'))
    .option('--tenant <domain>', 'whose calls the user may see, where calls have tenants', notEmpty)
    .action(async (action: UserAction, name: string | undefined, options: UserCommandOptions) => {
      const { userCommand } = await import('./commands/user.ts');
      exit(await userCommand(context, action, name, options));
    });
  common(program.command('events'))
    .addArgument(new Argument('<action>', 'what to do').choices(EVENTS_ACTIONS))
    .argument('[id]', 'id of one event (default: all)', notEmpty)
    .description('list events that could not be delivered within a day, or retry them')
    .option('--limit <count>', 'at most this many', integer(1, 10_000), 100)
    .option('--json', 'print one JSON object per line')
    .action(async (action: EventsAction, id: string | undefined, options: EventsCommandOptions) => {
      const { eventsCommand } = await import('./commands/events.ts');
      exit(await eventsCommand(context, action, id, options));
    });
  program
    .command('new')
    .description('write a scheme for a kind of CRM, ready to fill in, and say what is left to do')
    .argument('<name>', 'name of the scheme', notEmpty)
    .requiredOption('--preset <kind>', `one of ${Object.keys(PRESETS).join(', ')}`)
    .option('--events', 'add events that report calls to the CRM: pop-up, call, missed call')
    .option('--out <folder>', 'folder to write NAME.json to', '.')
    .action(async (name: string, options: NewOptions) => {
      const { newCommand } = await import('./commands/new.ts');
      exit(await newCommand(context, name, options));
    });
  program
    .command('demo')
    .description('watch calls being routed: router, CRM and a simulated FreeSWITCH on loopback')
    .option('--once', 'stop after one round (also when standard input is not a terminal)')
    .action(async (options: { once?: boolean }) => {
      const { demoCommand } = await import('./commands/demo.ts');
      exit(await demoCommand(context, options));
    });
  program
    .command('simulate')
    .description('play FreeSWITCH against a running router, and print a report')
    .option('--router <host:port...>', 'routers, tried in order', ['127.0.0.1:8084'])
    .option('--calls <count>', 'number of calls', integer(1, 1_000_000), 100)
    .option('--rate <calls>', 'calls a second', integer(1, 10_000), 10)
    .option(
      '--caller <number>',
      'number of the first caller, in digits; counts up by one per call',
      digits,
      '380441110000',
    )
    .option('--withheld', 'the callers withhold their numbers')
    .option('--did <number>', 'the called number', '15005550100')
    .option('--scheme <name>', 'path of the socket address')
    .option('--guard <seconds>', "the dialplan's guard", integer(1, 60), 8)
    .option('--talk <ms>', 'how long each answered call lasts', integer(0, 600_000), 200)
    .option('--budget <ms>', 'decision budget of a call', integer(100, 60_000), 4000)
    .option('--seed <number>', 'random seed', integer(0, 2 ** 31), 1)
    .option('--json', 'print the report as JSON')
    .action(async (options: SimulateOptions) => {
      const { simulateCommand } = await import('./commands/simulate.ts');
      exit(await simulateCommand(context, options));
    });
  program
    .command('top')
    .description('watch a running router: live calls, rates, CRMs, circuit breakers; Ctrl-C ends it')
    .option('--url <url>', 'its API', address, 'http://127.0.0.1:8085')
    .option('--token <token>', 'a token of the API (default: ESL_ROUTER_TOKEN)', notEmpty)
    .option('--count <blocks>', 'stop after this many blocks (default: never)', integer(1, 1_000_000))
    .action(async (options: TopOptions) => {
      const { topCommand } = await import('./commands/top.ts');
      exit(await topCommand(context, options));
    });
  common(program.command('config'))
    .description('print each setting, its value, where it came from, and its environment variable')
    .option('--json', 'print as JSON')
    .action(async (options: CommonOptions) => {
      const { configCommand } = await import('./commands/config.ts');
      exit(await configCommand(context, options));
    });
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'name of the shell').choices(['bash', 'zsh']))
    .description('print the completion script of a shell')
    .action(async (shell: Shell) => {
      const { completionCommand } = await import('./commands/completion.ts');
      completionCommand(context.stdout, shell, completed(program));
    });
  for (const command of program.commands) {
    const examples = EXAMPLES[command.name()] ?? [];
    command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}\n`).join('')}`);
  }
  return program;
}

function completed(program: Command): CompletedCommand[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: command.options.flatMap(({ long }) => long ?? []),
  }));
}

function digits(text: string): string {
  if (/^\+?\d{1,15}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected a number of at most 15 digits, with or without +.');
}

function notEmpty(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('Expected a text that is not blank.');
}

function address(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('Expected a URL such as http://127.0.0.1:8085.');
}

function moment(text: string): Date {
  const found = momentOf(text, systemClock.date());
  if (typeof found !== 'string') return found;
  throw new InvalidArgumentError(found);
}

function integer(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d{1,10}$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}
