import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StatusError } from "../../../schemas/status.ts";
import { flagElement, followUpOf, isPlain, statusOf, type FollowUp } from "./follow-up.ts";

const at = (day: number): Date => new Date(Date.UTC(2026, 2, day, 8));
const dates = { StartDate: at(1), DueDate: at(2), UtcStartDate: at(1), UtcDueDate: at(2) };

function refused(flag: FollowUp): void {
  assert.throws(
    () => statusOf(flag),
    (error: unknown) => error instanceof StatusError && error.status === 6,
  );
}

describe("a Flag of a device", () => {
  it("sets the status that it names, clears when it is empty, and is active else", () => {
    assert.deepEqual([statusOf({}), statusOf({ Status: 0 }), statusOf({ Status: 1 })], [0, 0, 1]);
    assert.equal(statusOf({ FlagType: "for Follow Up" }), 2);
    refused({ Status: 3 });
  });

  it("has its start and due dates all four or not at all, in their order", () => {
    assert.equal(statusOf({ Status: 2, ...dates }), 2);
    assert.equal(statusOf({ Status: 2, ...dates, DueDate: at(1), UtcDueDate: at(1) }), 2);
    refused({ Status: 2, StartDate: at(1), DueDate: at(2) });
    refused({ Status: 2, ...dates, DueDate: at(0) });
    refused({ Status: 2, ...dates, UtcDueDate: at(0) });
    // What is cleared may say what it likes (MS-ASEMAIL 4.2.3).
    assert.equal(statusOf({ Status: 0, StartDate: at(9) }), 0);
  });

  it("has a time for its reminder, and a time of completion beside the date of it", () => {
    refused({ Status: 2, ReminderSet: true });
    assert.equal(statusOf({ Status: 2, ReminderSet: true, ReminderTime: at(1) }), 2);
    refused({ Status: 1, DateCompleted: at(1) });
    assert.equal(statusOf({ Status: 1, DateCompleted: at(1), CompleteTime: at(1) }), 1);
  });

  it("is plain where a mail server keeps all of it", () => {
    assert.ok(
      isPlain({ Status: 2, FlagType: "flag for follow up", Subject: "s", ReminderSet: false }),
    );
    assert.ok(isPlain({ Status: 1, FlagType: "for Follow Up" }));
    assert.ok(!isPlain({ Status: 2, FlagType: "Call" }));
    assert.ok(!isPlain({ Status: 2, SubOrdinalDate: "5" }));
    assert.ok(!isPlain({ Status: 2, ...dates }));
  });

  it("is the same after it was stored", () => {
    const flag = {
      ...dates,
      Subject: "s",
      FlagType: "t",
      ReminderSet: true,
      ReminderTime: at(3),
      SubOrdinalDate: "9",
    };
    const stored: unknown = JSON.parse(JSON.stringify(flag));
    assert.deepEqual(followUpOf(stored as Record<string, unknown>), flag);
    assert.deepEqual(followUpOf({ StartDate: "never", ReminderSet: "yes", Unknown: 1 }), {});
  });
});

describe("the Flag element", () => {
  it("is empty without a flag, and has the mail's subject where the device named none", () => {
    assert.deepEqual(flagElement({ flagStatus: 0, followUp: dates }, "s"), {});
    const plain = { Subject: "s", FlagType: "Flag for follow up", Status: 2 };
    assert.deepEqual(flagElement({ flagStatus: 2 }, "s"), plain);
    const own = flagElement({ flagStatus: 2, followUp: { ...dates, Subject: "own" } }, "s");
    assert.deepEqual(own, { ...dates, Subject: "own", FlagType: "Flag for follow up", Status: 2 });
  });

  it("says when it was completed only as long as it is", () => {
    const followUp = { CompleteTime: at(1), DateCompleted: at(1) };
    assert.deepEqual(flagElement({ flagStatus: 1, followUp }, ""), {
      ...followUp,
      FlagType: "Flag for follow up",
      Status: 1,
    });
    assert.deepEqual(Object.keys(flagElement({ flagStatus: 2, followUp }, "")), [
      "FlagType",
      "Status",
    ]);
  });
});
