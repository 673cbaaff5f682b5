import assert from "node:assert/strict";
import { access } from "node:fs/promises";
import { test } from "node:test";
import { hasQuirk, quirks } from "./quirks.ts";

test("Quirks: each is proved by a dialog that exists", async () => {
  for (const { dialog } of Object.values(quirks)) {
    await access(new URL(`../../test/dialogs/${dialog}`, import.meta.url));
  }
});

test("Quirks: a device has those of its type alone", () => {
  assert.ok(hasQuirk({ deviceType: "windowsoutlook15" }, "keepsMovedItems"));
  assert.ok(!hasQuirk({ deviceType: "WindowsOutlook" }, "keepsMovedItems"));
});
