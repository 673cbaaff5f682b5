/** Table `accounts`: who uses the gateway. */
import type { Sql } from "./sql.ts";

/** A user of a mail domain. */
export interface AccountRow {
  readonly id: string;
  readonly domain: string;
  readonly login: string;
  readonly email: string;
  readonly created: Date;
  readonly lastSeen: Date;
}

/** What names an account: domain and login, both canonical. */
export interface AccountName {
  readonly domain: string;
  readonly login: string;
  readonly email: string;
}

const columns = `id::text AS id, domain, login, email, created, last_seen AS "lastSeen"`;

/** The account of a login; undefined when it never signed in. */
export async function findAccount(
  sql: Sql,
  domain: string,
  login: string,
): Promise<AccountRow | undefined> {
  const text = `SELECT ${columns} FROM accounts WHERE domain = $1 AND login = $2`;
  const [row] = await sql.rows<AccountRow>("accounts.find", text, [domain, login]);
  return row;
}

/** Makes the account, or renews its address and the time when it was last seen. */
export async function putAccount(sql: Sql, name: AccountName, at: Date): Promise<AccountRow> {
  const text = `INSERT INTO accounts (domain, login, email, created, last_seen)
    VALUES ($1, $2, $3, $4, $4)
    ON CONFLICT (domain, login) DO UPDATE SET email = excluded.email, last_seen = excluded.last_seen
    RETURNING ${columns}`;
  const values = [name.domain, name.login, name.email, at];
  const [row] = await sql.rows<AccountRow>("accounts.put", text, values);
  if (row === undefined) throw new Error("accounts.put gave no row");
  return row;
}

/** Every account, by domain and login. */
export async function listAccounts(sql: Sql): Promise<AccountRow[]> {
  return sql.rows("accounts.list", `SELECT ${columns} FROM accounts ORDER BY domain, login`);
}

/** Takes an account away with everything that hangs on it. */
export async function removeAccount(sql: Sql, id: string): Promise<void> {
  await sql.rows("accounts.remove", "DELETE FROM accounts WHERE id = $1", [id]);
}
