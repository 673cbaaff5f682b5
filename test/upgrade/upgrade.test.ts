/** What an earlier version left behind: restored, brought up to date, and the phone notices nothing. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { suite, test } from "node:test";
import { migrations } from "../../src/compose.ts";
import { createLog } from "../../src/kit/pino-log.ts";
import { restore } from "../../src/store/backup-file.ts";
import { openDatabase } from "../../src/store/database.ts";
import { openTestDatabase } from "../rig/database.ts";
import { mail, openWorld, readPhone, sentMail, stateFiles } from "./world.ts";

const quiet = createLog("error", { write() {} });
const found = await readdir(new URL("states/", import.meta.url));
const names = found.filter((name) => name.endsWith(".backup")).map((name) => name.slice(0, -7));

/** A database with the state of an earlier version, brought up to date. */
async function restored(name: string): Promise<{ readonly url: string } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await openTestDatabase());
  await using database = await openDatabase(url, quiet, 1);
  const others = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`;
  await database.rows("test.alone", others);
  await restore(database, migrations, stateFiles(name).backup);
  const kept = stack.move();
  return { url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

suite("A phone goes on where it was under an earlier version", () => {
  assert.ok(names.length > 0);
  for (const name of names) {
    test(name, async () => {
      const state = await readPhone(name);
      await using database = await restored(name);
      await using world = await openWorld(database.url);
      const { phone, mailbox, transport } = world;
      mailbox.deliver(mail(6));
      const { inbox } = state;
      phone.hierarchyKey = state.hierarchyKey;
      phone.forgetAnswer(inbox, state.inboxKey);
      for (const serverId of state.serverIds) phone.edit(inbox, serverId, {});

      assert.equal(await phone.folderSync(), 1);
      assert.equal(phone.folders.size, 0, "the hierarchy did not change");
      const quietSync = await phone.sync(inbox);
      assert.equal(quietSync.status, 1);
      assert.deepEqual([quietSync.adds, quietSync.changes, quietSync.deletes], [[], [], []]);

      mailbox.deliver(mail(7));
      assert.equal((await phone.ping()).Status, 2, "a Ping without parameters has the old ones");
      const news = await phone.sync(inbox);
      assert.deepEqual(news.adds, [`${inbox}:7`]);

      assert.equal(await phone.sendMail(sentMail.mime, sentMail.clientId), 1);
      assert.equal(transport.sent.length, 0, "what was sent before is not sent again");
    });
  }
});
