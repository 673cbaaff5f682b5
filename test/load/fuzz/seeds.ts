/** Good requests, to be broken: recorded ones, those of the fixtures, and live ones with the keys of a device. */
import { readdirSync, readFileSync } from "node:fs";
import {
  commands,
  isCommandName,
  type CommandName,
  type RequestOf,
} from "../../../schemas/commands.ts";
import { isVersion, type ProtocolVersion } from "../../../schemas/version.ts";
import { encode } from "../../../src/wbxml/encode.ts";
import type { Chance } from "../../sync/chance.ts";

/** A body and what it is. */
export interface Seed {
  readonly command: CommandName;
  readonly version: ProtocolVersion;
  readonly bytes: Buffer;
}

const corpus = new URL("../../../../shared/corpus/wbxml/", import.meta.url);
const fixtures = new URL("../../fixtures/", import.meta.url);

/** Recorded requests (where the corpus is present) and those of the fixtures. */
export function recordedSeeds(): readonly Seed[] {
  const own = namesIn(new URL("wbxml/", fixtures)).flatMap((name) => {
    const kebab = /^(.*)-request.*\.wbxml$/.exec(name)?.[1];
    const command = kebab?.replaceAll(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
    return seedOf(new URL(`wbxml/${name}`, fixtures), command, "14.1");
  });
  const recorded = namesIn(corpus).flatMap((name) => {
    const [, command, version] = /-([A-Za-z]+)-([\d.]+)\.request\.wbxml$/.exec(name) ?? [];
    return seedOf(new URL(name, corpus), command, version);
  });
  return [...own, ...recorded];
}

/** Mails to be broken. */
export function mailSeeds(): readonly Buffer[] {
  const folder = new URL("mime/", fixtures);
  return namesIn(folder)
    .filter((name) => name.endsWith(".eml"))
    .map((name) => readFileSync(new URL(name, folder)));
}

function namesIn(folder: URL): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

function seedOf(file: URL, command = "", version = ""): readonly Seed[] {
  if (!isCommandName(command) || !isVersion(version)) return [];
  return [{ command, version, bytes: readFileSync(file) }];
}

/** What a device knows of its mailbox. */
export interface Known {
  readonly version: ProtocolVersion;
  readonly inbox: string;
  readonly folders: readonly string[];
  mails: readonly string[];
  fileReferences: readonly string[];
  /** FileReferences, and the LongIds that they begin with. */
  references: readonly string[];
  /** A mail to be sent. */
  readonly mime: Buffer;
  hierarchyKey: string;
  syncKey: string;
}

type Make = (known: Known, chance: Chance) => Seed;

function seed<Name extends CommandName>(
  command: Name,
  { version }: Known,
  request: RequestOf<Name>,
): Seed {
  return { command, version, bytes: encode(request, commands[command].request, version) };
}

function sync(known: Known, more: object): Seed {
  const { syncKey: SyncKey, inbox: CollectionId } = known;
  const Collection = [{ SyncKey, CollectionId, WindowSize: 5, Options: [], ...more }];
  return seed("Sync", known, { Collections: { Collection } });
}

const bodies = (Type: number) => [{ BodyPreference: [{ Type, TruncationSize: 500 }] }];

const makers: readonly Make[] = [
  (known) => sync(known, {}),
  (known, chance) => sync(known, { Options: bodies(chance.between(1, 4)) }),
  (known, chance) => {
    const ServerId = chance.one(known.mails);
    const Email = { Read: chance.happens(0.5), Flag: { Status: chance.between(0, 2) } };
    const Commands = [
      { Change: { ServerId, ApplicationData: { Email } } },
      { Fetch: { ServerId } },
    ];
    return sync(known, { Commands });
  },
  (known, chance) => {
    const mail = {
      Store: "Mailbox",
      CollectionId: known.inbox,
      ServerId: chance.one(known.mails),
      Options: bodies(chance.between(1, 4)),
    };
    const file = {
      Store: "Mailbox",
      FileReference: chance.one(known.fileReferences),
      Options: [{ Range: `${chance.between(0, 9)}-${chance.between(0, 9)}` }],
    };
    const request = [{ Fetch: mail }, { Fetch: file }];
    return seed("ItemOperations", known, request as RequestOf<"ItemOperations">);
  },
  (known) => seed("FolderSync", known, { SyncKey: known.hierarchyKey }),
  (known) => {
    const Collection = [{ SyncKey: known.syncKey, CollectionId: known.inbox, Options: [] }];
    return seed("GetItemEstimate", known, {
      Collections: { Collection },
    });
  },
  (known) => {
    const Folder = [{ Id: known.inbox, Class: "Email" }];
    return seed("Ping", known, { HeartbeatInterval: 1, Folders: { Folder } });
  },
];

/** A request as the device would send it now. */
export function liveSeed(known: Known, chance: Chance): Seed {
  return chance.one(makers)(known, chance);
}
