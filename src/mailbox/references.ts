/** The names that devices give back to us: CollectionId, FileReference, LongId. */
import type { FoundItem } from "./mailbox.ts";

const collectionIdForm = /^f([1-9a-f][0-9a-f]{0,7})$/;
const referenceForm =
  /^(?<collection>f[1-9a-f][0-9a-f]{0,7}):(?<epoch>[0-9A-Za-z-]{1,20}):(?<number>[1-9][0-9]{0,9})(?::(?<section>[1-9][0-9]*(?:\.[1-9][0-9]*)*(?:~[1-9][0-9]{0,3})?))?$/;
/** PostgreSQL's integer; a serial beyond it was never given. */
const highestSerial = 2 ** 31 - 1;
/** MS-ASCMD R3236: a LongId has up to 256 characters. */
const longestReference = 256;

/** The serial in a CollectionId; undefined when it is none of ours. */
export function serialOf(collectionId: string): number | undefined {
  const digits = collectionIdForm.exec(collectionId)?.[1];
  if (digits === undefined) return undefined;
  const serial = Number.parseInt(digits, 16);
  return serial <= highestSerial ? serial : undefined;
}

/** "f1:<epoch>:<number>[:<section>[~<place in a TNEF part>]]": self-contained, so that it survives restarts. */
export function referenceOf(found: FoundItem): string {
  const { collectionId, epoch, number, section } = found;
  const item = `${collectionId}:${epoch}:${number}`;
  return section === "" ? item : `${item}:${section}`;
}

/** Takes a reference apart; undefined when it is not of this form. */
export function parseReference(reference: string): FoundItem | undefined {
  if (reference.length > longestReference) return undefined;
  const groups = referenceForm.exec(reference)?.groups;
  if (groups === undefined) return undefined;
  return {
    collectionId: groups["collection"] ?? "",
    epoch: groups["epoch"] ?? "",
    number: Number(groups["number"]),
    section: groups["section"] ?? "",
  };
}
