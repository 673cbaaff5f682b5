/** What a server without a capability does not say, and does not understand. */

/** Words in commands that need a capability. */
const needs: Readonly<Record<string, RegExp>> = {
  CONDSTORE: /CHANGEDSINCE|HIGHESTMODSEQ|\bMODSEQ|CONDSTORE/,
  QRESYNC: /VANISHED|QRESYNC/,
  ENABLE: /^ENABLE /,
  ESEARCH: /SEARCH RETURN/,
  WITHIN: /YOUNGER|OLDER/,
  MOVE: /^(UID )?MOVE /,
  UIDPLUS: /^UID EXPUNGE /,
  "LIST-EXTENDED": /^LIST .*RETURN|^LIST \(/,
  "LIST-STATUS": /^LIST .*STATUS \(/,
  "SPECIAL-USE": /SPECIAL-USE/,
  "CREATE-SPECIAL-USE": /^CREATE .*\(USE/,
  "X-GUID": /X-GUID/,
  IDLE: /^IDLE/,
  NAMESPACE: /^NAMESPACE/,
  ID: /^ID /,
  // No capability: a server that keeps no marks of its folders (RFC 7162 3.1.2.2).
  MODSEQ: /CHANGEDSINCE/,
  // No capability: a server that searches for texts of US-ASCII alone (RFC 3501 6.4.4).
  "UTF-8": /SEARCH .*CHARSET/,
  "LITERAL+": /\{\d+\+\}$/,
};

/** The capability that a command needs and the server lacks. */
export function missingFeature(command: string, without: readonly string[]): string | undefined {
  return without.find((name) => needs[name]?.test(command.toUpperCase()));
}

/** A line of the server as one without these capabilities would say it; undefined where it would say nothing. */
export function withoutCapabilities(line: string, without: readonly string[]): string | undefined {
  let said = line;
  if (/^\S+ (OK \[)?CAPABILITY /i.test(said)) {
    for (const name of without) {
      said = said.replace(new RegExp(` ${RegExp.escape(name)}(?=[ \\]\\r])`, "gi"), "");
    }
  }
  if (without.includes("CONDSTORE") && /^\* OK \[HIGHESTMODSEQ /i.test(said)) return undefined;
  if (without.includes("MODSEQ")) {
    said = said
      .replace(/^\* OK \[HIGHESTMODSEQ \d+\].*/i, "* OK [NOMODSEQ] No marks are kept.\r\n")
      .replace(/^(\* STATUS .*HIGHESTMODSEQ) \d+/i, "$1 0");
  }
  if (without.includes("UIDPLUS")) said = said.replace(/ \[(APPENDUID|COPYUID) [^\]]*\]/i, "");
  if (without.includes("SPECIAL-USE") && said.startsWith("* LIST ")) {
    said = said.replace(/\\(Drafts|Sent|Trash|Junk|Archive|All|Flagged) ?/g, "");
  }
  return said;
}
