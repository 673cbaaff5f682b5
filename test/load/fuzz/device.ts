/** A device that sends broken requests and judges what comes back. */
import { commands, type CommandName } from "../../../schemas/commands.ts";
import type { ProtocolVersion } from "../../../schemas/version.ts";
import { decode } from "../../../src/wbxml/decode.ts";
import type { CallOptions, EasClient } from "../../client/client.ts";
import { Phone } from "../../client/phone.ts";
import { password } from "../../rig/mail/servers.ts";
import type { Chance } from "../../sync/chance.ts";
import { broken, brokenText } from "./mutate.ts";
import { exchangeRaw } from "./raw-http.ts";
import { SchemaSeeds } from "./schema-seeds.ts";
import { liveSeed, type Known, type Seed } from "./seeds.ts";

/** Longest time of a request that is not held; held ones end after `longestHoldMs` more. */
const limitMs = 15_000;

/** push.max_heartbeat_seconds of the gateway under test. */
const longestHoldMs = 60_000;

const held: readonly string[] = ["Ping", "Sync"];

/** Versions that are offered. */
const versions: readonly ProtocolVersion[] = [
  "2.5",
  "12.0",
  "12.1",
  "14.0",
  "14.1",
  "16.0",
  "16.1",
];

/** After so many requests a device looks anew at its mailbox, which it has moved and deleted much of. */
const renewedAfter = 300;

/** What became of a request. */
export interface Outcome {
  readonly kind: Kind;
  readonly command: string;
  readonly httpStatus: number;
  /** What should not be; undefined: all is well. */
  readonly fault: string | undefined;
}

type Kind = "body" | "plain query" | "base64 query" | "headers" | "mail";

/** Whose device it is. */
export interface FuzzUser {
  readonly url: string;
  readonly user: string;
  /** Puts mails with attachments into the Inbox. */
  readonly deliver: () => Promise<void>;
}

/** What is sent is taken from these. */
export interface Material {
  readonly recorded: readonly Seed[];
  readonly mails: readonly Buffer[];
}

interface Judged {
  readonly httpStatus: number;
  readonly bytes: Buffer;
  readonly contentType: string;
}

/** One device of one user. */
export class FuzzDevice implements Disposable {
  readonly #client: EasClient;
  readonly #known: Known;
  readonly #chance: Chance;
  readonly #material: Material;
  readonly #user: FuzzUser;
  readonly #schemas: SchemaSeeds;
  #sent = 0;

  private constructor(user: FuzzUser, phone: Phone, chance: Chance, material: Material) {
    this.#user = user;
    this.#client = phone.client;
    this.#known = knownOf(phone, chance.one(material.mails));
    this.#chance = chance;
    this.#material = material;
    this.#schemas = new SchemaSeeds(chance);
  }

  /** Signs a device in and reads the Inbox. */
  static async open(user: FuzzUser, chance: Chance, material: Material): Promise<FuzzDevice> {
    const phone = await openPhone(user, chance.one(versions));
    return new FuzzDevice(user, phone, chance, material);
  }

