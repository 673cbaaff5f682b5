/** What this server offers: versions by what is handled, commands from the registry (MS-ASHTTP 2.2.4.1.2). */
import {
  hasCommand,
  isCommandName,
  offeredVersions,
  type CommandName,
  type Feature,
} from "../../schemas/commands.ts";
import type { ProtocolVersion } from "../../schemas/version.ts";

/** What is handled beside commands. */
const features: readonly Feature[] = ["2.5 bodies", "12.0 forms", "send from Drafts"];

/** Versions and commands on offer. */
export interface Offer {
  /** Oldest first. */
  readonly versions: readonly ProtocolVersion[];
  readonly commands: readonly CommandName[];
  /** Headers of the OPTIONS answer. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The offer of a server with these handlers; a command that no offered version has is left out. */
export function createOffer(handlers: Readonly<Record<string, unknown>>): Offer {
  const handled = Object.keys(handlers).filter(isCommandName);
  const versions = offeredVersions(handled, features);
  const commands = handled.filter((name) => versions.some((version) => hasCommand(version, name)));
  const headers = {
    "MS-ASProtocolVersions": versions.join(","),
    "MS-ASProtocolCommands": commands.join(","),
  };
  return { versions, commands, headers };
}
