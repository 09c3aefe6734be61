import { Passwords, MAX_PASSWORD, MIN_PASSWORD } from '../api/guard/password.ts';
import type { Role } from '../api/guard/role.ts';
import { USER_NAME, userRow } from '../api/user.ts';
import { systemClock } from '../clock.ts';
import { RouterError } from '../errors.ts';
import { DEFAULT_TENANT, openExisting, type OpenStore } from '../store/store.ts';
import type { Parts } from '../store/together.ts';
import { uuidv7 } from '../uuid.ts';
import type { UserAction } from './actions.ts';
import { load, redactorOf, type CommandContext, type CommonOptions, type ExitCode } from './context.ts';
import { askPassword } from './password.ts';
import { print } from './print.ts';
import { columnsOf, table } from './table.ts';

export interface UserCommandOptions extends CommonOptions {
  readonly role: Role;
  /** `default` when a user is added; of all when they are listed. */
  readonly tenant?: string;
}

/** Manages who may log in: for the first user, and for users who are locked out. */
export async function userCommand(
  context: CommandContext,
  action: UserAction,
  name: string | undefined,
  options: UserCommandOptions,
): Promise<ExitCode> {
  if (action !== 'list' && !USER_NAME.test(name ?? '')) {
    throw wrong(
      `esl-router user ${action}: say which NAME (letters, digits, ".", "_", "-" or "@", at most 64)`,
    );
  }
  const { config } = await load(context, options);
  const { role, tenant } = options;
  if (tenant !== undefined && tenant !== DEFAULT_TENANT && config.tenants === 'one')
    throw wrong('--tenant: all calls have one tenant here, "default": see tenants (ESL_ROUTER_TENANTS)');
  const store = await openExisting(config.store, systemClock);
  const tell = (text: string): void => {
    print(context.stdout, [text], redactorOf(context.env));
  };
  try {
    if (action === 'list') tell(await listed(store, columnsOf(context), tenant));
    else tell(await changed(store, context, action, { name: name ?? '', role, tenant }));
    return 0;
  } finally {
    await store.close();
  }
}

async function listed({ accounts }: OpenStore, columns: number, tenant?: string): Promise<string> {
  const rows = (await accounts.users(tenant)).map(({ name, role, tenant, created_at, disabled_at }) => {
    return [name, role, tenant, created_at, disabled_at === null ? '' : `disabled ${disabled_at}`];
  });
  return table([['user', 'role', 'tenant', 'since', ''], ...rows], columns);
}

async function changed(
  { accounts, together }: OpenStore,
  context: CommandContext,
  action: Exclude<UserAction, 'list'>,
  { name, role, tenant }: { readonly name: string; readonly role: Role; readonly tenant: string | undefined },
): Promise<string> {
  const at = systemClock.date();
  const found = await accounts.user(name);
  const note = ({ audit }: Parts, what: string, change: object): Promise<void> =>
    audit.add({
      id: uuidv7(at),
      tenant: found?.tenant ?? tenant ?? DEFAULT_TENANT,
      at: at.toISOString(),
      who: 'command line',
      address: 'this machine',
      action: what,
      subject: `user ${name}`,
      change: JSON.stringify(change),
    });
  if (action === 'add') {
    if (found !== null) throw wrong(`user ${name} already exists: esl-router user password ${name}`);
    const row = userRow({ name, role, hash: await newHash(context), at, tenant: tenant ?? DEFAULT_TENANT });
    await together(async (parts) => {
      if (!(await parts.accounts.addUser(row))) throw wrong(`user ${name} already exists`);
      await note(parts, 'user added', { role });
    });
    return `${name} can log in as ${role}${tenant === undefined ? '' : ` of ${tenant}`}`;
  }
  if (found === null) throw wrong(`there is no user ${name}: esl-router user list`);
  const isPassword = action === 'password';
  const change = isPassword
    ? { password_hash: await newHash(context) }
    : { disabled_at: action === 'disable' ? at.toISOString() : null };
  await together(async (parts) => {
    await parts.accounts.changeUser(found.id, change);
    await parts.accounts.closeSessionsOf(found.id);
    await note(
      parts,
      'user changed',
      isPassword ? { password: 'changed' } : { disabled: action === 'disable' },
    );
  });
  return {
    password: `${name} has a new password`,
    disable: `${name} can no longer log in`,
    enable: `${name} can log in again`,
  }[action];
}

async function newHash(context: CommandContext): Promise<string> {
  const password = await askPassword(context);
  if (password.length < MIN_PASSWORD || password.length > MAX_PASSWORD) {
    throw wrong(`the password needs ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`);
  }
  return new Passwords().hash(password);
}

function wrong(text: string): RouterError {
  return new RouterError('config_invalid', text);
}
