/**
 * `npm run kill`: kills a gateway process with `kill -9` a hundred times and more, at each named point of sending,
 * filing, moving, flagging and answering, and at random moments of sending and of a two-way Sync, while other
 * clients go on; then at each named point, and at random moments, of forwards, of drafts that are written, changed and
 * sent, of mails that are moved and deleted for good, of folders that are made, renamed, deleted and emptied, and of
 * conversations that move. The phone repeats to the process that takes over; then the mails are
 * counted on both sides.
 * Arguments: rounds (100), seed (1).
 */
import { argv, stdout } from "node:process";
import {
  addStops,
  changeStops,
  DraftTrial,
  mailStops,
  sendStops as draftSendStops,
} from "../e2e/draft-trial.ts";
import { FolderTrial, folderStops, type FolderDeed } from "../e2e/folder-trial.ts";
import { ForwardTrial, forwardStops } from "../e2e/forward-trial.ts";
import { MoveTrial, moveStops, removeStops } from "../e2e/move-trial.ts";
import { openProcesses } from "../e2e/processes.ts";
import type { Stop } from "../e2e/stops.ts";
import { Trial, type Counts, type TrialOptions } from "../e2e/trial.ts";
import { startMailServers } from "../rig/mail/servers.ts";
import { Chance } from "../sync/chance.ts";

const [rounds = 100, seed = 1] = argv.slice(2).map(Number);

/** Kills of one user, before the mails are counted. */
const roundsPerTrial = 26;

/** Requests of this size are over within so many ms on the machines that we know. */
const longestRequestMs = 90;

const sendStops: readonly Stop[] = ["accepted", "delivered", "sent", "appended", "filed"];
const filingStops: readonly Stop[] = ["before append", "after append"];
const syncStops: readonly Stop[] = [
  "before move",
  "after move",
  "before flags",
  "after flags",
  "before list",
  "after list",
  "before answer",
];

const chance = new Chance(seed);
const random = (): number => chance.fraction();
const moment = (): number => chance.between(0, longestRequestMs);

type Round = (trial: Trial) => Promise<void>;

const atNamedPoints: readonly Round[] = [
  ...[...sendStops, ...filingStops].map(
    (stop): Round =>
      (trial) =>
        trial.sendAndKill(stop),
  ),
  ...syncStops.map((stop): Round => async (trial) => {
    await trial.deliver();
    await trial.syncAndKill(stop);
  }),
];

/** The request is under way while mails come and others change flags; half the time the phone asks anew. */
const atRandom: readonly Round[] = [
  (trial) => trial.sendAndKill(moment()),
  async (trial) => {
    const others = [trial.deliver(), trial.flagElsewhere(random), trial.deliver()];
    await trial.syncAndKill(moment(), { deletes: 1, changes: 3, asksAnew: chance.happens(0.5) });
    await Promise.all(others);
  },
];

type ForwardRound = (trial: ForwardTrial) => Promise<void>;

const forwardsAtNamedPoints: readonly ForwardRound[] = forwardStops.map(
  (stop): ForwardRound =>
    (trial) =>
      trial.forwardAndKill(stop),
);

const forwardAtRandom: ForwardRound = (trial) => trial.forwardAndKill(moment());

type DraftRound = (trial: DraftTrial) => Promise<void>;

const anyRepeat = () => ({ writesOn: chance.happens(0.5) });

/** Each stop once as it stands and, where a text is written, once with another text in the repeat. */
const draftsAtNamedPoints: readonly DraftRound[] = [
  ...[false, true].flatMap((writesOn) => [
    ...addStops.map(
      (stop): DraftRound =>
        (trial) =>
          trial.addAndKill(stop, { writesOn }),
    ),
    ...changeStops.map(
      (stop): DraftRound =>
        (trial) =>
          trial.changeAndKill(stop, { writesOn }),
    ),
  ]),
  ...draftSendStops.map(
    (stop): DraftRound =>
      (trial) =>
        trial.sendAndKill(stop),
  ),
  ...mailStops.map(
    (stop): DraftRound =>
      (trial) =>
        trial.sendNewAndKill(stop),
  ),
];

/** In turn, so that there always is a draft to be changed and to be sent. */
const draftsAtRandom: readonly DraftRound[] = [
  (trial) => trial.addAndKill(moment(), anyRepeat()),
  (trial) => trial.changeAndKill(moment(), anyRepeat()),
  (trial) => trial.sendAndKill(moment()),
  (trial) => trial.sendNewAndKill(moment()),
];

type MoveRound = (trial: MoveTrial) => Promise<void>;

const movesAtNamedPoints: readonly MoveRound[] = [
  ...moveStops.map(
    (stop): MoveRound =>
      (trial) =>
        trial.moveAndKill(stop),
  ),
  ...removeStops.map(
    (stop): MoveRound =>
      (trial) =>
        trial.removeAndKill(stop),
  ),
];

