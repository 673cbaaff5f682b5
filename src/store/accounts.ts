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

/** Which accounts are looked for. Texts in lower case. */
export interface AccountSearch {
  /** How an address begins. */
  readonly address: string;
  /** How some words of the name before the @ begin, separated by blanks; "" for none. */
  readonly words: string;
  /** Addresses that fit in any case. */
  readonly owners: readonly string[];
  readonly offset: number;
  readonly limit: number;
}

/** Accounts of a domain that fit, by address, and how many there are. */
export async function searchAccounts(
  sql: Sql,
  domain: string,
  { address, words, owners, offset, limit }: AccountSearch,
): Promise<{ readonly rows: AccountRow[]; readonly total: number }> {
  const fits = `domain = $1 AND (lower(email) LIKE $2 || '%' OR lower(email) = ANY($4::text[]) OR ($3 <> '' AND
    ' ' || translate(lower(split_part(email, '@', 1)), '._+-', '    ') LIKE '% ' || $3 || '%'))`;
  const values = [domain, pattern(address), pattern(words), owners];
  const counted = `SELECT count(*)::int AS total FROM accounts WHERE ${fits}`;
  const [count] = await sql.rows<{ total: number }>("accounts.search-count", counted, values);
  const text = `SELECT ${columns} FROM accounts WHERE ${fits} ORDER BY email LIMIT $5 OFFSET $6`;
  const rows = await sql.rows<AccountRow>("accounts.search", text, [...values, limit, offset]);
  return { rows, total: count?.total ?? 0 };
}

/** A text in a LIKE that stands for itself. */
function pattern(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}
