/** What users type as their name, and the login that their mail server wants (MS-ASHTTP 2.2.1.1.2.1). Pure. */

/** How the users of a mail domain sign in at its servers. */
export interface LoginDomain {
  /** The domain, as in user@name. */
  readonly name: string;
  readonly aliases: readonly string[];
  /** What the servers are given: the whole address, or the part before the @. */
  readonly login: "address" | "user";
}

/** A user of a mail domain. */
export interface LoginName {
  /** Name of the domain in the configuration. */
  readonly domain: string;
  /** The account's canonical login, and what the mail server is given. */
  readonly login: string;
  /** Primary address. */
  readonly email: string;
}

/** The domains in which a name is looked for. */
export interface LoginDomains {
  readonly domains: readonly LoginDomain[];
  /** Domain of users who name none. */
  readonly defaultDomain: string | undefined;
}

/**
 * The user that `DOMAIN\user`, `user@domain` or `user` names; undefined when the domain is none of ours.
 * Clients send the domain that the user filled in, the address as user name, or both at once.
 */
export function parseLoginName(typed: string, known: LoginDomains): LoginName | undefined {
  const text = typed.trim();
  const slash = text.lastIndexOf("\\");
  const before = slash < 0 ? "" : text.slice(0, slash);
  const rest = text.slice(slash + 1);
  const at = rest.lastIndexOf("@");
  const user = at < 0 ? rest : rest.slice(0, at);
  // The address says more than the field before it, which phones fill with anything.
  const named = at < 0 ? before : rest.slice(at + 1);
  const domain = findDomain(named === "" ? (known.defaultDomain ?? "") : named, known.domains);
  if (domain === undefined || !isUser(user)) return undefined;
  return nameIn(domain, user.toLowerCase());
}

/** NetBIOS form: DOMAIN stands for the first label of a domain when that is unambiguous. */
function findDomain(named: string, domains: readonly LoginDomain[]): LoginDomain | undefined {
  const wanted = named.toLowerCase();
  const namesOf = (domain: LoginDomain): string[] =>
    [domain.name, ...domain.aliases].map((name) => name.toLowerCase());
  const exact = domains.find((domain) => namesOf(domain).includes(wanted));
  if (exact !== undefined || wanted.includes(".")) return exact;
  const byLabel = domains.filter((domain) =>
    namesOf(domain).some((name) => name.split(".", 1)[0] === wanted),
  );
  return byLabel.length === 1 ? byLabel[0] : undefined;
}

/** Control characters would end an IMAP or SMTP line. */
function isUser(user: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are what is refused
  return user !== "" && !/[\u0000-\u001F\u007F]/.test(user);
}

function nameIn(domain: LoginDomain, user: string): LoginName {
  const email = `${user}@${domain.name}`;
  return { domain: domain.name, login: domain.login === "address" ? email : user, email };
}
