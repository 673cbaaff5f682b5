/** The address list: the users of a mail domain who have signed in, as others of the domain may find them. */
import { searchAccounts } from "../store/accounts.ts";
import type { Sql } from "../store/sql.ts";
import type { AliasMap } from "./alias-map.ts";
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
  /** Further addresses of users by their domain: they find them as the primary one does. */
  readonly aliasMaps: ReadonlyMap<string, Pick<AliasMap, "ownersOf">>;
}

/** The address lists of all mail domains; none of another domain's users is ever told. */
export class Directory {
  readonly #options: DirectoryOptions;

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  /**
   * Whose name has a word that begins so, or whose address begins so, whatever the case (MS-ASCMD R3697); in the name
   * and address that they have, or in one of the alias map. Each is told with the primary address.
   */
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
    const { sql, aliasMaps } = this.#options;
    const owners = (await aliasMaps.get(domainName)?.ownersOf({ address: asked, words })) ?? [];
    const sought = { address, words, owners, offset, limit };
    const { rows, total } = await searchAccounts(sql, domainName, sought);
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
