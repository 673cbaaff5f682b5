/** Partnerships: which devices an account has, what they told, what they must be told. */
import { randomInt } from "node:crypto";
import { z } from "zod";
import type { Infer } from "../../schemas/vocabulary.ts";
import type { deviceInformation } from "../../schemas/settings.ts";
import type { ProtocolVersion } from "../../schemas/version.ts";
import type { Clock } from "../kit/clock.ts";
import { addAudit, type AuditEvent, listAudit } from "../store/audit.ts";
import { listDeviceLoops, type DeviceLoopRow } from "../store/device-loops.ts";
import * as rows from "../store/devices.ts";
import { findSearch, putSearch, type SearchRow } from "../store/searches.ts";
import { listSkipped, putSkipped, type SkippedItem } from "../store/skipped-items.ts";
import type { Database, Sql } from "../store/sql.ts";
import { type DeviceIdentity, isProbe, tidyText } from "./identity.ts";
import * as limits from "./limits.ts";
import * as policy from "./policy.ts";

/** A device of an account. `id` is its row id, `deviceId` the one of the wire. */
export type Device = rows.DeviceRow;

/** A device with the account that it belongs to. */
export type ListedDevice = rows.ListedDeviceRow;

/** Everything that an operator can know of a device. */
export interface ShownDevice {
  readonly device: ListedDevice;
  readonly skipped: readonly SkippedItem[];
  /** The newest first. */
  readonly events: readonly AuditEvent[];
}

/** What goes wrong with a device. */
export interface DeviceIssues {
  readonly device: ListedDevice;
  /** The last seen first. */
  readonly loops: readonly DeviceLoopRow[];
  /** Items that could not be shown, the newest first. */
  readonly skipped: readonly SkippedItem[];
}

/** Set of DeviceInformation (MS-ASCMD 2.2.3.45). */
export type DeviceInformation = Infer<typeof deviceInformation>;

const pingParameters = z.object({
  heartbeatSeconds: z.number(),
  collectionIds: z.array(z.string()).readonly(),
});

/** Last complete Ping of a device: `heartbeatSeconds` and `collectionIds`. */
export type PingParameters = Readonly<z.infer<typeof pingParameters>>;

/** What a search of a device found. */
export type ResultSet = SearchRow;

/** How devices are dealt with. */
export interface DevicesOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** Whether an account's devices must have a policy before they are served. */
  readonly requiresPolicy: (accountId: string) => boolean;
}

/** The devices of all accounts. Every method throws `StoreUnavailable` when the database is away. */
export class Devices {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #requiresPolicy: (accountId: string) => boolean;

