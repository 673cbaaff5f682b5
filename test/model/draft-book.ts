/** What the uploads of all devices did, whether their answers arrived or not. */
import assert from "node:assert/strict";
import type { Mail, SyncWishes } from "../client/phone.ts";
import {
  isThere,
  isWriting,
  serverIdOf,
  statusOf,
  subjectIn,
  type AddOf,
  type ChangeOf,
  type Command,
  type Responded,
  type SyncAnswer,
} from "./messages.ts";
import { subjectsIn, type World } from "./world.ts";

/** A folder as the device that uploads has it. */
interface Place {
  readonly path: string;
  readonly key: string;
  readonly mails: ReadonlyMap<string, Mail>;
}

/** The drafts of a user, and what is expected of his mails after each upload. */
export class DraftBook {
  readonly #world: World;
  /** The text that each draft has on the server, by ServerId; all devices have the same. */
  readonly #drafts = new Map<string, string>();
  /** Requests that were carried out, with their keys: their repeats delete nothing again. */
  readonly #answered = new Set<string>();
  /** The texts that the server took. */
  readonly #written = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Before a request: gives what writes down what it did, by its answer. */
  ready(place: Place, asked: SyncWishes): (answer: SyncAnswer) => void {
    const request = JSON.stringify([place.key, asked]);
    const isRepeat = this.#answered.has(request);
    const doomed = isRepeat ? [] : this.#doomedBy(place, asked);
    const moved = isRepeat ? [] : this.#movedAndDoomed(place, asked);
    for (const command of asked.Commands ?? []) this.#learn(place, command);
    const drafts = subjectsIn(this.#world.server.folderAt("Drafts"));
    return ({ body }) => {
      const own = body?.Collections?.Collection[0];
      // An empty answer brought nothing, but all was done.
      if (body !== undefined && (own === undefined || (own.Status ?? 1) !== 1)) return;
      this.#answered.add(request);
      const went = moved.filter((subject) => !this.#isAnywhere(subject));
      for (const subject of [...doomed, ...went]) this.#world.gone(subject);
      for (const command of asked.Commands ?? []) {
        this.#writeDown(command, own?.Responses ?? [], drafts);
      }
    };
  }

  /** Mails that this request deletes for good. */
  #doomedBy(place: Place, asked: SyncWishes): string[] {
    const stored = this.#world.server.folders.get(place.path);
    const isForGood = asked.DeletesAsMoves === false || stored?.type === "trash";
    if (!isForGood) return [];
    return this.#deletes(place, asked)
      .filter(({ ServerId, subject }) => isThere(stored, ServerId, subject))
      .map(({ subject }) => subject);
  }

  /**
   * Of a folder that another device or client renamed meanwhile this one has the old path: what it deletes is where it
   * was, and whether the folder was that one shows after the request.
   */
  #movedAndDoomed(place: Place, asked: SyncWishes): string[] {
    const others = this.#world.folders().filter((each) => each.path !== place.path);
    return this.#deletes(place, asked)
      .filter(({ ServerId, subject }) => {
        const stored = others.find((each) => isThere(each, ServerId, subject));
        return stored !== undefined && (asked.DeletesAsMoves === false || stored.type === "trash");
      })
      .map(({ subject }) => subject);
  }

  #deletes(
    { mails }: Place,
    asked: SyncWishes,
  ): readonly { readonly ServerId: string; readonly subject: string }[] {
    return (asked.Commands ?? []).flatMap((command) => {
      if (!("Delete" in command)) return [];
      const { ServerId } = command.Delete;
      const subject = this.#drafts.get(ServerId) ?? mails.get(ServerId)?.Subject ?? "";
      return [{ ServerId, subject }];
    });
  }

  /** The text of a conflict became a draft that nobody added: devices are told its ServerId. */
  #learn({ path, mails }: Place, command: Command): void {
    const ServerId = serverIdOf(command);
    const { Subject } = mails.get(ServerId) ?? {};
    const isNew = path === "Drafts" && Subject !== undefined && !this.#drafts.has(ServerId);
    if (isNew) this.#drafts.set(ServerId, Subject);
  }

  #isAnywhere(subject: string): boolean {
    return this.#world.folders().some((each) => subjectsIn(each).includes(subject));
  }

  #writeDown(command: Command, responses: readonly Responded[], drafts: readonly string[]): void {
    if ("Add" in command) this.#added(command.Add, responses);
    else if (isWriting(command) && "Change" in command) {
      this.#changed(command.Change, responses, drafts);
    }
  }

  #added({ ClientId, Send, ApplicationData }: AddOf, responses: readonly Responded[]): void {
    const subject = subjectIn(ApplicationData);
    const added = responses.flatMap((each) => ("Add" in each ? [each.Add] : []));
    const own = added.find((each) => each.ClientId === ClientId);
    assert.equal(own?.Status, 1, "a new draft is taken");
    if (this.#isRepeat(subject)) return;
    if (Send === true) return this.#world.sent(subject);
    this.#drafts.set(own.ServerId ?? "", subject);
    this.#world.must(subject);
  }

  /** A repeat is answered as before: what became of its text meanwhile stays so. */
  #isRepeat(subject: string): boolean {
    if (this.#written.has(subject)) return true;
    this.#written.add(subject);
    return false;
  }

  #changed(
    { ServerId, Send, ApplicationData }: ChangeOf,
    responses: readonly Responded[],
    drafts: readonly string[],
  ): void {
    const subject = subjectIn(ApplicationData);
    const status = statusOf(responses, ServerId);
    // 7: both texts are there; 8: another device deleted or sent it.
    assert.ok([1, 7, 8].includes(status), `Change of a draft: ${status}`);
    if (status === 8) return this.#world.may(subject);
    if (status === 7) return this.#world.must(subject);
    if (this.#isRepeat(subject)) return;
    const before = this.#drafts.get(ServerId);
    // What another device threw into the trash meanwhile lies there still.
    const isReplaced = before !== undefined && before !== subject && drafts.includes(before);
    if (isReplaced) this.#world.gone(before);
    if (Send === true) {
      this.#drafts.delete(ServerId);
      return this.#world.sent(subject);
    }
    this.#drafts.set(ServerId, subject);
    this.#world.must(subject);
  }
}
