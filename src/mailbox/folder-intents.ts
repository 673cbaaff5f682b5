/** What devices want of folders, written down before the mail server is told: a repeat finds it. */
import { createHash } from "node:crypto";
import { BackendError } from "../backend.ts";
import type { Clock } from "../kit/clock.ts";
import {
  addIntent,
  advanceIntent,
  listIntents,
  listOpenTargets,
  removeIntents,
  type IntentRow,
} from "../store/intents.ts";
import type { Database, Sql } from "../store/sql.ts";
import type { Rename } from "./folder-match.ts";
import { newLease } from "./intent-hold.ts";

/** Names a device's request: the same key again is a repeat. */
export interface FolderClaim {
  readonly deviceId: string;
  readonly clientKey: string;
}

/** A folder that is to be there. */
interface Creation {
  readonly path: string;
}

const createKind = "folder-create";
const renameKind = "folder-rename";

/** Renames that were asked for and that the store may not have yet. */
export async function listRenames(sql: Sql, accountId: string): Promise<readonly Rename[]> {
  return await listOpenTargets<Rename>(sql, accountId, renameKind);
}

/** The intents of an account's folder changes. */
export class FolderIntents {
  readonly #source: { readonly database: Database; readonly clock: Clock };
  readonly #accountId: string;

  constructor(source: { readonly database: Database; readonly clock: Clock }, accountId: string) {
    this.#source = source;
    this.#accountId = accountId;
  }

  /** Whether this request was begun before: a folder that is there now is the one that it made. */
  async hasBegunCreation(claim: FolderClaim, target: Creation): Promise<boolean> {
    return (await this.#find(createKind, claim, target)) !== undefined;
  }

  /** Writes down that a folder is to be made. */
  async beginCreation(claim: FolderClaim, target: Creation): Promise<void> {
    await this.#begin(createKind, claim, target);
  }

  /** Writes a rename down, does it and keeps what came of it; one that the server refuses never was. */
  async rename(
    claim: FolderClaim,
    target: Rename,
    work: { readonly change: () => Promise<void>; readonly keep: () => Promise<unknown> },
  ): Promise<void> {
    const { database } = this.#source;
    const { id } = await this.#begin(renameKind, claim, target);
    try {
      await work.change();
    } catch (error) {
      if (error instanceof BackendError) await removeIntents(database, [id]);
      throw error;
    }
    await work.keep();
    await advanceIntent(database, id, "filed");
  }

  async #begin<Target>(
    kind: string,
    claim: FolderClaim,
    target: Target,
  ): Promise<IntentRow<Target>> {
    const { database, clock } = this.#source;
    const nowMs = clock.now();
    const name = this.#nameOf(kind, claim, target);
    const intent = { target, lease: newLease(nowMs), nowMs };
    const begun =
      (await addIntent<Target>(database, name, intent)) ?? (await this.#find(kind, claim, target));
    if (begun === undefined) throw new Error("an intent that was just written is gone");
    return begun;
  }

  async #find<Target>(
    kind: string,
    claim: FolderClaim,
    target: Target,
  ): Promise<IntentRow<Target> | undefined> {
    const name = this.#nameOf(kind, claim, target);
    const intents = await listIntents<Target>(this.#source.database, name);
    return intents.find(({ fingerprint }) => fingerprint.equals(name.fingerprint));
  }

  #nameOf(kind: string, { deviceId, clientKey }: FolderClaim, target: unknown) {
    const fingerprint = createHash("sha256").update(JSON.stringify(target)).digest();
    return { accountId: this.#accountId, deviceId, kind, clientKey, fingerprint };
  }
}
