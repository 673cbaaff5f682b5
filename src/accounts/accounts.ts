/** Who may log in and with what: the password of the mail server, checked there, remembered as a keyed hash. */
import { createHmac, randomBytes } from "node:crypto";
import { LoginRefused, type Credential, type MailBackend } from "../backend.ts";
import { BoundedMap } from "../kit/bounded-map.ts";
import type { Clock } from "../kit/clock.ts";
import { Lanes, LaneFull } from "../kit/lanes.ts";
import { putAccount } from "../store/accounts.ts";
import type { Sql } from "../store/sql.ts";
import { BackOff } from "./back-off.ts";
import { Throttled } from "./faults.ts";
import * as limits from "./limits.ts";
import { parseLoginName, type LoginDomains, type LoginName } from "./login-name.ts";

/** A user who has signed in. */
export interface Account {
  /** Row id. */
  readonly id: string;
  /** Name of the mail domain in the configuration. */
  readonly domain: string;
  /** Canonical login name. */
  readonly login: string;
  /** Primary mail address. */
  readonly email: string;
  readonly displayName: string;
  /** All addresses, the primary one first. */
  readonly addresses: readonly string[];
}

/** User name and password as one reading of the Authorization header gives them. */
export interface Reading {
  readonly user: string;
  readonly password: string;
}

/** Somebody at the door. */
export interface Attempt {
  /** What the header may mean, the likelier reading first: UTF-8, then ISO-8859-1. */
  readonly readings: readonly Reading[];
  /** DeviceId, "" where the request names none (OPTIONS). */
  readonly deviceId: string;
  readonly clientAddress: string;
  readonly signal: AbortSignal;
}

/** Who came in, and the credential for the mail servers as long as the request lives. */
export interface SignedIn {
  readonly account: Account;
  readonly credential: Credential;
}

/** What accounts are made from. */
export interface AccountsOptions extends LoginDomains {
  readonly sql: Sql;
  readonly clock: Clock;
  /** Aliases of a domain give further addresses. */
  readonly backendOf: (domain: string) => Pick<MailBackend, "check">;
  /** Further addresses of a user beside those that the domain's aliases give. */
  readonly addressesOf: (domain: string, email: string) => Promise<readonly string[]>;
  /** How long a good login is remembered, in seconds. */
  readonly cacheSeconds: number;
}

/** One credential that is being looked at. */
interface Look {
  readonly name: LoginName;
  readonly credential: Credential;
  /** Names the device among the failures: another address may not lock it out. */
  readonly source: string;
  readonly signal: AbortSignal;
}

/** The logins of one process. */
export class Accounts {
  readonly #options: AccountsOptions;
  readonly #key = randomBytes(32);
  readonly #remembered: BoundedMap<string, Account>;
  readonly #refused: BoundedMap<string, true>;
  readonly #backOff: BackOff;
  readonly #addresses = new Lanes(limits.maxWaitingPerAddress);
  /** A phone begins with several requests at once: the first asks, the others find the answer in memory. */
  readonly #credentials = new Lanes(limits.maxWaitingPerCredential);

  constructor(options: AccountsOptions) {
    this.#options = options;
    this.#remembered = new BoundedMap(options.clock, limits.maxRemembered);
    this.#refused = new BoundedMap(options.clock, limits.maxRefused);
    this.#backOff = new BackOff(options.clock);
  }

  /** Lets somebody in. Throws `LoginRefused`, `Throttled`, `BackendUnavailable`, `StoreUnavailable`. */
  async signIn(attempt: Attempt): Promise<SignedIn> {
    for (const reading of attempt.readings) {
      const look = this.#look(reading, attempt);
      const account = look && (await this.#try(look));
      if (look !== undefined && account !== undefined)
        return { account, credential: look.credential };
    }
    throw new LoginRefused("The login was refused");
  }

  /** Forgets a good login: the mail server has refused it since. */
  forget(credential: Credential): void {
    this.#remembered.delete(credential.fingerprint);
  }

  #look({ user, password }: Reading, attempt: Attempt): Look | undefined {
    if (password === "" || user.length > limits.maxCredentialLength) return undefined;
    if (password.length > limits.maxCredentialLength || password.includes("\0")) return undefined;
    const name = parseLoginName(user, this.#options);
    if (name === undefined) return undefined;
    const { clientAddress, deviceId, signal } = attempt;
    const fingerprint = this.#fingerprint(name, password);
    const credential = { login: name.login, password, fingerprint, clientAddress };
    const source = `${clientAddress}\0${name.domain}\0${name.login}\0${deviceId}`;
    return { name, credential, source, signal };
  }

  #fingerprint({ domain, login }: LoginName, password: string): string {
    const hmac = createHmac("sha256", this.#key);
    return hmac.update(`${domain}\0${login}\0${password}`).digest("base64url");
  }

  /** The account, or undefined when this credential is wrong. */
  async #try(look: Look): Promise<Account | undefined> {
    const known = this.#known(look);
    if (known !== "unknown") return known;
    const pauseMs = this.#backOff.pauseMs(look.source);
    if (pauseMs > 0) throw new Throttled(Math.ceil(pauseMs / 1_000));
    try {
      return await this.#credentials.run(look.credential.fingerprint, () => this.#line(look));
    } catch (error) {
      if (error instanceof LaneFull) throw new Throttled(limits.lineRetrySeconds);
      throw error;
    }
  }

  async #line(look: Look): Promise<Account | undefined> {
    const address = look.credential.clientAddress;
    if (!this.#backOff.isSuspect(address)) return await this.#ask(look);
    return await this.#addresses.run(address, () => this.#ask(look));
  }

  /** What memory says. The same wrong credential again is no further failure. */
  #known({ credential }: Look): Account | undefined | "unknown" {
    const account = this.#remembered.get(credential.fingerprint);
    if (account !== undefined) return account;
    return this.#refused.get(credential.fingerprint) === true ? undefined : "unknown";
  }

  async #ask(look: Look): Promise<Account | undefined> {
    const known = this.#known(look);
    if (known !== "unknown") return known;
    const { name, credential, source, signal } = look;
    try {
      await this.#options.backendOf(name.domain).check(credential, signal);
    } catch (error) {
      if (!(error instanceof LoginRefused)) throw error;
      this.#refused.set(credential.fingerprint, true, limits.wrongCredentialMs);
      this.#backOff.failed(source, credential.clientAddress);
      return undefined;
    }
    this.#backOff.succeeded(source);
    const account = await this.#open(name);
    this.#remembered.set(credential.fingerprint, account, this.#options.cacheSeconds * 1_000);
    return account;
  }

  async #open(name: LoginName): Promise<Account> {
    const { sql, clock, domains, addressesOf } = this.#options;
    const row = await putAccount(sql, name, new Date(clock.now()));
    const user = name.email.slice(0, name.email.lastIndexOf("@"));
    const domain = domains.find((one) => one.name === name.domain);
    const aliases = (domain?.aliases ?? []).map((alias) => `${user}@${alias}`);
    const { id, login, email } = row;
    const further = await addressesOf(row.domain, email);
    const addresses = [...new Set([email, ...aliases, ...further])].slice(0, limits.maxAddresses);
    return { id, domain: row.domain, login, email, displayName: user, addresses };
  }
}
