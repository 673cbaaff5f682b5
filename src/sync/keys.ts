/** Sync keys: `{uuid}counter`. The uuid belongs to one collection of one partnership (MS-ASCMD 2.2.3.181). */

/** Which state a sync key names. "initial" is key 0. */
export type SyncKey =
  | { readonly kind: "initial" }
  | { readonly kind: "numbered"; readonly uuid: string; readonly counter: number };

/** The keys that a stored head answers to. */
export interface KeyPair {
  readonly uuid: string;
  readonly counter: number;
  /** Counter of the key that the last answer was an answer to; undefined when that was key 0. */
  readonly previous: number | undefined;
}

const keyForm = /^\{([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}([1-9][0-9]{0,9})$/;

/** The text of a key: at most 48 characters of the 64 that MS-ASCMD 2.2.3.181.4 allows. */
export function formatKey(uuid: string, counter: number): string {
  return `{${uuid}}${counter}`;
}

/** Reads a key; undefined when the text is none of ours. */
export function parseKey(text: string): SyncKey | undefined {
  if (text === "0") return { kind: "initial" };
  const [, uuid, counter] = keyForm.exec(text) ?? [];
  if (uuid === undefined || counter === undefined) return undefined;
  return { kind: "numbered", uuid, counter: Number(counter) };
}

/** Which generation of a stored head a key names; undefined: neither (Status 3). */
export function generationOf(key: SyncKey, stored: KeyPair): "current" | "previous" | undefined {
  if (key.kind === "initial" || key.uuid !== stored.uuid) return undefined;
  if (key.counter === stored.counter) return "current";
  return key.counter === stored.previous ? "previous" : undefined;
}
