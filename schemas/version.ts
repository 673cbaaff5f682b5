/** The ActiveSync protocol versions, oldest first. */
export const versions = ["2.5", "12.0", "12.1", "14.0", "14.1", "16.0", "16.1"] as const;

/** One ActiveSync protocol version, as MS-ASProtocolVersion spells it. */
export type ProtocolVersion = (typeof versions)[number];

/** The place of a version in the order of versions. */
export function rank(version: ProtocolVersion): number {
  return versions.indexOf(version);
}

/** Whether `version` is `least` or newer. */
export function atLeast(version: ProtocolVersion, least: ProtocolVersion): boolean {
  return rank(version) >= rank(least);
}

/** Whether a text names a version of the protocol. */
export function isVersion(text: string): text is ProtocolVersion {
  return versions.some((version) => version === text);
}
