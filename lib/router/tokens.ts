import type { Clock } from '../clock.ts';
import { RouterError, whatToDo } from '../errors.ts';
import { withoutSecretsOf } from '../decide/token.ts';
import type { HttpClient } from '../http/client.ts';
import type { Logger } from '../log.ts';
import type { TokenFiles } from '../upstream/token-account.ts';
import { Tokens, type TokenEvent } from '../upstream/tokens.ts';

/** Refresh tokens that a CRM replaces, and their redaction. */
export interface TokenStore {
  readonly files: TokenFiles;
  readonly onTokens: (texts: readonly string[]) => void;
}

/** For a router without files: its refresh tokens are kept only in memory. */
const NO_STORE: TokenStore = {
  files: {
    read: () => Promise.resolve(''),
    write: () => Promise.reject(new RouterError('internal', 'this router keeps no files')),
  },
  onTokens: () => undefined,
};

/** The tokens of a router, as its log reports them. */
export function openTokens(
  send: HttpClient['send'],
  log: Logger,
  clock: Clock,
  { files, onTokens }: TokenStore = NO_STORE,
): Tokens {
  return new Tokens({
    send,
    clock,
    random: Math.random,
    files,
    redact: withoutSecretsOf,
    onTokens,
    onEvent: (event) => {
      report(log, event);
    },
  });
}

function report(log: Logger, event: TokenEvent): void {
  const { kind: _, ...fields } = event;
  switch (event.kind) {
    case 'works':
      log.info('access tokens are available again', fields);
      break;
    case 'failed':
      log.warn('no access token', { ...fields, advice: whatToDo(event.reason) });
      break;
    case 'unsaved':
      log.warn('the new refresh token is lost when the router stops: it cannot be saved', fields);
  }
}