  constructor(options: DevicesOptions) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#requiresPolicy = options.requiresPolicy;
  }

  /** The device of a request, made at its first; one statement, and one more a minute. */
  async findOrCreate(account: { readonly id: string }, told: DeviceIdentity): Promise<Device> {
    const identity = tidy(told);
    const found = await rows.findDevice(this.#database, account.id, identity.deviceId);
    if (found === undefined) return this.#create(account.id, identity);
    const at = this.#now();
    if (!isStale(found, identity, at)) return found;
    await rows.putSeen(this.#database, found.id, identity, at);
    return { ...found, ...identity, lastSeen: at };
  }

  /**
   * Whether the device knows another list of versions than the one on offer, and must hear of the change
   * (X-MS-RP, MS-ASHTTP 2.2.2.1.2.9). It hears of it once: a client that starts anew each time would never end.
   */
  async learnsOffer(device: Device, versions: string): Promise<boolean> {
    if (device.offeredVersions === versions) return false;
    await rows.putOfferedVersions(this.#database, device.id, versions);
    return device.offeredVersions !== null;
  }

  /** Lets a command of a device pass (undefined), or says that it must provision first. */
  gate(
    device: Device,
    request: {
      readonly command: string;
      readonly version: ProtocolVersion;
      readonly sentKey: number | undefined;
    },
  ): policy.PolicyRefusal | undefined {
    const required = this.#requiresPolicy(device.accountId);
    const currentKey = device.policyKey === null ? undefined : Number(device.policyKey);
    return policy.judge({ ...request, required, currentKey });
  }

  /** Phase 1 of Provision (MS-ASPROV 3.2.5.1.1): a temporary key, or "no policy". */
  async requestPolicy(device: Device): Promise<policy.PolicyAnswer> {
    if (!this.#requiresPolicy(device.accountId)) return policy.noPolicy;
    const key = newKey();
    await rows.putPendingPolicyKey(this.#database, device.id, key);
    return policy.offer(key);
  }

  /** Phase 2 (MS-ASPROV 3.2.5.1.2.1): `reported` is the Status that the device acknowledges with. */
  async acknowledge(
    device: Device,
    key: number | undefined,
    reported: number | undefined,
  ): Promise<policy.PolicyAnswer> {
    if (!this.#requiresPolicy(device.accountId)) return policy.noPolicy;
    if (key === undefined) return policy.wrongKey;
    const judged = policy.compliance(reported);
    const answer = policy.settle(judged, newKey());
    const settled = { state: judged.state, key: answer.key, at: this.#now() };
    return this.#database.transaction(async (sql) => {
      if (!(await rows.settlePolicy(sql, device.id, key, settled))) return policy.wrongKey;
      await this.#audit(sql, device, "device provisioned", { state: judged.state });
      return answer;
    });
  }

  /** Keeps what a device tells of itself; elements that it leaves out stay as they were. */
  async putInformation(device: Device, told: DeviceInformation): Promise<void> {
    await rows.putInformationRow(this.#database, device.id, {
      model: tidyIfTold(told.Model),
      friendlyName: tidyIfTold(told.FriendlyName),
      os: tidyIfTold(told.OS),
      osLanguage: tidyIfTold(told.OSLanguage),
      phoneNumber: tidyIfTold(told.PhoneNumber),
      imei: tidyIfTold(told.IMEI),
      mobileOperator: tidyIfTold(told.MobileOperator),
      outboundSms: told.EnableOutboundSMS,
    });
  }

  /** Parameters of the device's last complete Ping; undefined before the first. */
  async pingParameters(device: Device): Promise<PingParameters | undefined> {
    const found = await rows.findRequest(this.#database, device.id, "ping_parameters");
    return pingParameters.safeParse(found).data;
  }

  /** Keeps the parameters for Pings that leave them out; writes nothing when they are the same. */
  async putPingParameters(device: Device, parameters: PingParameters): Promise<void> {
    const { heartbeatSeconds, collectionIds } = parameters;
    const kept = { heartbeatSeconds, collectionIds };
    await rows.putRequest(this.#database, device.id, "ping_parameters", kept);
  }

  /** The device's last complete Sync request, as it was put; undefined when there is none. */
  async syncRequest(device: Device): Promise<unknown> {
    return rows.findRequest(this.#database, device.id, "sync_request");
  }

  /** Keeps a Sync request for empty and partial ones; undefined forgets it. */
  async putSyncRequest(device: Device, request: unknown): Promise<void> {
    await rows.putRequest(this.#database, device.id, "sync_request", request);
  }

  /** Numbers a new wait of the device and tells every process, so that older ones end. */
  async bumpWaitEpoch(device: Device): Promise<bigint> {
    return this.#database.transaction(async (sql) => {
      const epoch = await rows.raiseWaitEpoch(sql, device.id);
      // A device that was taken away while its request ran: nobody else can wait for it.
      if (epoch === undefined) return 0n;
      await this.#database.notify(sql, "wait", `${device.id}:${epoch}`);
      return epoch;
    });
  }

  /** What the device's last search found. */
  async lastSearch(device: Device): Promise<ResultSet | undefined> {
    return findSearch(this.#database, device.id);
  }

  /** Keeps what a search found, in the place of the last one. */
  async putSearch(device: Device, found: Omit<ResultSet, "at">): Promise<void> {
    await putSearch(this.#database, device, { ...found, at: this.#now() });
  }

  /** Lists an item that could not be shown to the device. */
  async recordSkipped(
    device: Device,
    item: { readonly collectionId: string; readonly number: number; readonly reason: string },
  ): Promise<void> {
    const kept = { ...item, reason: tidyText(item.reason), at: this.#now() };
    await putSkipped(this.#database, device, kept, limits.maxSkippedPerDevice);
  }

  /** Items that could not be shown to a device, the newest first. */
  async listSkipped(device: { readonly id: string }): Promise<SkippedItem[]> {
    return listSkipped(this.#database, device.id);
  }

  /** Devices of one account or of all, the last seen first; probes of set-ups are no devices. */
  async list(account?: { readonly id: string }): Promise<ListedDevice[]> {
    return rows.listDevices(this.#database, account?.id);
  }

  /** Devices with this row id or DeviceId (in any spelling), which several accounts can have. */
  async show(name: string): Promise<ShownDevice[]> {
    const found = await rows.findDevicesNamed(this.#database, name.trim().toLowerCase());
    return Promise.all(
      found.map(async (device) => ({
        device,
        skipped: await this.listSkipped(device),
        events: await listAudit(this.#database, device.id, limits.maxShownEvents),
      })),
    );
  }

  /** What goes wrong with the devices of this name, or of all (then only with those where something does). */
  async issues(name?: string): Promise<DeviceIssues[]> {
    const named = name?.trim().toLowerCase();
    const asked = await (named === undefined
      ? rows.listDevices(this.#database, undefined)
      : rows.findDevicesNamed(this.#database, named));
    const found: DeviceIssues[] = [];
    for (const device of asked) {
      const loops = await listDeviceLoops(this.#database, device.id);
      const skipped = await this.listSkipped(device);
      if (named !== undefined || loops.length + skipped.length > 0) {
        found.push({ device, loops, skipped });
      }
    }
    return found;
  }

  async #create(accountId: string, identity: DeviceIdentity): Promise<Device> {
    const { deviceId, deviceType } = identity;
    const transient = isProbe(deviceId);
    return this.#database.transaction(async (sql) => {
      const made = await rows.addDevice(sql, accountId, { ...identity, transient }, this.#now());
      if (made === undefined) return this.#get(sql, accountId, deviceId);
      if (!transient) await this.#audit(sql, made, "device created", { deviceId, deviceType });
      return made;
    });
  }

  async #get(sql: Sql, accountId: string, deviceId: string): Promise<Device> {
    const found = await rows.findDevice(sql, accountId, deviceId);
    if (found === undefined) throw new Error("A device was taken away while its request began");
    return found;
  }

  async #audit(
    sql: Sql,
    device: Device,
    event: string,
    details: AuditEvent["details"],
  ): Promise<void> {
    const { accountId, id } = device;
    await addAudit(sql, { accountId, deviceId: id, at: this.#now(), event, details });
  }

  #now(): Date {
    return new Date(this.#clock.now());
  }
}

function tidy(identity: DeviceIdentity): DeviceIdentity {
  const { deviceId, deviceType, userAgent, protocolVersion, address } = identity;
  return {
    deviceId,
    deviceType: tidyText(deviceType),
    userAgent: tidyText(userAgent),
    protocolVersion,
    address,
  };
}

function tidyIfTold(text: string | undefined): string | undefined {
  return text === undefined ? undefined : tidyText(text);
}

/** Whether a row must be renewed: what the device tells has changed, or it was seen too long ago. */
function isStale(found: Device, identity: DeviceIdentity, at: Date): boolean {
  const told = ["deviceType", "userAgent", "protocolVersion", "address"] as const;
  const age = at.getTime() - found.lastSeen.getTime();
  return age >= limits.seenIntervalMs || told.some((name) => found[name] !== identity[name]);
}

/** A new policy key: not 0, which clients send before they have one (MS-ASPROV 2.2.2.42). */
function newKey(): number {
  return randomInt(1, 2 ** 32);
}