  /** Sends one broken request. */
  async send(): Promise<Outcome> {
    this.#sent++;
    if (this.#sent % renewedAfter === 0) await this.#renew();
    const part = this.#chance.fraction();
    if (part < 0.03) return await this.#mail();
    if (part < 0.15) return await this.#plainQuery();
    if (part < 0.27) return await this.#base64Query();
    if (part < 0.4) return await this.#headers();
    return await this.#body();
  }

  async #renew(): Promise<void> {
    const { version, mime } = this.#known;
    using phone = await openPhone(this.#user, version);
    Object.assign(this.#known, knownOf(phone, mime));
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }

  async #body(): Promise<Outcome> {
    const chance = this.#chance;
    const { command, version, bytes, isWhole = false } = this.#seed();
    const sent = isWhole ? bytes : broken(bytes, chance);
    const name = chance.happens(0.03) ? chance.one(Object.keys(commands)) : command;
    const headers = { "MS-ASProtocolVersion": versions.includes(version) ? version : "14.1" };
    return await this.#ask("body", name, sent, { headers });
  }

  /** Half of the requests that are made from the schemas go out as they are: valid, and odd enough. */
  #seed(): Seed & { readonly isWhole?: boolean } {
    const chance = this.#chance;
    const part = chance.fraction();
    if (part < 0.3) return liveSeed(this.#known, chance);
    if (part < 0.5) return chance.one(this.#material.recorded);
    return { ...this.#schemas.next(this.#known), isWhole: chance.happens(0.5) };
  }

  /** A mail in the form of its version, to be sent and filed. */
  async #mail(): Promise<Outcome> {
    const chance = this.#chance;
    const mime = broken(chance.one(this.#material.mails), chance);
    if (chance.happens(0.5)) {
      const headers = { "MS-ASProtocolVersion": "12.1", "Content-Type": "message/rfc822" };
      return await this.#ask("mail", "SendMail", mime, { headers, query: { SaveInSent: "T" } });
    }
    const opaque = Buffer.concat([Buffer.from("c3", "hex"), lengthOf(mime), mime]);
    // SendMail { ClientId, SaveInSentItems, Mime } of code page 21 (MS-ASWBXML 2.1.2.1.22).
    const head = `03016a000015455103${Buffer.from(String(chance.fraction())).toString("hex")}00010850`;
    const bytes = Buffer.concat([Buffer.from(head, "hex"), opaque, Buffer.from("0101", "hex")]);
    return await this.#ask("mail", "SendMail", bytes, {
      headers: { "MS-ASProtocolVersion": "14.1" },
    });
  }

  async #ask(kind: Kind, command: string, bytes: Buffer, call: CallOptions): Promise<Outcome> {
    const isHeld = held.includes(command);
    const hangUp = isHeld && this.#chance.happens(command === "Ping" ? 0.9 : 0.02);
    const longest = limitMs + (isHeld ? longestHoldMs : 0);
    const signal = AbortSignal.timeout(hangUp ? this.#chance.between(1, 300) : longest);
    try {
      const answer = await this.#client.sendBytes(command, bytes, { ...call, signal });
      const contentType = answer.headers["content-type"] ?? "";
      const version = call.headers?.["MS-ASProtocolVersion"] as ProtocolVersion;
      const judged = { ...answer, contentType };
      if (command === "Sync") this.#follow(judged, version);
      const fault = faultOf(judged) ?? malformed(judged, command, version);
      return { kind, command, httpStatus: answer.httpStatus, fault };
    } catch (error) {
      const fault = signal.aborted && hangUp ? undefined : `${command}: ${String(error)}`;
      return { kind, command, httpStatus: 0, fault };
    }
  }

  /** Goes on with the key of the answer, else from the beginning. */
  #follow({ bytes, contentType, httpStatus }: Judged, version: ProtocolVersion): void {
    if (httpStatus !== 200 || !contentType.startsWith("application/vnd.ms-sync.wbxml")) return;
    if (bytes.length === 0) return;
    const { Collections } = decode(bytes, commands.Sync.response, version);
    const own = Collections?.Collection.find((one) => one.CollectionId === this.#known.inbox);
    if (own?.Status === 3) this.#known.syncKey = "0";
    else if (own?.SyncKey !== undefined) this.#known.syncKey = own.SyncKey;
  }

  async #plainQuery(): Promise<Outcome> {
    const chance = this.#chance;
    const { user } = this.#client.options;
    const command = chance.one(Object.keys(commands));
    const more = chance.happens(0.3)
      ? `&AttachmentName=${encodeURIComponent(this.#known.fileReferences[0] ?? "")}&SaveInSent=T&CollectionId=1`
      : "";
    const good = `Cmd=${command}&User=${encodeURIComponent(user)}&DeviceId=${this.#client.deviceId}&DeviceType=Test${more}`;
    return await this.#raw("plain query", brokenText(good, "&", chance), {});
  }

  async #base64Query(): Promise<Outcome> {
    const chance = this.#chance;
    const id = Buffer.from(this.#client.deviceId, "hex");
    const code = chance.between(0, 24);
    const parts = [[141, code, 9, 4, id.length], id, [4, 0, 0, 0, 0, 4], Buffer.from("Test")];
    const options = chance.happens(0.5) ? [7, 1, chance.between(0, 3)] : [];
    const good = Buffer.concat([...parts, options].map((part) => Buffer.from(part)));
    const sent = broken(good, chance).toString("base64");
    const query = chance.happens(0.1) ? brokenText(sent, "A", chance) : sent;
    return await this.#raw("base64 query", query, {});
  }

  async #headers(): Promise<Outcome> {
    const query = `Cmd=FolderSync&User=u&DeviceId=${this.#client.deviceId}&DeviceType=Test`;
    return await this.#raw("headers", query, { headers: true });
  }

