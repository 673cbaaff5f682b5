import assert from "node:assert/strict";
import { test } from "node:test";
import { commandScene } from "../../test/commands/scene.ts";
import type { RequestOf } from "../../schemas/commands.ts";
import { StatusError } from "../../schemas/status.ts";
import type { Person } from "./context.ts";
import { handleResolveRecipients } from "./resolve-recipients.ts";

type Options = NonNullable<RequestOf<"ResolveRecipients">["Options"]>;

const names = ["ann", "anna", "annabel"];

async function resolve(To: string[], Options: Options = {}) {
  const { context } = await commandScene();
  const directory = {
    find: async (_domain: string, text: string, page: { offset: number; limit: number }) => {
      const all = names
        .filter((name) => `${name}@example.test`.startsWith(text.trim()))
        .map((name): Person => ({ displayName: name, alias: name, email: `${name}@example.test` }));
      return { people: all.slice(page.offset, page.offset + page.limit), total: all.length };
    },
  };
  const { Response } = await handleResolveRecipients({ To, Options }, { ...context, directory });
  return Response;
}

function summary(answer: Awaited<ReturnType<typeof resolve>>) {
  return answer.map(({ Status, RecipientCount, Recipient }) => {
    return [
      Status,
      RecipientCount,
      Recipient.map(({ EmailAddress }) => EmailAddress.split("@")[0]),
    ];
  });
}

test("ResolveRecipients: an address, a name and nobody, in the order that they were asked", async () => {
  const asked = [
    '"Ann" <ann@example.test>',
    "annab",
    "ann@example.test",
    "zoe",
    "x@elsewhere.test",
  ];
  const answer = await resolve(asked);
  assert.deepEqual(
    answer.map(({ To }) => To),
    asked,
  );
  assert.deepEqual(summary(answer), [
    [1, 1, ["ann"]],
    [1, 1, ["annabel"]],
    [1, 1, ["ann"]],
    [4, 0, []],
    [4, 0, []],
  ]);
});

test("ResolveRecipients: an ambiguous name gives as many suggestions as are wanted", async () => {
  assert.deepEqual(summary(await resolve(["ann"])), [[2, 3, names]]);
  const two = await resolve(["ann"], { MaxAmbiguousRecipients: 2 });
  assert.deepEqual(summary(two), [[3, 3, ["ann", "anna"]]]);
  const none = await resolve(["ann"], { MaxAmbiguousRecipients: 0 });
  assert.deepEqual(summary(none), [[3, 3, []]]);
});

test("ResolveRecipients: certificates, times and photos are told not to be there, of one person alone", async () => {
  const span = { StartTime: "2026-11-25T08:00:00.000Z", EndTime: "2026-11-25T18:00:00.000Z" };
  const options = { CertificateRetrieval: 2, Availability: span, Picture: { MaxPictures: 1 } };
  const [one, several] = await resolve(["annabel", "ann"], options);
  const [recipient] = one?.Recipient ?? [];
  assert.deepEqual(
    [recipient?.Certificates?.Status, recipient?.Availability, recipient?.Picture],
    [7, { Status: 163 }, [{ Status: 173 }]],
  );
  const [suggestion] = several?.Recipient ?? [];
  assert.deepEqual(
    [suggestion?.Certificates, suggestion?.Availability, suggestion?.Picture],
    [undefined, undefined, [{ Status: 173 }]],
  );
});

test("ResolveRecipients: what is out of its limits is Status 5", async () => {
  const at = (StartTime: string, EndTime?: string) => ({ Availability: { StartTime, EndTime } });
  const bad: [string[], Options][] = [
    [[], {}],
    [Array.from({ length: 101 }, () => "ann"), {}],
    [["x".repeat(257)], {}],
    [[" "], {}],
    [["ann"], { CertificateRetrieval: 4 }],
    [["ann"], { MaxCertificates: 10_000 }],
    [["ann"], { MaxAmbiguousRecipients: -1 }],
    [["ann"], { Picture: { MaxSize: 102_401 } }],
    [["ann"], { Availability: {} }],
    [["ann"], at("now")],
    [["ann"], at("2026-11-25T08:00:00.000Z", "later")],
    [["ann"], at("2026-11-25T08:00:00.000Z", "2026-11-25T08:29:00.000Z")],
    [["ann"], at("2026-11-25T08:00:00.000Z", "2027-01-07T08:00:00.000Z")],
  ];
  for (const [to, options] of bad) {
    await assert.rejects(
      resolve(to, options),
      (error) => error instanceof StatusError && error.status === 5,
      JSON.stringify(options),
    );
  }
  const good = at("2026-11-25T08:00:00.000Z", "2027-01-06T08:00:00.000Z");
  assert.equal((await resolve(["x".repeat(256)], good)).length, 1);
});
