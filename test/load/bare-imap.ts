/** What an IMAP client alone reaches: a loop over imapflow that fetches the parts of which a first Sync is made. */
import { ImapFlow, type FetchMessageObject, type MessageStructureObject } from "imapflow";
import { htmlHeadBytes } from "../../src/items/email/limits.ts";
import { keptHeaders } from "../../src/items/email/mime.ts";
import { wireBytesFor } from "../../src/items/email/transfer.ts";

/** Where and as whom. */
export interface BareLogin {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

const window = 100;
const bodyBytes = 32_768;

/**
 * Mails a second of windows of 100: metadata as imapflow tells them, envelope included, then the octets of the HTML
 * parts that show 32 KB. The gateway has the same from header fields, or from small mails that come whole.
 */
export async function bareFirstSync(login: BareLogin, folder = "INBOX"): Promise<number> {
  const client = new ImapFlow({
    host: "127.0.0.1",
    port: login.port,
    secure: false,
    doSTARTTLS: false,
    auth: { user: login.user, pass: login.password },
    logger: false,
    disableCompression: true,
  });
  await client.connect();
  try {
    const { exists } = await client.mailboxOpen(folder, { readOnly: true });
    const started = performance.now();
    let mails = 0;
    for (let high = exists; high > 0; high -= window) {
      mails += await fetchWindow(client, `${Math.max(1, high - window + 1)}:${high}`);
    }
    return (mails * 1000) / (performance.now() - started);
  } finally {
    await client.logout();
  }
}

async function fetchWindow(client: ImapFlow, range: string): Promise<number> {
  const groups = new Map<string, { part: BodyPart; uids: number[] }>();
  let mails = 0;
  const wanted = {
    uid: true,
    flags: true,
    internalDate: true,
    size: true,
    envelope: true,
    bodyStructure: true,
    headers: ["references", ...keptHeaders],
  };
  for await (const mail of client.fetch(range, wanted)) {
    mails++;
    const part = bodyOf(mail);
    const name = `${part.key} ${part.maxLength ?? "whole"}`;
    const group = groups.get(name) ?? { part, uids: [] };
    groups.set(name, group);
    group.uids.push(mail.uid);
  }
  for (const { part, uids } of groups.values()) {
    const query = { uid: true, bodyParts: [part] };
    for await (const mail of client.fetch(uids.join(","), query, { uid: true })) {
      if (mail.bodyParts === undefined) throw new Error(`no part of ${mail.uid}`);
    }
  }
  return mails;
}

interface BodyPart {
  readonly key: string;
  readonly start?: number;
  /** Where not all of it is shown. */
  readonly maxLength?: number;
}

function bodyOf({ bodyStructure }: FetchMessageObject): BodyPart {
  const parts = bodyStructure === undefined ? [] : leaves(bodyStructure);
  const {
    part: key = "1",
    encoding = "",
    size = 0,
  } = parts.find(({ type }) => type === "text/html") ?? parts[0] ?? {};
  const maxLength = wireBytesFor(bodyBytes + htmlHeadBytes, encoding);
  return size <= maxLength ? { key } : { key, start: 0, maxLength };
}

function leaves(node: MessageStructureObject): MessageStructureObject[] {
  return node.childNodes === undefined ? [node] : node.childNodes.flatMap(leaves);
}
