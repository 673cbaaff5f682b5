/** Bounded logins: a server's authentication works on a few at a time, and failures are slow. */
import { BackendUnavailable, LoginRefused, type Credential } from "../../backend.ts";
import { BoundedMap } from "../../kit/bounded-map.ts";
import type { Clock } from "../../kit/clock.ts";
import { Lane } from "./lane.ts";
import * as limits from "./limits.ts";

/**
 * Logins in lanes, so that wrong passwords, which take seconds each, are waited for by those alone who bring them:
 * one for credentials that were right before, one for unknown ones, one for those that are doubtful as they or others
 * from their address failed lately. Of unknown ones the last comes first: under a storm of them whoever comes anew is
 * not kept waiting for all of it.
 */
export class Logins {
  readonly #clock: Clock;
  readonly #proven: Lane;
  readonly #unknown: Lane;
  readonly #doubtful = new Lane(limits.doubtfulLoginsInFlight, { newestFirst: true });
  /** Those who are on their way from an address, but for proven credentials. */
  readonly #addresses = new Map<string, Lane>();
  /** By fingerprint. */
  readonly #proofs: BoundedMap<string, true>;
  /** By fingerprint. */
  readonly #failures: BoundedMap<string, true>;
  readonly #failuresOfAddress: BoundedMap<string, number>;

  constructor(inFlight: number, clock: Clock) {
    this.#clock = clock;
    this.#proven = new Lane(inFlight);
    this.#unknown = new Lane(inFlight, { newestFirst: true });
    this.#proofs = new BoundedMap(clock, limits.provenCredentials);
    this.#failures = new BoundedMap(clock, limits.doubtfulCredentials);
    this.#failuresOfAddress = new BoundedMap(clock, limits.doubtfulCredentials);
  }

  /**
   * Runs a login when its turn comes; rejects with the signal's reason when it ends before. Throws
   * BackendUnavailable where the turn of an unproven credential is too far away.
   */
  async run<Result>(
    credential: Credential,
    signal: AbortSignal,
    login: () => Promise<Result>,
  ): Promise<Result> {
    if (this.#proofs.get(credential.fingerprint) === true) {
      using _turn = await this.#proven.enter(signal);
      return await this.#try(credential, login);
    }
    using patience = this.#patience(signal);
    using _own = await this.#enterAddress(credential.clientAddress, patience.signal);
    const lane = this.#isDoubtful(credential) ? this.#doubtful : this.#unknown;
    using _turn = await lane.enter(patience.signal);
    return await this.#try(credential, login);
  }

  /** A signal that ends the waiting when it was long enough. */
  #patience(signal: AbortSignal): Disposable & { readonly signal: AbortSignal } {
    const tooLong = new AbortController();
    const timer = this.#clock.after(limits.loginPatienceMs, () => {
      tooLong.abort(new BackendUnavailable("too many logins wait for their turn"));
    });
    return {
      signal: AbortSignal.any([signal, tooLong.signal]),
      [Symbol.dispose]: () => timer.cancel(),
    };
  }

  /** A few of an address at a time; once some of them failed, one by one. */
  async #enterAddress(address: string, signal: AbortSignal): Promise<Disposable> {
    const lane = this.#addresses.get(address) ?? new Lane(this.#placesOf(address));
    if (lane.size >= limits.loginsOfAddress) {
      throw new BackendUnavailable("too many logins from one address wait");
    }
    this.#addresses.set(address, lane);
    const leave = (): void => {
      lane.resize(this.#placesOf(address));
      if (lane.size === 0) this.#addresses.delete(address);
    };
    try {
      const place = await lane.enter(signal);
      return {
        [Symbol.dispose]: () => {
          place[Symbol.dispose]();
          leave();
        },
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  #placesOf(address: string): number {
    const failures = this.#failuresOfAddress.get(address) ?? 0;
    return failures < limits.freeFailuresOfAddress ? limits.loginsOfAddressInFlight : 1;
  }

  #isDoubtful({ fingerprint, clientAddress }: Credential): boolean {
    const failures = this.#failuresOfAddress.get(clientAddress) ?? 0;
    return failures > 0 || this.#failures.get(fingerprint) === true;
  }

  async #try<Result>(credential: Credential, login: () => Promise<Result>): Promise<Result> {
    try {
      const result = await login();
      this.#failures.delete(credential.fingerprint);
      this.#proofs.set(credential.fingerprint, true, limits.proofMs);
      return result;
    } catch (error) {
      if (error instanceof LoginRefused) this.#remember(credential);
      throw error;
    }
  }

  #remember({ fingerprint, clientAddress }: Credential): void {
    this.#proofs.delete(fingerprint);
    this.#failures.set(fingerprint, true, limits.doubtMs);
    const failures = (this.#failuresOfAddress.get(clientAddress) ?? 0) + 1;
    this.#failuresOfAddress.set(clientAddress, failures, limits.doubtMs);
  }
}
