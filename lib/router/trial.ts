import type { Trial, TryQuestion } from '../api/context.ts';
import type { Call } from '../call/channel.ts';
import type { CallRecord } from '../call/record.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import { callFrom } from '../decide/described.ts';
import { dryRun, jsonOf, schemeNamed, type DryRunOptions } from '../decide/dry-run.ts';
import type { FindLastAgent } from '../decide/last-agent.ts';
import { callFromRecord, macroValues, recordedReply, Untellable } from '../decide/recorded.ts';
import { whatWouldChange } from '../decide/what-would-change.ts';
import { RouterError } from '../errors.ts';
import type { HttpRequest } from '../http/message.ts';
import { createRedactor } from '../redact/redactor.ts';
import type { SchemeDesk } from '../schemes/desk.ts';
import type { SchemeSet } from '../schemes/schemes.ts';
import { originsOf } from '../schemes/sendable.ts';
import type { StoredCall } from '../store/calls.ts';
import type { Tokens } from '../upstream/tokens.ts';

/** Calls tried for the API: with the schemes, the secrets and the network rules of the router. */

export interface TrialOptions {
  readonly config: Config;
  readonly secrets: () => Secrets;
  readonly schemes: () => SchemeSet;
  readonly desk: Pick<SchemeDesk, 'setWith'>;
  /** Those of the router, because a refresh token works only once; without them each trial asks for its own. */
  readonly tokens?: Tokens;
  readonly lastAgent?: FindLastAgent;
  readonly ownPorts: ReadonlySet<number>;
  readonly clock: Clock;
  readonly version: string;
}

/** Time limit; calls left by then are skipped. */
const CHANGES_MS = 20_000;
/** Dry runs at a time: each may wait for a CRM. */
const MAX_TRIALS = 4;

type What = Pick<DryRunOptions, 'call' | 'schemes' | 'named' | 'answering' | 'change'>;

export function openTrial(options: TrialOptions): Trial {
  const { config, secrets, desk, tokens, ownPorts, clock, version } = options;
  const shared = { config, version, clock, random: Math.random };
  let running = 0;
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= MAX_TRIALS)
      throw new RouterError('overloaded', 'other trials are running: try again later');
    running++;
    try {
      return await work();
    } finally {
      running--;
    }
  };
  const asking = () => ({
    ...{ by: 'crm' as const, ownPorts: [...ownPorts] },
    ...(tokens === undefined ? {} : { tokens }),
  });
  const run = async (what: What): Promise<{ record: CallRecord; shown: object }> => {
    const { lastAgent } = options;
    const last = lastAgent === undefined ? {} : { lastAgent };
    const { tokenTexts, ...tried } = await dryRun({ ...shared, secrets: secrets(), ...last, ...what });
    const shown = createRedactor({ secrets: tokenTexts }).value(jsonOf(tried)) as object;
    return { record: tried.record, shown };
  };
  const tryCall = async ({
    scheme,
    document,
    secrets: rule,
    call: described,
    reply,
    before,
  }: TryQuestion): Promise<object> => {
    const own = document === null ? null : nameIn(document);
    const schemes =
      own === null || document === null ? options.schemes() : await desk.setWith(own, document, rule);
    const name = scheme ?? own;
    const named = name === null ? null : schemeNamed(name, schemes);
    const call =
      'recorded' in described
        ? callAsRecorded(described.recorded, schemes)
        : callFrom(described, { didFrom: config.didFrom, variables: schemes.variables });
    const canned = reply === null ? null : { ...reply, phases: { total: 0 }, canned: true as const };
    const unsaved = own === null ? undefined : schemes.schemes.get(own);
    await before(unsaved === undefined ? null : { name: unsaved.name, to: originsOf(unsaved) });
    const answering = canned === null ? asking() : ({ by: 'reply', reply: canned } as const);
    return (await run({ call, schemes, named, answering })).shown;
  };
  const sendAgain: Trial['sendAgain'] = async (recorded, { question, ...changed }) => {
    const { requests } = recorded.record;
    const of = requests.find(({ attempt }) => attempt === question);
    if (of === undefined) throw new RouterError('config_invalid', `the call has no question ${question}`);
    const schemes = options.schemes();
    const untold: Untellable[] = [];
    const before = requests
      .filter(({ attempt }) => attempt < question)
      .map((one) => ({ headers: sent }: HttpRequest) => {
        try {
          return recordedReply(one, sent);
        } catch (error) {
          if (error instanceof Untellable) untold.push(error);
          throw error;
        }
      });
    const { record, shown } = await run({
      ...{ call: callAsRecorded(recorded, schemes), schemes, named: null },
      change: { ...changed, attempt: question, webhookId: of.webhookId },
      answering: { ...asking(), before },
    });
    const [why] = untold;
    if (why !== undefined) throw new RouterError('config_invalid', `a question before it: ${why.message}`);
    if (!record.requests.some(({ attempt }) => attempt === question)) {
      const [note] = record.notes.filter((text) => text.startsWith('not asked: '));
      throw new RouterError(
        'config_invalid',
        note ?? `with the schemes in use now the call has no question ${question}`,
      );
    }
    return shown;
  };
  const callAsRecorded = ({ record, masked }: StoredCall, schemes: SchemeSet): Call => {
    const call = masked ? null : callFromRecord(record, { config, schemes });
    if (call !== null) return call;
    throw new RouterError(
      'config_invalid',
      'the call cannot be tried again: its numbers are masked or erased',
    );
  };
  const again: Trial['again'] = async (call) => {
    const { verdicts } = await whatWouldChange([call], {
      ...{ ...shared, schemes: options.schemes(), secrets: secrets(), limitMs: CHANGES_MS },
    });
    return verdicts[0] ?? {};
  };
  const changes: Trial['changes'] = async (name, document, calls) => {
    // Nobody is asked.
    const schemes = await desk.setWith(name, document, 'any');
    return whatWouldChange(calls, { ...shared, schemes, secrets: secrets(), limitMs: CHANGES_MS });
  };
  return {
    tryCall: (question) => inTurn(() => tryCall(question)),
    sendAgain: (...of) => inTurn(() => sendAgain(...of)),
    changes: (...of) => inTurn(() => changes(...of)),
    again: (call) => inTurn(() => again(call)),
    macros: ({ record }) => macroValues(record, { config, schemes: options.schemes() }),
  };
}

function nameIn(document: string): string {
  const { name } = JSON.parse(document) as { name?: unknown };
  if (typeof name !== 'string')
    throw new RouterError('config_invalid', 'name: expected the name of the scheme');
  return name;
}
