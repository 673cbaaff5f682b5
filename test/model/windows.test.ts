/** Random histories of a folder with a filter. */
import { test } from "node:test";
import { runWindowHistory } from "./window-history.ts";
import { openModelGateway } from "./world.ts";

const histories = 20;

test(`${histories} histories of filters, conversations and passing days end with what is inside of the window`, async (t) => {
  await using gateway = await openModelGateway();
  for (let seed = 1; seed <= histories; seed++) await runWindowHistory(gateway, seed);
  t.diagnostic(`seeds 1 to ${histories}`);
});