const movesAtRandom: readonly MoveRound[] = [
  (trial) => trial.moveAndKill(moment()),
  (trial) => trial.removeAndKill(moment()),
];

type FolderRound = (trial: FolderTrial) => Promise<void>;

const deeds: readonly FolderDeed[] = ["create", "rename", "create", "remove", "empty", "converse"];

const foldersAtNamedPoints: readonly FolderRound[] = deeds.flatMap((deed) =>
  folderStops[deed].map(
    (stop): FolderRound =>
      (trial) =>
        trial.doAndKill(deed, stop),
  ),
);

const foldersAtRandom: readonly FolderRound[] = deeds.map(
  (deed): FolderRound =>
    (trial) =>
      trial.doAndKill(deed, moment()),
);

function roundOf(index: number): Round {
  const named = atNamedPoints[index % roundsPerTrial];
  return named ?? chance.one(atRandom);
}

await using mail = await startMailServers();
await using processes = await openProcesses(mail);
const versions = ["16.1", "14.1", "12.1", "14.0", "16.0"] as const;
let [kills, mails, doubles] = [0, 0, 0];

function tell(options: TrialOptions, counts: Counts): void {
  kills += counts.kills;
  mails += counts.mails;
  doubles += counts.doubles;
  stdout.write(`${JSON.stringify({ ...options, ...counts })}\n`);
}

/** A user whose gateway is killed on the way, and what both sides count in the end. */
interface Played extends AsyncDisposable {
  check(): Promise<Counts & { readonly drafts?: number }>;
}

async function play<Each extends Played>(
  opening: Promise<Each>,
  each: readonly ((trial: Each) => Promise<void>)[],
  options: TrialOptions,
): Promise<void> {
  await using trial = await opening;
  for (const round of each) await round(trial);
  const counts = await trial.check();
  tell(options, { ...counts, mails: counts.mails + (counts.drafts ?? 0) });
}

async function runTrial(from: number, to: number, options: TrialOptions): Promise<void> {
  const opening = Trial.open(mail, processes, { mails: 40, ...options });
  const each = Array.from({ length: to - from }, (_, at): Round => {
    return (trial) => roundOf(from + at)(trial);
  });
  await play(opening, each, options);
}

async function runForwardTrial(
  forwards: readonly ForwardRound[],
  options: TrialOptions,
): Promise<void> {
  await play(ForwardTrial.open(mail, processes, options), forwards, options);
}

async function runDraftTrial(drafts: readonly DraftRound[], options: TrialOptions): Promise<void> {
  await play(DraftTrial.open(mail, processes, { mails: 1, ...options }), drafts, options);
}

async function runMoveTrial(moves: readonly MoveRound[], options: TrialOptions): Promise<void> {
  const letters = { mails: 2 * moves.length };
  await play(MoveTrial.open(mail, processes, { ...options, ...letters }), moves, options);
}

async function runFolderTrial(
  changes: readonly FolderRound[],
  options: TrialOptions,
): Promise<void> {
  await play(FolderTrial.open(mail, processes, options), changes, options);
}

for (let from = 0; from < rounds; from += roundsPerTrial) {
  const version = versions[(from / roundsPerTrial) % versions.length] ?? "14.1";
  await runTrial(from, Math.min(rounds, from + roundsPerTrial), { version });
}
const turns = Math.ceil(rounds / 20);
await runForwardTrial(forwardsAtNamedPoints, { version: "14.1" });
await runForwardTrial(forwardsAtNamedPoints, { version: "12.1" });
const randomForwards = Array.from({ length: 2 * turns }, () => forwardAtRandom);
await runForwardTrial(randomForwards, { version: "16.1" });
await runDraftTrial(draftsAtNamedPoints, { version: "16.1" });
const randomDrafts = Array.from({ length: turns }, () => draftsAtRandom).flat();
await runDraftTrial(randomDrafts, { version: "16.0" });
await runMoveTrial(movesAtNamedPoints, { version: "16.1" });
const randomMoves = Array.from({ length: 2 * turns }, () => movesAtRandom).flat();
await runMoveTrial(randomMoves, { version: "12.1" });
await runFolderTrial(foldersAtNamedPoints, { version: "14.1" });
const randomFolders = Array.from({ length: turns }, () => foldersAtRandom).flat();
await runFolderTrial(randomFolders, { version: "16.1" });
// Without a clock that is ahead the phone's repeat waits until the killed process's lease has run out.
for (const stop of ["accepted", "after move"] as const) {
  const index = [...sendStops, ...filingStops, ...syncStops].indexOf(stop);
  await runTrial(index, index + 1, { version: "14.1", aheadSeconds: 0 });
}
stdout.write(
  `${kills} kills, ${mails} mails: none lost, none doubled but ${doubles} in the window of SMTP.\n`,
);
