import assert from "node:assert/strict";
import { test } from "node:test";
import { commandScene, type CommandScene } from "../../test/commands/scene.ts";
import type { EmailData } from "../items/email/data.ts";
import { Utf8Text, wholeOf, type Octets } from "../kit/octets.ts";
import { handleItemOperations } from "./item-operations/handle.ts";
import { heldMailBytes } from "./limits.ts";
import { handleSync } from "./sync/handle.ts";

function mime(subject: string, sizeBytes: number): Buffer {
  const text = `${subject}\r\n`.repeat(sizeBytes / (subject.length + 2));
  return Buffer.from(`Message-ID: <${subject}@x>\r\nSubject: ${subject}\r\n\r\n${text}`);
}

interface Scene extends CommandScene {
  /** From now on the folder is made anew, with another mail under the number, as soon as the mail is listed. */
  arm(): void;
}

/** A mail in the Inbox. */
async function scene(sizeBytes: number): Promise<Scene> {
  let isArmed = false;
  const made = await commandScene({
    mailbox: (mailbox) => ({
      list: async (...asked: Parameters<typeof mailbox.list>) => {
        const items = await mailbox.list(...asked);
        if (!isArmed) return items;
        server.folderAt("INBOX").mails.clear();
        server.deliver(mime("another", sizeBytes));
        server.renumber("INBOX");
        return items;
      },
    }),
  });
  const { server } = made;
  server.deliver(mime("listed", sizeBytes));
  return { ...made, arm: () => void (isArmed = true) };
}

async function textOf(data: string | Buffer | Utf8Text | Octets): Promise<string> {
  if (typeof data === "string") return data;
  return (await wholeOf(data instanceof Utf8Text ? data.utf8 : data)).toString();
}

const wholeMail = { MIMESupport: 2, BodyPreference: [{ Type: 4 }] };

async function sync({ context }: CommandScene, SyncKey: string, asked: object = {}) {
  const collection = { SyncKey, CollectionId: "f1", Options: [wholeMail], ...asked };
  const answer = await handleSync({ Collections: { Collection: [collection] } }, context);
  return answer?.Collections?.Collection[0];
}

const ways: Readonly<Record<string, (at: Scene) => Promise<unknown>>> = {
  "an Add": async (at) => {
    const primed = await sync(at, "0");
    at.arm();
    const { Commands = [] } = (await sync(at, primed?.SyncKey ?? "")) ?? {};
    return Commands.map((one) => "Add" in one && one.Add.ApplicationData);
  },
  "a Fetch inside a Sync": async (at) => {
    const primed = await sync(at, "0");
    const told = await sync(at, primed?.SyncKey ?? "");
    at.arm();
    const Commands = [{ Fetch: { ServerId: "f1:1" } }];
    const asked = { GetChanges: false, Commands };
    const { Responses = [] } = (await sync(at, told?.SyncKey ?? "", asked)) ?? {};
    return Responses.map((one) => "Fetch" in one && one.Fetch.ApplicationData);
  },
  "a Fetch by LongId": async (at) => {
    at.arm();
    const LongId = `f1:${at.server.folderAt("INBOX").epoch}:1`;
    const Fetch = { Store: "Mailbox", LongId, Options: [wholeMail] };
    const answer = await handleItemOperations([{ Fetch }], at.context);
    assert.ok("Response" in answer);
    return answer.Response?.Fetch.map(({ Properties }) => Properties);
  },
};

/** Small bodies come several in a command, large mails one by one. */
const sizes = { small: 1000, large: 2 * heldMailBytes };

for (const [way, told] of Object.entries(ways)) {
  for (const [size, sizeBytes] of Object.entries(sizes)) {
    test(`Content: ${way} has no ${size} body of the mail that got the number after the listing`, async () => {
      const items = await told(await scene(sizeBytes));
      const [item] = items as readonly { readonly Email: EmailData }[];
      assert.equal(item?.Email.Subject, "listed");
      const { Data = "" } = item.Email.Body ?? {};
      assert.equal(await textOf(Data), "");
    });
  }
}
