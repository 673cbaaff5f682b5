import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commandByCode, commands, hasCommand, offeredVersions } from "./commands.ts";
import { errorResponse } from "./error-response.ts";
import { commandStatus, commonStatus, httpForStatus, StatusError, statusTable } from "./status.ts";
import type { CommandName, RequestOf, ResponseOf } from "./commands.ts";
import type { Command } from "./command.ts";

const firstRelease: CommandName[] = [
  "Provision",
  "FolderSync",
  "Sync",
  "Ping",
  "GetItemEstimate",
  "SendMail",
  "ItemOperations",
  "Settings",
  "GetAttachment",
];

describe("commands", () => {
  it("are found by their number in a base64 query", () => {
    assert.equal(commandByCode(0)?.name, "Sync");
    assert.equal(commandByCode(9)?.name, "FolderSync");
    assert.equal(commandByCode(23)?.name, "Find");
    assert.equal(commandByCode(7), undefined);
    const codes = Object.values<Command>(commands).flatMap(({ code }) => code ?? []);
    assert.equal(new Set(codes).size, codes.length);
  });

  it("stand under their own names", () => {
    for (const [name, command] of Object.entries<Command>(commands)) {
      assert.equal(command.name, name);
      assert.ok(command.request.root in command.request.page.tags || name === "GetAttachment");
    }
  });

  it("belong to the versions that have them", () => {
    assert.ok(hasCommand("12.1", "GetAttachment"));
    assert.ok(!hasCommand("14.0", "GetAttachment"));
    assert.ok(!hasCommand("2.5", "Settings"));
    assert.ok(!hasCommand("16.0", "Find"));
  });

  it("give the types that handlers work with", () => {
    const request: RequestOf<"Sync"> = {
      Collections: {
        Collection: [
          {
            SyncKey: "1",
            CollectionId: "f1",
            Options: [{ FilterType: 2, BodyPreference: [{ Type: 2 }] }],
            Commands: [{ Delete: { ServerId: "f1:7" } }],
          },
        ],
      },
    };
    const response: ResponseOf<"Ping"> = { Status: 2, Folders: { Folder: ["f1"] } };
    assert.ok("Delete" in (request.Collections?.Collection[0]?.Commands?.[0] ?? {}));
    assert.equal(response.Folders?.Folder.length, 1);
    // @ts-expect-error a misspelt element does not compile
    const misspelt: ResponseOf<"Ping"> = { Status: 2, Folder: [] };
    // @ts-expect-error a missing element does not compile
    const incomplete: ResponseOf<"FolderSync"> = { SyncKey: "1" };
    assert.ok(misspelt !== undefined && incomplete !== undefined);
  });
});

describe("offered versions", () => {
  it("are 12.1, 14.0 and 14.1 with the commands of the first release", () => {
    assert.deepEqual(offeredVersions(firstRelease, []), ["12.1", "14.0", "14.1"]);
  });

  it("are none while a command is missing", () => {
    assert.deepEqual(
      offeredVersions(
        firstRelease.filter((name) => name !== "Ping"),
        [],
      ),
      [],
    );
  });

  it("are more with more features", () => {
    const until16 = ["12.1", "14.0", "14.1", "16.0"];
    assert.deepEqual(offeredVersions(firstRelease, ["send from Drafts"]), until16);
    const withFind = [...firstRelease, "Find"] as const;
    assert.deepEqual(offeredVersions(withFind, ["send from Drafts"]), [...until16, "16.1"]);
  });
});

describe("an error response", () => {
  it("has its Status at the top and empty lists", () => {
    assert.deepEqual(errorResponse("FolderSync", 9), { Status: 9 });
    assert.deepEqual(errorResponse("GetItemEstimate", 110), { Response: [], Status: 110 });
    assert.deepEqual(errorResponse("Sync", 4), { Status: 4 });
  });

  it("has its Status in one entry where the top has none", () => {
    assert.deepEqual(errorResponse("MeetingResponse", 2), { Result: [{ Status: 2 }] });
  });
});

describe("statuses", () => {
  it("have names, meanings and the HTTP status of old versions", () => {
    assert.equal(commonStatus.InvalidXML, 103);
    assert.equal(commandStatus.Sync.InvalidSyncKey, 3);
    assert.equal(httpForStatus(142), 449);
    assert.equal(httpForStatus(999), 500);
    assert.equal(new StatusError(132).status, 132);
  });

  it("are told in sentences, each number once", () => {
    for (const [command, codes] of statusTable()) {
      assert.equal(new Set(codes.map(({ status }) => status)).size, codes.length, command);
      for (const { name, means, action } of codes) {
        assert.match(means, /^[A-Z].*\.$/u, name);
        assert.match(action, /^[A-Z].*\.$/u, name);
      }
    }
  });
});
