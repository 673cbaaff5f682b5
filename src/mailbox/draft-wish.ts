/** What devices want of drafts, and what becomes of it. */
import { createHash } from "node:crypto";
import type { DraftChange } from "../items/email/draft-change.ts";
import type { MailFlags } from "../items/email/message.ts";

/** A draft that a device writes: a new one, or a change of one. */
export interface DraftWish {
  readonly deviceId: string;
  readonly collectionId: string;
  /** ClientId of a new draft, or the ServerId of the changed one. */
  readonly name: string;
  /** The key that the device's request stands on: under the same one the same name is the same item. */
  readonly syncKey: string;
  /** Hash of all that the device sent of it. */
  readonly contents: Buffer;
  readonly change: DraftChange;
  /** State that the device gives it. */
  readonly flags: Partial<MailFlags>;
}

/** A change of a draft that the device has. */
export interface DraftEdit extends DraftWish {
  readonly number: number;
  /** The epoch that the number belongs to; "" before the device was told anything of the folder. */
  readonly epoch: string;
  /** UID of the version that the device has; its number while it was never edited. */
  readonly knownUid: number;
  /** Conflict 0: the device's version replaces another one (MS-ASCMD 2.2.3.34). */
  readonly clientWins: boolean;
}

/** An attachment that a device added, under the name that it has from now on. */
export interface AddedPart {
  readonly clientId: string;
  readonly reference: string;
}

/** A version of a draft that is there. */
export interface KeptDraft {
  readonly kind: "kept";
  readonly number: number;
  /** UID of the version; another than the number once the item was edited. */
  readonly uid: number;
  readonly added: readonly AddedPart[];
}

/** What became of a draft. */
export type DraftOutcome =
  | KeptDraft
  /**
   * sent: it is no draft any more. conflict: another client changed it or took it away; a text of the device is a
   * draft of its own. gone: it is not there, and there was no text; or it could not be sent.
   */
  | { readonly kind: "sent" | "conflict" | "gone" };

/** Names a wish among those of its device and kind. */
export function wishKey(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}
