/** Passwords by which a device that is locked opens again (MS-ASCMD 2.2.3.46): kept sealed, for the administrator. */
import { Seal } from "../kit/sealed.ts";
import { addAudit } from "../store/audit.ts";
import { findRecoveryPassword, putRecoveryPassword } from "../store/devices.ts";
import type { Clock } from "../kit/clock.ts";
import type { Database } from "../store/sql.ts";
import type { Device } from "./devices.ts";

/** What recovery passwords are made from; without the operator's key none are kept. */
export interface RecoveryOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly key: string | undefined;
}

/** The recovery passwords of all devices. */
export class Recovery {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #seal: Seal | undefined;

  constructor({ database, clock, key }: RecoveryOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#seal = key === undefined ? undefined : new Seal(key);
  }

  /** Keeps a device's password, or forgets it ("": MS-ASCMD 2.2.3.132.3, R3661). False: nothing is kept here. */
  async put(device: Device, password: string): Promise<boolean> {
    if (this.#seal === undefined) return false;
    const sealed = password === "" ? null : this.#seal.seal(password, purposeOf(device));
    await putRecoveryPassword(this.#database, device.id, sealed);
    return true;
  }

  /** Shows a device's password to the administrator, which is noted; undefined: none, or of another key. */
  async show(device: Pick<Device, "id" | "accountId">): Promise<string | undefined> {
    const sealed = await findRecoveryPassword(this.#database, device.id);
    const password = sealed === null ? undefined : this.#seal?.open(sealed, purposeOf(device));
    if (password === undefined) return undefined;
    await addAudit(this.#database, {
      accountId: device.accountId,
      deviceId: device.id,
      at: new Date(this.#clock.now()),
      event: "recovery password shown",
      details: {},
    });
    return password;
  }
}

function purposeOf({ id }: Pick<Device, "id">): string {
  return `recovery password of device ${id}`;
}
