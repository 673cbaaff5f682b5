/** What an IMAP client alone reaches: a loop over imapflow that fetches the parts of which a first Sync is made. */
import { ImapFlow, type FetchMessageObject, type MessageStructureObject } from "imapflow";

/** Where and as whom. */
export interface BareLogin {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

const window = 100;
const bodyBytes = 32_768;

/** Mails a second of windows of 100: metadata, then the HTML parts at 32 KB, grouped as the gateway groups them. */
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
  const sections = new Map<string, number[]>();
  let mails = 0;
  const wanted = {
    uid: true,
    flags: true,
    internalDate: true,
    size: true,
    envelope: true,
    bodyStructure: true,
    headers: ["references", "importance", "x-priority", "thread-topic", "content-class"],
  };
  for await (const mail of client.fetch(range, wanted)) {
    mails++;
    const section = sectionOf(mail);
    sections.set(section, [...(sections.get(section) ?? []), mail.uid]);
  }
  for (const [key, uids] of sections) {
    const part = { bodyParts: [{ key, start: 0, maxLength: bodyBytes }] };
    for await (const mail of client.fetch(uids.join(","), { uid: true, ...part }, { uid: true })) {
      if (mail.bodyParts === undefined) throw new Error(`no part of ${mail.uid}`);
    }
  }
  return mails;
}

function sectionOf({ bodyStructure }: FetchMessageObject): string {
  const parts = bodyStructure === undefined ? [] : leaves(bodyStructure);
  const part = parts.find(({ type }) => type === "text/html") ?? parts[0];
  return part?.part ?? "1";
}

function leaves(node: MessageStructureObject): MessageStructureObject[] {
  return node.childNodes === undefined ? [node] : node.childNodes.flatMap(leaves);
}
