/** Folder names for phones: never empty, without control characters, unique among siblings. */

/** MS-ASCMD 2.2.3.49.3 (R2194): 1 to 256 characters. */
const longestName = 256;
const shownWhenEmpty = "Folder";
// oxlint-disable-next-line no-control-regex -- these are what is to be taken out
const unshowable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]+/g;

/** The name that a device gives a folder; undefined: it is none that can be shown. */
export function givenName(deviceName: string): string | undefined {
  const name = deviceName.trim();
  const isLegal = name !== "" && name.length <= longestName && name.search(unshowable) === -1;
  return isLegal ? name : undefined;
}

/** A server's folder name as a device may get it. */
export function shownName(serverName: string): string {
  const clean = serverName.toWellFormed().replace(unshowable, " ").trim();
  const name = clean === "" ? shownWhenEmpty : clean;
  return cut(name, longestName);
}

/** A name that none of `taken` has: the name itself, else with " (2)", " (3)" … behind it. */
export function uniqueName(name: string, taken: ReadonlySet<string>): string {
  for (let copy = 1; ; copy++) {
    const suffix = copy === 1 ? "" : ` (${copy})`;
    const candidate = cut(name, longestName - suffix.length) + suffix;
    if (!taken.has(candidate)) return candidate;
  }
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? length - 1 : length).trimEnd();
}
