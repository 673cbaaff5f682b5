/** The address list: the users of a mail domain who have signed in, as others of the domain may find them. */
import { searchAccounts } from "../store/accounts.ts";
import type { Sql } from "../store/sql.ts";
import * as limits from "./limits.ts";
import type { LoginDomains } from "./login-name.ts";

/** An entry of the address list. */
export interface Person {
  readonly displayName: string;
  /** The name before the @. */
  readonly alias: string;
  readonly email: string;
}

/** Some of the entries that fit, by name, and how many there are. */
export interface People {
  readonly people: readonly Person[];
  readonly total: number;
}

/** Which of the entries that fit. */
export interface PeoplePage {
  readonly offset: number;
  readonly limit: number;
}

/** What the address list is made from. */
export interface DirectoryOptions {
  readonly sql: Sql;
  readonly domains: readonly (LoginDomains["domains"][number] & {
    readonly addressBook: boolean;
  })[];
}

/** The address lists of all mail domains; none of another domain's users is ever told. */
export class Directory {
  readonly #options: DirectoryOptions;

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  /** Whose name has a word that begins so, or whose address begins so, whatever the case (MS-ASCMD R3697). */
  async find(domainName: string, text: string, { offset, limit }: PeoplePage): Promise<People> {
    const domain = this.#options.domains.find(({ name }) => name === domainName);
    const asked = text
      .replace(/\p{Cc}+/gu, " ")
      .trim()
      .toLowerCase();
    const isTooLong = asked.length > limits.maxDirectoryText;
    if (domain?.addressBook !== true || isTooLong) return { people: [], total: 0 };
    const address = canonical(asked, domain);
    const words = address.replace(/[._+\-\s]+/g, " ").trim();
    if (address === "") return { people: [], total: 0 };
    const page = { offset, limit };
    const { rows, total } = await searchAccounts(this.#options.sql, domainName, {
      address,
      words,
      ...page,
    });
    return { people: rows.map(({ email }) => toPerson(email)), total };
  }
}

/** An address in one of the domain's aliases is the same user's. */
function canonical(text: string, { name, aliases }: LoginDomains["domains"][number]): string {
  const at = text.lastIndexOf("@");
  const isAlias = at !== -1 && aliases.includes(text.slice(at + 1));
  return isAlias ? `${text.slice(0, at)}@${name}` : text;
}

function toPerson(email: string): Person {
  const alias = email.slice(0, email.lastIndexOf("@"));
  return { displayName: alias, alias, email };
}
