/** What another mail client does to a mailbox while a backend looks at it. */
import type { ImapFlow } from "imapflow";
import type { OtherClient } from "../../../src/backends/contract.ts";

/** Another client, on a connection of its own. */
export function otherClient(client: ImapFlow): OtherClient {
  const within = async (path: string, work: () => Promise<unknown>): Promise<void> => {
    const lock = await client.getMailboxLock(path);
    try {
      await work();
    } finally {
      lock.release();
    }
  };
  return {
    deliver: async (mime, { path = "INBOX", received } = {}) => {
      const appended = await client.append(path, mime, [], received);
      if (appended === false || appended.uid === undefined) throw new Error("no APPENDUID");
      return appended.uid;
    },
    flag: (path, number, { seen }) =>
      within(path, async () => {
        const [change, flags] = [{ uid: true }, ["\\Seen"]];
        if (seen) await client.messageFlagsAdd(String(number), flags, change);
        else await client.messageFlagsRemove(String(number), flags, change);
      }),
    expunge: (path, number) =>
      within(path, () => client.messageDelete(String(number), { uid: true })),
    move: (path, number, toPath) =>
      within(path, () => client.messageMove(String(number), toPath, { uid: true })),
  };
}
