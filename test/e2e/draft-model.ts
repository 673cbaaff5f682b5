/** What has to become of drafts that two devices and another mail client write: texts, whatever they are called. */
import assert from "node:assert/strict";

/** A draft. Its texts are all different. */
export interface ModelDraft {
  /** Undefined as long as no device was told. */
  id: string | undefined;
  text: string;
  isThere: boolean;
  /** The device that wrote the text. */
  editor: string | undefined;
}

/** A change that a device sends. */
export interface ModelEdit {
  readonly id: string;
  /** What the device shows of the draft. */
  readonly known: string;
  readonly text: string;
  readonly device: string;
  /** Conflict 0: it replaces what others wrote. */
  readonly wins: boolean;
}

/** Drafts as they have to be. */
export class DraftModel {
  readonly #drafts: ModelDraft[] = [];
  readonly #byText = new Map<string, ModelDraft>();
  readonly sent: string[] = [];

  /** The texts that have to be on the server, each once. */
  get texts(): string[] {
    return this.#drafts.filter(({ isThere }) => isThere).map(({ text }) => text);
  }

  add(text: string, editor?: string): ModelDraft {
    const draft = { id: undefined, text, isThere: true, editor };
    this.#drafts.push(draft);
    this.#byText.set(text, draft);
    return draft;
  }

  /** A device was told of a text under this id. */
  name(id: string, text: string): void {
    const draft = this.#byText.get(text);
    assert.ok(draft, `nobody wrote "${text}" (${id})`);
    assert.equal(draft.id ?? id, id, `"${text}" keeps its id`);
    draft.id = id;
  }

  /** The Statuses that a change may be answered with. */
  change(edit: ModelEdit): readonly number[] {
    const draft = this.#draftOf(edit.id);
    if (this.#isRefused(draft, edit)) {
      this.add(edit.text, edit.device);
      return [7];
    }
    this.#write(draft, edit);
    return [1];
  }

  /** The Statuses that sending may be answered with. */
  send(edit: ModelEdit): readonly number[] {
    const draft = this.#draftOf(edit.id);
    if (!draft.isThere || this.#isRefused(draft, edit)) {
      this.add(edit.text, edit.device);
      return [7, 8];
    }
    draft.isThere = false;
    this.sent.push(edit.text);
    return [1];
  }

  /** Whoever deletes a draft deletes what it is by then. */
  remove(id: string): void {
    this.#draftOf(id).isThere = false;
  }

  /** Another mail client takes a text away. */
  take(text: string): void {
    const draft = this.#drafts.find((each) => each.isThere && each.text === text);
    assert.ok(draft, `"${text}" is there`);
    draft.isThere = false;
  }

  /** What another device changed or took away stays as it is, unless this one wins. */
  #isRefused(draft: ModelDraft, { known, device, wins }: ModelEdit): boolean {
    if (wins) return false;
    return !draft.isThere || (draft.text !== known && draft.editor !== device);
  }

  #write(draft: ModelDraft, { text, device }: ModelEdit): void {
    this.#byText.set(text, draft);
    Object.assign(draft, { text, editor: device, isThere: true });
  }

  #draftOf(id: string): ModelDraft {
    const draft = this.#drafts.find((each) => each.id === id);
    assert.ok(draft, `${id} is a draft`);
    return draft;
  }
}
