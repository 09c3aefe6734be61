import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { User } from '../../store/accounts.ts';
import type { AuditLine } from '../../store/audit.ts';
import { uuidv7 } from '../../uuid.ts';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../problem.ts';
import { mayAs, type Principal, ROLES } from './role.ts';

/** Authentication by a session cookie or a bearer token. The store holds a hash of both. */

const IDLE_MS = 60 * 60_000;
const LONGEST_MS = 12 * 60 * 60_000;
/** How often the use of a session is saved at most. */
const SEEN_MS = 60_000;

const TOKEN = /^eslr_[A-Za-z0-9_-]{43}$/;
const SESSION = /^[A-Za-z0-9_-]{43}$/;
/** The tenant of whoever runs the router. */
const HOUSE = 'default';
const SAFE_METHODS = new Set(['GET', 'HEAD']);

export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Random bytes need no slow hash: nobody guesses 256 bits. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Bound to its session, and of no use without the cookie. */
function csrfOf(session: string): string {
  return createHmac('sha256', session).update('csrf').digest('base64url');
}

/** Every route names its role; one that does not can't be added. */
export function guardRoutes(app: FastifyInstance, context: ApiContext): void {
  app.decorateRequest('principal', null);
  app.addHook('onRoute', ({ url, config }) => {
    if (config?.role === undefined) throw new Error(`${url} names no role`);
  });
  app.addHook('onRequest', async (request) => {
    if (request.is404) return;
    const { role: least, perTenant = false } = request.routeOptions.config;
    if (least === 'anyone') return;
    request.principal = await authenticate(request, context);
    if (request.principal === null) throw notLoggedIn();
    if (least === undefined || !mayAs(request.principal.role, least)) {
      throw new ApiProblem(
        403,
        `the role ${least ?? 'admin'} is needed for this, yours is ${request.principal.role}`,
      );
    }
    if (!perTenant && request.principal.tenant !== HOUSE) {
      throw ofTheHouse();
    }
    requireCsrf(request, request.principal);
  });
}

/** Where not everybody is asked: any role will do. It is of the whole router. */
export async function requireUser(request: FastifyRequest, context: ApiContext): Promise<void> {
  const principal = await authenticate(request, context);
  if (principal === null) throw notLoggedIn();
  if (principal.tenant !== HOUSE) throw ofTheHouse();
}

function ofTheHouse(): ApiProblem {
  return new ApiProblem(
    403,
    'this belongs to the whole router: only users of the tenant "default" may use it',
  );
}

function notLoggedIn(): ApiProblem {
  return new ApiProblem(401, 'log in, or send a token', { headers: { 'WWW-Authenticate': 'Bearer' } });
}

/** Null: unknown, or no longer valid. */
export async function authenticate(request: FastifyRequest, context: ApiContext): Promise<Principal | null> {
  const { authorization } = request.headers;
  return authorization === undefined
    ? bySession(request, context)
    : // If both are sent the token counts: browsers send cookies by themselves.
      byToken(authorization, context);
}

async function byToken(authorization: string, { store, clock, log }: ApiContext): Promise<Principal | null> {
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
  if (!TOKEN.test(token)) return null;
  const now = clock.date();
  const found = await store.accounts.token(hashOf(token), now);
  const given = ROLES.find((one) => one === found?.scopes);
  if (found === null || given === undefined) return null;
  // Whoever may less than when he made it has no way round that.
  const role = mayAs(found.ownerRole, given) ? given : found.ownerRole;
  if (found.used_at === null || now.getTime() - Date.parse(found.used_at) > SEEN_MS) {
    store.accounts.markTokenUsed(found.id, now).catch((error: unknown) => {
      log.debug('api: cannot record the use of a token', { error: String(error) });
    });
  }
  const { id, tenant, name, created_by: owner, expires_at: expiresAt } = found;
  return { who: `token ${name}`, owner, role, tenant, by: { kind: 'token', id, expiresAt } };
}

async function bySession(request: FastifyRequest, context: ApiContext): Promise<Principal | null> {
  const session = request.cookies[cookieName(request)] ?? '';
  if (!SESSION.test(session)) return null;
  const { store, clock, log } = context;
  const now = clock.date();
  const found = await store.accounts.session(hashOf(session), now, new Date(now.getTime() - IDLE_MS));
  if (found === null) return null;
  if (now.getTime() - Date.parse(found.seen_at) > SEEN_MS) {
    store.accounts.markSessionSeen(found.id, now).catch((error: unknown) => {
      log.debug('api: cannot record the use of a session', { error: String(error) });
    });
  }
  const { id, user } = found;
  const by = { kind: 'session', id, userId: user.id, csrf: csrfOf(session) } as const;
  return { who: user.name, owner: user.name, role: user.role, tenant: user.tenant, by };
}

/** A cookie is sent from any page: requests that change something need the origin, and a token that only our page has. */
function requireCsrf({ method, headers }: FastifyRequest, { by }: Principal): void {
  if (by.kind !== 'session' || SAFE_METHODS.has(method)) return;
  const given = Buffer.from(String(headers['x-csrf-token'] ?? ''));
  const wanted = Buffer.from(by.csrf);
  const isGiven = given.length === wanted.length && timingSafeEqual(given, wanted);
  if (headers.origin === undefined || !isGiven) {
    throw new ApiProblem(403, 'a session needs the headers Origin and X-CSRF-Token for this');
  }
}

/**
 * A new one each time: the one of this user that the browser had before ends with it, those of other browsers go on. Resolves to its CSRF token; null when the user may no longer log
 * in by this password: checking it takes a third of a second, and somebody may have changed it meanwhile.
 */
export async function openSession(
  request: FastifyRequest,
  reply: FastifyReply,
  { user, line }: { readonly user: User; readonly line: AuditLine },
  { store, clock }: ApiContext,
): Promise<string | null> {
  const session = newSecret();
  const before = request.cookies[cookieName(request)] ?? '';
  const now = clock.date();
  const isOpen = await store.together(async ({ accounts, audit }) => {
    if (!(await accounts.holdPassword(user))) return false;
    if (SESSION.test(before)) await accounts.closeSessionOf(user.id, hashOf(before));
    await accounts.openSession({
      id: uuidv7(now),
      tenant: user.tenant,
      hash: hashOf(session),
      user_id: user.id,
      address: request.ip,
      created_at: now.toISOString(),
      seen_at: now.toISOString(),
      expires_at: new Date(now.getTime() + LONGEST_MS).toISOString(),
    });
    await audit.add(line);
    return true;
  });
  if (!isOpen) return null;
  reply.setCookie(cookieName(request), session, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: request.protocol === 'https',
    maxAge: LONGEST_MS / 1000,
  });
  return csrfOf(session);
}

export function dropCookie(request: FastifyRequest, reply: FastifyReply): void {
  const secure = request.protocol === 'https';
  reply.clearCookie(cookieName(request), { path: '/', httpOnly: true, sameSite: 'strict', secure });
}

/** Over TLS no other host of the domain can set it. */
function cookieName({ protocol }: FastifyRequest): string {
  return protocol === 'https' ? '__Host-esl-router' : 'esl-router';
}
