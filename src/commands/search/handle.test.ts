import assert from "node:assert/strict";
import { test } from "node:test";
import { commandScene } from "../../../test/commands/scene.ts";
import { StatusError } from "../../../schemas/status.ts";
import { BackendError, BackendUnavailable, LoginRefused } from "../../backend.ts";
import { TimeLimitPassed } from "../../kit/abort.ts";
import type { Context } from "../context.ts";
import { handleFind } from "../find/handle.ts";
import { handleSearch } from "./handle.ts";

const FreeText = "boat";

/** A context whose mailbox cannot be searched. */
async function failing(error: Error): Promise<Context> {
  const { context } = await commandScene({
    mailbox: () => ({
      folders: async () => [],
      search: async () => {
        throw error;
      },
    }),
  });
  const devices = { lastSearch: async () => undefined } as unknown as Context["devices"];
  return { ...context, devices };
}

async function searchStatus(error: Error): Promise<unknown> {
  const context = await failing(error);
  const Store = { Name: "Mailbox", Query: [{ And: [{ FreeText }] }] };
  const { Status, Response } = await handleSearch({ Store }, context);
  assert.equal(Status, 1, "what is wrong is told beside the store");
  return Response?.Store.Status;
}

async function find(error: Error): Promise<unknown> {
  const MailBoxSearchCriterion = { Query: { FreeText } };
  const request = { SearchId: "1", ExecuteSearch: { MailBoxSearchCriterion } };
  return await handleFind(request, await failing(error));
}

const late = new TimeLimitPassed("took too long");
const refused = new BackendError("failed", "no");

test("Search: one that took too long is Status 10, one that the mail server refuses Status 3", async () => {
  assert.deepEqual([await searchStatus(late), await searchStatus(refused)], [10, 3]);
  assert.equal(await searchStatus(new TypeError("ours")), 3);
});

test("Find: one that took too long or that the mail server refuses is to be tried again later", async () => {
  for (const error of [late, refused]) {
    const isRetry = (thrown: unknown) => thrown instanceof StatusError && thrown.status === 111;
    await assert.rejects(find(error), isRetry);
  }
});

test("Search, Find: a refused login and a mail server out of reach end the request", async () => {
  for (const error of [new LoginRefused("changed"), new BackendUnavailable("away")]) {
    await assert.rejects(searchStatus(error), error);
    await assert.rejects(find(error), error);
  }
});
