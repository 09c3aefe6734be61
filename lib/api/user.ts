import { uuidv7 } from '../uuid.ts';
import type { Role } from './guard/role.ts';

/** A new user, as the API and the command line add one. */

export const USER_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

export function userRow({
  name,
  role,
  hash,
  at,
  tenant = 'default',
}: {
  name: string;
  role: Role;
  hash: string;
  at: Date;
  tenant?: string;
}) {
  return {
    id: uuidv7(at),
    tenant,
    name,
    role,
    password_hash: hash,
    created_at: at.toISOString(),
    disabled_at: null,
  };
}
