import { commandRows } from "./command-status.ts";
import { commonRows } from "./common-status.ts";
import { statusCodes, statusNumbers } from "./status-code.ts";
import type { StatusCode, StatusNumbers } from "./status-code.ts";

/** The statuses that every command may answer (MS-ASCMD 2.2.4): `commonStatus.InvalidXML` is 103. */
export const commonStatus = statusNumbers(commonRows);

type CommandStatus = {
  readonly [Name in keyof typeof commandRows]: StatusNumbers<(typeof commandRows)[Name]>;
};

function ownNumbers(): CommandStatus {
  const entries = Object.entries(commandRows).map(([command, rows]) => {
    return [command, statusNumbers(rows)];
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries forgets the keys
  return Object.fromEntries(entries) as CommandStatus;
}

/** The statuses of each command of its own: `commandStatus.Sync.InvalidSyncKey` is 3. */
export const commandStatus = ownNumbers();

/** All statuses with their meaning, per command; "All commands" has the common ones. */
export function statusTable(): ReadonlyMap<string, readonly StatusCode[]> {
  const own = Object.entries(commandRows).map(([command, rows]) => {
    return [command, statusCodes(rows)] as const;
  });
  return new Map([["All commands", statusCodes(commonRows)], ...own]);
}

const httpByStatus = new Map(statusCodes(commonRows).map(({ status, http }) => [status, http]));

/** The HTTP status that versions up to 12.1 get instead of a common Status; 500 if none is told. */
export function httpForStatus(status: number): number {
  return httpByStatus.get(status) ?? 500;
}

/** What a handler throws to answer with a Status and nothing else. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly status: number;

  /** `reason` is for the log: it never reaches the device. */
  constructor(status: number, reason?: string, options?: ErrorOptions) {
    super(reason ?? `Status ${status}`, options);
    this.status = status;
  }
}
