import type { CallEvent } from '../call/record.ts';
import type { CancelSignal } from '../cancel.ts';
import type { Secrets } from '../config/secret.ts';
import { RouterError } from '../errors.ts';
import type { HttpResponse } from '../http/message.ts';
import { createRedactor } from '../redact/redactor.ts';
import { requestsOf } from '../scheme/scheme.ts';
import type { SchemeSet } from '../schemes/schemes.ts';
import type { TokenAccount } from '../upstream/token-account.ts';
import type { Tokens } from '../upstream/tokens.ts';
import { grantOf } from '../webhook/auth/grant.ts';
import type { Webhook } from '../webhook/webhook.ts';

/** Whose access token a webhook needs. */

const known = new WeakMap<Webhook, { readonly secrets: Secrets; readonly account: TokenAccount }>();

/** Null: none. Throws RouterError `request_invalid` where a secret may not go to the token endpoint. */
export function tokenAccountOf(webhook: Webhook, secrets: Secrets, version: string): TokenAccount | null {
  const { auth } = webhook;
  if (auth.type !== 'oauth2') return null;
  const last = known.get(webhook);
  if (last?.secrets === secrets) return last.account;
  const grant = grantOf(webhook, auth, { secret: (name, host) => secrets.read(name, host), version });
  const file = grant.refreshSecret === null ? null : (secrets.file?.(grant.refreshSecret) ?? null);
  const account = { ...grant, file };
  known.set(webhook, { secrets, account });
  return account;
}

/** Of every scheme. What can't be asked for is left to the call that needs it. */
export function tokenAccountsIn({ schemes }: SchemeSet, secrets: Secrets, version: string): TokenAccount[] {
  return [...schemes.values()].flatMap(requestsOf).flatMap(({ webhook }) => {
    try {
      return tokenAccountOf(webhook, secrets, version) ?? [];
    } catch {
      return [];
    }
  });
}

/** Token endpoints repeat what they were sent, too. */
export function withoutSecretsOf(text: string, secrets: readonly string[]): string {
  return createRedactor({ secrets }).text(text);
}

interface Asking {
  readonly tokens: Pick<Tokens, 'token' | 'replace'>;
  readonly signal: CancelSignal;
  readonly note: (event: CallEvent) => void;
}

/** Asks with the account's token, and after a 401 once more with another one. */
export async function askWithToken(
  account: TokenAccount,
  asking: Asking,
  exchange: (token: string) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const token = await tokenFor(account, asking.tokens, asking.signal);
  const response = await exchange(token);
  const other = response.status === 401 ? await another(account, token, asking) : null;
  return other === null ? response : exchange(other);
}

/** The CRM refused the token: it may have withdrawn it before its time. */
async function another(
  account: TokenAccount,
  token: string,
  { tokens, signal, note }: Asking,
): Promise<string | null> {
  try {
    const other = await otherTokenFor(account, token, tokens, signal);
    const text =
      other === null
        ? 'the CRM rejected the access token (401), which is not replaced now: not asked again'
        : 'the CRM rejected the access token (401): asked again with a new one';
    note({ type: 'note', text });
    return other;
  } catch (error) {
    if (!(error instanceof RouterError)) throw error;
    note({
      type: 'note',
      text: `the CRM rejected the access token (401), and no new one came: ${error.message}`,
    });
    return null;
  }
}

/** The token for a question, within its time. */
async function tokenFor(
  account: TokenAccount,
  tokens: Asking['tokens'],
  signal: CancelSignal,
): Promise<string> {
  return inTime(tokens.token(account, signal), account, signal);
}

/** Another one, after the CRM refused this; null where there is none. */
async function otherTokenFor(
  account: TokenAccount,
  refused: string,
  tokens: Asking['tokens'],
  signal: CancelSignal,
): Promise<string | null> {
  return inTime(tokens.replace(account, refused, signal), account, signal);
}

/** The endpoint used up the time, not the CRM. */
async function inTime<T>(asked: Promise<T>, { name }: TokenAccount, signal: CancelSignal): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const isLate = error instanceof RouterError && error.code === 'webhook_timeout' && signal.aborted;
    throw isLate
      ? new RouterError('token_unreachable', `${name} did not answer in time for this call`)
      : error;
  }
}
