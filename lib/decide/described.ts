import { randomUUID } from 'node:crypto';
import { compact, parseCall, type Call } from '../call/channel.ts';
import { RouterError } from '../errors.ts';

/** A call as a person describes it. */
export interface CallOptions {
  readonly caller: string;
  readonly did: string;
  readonly callerName?: string;
  readonly context?: string;
  /** Of the socket address. */
  readonly path?: string;
  readonly withheld?: boolean;
  /** `name=value` channel variables. */
  readonly var?: readonly string[];
}

export interface Reader {
  readonly didFrom: readonly string[];
  /** Channel variables that schemes and configuration read. */
  readonly variables: ReadonlySet<string>;
}

/**
 * The call that FreeSWITCH would announce, read as the router reads it. Throws RouterError `config_invalid` for options that
 * describe none.
 */
export function callFrom(options: CallOptions, { didFrom, variables }: Reader): Call {
  if (compact(options.did) === '') throw wrong('--did: must not be empty');
  const given = variablesFrom(options.var ?? []);
  const headers = new Map(headersOf(options, given, didFrom));
  const read = new Set(didFrom.map((source) => source.replace(/^var:/, 'variable_')));
  const get = (name: string): string | undefined => {
    read.add(name);
    return headers.get(name);
  };
  const call = parseCall({ get }, { didFrom, variables });
  // It would do nothing, as it is misspelt, or is not in any scheme yet.
  const unread = [...given.keys()].find((name) => !read.has(`variable_${name}`));
  if (unread !== undefined) {
    const known = [...variables, 'esl_router_scheme', 'esl_router_guard'].sort().join(', ');
    throw wrong(
      `--var ${unread}: nothing reads the variable "${unread}"; variables that are read: ${known}, ...`,
    );
  }
  return call;
}

function variablesFrom(pairs: readonly string[]): Map<string, string> {
  const variables = new Map<string, string>();
  for (const pair of pairs) {
    const [, name = '', value = ''] = /^([^=]+)=([^]*)$/.exec(pair) ?? [];
    if (name === '') throw wrong(`--var ${JSON.stringify(pair)}: expected name=value`);
    if (value === '') {
      throw wrong(`--var ${name}: has no value: to FreeSWITCH such a variable is not set, so leave it out`);
    }
    variables.set(name, value);
  }
  return variables;
}

function* headersOf(
  { caller, did, callerName = '', context = 'public', path, withheld = false }: CallOptions,
  variables: ReadonlyMap<string, string>,
  didFrom: readonly string[],
): Generator<[string, string]> {
  yield ['Unique-ID', randomUUID()];
  yield ['Caller-Caller-ID-Number', caller];
  yield ['Caller-Caller-ID-Name', callerName];
  yield ['Caller-Destination-Number', did];
  yield ['Caller-Context', context];
  yield ['Caller-Privacy-Hide-Number', String(withheld)];
  // A DID that the configuration reads elsewhere is there, unless the person says what is there.
  const sources = didFrom
    .filter((source) => source.startsWith('var:'))
    .map((source) => source.slice('var:'.length));
  const [first] = sources;
  if (first !== undefined && !sources.some((name) => variables.has(name))) yield [`variable_${first}`, did];
  if (path !== undefined) yield ['variable_socket_path', path];
  for (const [name, value] of variables) yield [`variable_${name}`, value];
}

function wrong(text: string): RouterError {
  return new RouterError('config_invalid', text);
}
