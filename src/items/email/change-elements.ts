/** What may change of a mail: Read, Flag, Categories and the last verb (MS-ASEMAIL 3.2.5.4.1). */
import { atLeast, type ProtocolVersion } from "../../../schemas/version.ts";
import type { EmailData } from "./data.ts";
import { flagElement } from "./follow-up.ts";
import { maxCategories } from "./limits.ts";
import type { MailFlags } from "./message.ts";
import { differing } from "./version.ts";

/**
 * The elements for a Change: of Read, Flag and Categories those that differ, where nothing else does
 * (MS-ASEMAIL 3.2.5.4.1, R80), else all that may change. `differs` are the bits of the version that do; undefined:
 * not known.
 */
export function toEasChange(
  flags: MailFlags,
  version: ProtocolVersion,
  differs?: number,
): EmailData {
  const { read, flag, categories, others } = differing(differs);
  const Read = { Read: flags.seen };
  // 2.5 knows no flags, and a Change has to hold something.
  if (version === "2.5") return Read;
  const Flag = { Flag: flagElement(flags, "") };
  const Categories = categoriesElement(flags, version);
  const alone = {
    ...(read ? Read : {}),
    ...(flag ? Flag : {}),
    ...(categories ? Categories : {}),
  };
  if (!others && Object.keys(alone).length > 0) return alone;
  return { ...Read, ...Flag, ...verbElement(flags, version), ...Categories };
}

/** An empty Categories says that there are none (MS-ASEMAIL 2.2.2.16). */
function categoriesElement(flags: MailFlags, version: ProtocolVersion): EmailData {
  if (!atLeast(version, "14.0")) return {};
  return { Categories: { Category: flags.categories.slice(0, maxCategories) } };
}

/** 1 reply to sender, 3 forward, 0 none known (MS-ASEMAIL 2.2.2.44); the time of it is not known. */
function verbElement(flags: MailFlags, version: ProtocolVersion): EmailData {
  if (!atLeast(version, "14.0")) return {};
  const { lastVerb } = flags;
  const isTrue = lastVerb?.verb === 3 ? flags.forwarded : flags.answered;
  if (lastVerb !== undefined && isTrue) {
    return { LastVerbExecuted: lastVerb.verb, LastVerbExecutionTime: lastVerb.executed };
  }
  if (flags.answered) return { LastVerbExecuted: 1 };
  return { LastVerbExecuted: flags.forwarded ? 3 : 0 };
}
