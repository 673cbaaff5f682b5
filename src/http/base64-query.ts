/** The base64 form of the query (MS-ASHTTP 2.2.1.1.1.1). */
import { commandByCode } from "../../schemas/commands.ts";
import { maxEncodedParameters } from "./limits.ts";
import { InvalidQuery, type Query, type QueryParameters, type TextParameter } from "./query.ts";

/** Reads the fields of the byte sequence one after the other. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new InvalidQuery("The base64 query is cut off");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  byte(): number {
    return this.take(1).readUInt8();
  }

  /** A length and so many bytes. */
  counted(): Buffer {
    return this.take(this.byte());
  }
}

/** Some clients percent-encode the signs of base64, some use its URL alphabet. */
function bytesOf(raw: string): Buffer {
  const text = raw.replaceAll(/%(2B|2F|3D)/gi, (escape) => decodeURIComponent(escape));
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) throw new InvalidQuery("The query is no base64");
  return Buffer.from(text, "base64");
}

/** Reads a base64 query. Throws `InvalidQuery`. */
export function parseBase64Query(raw: string): Query {
  const fields = new Fields(bytesOf(raw));
  const version = fields.byte();
  const code = fields.byte();
  fields.take(2); // the locale: answers hold no texts of ours
  const deviceId = Uint8Array.from(fields.counted());
  const policyKey = readPolicyKey(fields);
  const deviceType = fields.counted().toString("utf8");
  const parameters = readParameters(fields);
  return {
    command: commandByCode(code)?.name ?? String(code),
    deviceId,
    deviceType,
    version: versionText(version),
    policyKey,
    parameters,
  };
}

/** 141 is "14.1", 25 is "2.5". */
function versionText(byte: number): string {
  return `${Math.trunc(byte / 10)}.${byte % 10}`;
}

/** The only valid lengths are 0 and 4 (MS-ASHTTP 2.2.1.1.1.1). */
function readPolicyKey(fields: Fields): number | undefined {
  const bytes = fields.counted();
  if (bytes.length === 0) return undefined;
  if (bytes.length !== 4) throw new InvalidQuery("The policy key has not 4 bytes");
  return bytes.readUInt32LE();
}

/** Tags of MS-ASHTTP 2.2.1.1.1.1.3 whose values are texts; 5 is of earlier editions. User (8) says nothing that we need. */
const textTags = new Map<number, TextParameter>([
  [0, "attachmentName"],
  [1, "collectionId"],
  [3, "itemId"],
  [4, "longId"],
  [5, "parentId"],
  [6, "occurrence"],
]);

const optionsTag = 7;
const saveInSentFlag = 0x01;
const acceptMultiPartFlag = 0x02;

function readParameters(fields: Fields): QueryParameters {
  const read: QueryParameters = {
    saveInSent: false,
    acceptMultiPart: false,
  };
  for (let count = 0; !fields.ended; count += 1) {
    if (count === maxEncodedParameters) throw new InvalidQuery("The query has too many parameters");
    const tag = fields.byte();
    const value = fields.counted();
    const name = textTags.get(tag);
    if (name !== undefined) read[name] = value.toString("utf8");
    if (tag !== optionsTag) continue;
    // Options is a bitmask of one byte; some send it as four, lowest first.
    const flags = value[0] ?? 0;
    read.saveInSent = (flags & saveInSentFlag) !== 0;
    read.acceptMultiPart = (flags & acceptMultiPartFlag) !== 0;
  }
  return read;
}
