import assert from "node:assert/strict";
import { test } from "node:test";
import { parser } from "imapflow/lib/handler/imap-handler.js";
import { BackendError, BackendUnavailable, LoginRefused } from "../../backend.ts";
import { TooManyConnections, toBackendError } from "./errors.ts";

/** What a command fails with that is answered so, as imapflow tells it. */
async function failureOf(line: string): Promise<Error> {
  const response = await parser(`A1 ${line}`);
  const [responseStatus] = line.split(" ");
  const responseText = line.replace(/^(NO|BAD) (\[.*\] )?/, "");
  return toBackendError(
    Object.assign(new Error("Command failed"), { response, responseStatus, responseText }),
  );
}

test("IMAP: a response code tells what a refusal means, whatever its text says", async () => {
  const cases = {
    "NO [NONEXISTENT] no": "no such folder",
    "NO [OVERQUOTA] no": "over quota",
    "NO [overquota] no": "over quota",
    "NO [NOPERM] no": "not allowed",
    "NO [TOOBIG] no": "too large",
    "NO [ALERT] no": "failed",
    "NO no": "failed",
    "NO Mailbox doesn't exist: INBOX": "no such folder",
    "BAD no": "failed",
  };
  for (const [line, fault] of Object.entries(cases)) {
    const error = await failureOf(line);
    assert.ok(error instanceof BackendError, line);
    assert.equal(error.fault, fault, line);
  }
});

test("IMAP: a server that cannot work now is out of reach, at the login too", async () => {
  for (const code of ["UNAVAILABLE", "INUSE", "SERVERBUG", "unavailable"]) {
    assert.ok((await failureOf(`NO [${code}] Internal error`)) instanceof BackendUnavailable, code);
  }
  const refused = Object.assign(new Error("no"), { authenticationFailed: true });
  assert.ok(toBackendError(refused) instanceof LoginRefused);
  const down = Object.assign(refused, { serverResponseCode: "UNAVAILABLE" });
  assert.ok(toBackendError(down) instanceof BackendUnavailable);
});

test("IMAP: too many connections are no wrong password", () => {
  const login = { authenticationFailed: true };
  const dovecot = { ...login, serverResponseCode: "LIMIT", responseText: "Maximum number of" };
  const gmail = { ...login, responseText: "Too many simultaneous connections. (Failure)" };
  for (const failure of [dovecot, gmail]) {
    assert.ok(
      toBackendError(Object.assign(new Error("no"), failure)) instanceof TooManyConnections,
    );
  }
});
