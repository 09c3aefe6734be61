import { z } from 'zod';
import type { SecretRule } from '../../schemes/desk.ts';
import { ApiProblem } from '../problem.ts';

/** Each may also do what those before it may. */
export const ROLES = ['viewer', 'operator', 'editor', 'admin'] as const;
export type Role = (typeof ROLES)[number];
export const role = z.enum(ROLES);

/** Whose request it is. */
export interface Principal {
  /** As the audit log says it: `anna`, or `token nightly report`. */
  readonly who: string;
  /** The user himself, or the one who made the token. */
  readonly owner: string;
  readonly role: Role;
  readonly tenant: string;
  readonly by:
    | { readonly kind: 'session'; readonly id: string; readonly userId: string; readonly csrf: string }
    | { readonly kind: 'token'; readonly id: string; readonly expiresAt: string | null };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null if the route needs no login. */
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** The lowest role allowed; `anyone` needs no login. */
    role?: Role | 'anyone';
    /** What it shows and changes is of the asker's tenant. All else is of the whole router, and of the tenant `default`. */
    perTenant?: boolean;
  }
}

export function mayAs(held: Role, least: Role): boolean {
  return ROLES.indexOf(held) >= ROLES.indexOf(least);
}

/** Where documents of this user may send secrets. */
export function secretRuleOf({ role }: Pick<Principal, 'role'>): SecretRule {
  return role === 'admin' ? 'any' : 'known';
}

/** A route with a role always has one. */
export function principalOf({ principal }: { readonly principal: Principal | null }): Principal {
  if (principal === null) throw new ApiProblem(401, 'log in, or send a token');
  return principal;
}
