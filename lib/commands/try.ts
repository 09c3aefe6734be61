import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { concealCaller, parseCall } from '../call/channel.ts';
import { apply, newRecord, type CallRecord } from '../call/record.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { Inquiry, describeStep, type Decision } from '../decide/decide.ts';
import { AnswerMemory } from '../decide/memory.ts';
import { originatesFor } from '../dial/originate.ts';
import { RouterError } from '../errors.ts';
import { createHttpClient } from '../http/client.ts';
import type { HttpResponse } from '../http/message.ts';
import { loadSchemes } from '../schemes/folder.ts';
import { Upstream } from '../upstream/upstream.ts';
import { load, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';

export interface TryOptions extends CommonOptions {
  readonly scheme?: string;
  readonly caller: string;
  readonly did: string;
  readonly name?: string;
  readonly context?: string;
  readonly withheld?: boolean;
  /** `name=value` channel variables. */
  readonly var?: readonly string[];
  readonly reply?: string;
  readonly status: number;
  readonly json?: boolean;
}

/** Walks the path of a call without a call: really asks the CRM, marked as a dry run, and places nothing. */
export async function tryCommand(context: CommandContext, options: TryOptions): Promise<ExitCode> {
  const { config, secrets } = await load(context, options);
  const loaded = await loadSchemes(config, secrets);
  if (!loaded.ok) throw new RouterError('config_invalid', loaded.faults.join('\n'));
  const { schemes, default: chosen } = loaded.set;
  const scheme = options.scheme === undefined ? chosen : schemes.get(options.scheme);
  if (scheme === undefined || scheme === null) {
    const known = [...schemes.keys()].join(', ');
    throw new RouterError(
      'config_invalid',
      `${options.scheme === undefined ? 'there is no default scheme: name one with --scheme' : `there is no scheme "${options.scheme}"`}; known are ${known === '' ? 'none' : known}`,
    );
  }
  const call = parseCall(new Map(headersOf(options)), {
    didFrom: config.didFrom,
    variables: loaded.set.variables,
  });
  const record = newRecord(randomUUID(), systemClock.date());
  const startedAt = systemClock.now();
  const http = createHttpClient({ network: config.network });
  const canned = options.reply === undefined ? null : cannedReply(options.reply, options.status);
  const upstream = new Upstream({
    send: (request, sending) => (canned === null ? http.send(request, sending) : Promise.resolve(canned)),
    clock: systemClock,
    random: Math.random,
  });
  const hidden = call.withheld && scheme.webhook.withheld === 'hide';
  apply(record, { type: 'call', call: hidden ? concealCaller(call) : call });
  apply(record, {
    type: 'scheme',
    name: scheme.name,
    revision: scheme.revision,
    chosenBy: 'the command line',
  });
  const inquiry = new Inquiry({
    call,
    config,
    schemes: loaded.set,
    secrets,
    send: upstream.send.bind(upstream),
    memory: new AnswerMemory(),
    clock: systemClock,
    version: context.version,
    dryRun: true,
    signal: new AbortController().signal,
    note: (event) => {
      apply(record, event);
    },
    elapsedMs: () => systemClock.now() - startedAt,
  });
  try {
    const decision = await inquiry.decide(scheme, startedAt + scheme.webhook.timeoutSeconds * 1000);
    const dialStrings = dialStringsOf(decision, call, config);
    context.stdout.write(
      options.json === true
        ? `${JSON.stringify({ ...record, dialStrings }, null, 2)}\n`
        : `${report(record, decision, dialStrings)}\n`,
    );
    return decision.result === 'routed' || decision.result === 'no_route' ? 0 : 1;
  } finally {
    http.close();
  }
}

function* headersOf(options: TryOptions): Generator<[string, string]> {
  yield ['Unique-ID', randomUUID()];
  yield ['Caller-Caller-ID-Number', options.caller];
  yield ['Caller-Caller-ID-Name', options.name ?? ''];
  yield ['Caller-Destination-Number', options.did];
  yield ['Caller-Context', options.context ?? 'public'];
  yield ['Caller-Privacy-Hide-Number', String(options.withheld === true)];
  yield ['variable_esl_router_did', options.did];
  for (const pair of options.var ?? []) {
    const [name = '', ...value] = pair.split('=');
    yield [`variable_${name}`, value.join('=')];
  }
}

function cannedReply(file: string, status: number): HttpResponse {
  try {
    const body = readFileSync(file, 'utf8');
    return { status, headers: {}, body, phases: { total: 0 } };
  } catch (error) {
    throw new RouterError('config_invalid', `can not read the reply ${file}`, { cause: error });
  }
}

function dialStringsOf(decision: Decision, call: ReturnType<typeof parseCall>, config: Config): string[] {
  const { scheme, calleeHeaders } = decision;
  return decision.steps.flatMap((step) => {
    if (step.kind !== 'dial') return [];
    const plan = originatesFor(step, { scheme, call, config, calleeHeaders });
    if (!plan.ok) return [`not dialled: ${plan.detail}`];
    return plan.originates.map(({ dialString, timeoutSeconds }) => dialString(timeoutSeconds));
  });
}

function report(record: CallRecord, decision: Decision, dialStrings: readonly string[]): string {
  const lines: string[] = [];
  for (const request of record.requests) {
    lines.push(`request ${request.attempt} (scheme ${request.scheme})`, `  ${request.method} ${request.url}`);
    for (const [name, value] of Object.entries(request.headers)) lines.push(`  ${name}: ${value}`);
    if (request.body !== null) lines.push('', indent(request.body));
    lines.push(...request.retries.map(({ reason, detail }) => `retried after ${reason}: ${detail}`));
    if (request.reply !== null) {
      const { total = 0, redirects = 0, host = '' } = request.phases ?? {};
      const from =
        redirects === 0
          ? ''
          : `, redirected ${redirects === 1 ? 'once' : `${redirects} times`}, from ${host}`;
      lines.push(
        '',
        `reply ${request.reply.status} after ${total.toFixed(1)} ms${from}`,
        indent(request.reply.body),
      );
    }
    lines.push('', `answer: ${request.answer ?? '-'}${request.detail === null ? '' : `: ${request.detail}`}`);
  }
  for (const { path, text, result } of record.readings) {
    lines.push(`  ${path === '' ? 'value' : path} ${JSON.stringify(text)}: ${result}`);
  }
  lines.push(...record.notes.map((note) => `note: ${note}`));
  const { result, reason, via } = decision;
  lines.push(
    '',
    `result: ${result} (${reason}), ${via}`,
    ...decision.steps.map((step) => `step: ${describeStep(step)}`),
  );
  lines.push(...dialStrings.map((dialString) => `dial string: ${dialString}`));
  return lines.join('\n');
}

function indent(text: string): string {
  return text.replace(/[^\n\P{Cc}]/gu, '.').replace(/^/gm, '  ');
}
