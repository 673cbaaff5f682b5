/** ConversationIndex (MS-ASCON 2.2.2.4): when a conversation began, and one entry for each reply since. */
import { createHash } from "node:crypto";
import { maxResponseLevels } from "./limits.ts";
import type { MailItem } from "./message.ts";

/** Seconds between 1601-01-01, where FILETIME begins, and 1970-01-01. */
const filetimeEpochSeconds = 11_644_473_600n;

/** Bytes of the header, and of each response level. */
const levelBytes = 5;

/** Bytes of the header of a Thread-Index: 1 reserved, 5 of the time, 16 of a GUID (MS-OXOMSG 2.2.1.3). */
const threadHeaderBytes = 22;

/** FILETIME: 100 ns since 1601. */
function filetime(milliseconds: number): bigint {
  const known = Number.isNaN(milliseconds) ? 0 : Math.trunc(milliseconds);
  const ticks = (BigInt(known) + filetimeEpochSeconds * 1000n) * 10_000n;
  return BigInt.asUintN(64, ticks < 0n ? 0n : ticks);
}

function sentAt(item: MailItem): number {
  return (item.envelope.date ?? item.received).getTime();
}

/**
 * The index of a mail that begins its conversation: the FILETIME without its highest byte, which is 1 from 1829
 * to 2057, and without the two lowest (MS-ASCON 2.2.2.4.1; the examples of MS-ASEMAIL 4.1.5 begin with C9).
 */
export function firstConversationIndex(item: MailItem): Buffer {
  const whole = Buffer.alloc(8);
  whole.writeBigUInt64BE(filetime(sentAt(item)));
  return whole.subarray(1, 1 + levelBytes);
}

/**
 * The index that Outlook and Exchange wrote into Thread-Index, without the parts that EAS leaves out;
 * undefined where there is none or it breaks the form.
 */
export function threadIndex(item: MailItem): Buffer | undefined {
  const bytes = Buffer.from(item.headers["thread-index"] ?? "", "base64");
  const levels = bytes.length - threadHeaderBytes;
  if (levels < 0 || levels % levelBytes !== 0 || bytes[0] !== 1) return undefined;
  return bounded(
    Buffer.concat([bytes.subarray(1, 1 + levelBytes), bytes.subarray(threadHeaderBytes)]),
  );
}

/** The index of a reply to a mail with this index: one response level more (MS-OXOMSG 2.2.1.3). */
export function replyIndex(parent: Buffer, item: MailItem): Buffer {
  return bounded(Buffer.concat([parent, responseLevel(parent, item)]));
}

/**
 * Bit 0 tells the scale of the next 31, the time since the conversation began: 2^18 ticks (26 ms) within
 * 1.7 years, else 2^23 (0.8 s). The last byte tells replies of one moment apart.
 */
function responseLevel(parent: Buffer, item: MailItem): Buffer {
  const began = (1n << 56n) | (BigInt(parent.readUIntBE(0, levelBytes)) << 16n);
  const since = filetime(sentAt(item)) - began;
  const ticks = since < 0n ? 0n : since;
  const isLong = ticks >> 49n !== 0n;
  const delta = Number((ticks >> (isLong ? 23n : 18n)) & 0x7fff_ffffn);
  const level = Buffer.alloc(levelBytes);
  level.writeUInt32BE(((isLong ? 0x8000_0000 : 0) + delta) >>> 0);
  level[4] = createHash("sha256").update(item.envelope.messageId).digest()[0] ?? 0;
  return level;
}

function bounded(index: Buffer): Buffer {
  return index.subarray(0, levelBytes * (1 + maxResponseLevels));
}