  async #raw(
    kind: Kind,
    query: string,
    { headers = false }: { headers?: boolean },
  ): Promise<Outcome> {
    const { url, user } = this.#client.options;
    const chance = this.#chance;
    const { bytes } = liveSeed(this.#known, chance);
    const lines = [
      `POST /Microsoft-Server-ActiveSync?${query} HTTP/1.1`,
      "Host: localhost",
      `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
      `MS-ASProtocolVersion: ${chance.one(versions)}`,
      "X-MS-PolicyKey: 0",
      "Content-Type: application/vnd.ms-sync.wbxml",
      "User-Agent: Fuzz/1.0",
      // Each its own address: who guesses passwords is slowed down, and shall not slow down the others.
      `X-Forwarded-For: 10.${[0, 0, 0].map(() => chance.between(0, 255)).join(".")}`,
      ...(chance.happens(0.2) ? [chance.one(rareHeaders)] : []),
      `Content-Length: ${bytes.length}`,
      "Connection: close",
    ];
    const head = headers ? this.#brokenHead(lines) : lines.join("\r\n");
    const whole = Buffer.concat([Buffer.from(`${head}\r\n\r\n`, "latin1"), bytes]);
    try {
      const { httpStatus, text } = await exchangeRaw(url, whole, limitMs + longestHoldMs);
      const judged = { httpStatus, bytes: Buffer.from(text), contentType: "" };
      return { kind, command: "", httpStatus, fault: faultOf(judged) };
    } catch (error) {
      return { kind, command: "", httpStatus: 0, fault: `${head}: ${String(error)}` };
    }
  }

  #brokenHead(lines: readonly string[]): string {
    const chance = this.#chance;
    const count = chance.between(1, 3);
    let head = lines.join("\r\n");
    for (let index = 0; index < count; index++) {
      head = chance.happens(0.5)
        ? brokenText(head, "\r\n", chance)
        : broken(Buffer.from(head, "latin1"), chance).toString("latin1");
    }
    return head;
  }
}

async function openPhone({ url, user, deliver }: FuzzUser, version: ProtocolVersion) {
  await deliver();
  const phone = new Phone({ url, user, password, version });
  await phone.folderSync();
  await phone.syncAll(phone.folderOfType(2));
  return phone;
}

function knownOf(phone: Phone, mime: Buffer): Known {
  const inbox = phone.folderOfType(2);
  const mails = [...phone.mails(inbox)];
  const fileReferences = mails.flatMap(([, mail]) =>
    (mail.Attachments ?? []).flatMap((each) => {
      const known = "Attachment" in each ? each.Attachment.FileReference : undefined;
      return known === undefined ? [] : [known];
    }),
  );
  const longIds = fileReferences.map((each) => each.slice(0, each.lastIndexOf(":")));
  return {
    version: phone.client.options.version,
    inbox,
    folders: [...phone.folders.keys()],
    mails: mails.map(([serverId]) => serverId),
    fileReferences,
    references: [...fileReferences, ...longIds],
    mime,
    hierarchyKey: phone.hierarchyKey,
    syncKey: "0",
  };
}

const rareHeaders = [
  "Content-Encoding: gzip",
  "Content-Encoding: br",
  "Transfer-Encoding: chunked",
  "Accept-Encoding: gzip, *;q=0, identity;q=0",
  "Expect: 100-continue",
  "MS-ASAcceptMultiPart: T",
  "Upgrade: h2c",
  "Range: bytes=0-1",
  'Forwarded: for="[::1";;for=',
] as const;

/** What the documents allow: unknown command, unknown version, later, no room (MS-ASCMD 2.2.2 for 500 and 507). */
function faultOf({ httpStatus, bytes }: Judged): string | undefined {
  const text = bytes.toString("latin1");
  if (text.includes("Error ") && httpStatus === 500) return `HTTP 500: ${text.slice(-60)}`;
  const allowed = [500, 501, 503, 505, 507];
  return httpStatus < 500 || allowed.includes(httpStatus) ? undefined : `HTTP ${httpStatus}`;
}

/** An answer of ours that our own strict decoder refuses. */
function malformed(
  { bytes, contentType, httpStatus }: Judged,
  command: string,
  version: ProtocolVersion,
): string | undefined {
  const isWbxml = contentType.startsWith("application/vnd.ms-sync.wbxml");
  if (httpStatus !== 200 || !isWbxml || bytes.length === 0) return undefined;
  try {
    decode<unknown>(bytes, commands[command as CommandName].response, version);
    return undefined;
  } catch (error) {
    return `${command} ${version}: the answer cannot be read: ${String(error)}`;
  }
}

function lengthOf(bytes: Buffer): Buffer {
  const septets = [bytes.length & 0x7f];
  for (let rest = bytes.length >> 7; rest > 0; rest >>= 7) septets.unshift((rest & 0x7f) | 0x80);
  return Buffer.from(septets);
}
