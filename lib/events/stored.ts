import { parseCall, type Call } from '../call/channel.ts';
import { variablesOf } from '../webhook/macro.ts';
import { templatesOfWebhook, type Webhook } from '../webhook/webhook.ts';
import { questionsOf } from '../webhook/chain.ts';
import type { Told } from './watch.ts';

/** What is kept of an event until it is delivered: the values of the call, and no secret. */
export interface StoredEvent {
  /** The call's trace id. */
  readonly trace: string;
  readonly told: Told;
  readonly call: StoredCall;
}

const KEPT = [
  'uuid',
  'callId',
  'caller',
  'callerRaw',
  'callerName',
  'did',
  'sourceIp',
  'context',
  'switch',
  'divertedFrom',
] as const;

type StoredCall = Readonly<Record<(typeof KEPT)[number], string>> & {
  readonly variables: Readonly<Record<string, string>>;
};

/** `call` is already concealed if the caller withholds the number. */
export function storedText(trace: string, told: Told, call: Call, webhook: Webhook): string {
  const fields = Object.fromEntries(KEPT.map((name) => [name, call[name]]));
  const variables = Object.fromEntries(
    variablesIn(webhook).flatMap((name) => {
      const value = call.variables.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return JSON.stringify({ trace, told, call: { ...fields, variables } });
}

export function readStored(text: string): StoredEvent {
  return JSON.parse(text) as StoredEvent;
}

/** The call as macros read it. */
export function callOf({ variables, ...fields }: StoredCall): Call {
  return { ...NOBODY, ...fields, variables: new Map(Object.entries(variables)) };
}

const NOBODY = parseCall(new Map<string, string>(), { didFrom: [], variables: [] });

const known = new WeakMap<Webhook, readonly string[]>();

function variablesIn(webhook: Webhook): readonly string[] {
  let names = known.get(webhook);
  if (names === undefined) {
    names = [...new Set(questionsOf(webhook).flatMap(templatesOfWebhook).flatMap(variablesOf))];
    known.set(webhook, names);
  }
  return names;
}
