/** Random histories of a whole mailbox; `npm run model:mailbox` runs more of them. */
import { test } from "node:test";
import { runMailboxHistory } from "./history.ts";
import { openModelGateway } from "./world.ts";

const histories = 5;

test(`${histories} histories of moves, drafts, folders, categories and flags on two devices end equal, nothing lost, doubled or echoed`, async (t) => {
  await using gateway = await openModelGateway();
  for (let seed = 1; seed <= histories; seed++) await runMailboxHistory(gateway, seed);
  t.diagnostic(`seeds 1 to ${histories}`);
});
