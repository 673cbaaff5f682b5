/** Recognises a device that goes round in circles, from its last commands. Pure: history in, history out. */
import { commonStatus } from "../../schemas/status.ts";
import { loopWindowMs, maxRememberedCommands, provisionsOfLoop, repeatsOfLoop } from "./limits.ts";

/** What a device does over and over without getting on. */
const loopKinds = {
  "sync fails after folder sync": "Sync fails, FolderSync does not help, Sync fails again",
  "ping without sync": "is told of changes by Ping again and again and never asks for them",
  "provision again": "is sent to Provision, comes back, and is sent there again",
  "same failure": "repeats a command that fails in the same way each time",
} as const;

/** A kind of loop, as it is stored. */
export type LoopKind = keyof typeof loopKinds;

/** A kind of loop in words for people; one that another version wrote, as it is stored. */
export function describeLoop(kind: string): string {
  const words: Readonly<Record<string, string>> = loopKinds;
  return words[kind] ?? kind;
}

/** An answered command of a device. */
export interface AnsweredCommand {
  readonly command: string;
  readonly http: number;
  /** Status of the answer, where it has one. */
  readonly status: number | undefined;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number;
}

/** The last commands of a device, the oldest first. */
export type History = readonly AnsweredCommand[];

/** A loop that was seen. */
export interface Loop {
  readonly kind: LoopKind;
  /** What the device got last: its Status, else the HTTP status; undefined where it was no failure. */
  readonly status: number | undefined;
}

/** The history with one more command, and the loop that it closes; a loop that was told of is forgotten. */
export function follow(
  history: History,
  answered: AnsweredCommand,
): { readonly history: History; readonly loop?: Loop } {
  if (isNobodysFault(answered)) return { history };
  const recent = history.filter(({ at }) => answered.at - at < loopWindowMs);
  const next = [...recent, answered].slice(-maxRememberedCommands);
  const kind = kinds.find(([, closes]) => closes(next))?.[0];
  if (kind === undefined) return { history: next };
  const status = failure(answered);
  return { history: [], loop: { kind, status } };
}

/** The most telling first: a loop is told of once. */
const kinds: readonly (readonly [LoopKind, (history: History) => boolean])[] = [
  ["sync fails after folder sync", syncFailsAgain],
  ["ping without sync", pingsWithoutSync],
  ["provision again", provisionsAgain],
  ["same failure", failsAlike],
];

/** 401, 499, 503: a wrong password, a client that went away, a server that is away. */
const outside: readonly number[] = [401, 499, 503];

function isNobodysFault({ http, status }: AnsweredCommand): boolean {
  return outside.includes(http) || status === commonStatus.ServerErrorRetryLater;
}

/**
 * Statuses that belong to a device's healthy life: an item that cannot be taken over, a conflict, an item that is
 * gone (6, 7, 8), a request that must be sent in full (13), a wait out of bounds (14) (MS-ASCMD 2.2.3.177.17).
 */
const healthyInSync: readonly number[] = [6, 7, 8, 13, 14];

/** Ping: 1 expired, 2 changed, 3 parameters are wanted, 5 the interval is out of bounds (MS-ASCMD 2.2.3.177.11). */
const healthyInPing: readonly number[] = [2, 3, 5];

const healthy: Readonly<Record<string, readonly number[]>> = {
  Sync: healthyInSync,
  Ping: healthyInPing,
};

function failure({ command, http, status }: AnsweredCommand): number | undefined {
  if (status === undefined) return http >= 400 ? http : undefined;
  if (status === 1 || healthy[command]?.includes(status) === true) return undefined;
  return status;
}

const needsPolicy = new Set<number>([
  commonStatus.DeviceNotProvisioned,
  commonStatus.PolicyRefresh,
  commonStatus.InvalidPolicyKey,
]);

/** Whether the answer was the way to Provision: no failure, but a step. */
function isSentToProvision({ http, status }: AnsweredCommand): boolean {
  return http === 449 || (status !== undefined && needsPolicy.has(status));
}

function fails(answered: AnsweredCommand): boolean {
  return failure(answered) !== undefined && !isSentToProvision(answered);
}

/** Sync fails, FolderSync, Sync fails: the cure that the protocol names did not help. */
function syncFailsAgain(history: History): boolean {
  const steps = history.filter(({ command }) => command === "Sync" || command === "FolderSync");
  const [first, cure, again] = steps.slice(-3);
  if (again === undefined || again !== history.at(-1)) return false;
  const failed = [first, again].every((one) => one?.command === "Sync" && fails(one));
  return failed && cure?.command === "FolderSync";
}

/** Told of changes again and again, and never asks for them. */
function pingsWithoutSync(history: History): boolean {
  const changed = 2;
  const since = history.findLastIndex(({ command }) => command === "Sync") + 1;
  const told = history.slice(since).filter(({ command, status }) => {
    return command === "Ping" && status === changed;
  });
  return told.length >= repeatsOfLoop;
}

/** Sent to Provision, comes back, and is sent there again (MS-ASPROV 3.1.5.1). */
function provisionsAgain(history: History): boolean {
  const sent = history.filter(isSentToProvision);
  const came = history.some(({ command }) => command === "Provision");
  return came && sent.length >= provisionsOfLoop && sent.at(-1) === history.at(-1);
}

/** The same command gets the same failure, with no success of it in between. */
function failsAlike(history: History): boolean {
  const last = history.at(-1);
  if (last === undefined || !fails(last)) return false;
  const same = history.filter(({ command }) => command === last.command).slice(-repeatsOfLoop);
  return same.length === repeatsOfLoop && same.every((one) => failure(one) === failure(last));
}
