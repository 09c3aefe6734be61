import { sql, type Insertable, type Selectable } from 'kysely';
import type { Database } from './database.ts';
import type { SessionTable, TokenTable, UserTable } from './tables.ts';

/** Who may use the API and the console. Of passwords, tokens and sessions only hashes are kept. */

export type User = Selectable<UserTable>;
export type Token = Selectable<TokenTable>;
export type Session = Selectable<SessionTable>;

export class Accounts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves to false when there is one of this name. */
  async addUser(user: Insertable<UserTable>): Promise<boolean> {
    const written = await this.#database.writer
      .insertInto('users')
      .values(user)
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returning('id')
      .executeTakeFirst();
    return written !== undefined;
  }

  async changeUser(
    id: string,
    change: Partial<Pick<User, 'role' | 'password_hash' | 'disabled_at'>>,
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.writer
      .updateTable('users')
      .set(change)
      .where('id', '=', id)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  /** Of one tenant, or all. */
  async users(tenant?: string): Promise<User[]> {
    let query = this.#database.reader.selectFrom('users').selectAll().orderBy('name');
    if (tenant !== undefined) query = query.where('tenant', '=', tenant);
    return query.execute();
  }

  /** Adds the very first user, when there is none at all; else resolves to false. In a transaction alone: two may come at once. */
  async addFirstUser(user: Insertable<UserTable>): Promise<boolean> {
    const { kind, writer, reader } = this.#database;
    if (kind === 'postgres') await sql`lock table users in share row exclusive mode`.execute(writer);
    const other = await reader.selectFrom('users').select('id').limit(1).executeTakeFirst();
    return other === undefined && (await this.addUser(user));
  }

  /** How many admins of a tenant may log in; in a transaction nobody else changes one of them before it ends. */
  async holdAdmins(tenant: string): Promise<number> {
    const { kind, writer } = this.#database;
    const admins = await writer
      .selectFrom('users')
      .select('id')
      .where('tenant', '=', tenant)
      .where('role', '=', 'admin')
      .where('disabled_at', 'is', null)
      .orderBy('id')
      .$if(kind === 'postgres', (query) => query.forUpdate())
      .execute();
    return admins.length;
  }

  /** Whether the user still has this password and may log in; in a transaction that stays so until it ends. */
  async holdPassword({ id, password_hash }: Pick<User, 'id' | 'password_hash'>): Promise<boolean> {
    const { kind, writer } = this.#database;
    const row = await writer
      .selectFrom('users')
      .select('id')
      .where('id', '=', id)
      .where('password_hash', '=', password_hash)
      .where('disabled_at', 'is', null)
      .$if(kind === 'postgres', (query) => query.forUpdate())
      .executeTakeFirst();
    return row !== undefined;
  }

  async user(name: string): Promise<User | null> {
    const query = this.#database.reader.selectFrom('users').selectAll().where('name', '=', name);
    return (await query.executeTakeFirst()) ?? null;
  }

  async addToken(token: Insertable<TokenTable>): Promise<void> {
    await this.#database.writer.insertInto('tokens').values(token).execute();
  }

  async tokens(tenant: string): Promise<Token[]> {
    const { reader } = this.#database;
    return reader.selectFrom('tokens').selectAll().where('tenant', '=', tenant).orderBy('id').execute();
  }

  /** One that is valid now, with the role of the user who created it: without that user it is worth nothing. */
  async token(hash: string, at: Date): Promise<(Token & { readonly ownerRole: User['role'] }) | null> {
    const row = await this.#database.reader
      .selectFrom('tokens')
      .innerJoin('users', 'users.name', 'tokens.created_by')
      .selectAll('tokens')
      .select('users.role as ownerRole')
      .where('users.disabled_at', 'is', null)
      .where('hash', '=', hash)
      .where('revoked_at', 'is', null)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', at.toISOString())]))
      .executeTakeFirst();
    return row ?? null;
  }

  async markTokenUsed(id: string, at: Date): Promise<void> {
    const set = { used_at: at.toISOString() };
    await this.#database.writer.updateTable('tokens').set(set).where('id', '=', id).execute();
  }

  async revokeToken(id: string, tenant: string, at: Date): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.writer
      .updateTable('tokens')
      .set({ revoked_at: at.toISOString() })
      .where('id', '=', id)
      .where('tenant', '=', tenant)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  async openSession(session: Insertable<SessionTable>): Promise<void> {
    await this.#database.writer.insertInto('sessions').values(session).execute();
  }

  /** One that is open, used since `idleSince`, and whose user is not disabled. */
  async session(
    hash: string,
    at: Date,
    idleSince: Date,
  ): Promise<(Session & { readonly user: User }) | null> {
    const { reader } = this.#database;
    const session = await reader
      .selectFrom('sessions')
      .selectAll()
      .where('hash', '=', hash)
      .where('expires_at', '>', at.toISOString())
      .where('seen_at', '>', idleSince.toISOString())
      .executeTakeFirst();
    if (session === undefined) return null;
    const query = reader.selectFrom('users').selectAll().where('id', '=', session.user_id);
    const user = await query.where('disabled_at', 'is', null).executeTakeFirst();
    return user === undefined ? null : { ...session, user };
  }

  async markSessionSeen(id: string, at: Date): Promise<void> {
    const set = { seen_at: at.toISOString() };
    await this.#database.writer.updateTable('sessions').set(set).where('id', '=', id).execute();
  }

  async closeSession(id: string): Promise<void> {
    await this.#database.writer.deleteFrom('sessions').where('id', '=', id).execute();
  }

  /** The one of this user that has this hash, if there is one. */
  async closeSessionOf(userId: string, hash: string): Promise<void> {
    const sessions = this.#database.writer.deleteFrom('sessions').where('user_id', '=', userId);
    await sessions.where('hash', '=', hash).execute();
  }

  /** All of one user, whose password or role has changed. */
  async closeSessionsOf(userId: string): Promise<void> {
    await this.#database.writer.deleteFrom('sessions').where('user_id', '=', userId).execute();
  }

  async dropExpired(at: Date): Promise<void> {
    await this.#database.writer.deleteFrom('sessions').where('expires_at', '<', at.toISOString()).execute();
  }
}
