import { sync } from "./air-sync.ts";
import { sendMail, smartForward, smartReply } from "./compose-mail.ts";
import { find } from "./find.ts";
import * as folders from "./folder-hierarchy.ts";
import { getAttachment } from "./get-attachment.ts";
import { getItemEstimate } from "./get-item-estimate.ts";
import { itemOperations } from "./item-operations.ts";
import { meetingResponse } from "./meeting-response.ts";
import { moveItems } from "./move.ts";
import { ping } from "./ping.ts";
import { provision } from "./provision.ts";
import { resolveRecipients } from "./resolve-recipients.ts";
import { search } from "./search.ts";
import { settings } from "./settings.ts";
import { validateCert } from "./validate-cert.ts";
import { rank, versions } from "./version.ts";
import type { Command } from "./command.ts";
import type { ProtocolVersion } from "./version.ts";
import type { Infer } from "./vocabulary.ts";

/** Every command of the protocol by its name, in the order of their codes. */
export const commands = {
  Sync: sync,
  SendMail: sendMail,
  SmartForward: smartForward,
  SmartReply: smartReply,
  GetAttachment: getAttachment,
  GetHierarchy: folders.getHierarchy,
  FolderSync: folders.folderSync,
  FolderCreate: folders.folderCreate,
  FolderDelete: folders.folderDelete,
  FolderUpdate: folders.folderUpdate,
  MoveItems: moveItems,
  GetItemEstimate: getItemEstimate,
  MeetingResponse: meetingResponse,
  Search: search,
  Settings: settings,
  Ping: ping,
  ItemOperations: itemOperations,
  Provision: provision,
  ResolveRecipients: resolveRecipients,
  ValidateCert: validateCert,
  Find: find,
};

/** The name of a command, as the Cmd parameter spells it. */
export type CommandName = keyof typeof commands;

/** The decoded request of a command. */
export type RequestOf<Name extends CommandName> = Infer<(typeof commands)[Name]["request"]>;

/** The answer of a command, to be encoded. */
export type ResponseOf<Name extends CommandName> = Infer<(typeof commands)[Name]["response"]>;

/** Whether a text names a command. */
export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

/** The command with this number in a base64 query (MS-ASHTTP 2.2.1.1.1.1.2). */
export function commandByCode(code: number): Command | undefined {
  return Object.values<Command>(commands).find((command) => command.code === code);
}

/** Whether a version of the protocol has a command. */
export function hasCommand(version: ProtocolVersion, name: CommandName): boolean {
  const { since, until }: Command = commands[name];
  return rank(version) >= rank(since) && rank(version) <= rank(until ?? "16.1");
}

/** What must be handled, beside commands, before a version may be offered. */
export type Feature = "2.5 bodies" | "12.0 forms" | "send from Drafts";

/** What a version's clients cannot do without. */
interface Needs {
  readonly commands: readonly CommandName[];
  readonly features: readonly Feature[];
}

const always = [
  "Provision",
  "FolderSync",
  "Sync",
  "Ping",
  "GetItemEstimate",
  "SendMail",
] as const satisfies readonly CommandName[];
const since12 = [...always, "ItemOperations", "Settings"] as const;
const until12 = [...since12, "GetAttachment"] as const;

/** What devices do that know no ItemOperations, beside receiving and sending. */
const by25 = [
  "GetAttachment",
  "GetHierarchy",
  "SmartReply",
  "SmartForward",
  "MoveItems",
  "FolderCreate",
  "FolderDelete",
  "FolderUpdate",
] as const satisfies readonly CommandName[];

/** What each version needs; a version is offered when all of it is handled. */
export const protocolVersions: Readonly<Record<ProtocolVersion, Needs>> = {
  "2.5": { commands: [...always, ...by25], features: ["2.5 bodies"] },
  "12.0": { commands: until12, features: ["12.0 forms"] },
  "12.1": { commands: until12, features: [] },
  "14.0": { commands: since12, features: [] },
  "14.1": { commands: since12, features: [] },
  "16.0": { commands: since12, features: ["send from Drafts"] },
  "16.1": { commands: [...since12, "Find"], features: ["send from Drafts"] },
};

/** The versions to offer with these commands and features handled, oldest first. */
export function offeredVersions(
  handled: Iterable<CommandName>,
  features: Iterable<Feature>,
): ProtocolVersion[] {
  const commandNames = new Set(handled);
  const featureNames = new Set(features);
  return versions.filter((version) => {
    const needs = protocolVersions[version];
    const commandsHandled = needs.commands.every((name) => commandNames.has(name));
    return commandsHandled && needs.features.every((feature) => featureNames.has(feature));
  });
}
