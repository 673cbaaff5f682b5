/** Carries out a dialog, step by step. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { codePages } from "../../schemas/code-pages.ts";
import { commands, isCommandName } from "../../schemas/commands.ts";
import { atLeast, type ProtocolVersion } from "../../schemas/version.ts";
import { fromXml, toXml } from "../../src/wbxml/xml.ts";
import { EasClient, type Answer } from "../client/client.ts";
import { actions, type Stage } from "./actions.ts";
import { match, resolved, type Bindings } from "./match.ts";
import type { Dialog, Step } from "./parse.ts";

const folderTypes = [
  ["inbox", 2],
  ["drafts", 3],
  ["trash", 4],
  ["sent", 5],
] as const;

/** Where the gateway listens, and as whom to sign in. */
export interface Access {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly version: ProtocolVersion;
}

/** Runs a dialog; throws at the first step that goes otherwise than written. */
export async function runDialog(dialog: Dialog, stage: Stage, access: Access): Promise<void> {
  using run = new Run(dialog, stage, access);
  for (const step of dialog.steps) {
    try {
      await run.step(step);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`line ${step.line}: ${message}`, { cause: error });
    }
  }
  assert.equal(run.unanswered, false, "the last request has no expected answer");
}

/** A request whose answer is not expected yet. */
interface Open {
  readonly answer: Promise<Answer<undefined>>;
  readonly connection: AbortController;
  hasCome: boolean;
}

/** A device of the dialog. */
interface Device {
  readonly client: EasClient;
  open: Open | undefined;
}

class Run implements Disposable {
  readonly #dialog: Dialog;
  readonly #stage: Stage;
  readonly #access: Access;
  readonly #devices = new Map<string, Device>();
  #device: Device;
  #bindings: Bindings;

  constructor(dialog: Dialog, stage: Stage, access: Access) {
    this.#dialog = dialog;
    this.#stage = stage;
    this.#access = access;
    this.#bindings = new Map([
      ["user", stage.user],
      ["other", stage.other],
    ]);
    this.#device = this.#deviceNamed("first");
  }

  get unanswered(): boolean {
    return [...this.#devices.values()].some((device) => device.open !== undefined);
  }

  async step(step: Step): Promise<void> {
    switch (step.kind) {
      case "send":
        return this.#send(step);
      case "expect":
        return this.#expect(step);
      case "lose":
        await this.#taken();
        return;
      case "device":
        this.#device = this.#deviceNamed(step.name, step.type);
        return;
      case "folders":
        return this.#folders();
      case "prime":
        return this.#prime(step.words);
      case "action":
        return this.#act(step.words);
    }
  }

  async #folders(): Promise<void> {
    const { body } = await this.#device.client.send("FolderSync", { SyncKey: "0" });
    assert.equal(body?.Status, 1, "FolderSync of key 0");
    for (const [name, type] of folderTypes) {
      const folder = body.Changes?.Add.find(({ Type }) => Type === type);
      assert.ok(folder, `the hierarchy has a folder of type ${type}`);
      this.#keep(name, folder.ServerId);
    }
  }

  async #prime([folder = "", name = ""]: readonly string[]): Promise<void> {
    const CollectionId = resolved(folder, this.#bindings);
    const Collection = [{ SyncKey: "0", CollectionId, Options: [] }];
    const { body } = await this.#device.client.send("Sync", { Collections: { Collection } });
    const [answered] = body?.Collections?.Collection ?? [];
    assert.ok(answered?.Status === 1 && answered.SyncKey, `Sync of key 0: ${answered?.Status}`);
    this.#keep(name.slice(1), answered.SyncKey);
  }

  #keep(name: string, value: string): void {
    this.#bindings = new Map([...this.#bindings, [name, value]]);
  }

  async #send(step: Extract<Step, { kind: "send" }>): Promise<void> {
    const device = this.#device;
    assert.equal(device.open, undefined, "the request before has no expected answer");
    const connection = new AbortController();
    const { query, contentType } = step;
    const call = {
      query: mapValues(query, (value) => resolved(value, this.#bindings)),
      signal: connection.signal,
      ...(contentType === undefined ? {} : { contentType }),
    };
    const bytes = this.#bytes(step);
    const send = (more: { readonly cut?: "request" | "answer" } = {}): Promise<Answer<undefined>> =>
      device.client.sendBytes(step.command, bytes, { ...call, ...more });
    if (step.how === "cut request") return await assert.rejects(send({ cut: "request" }));
    if (step.how === "cut answer") return await assert.rejects(send({ cut: "answer" }));
    const answer = step.how === "twice" ? alike([send(), send()]) : send();
    const open: Open = { answer, connection, hasCome: false };
    // Awaited at the expectation; a hang-up before that is no fault of the dialog.
    answer.finally(() => (open.hasCome = true)).catch(() => undefined);
    device.open = open;
  }

  #bytes({ command, body, contentType }: Extract<Step, { kind: "send" }>): Buffer | undefined {
    if (body.trim() === "") return undefined;
    if (contentType !== undefined) return Buffer.from(this.#filled(body, String).trimStart());
    return fromXml(withNamespaces(this.#filled(body, escaped), command));
  }

  async #expect(step: Extract<Step, { kind: "expect" }>): Promise<void> {
    const answer = await this.#taken();
    const isXml = String(answer.headers["content-type"]).startsWith("application/vnd.ms-sync");
    const actual = isXml && answer.bytes.length > 0 ? toXml(answer.bytes) : "";
    const shown = `HTTP ${answer.httpStatus}\n${actual || answer.bytes.toString()}`;
    assert.equal(answer.httpStatus, step.httpStatus, shown);
    if (step.text !== undefined) assert.equal(answer.bytes.toString(), step.text);
    if (step.exact && step.body.trim() === "" && this.#saysUnchanged(actual)) return;
    const found = match(step.body, actual, this.#bindings, step.exact);
    if ("differs" in found) throw new Error(`${found.differs}\n${shown}`);
    this.#bindings = found.bindings;
  }

  /** Up to 12.0 there is no empty answer to a Sync: each collection says that its key is still the one. */
  #saysUnchanged(actual: string): boolean {
    if (atLeast(this.#access.version, "12.1") || !actual.startsWith("<Sync ")) return false;
    const keys = actual.matchAll(/<SyncKey>(.*)<\/SyncKey>/g).map(([, key]) => key ?? "");
    const known = new Set(this.#bindings.values());
    const hasNews = /<(Commands|Responses|MoreAvailable|Limit)\b/.test(actual);
    return !hasNews && keys.every((key) => known.has(key)) && !/<Status>(?!1<)/.test(actual);
  }

  async #taken(): Promise<Answer<undefined>> {
    const { open } = this.#device;
    assert.ok(open, "there is no open request");
    this.#device.open = undefined;
    return await open.answer;
  }

  async #act([name = "", ...words]: readonly string[]): Promise<void> {
    const action = actions[name];
    assert.ok(action, `there is no action "${name}"; actions: ${Object.keys(actions).join(", ")}`);
    const scene = {
      stage: this.#stage,
      text: (text: string) => this.#text(text),
      hangUp: () => this.#hangUp(),
      answered: () => this.#device.open?.hasCome ?? false,
    };
    await action(
      scene,
      words.map((word) => numberOfItem(resolved(word, this.#bindings))),
    );
  }

  #hangUp(): void {
    this.#device.open?.connection.abort();
    this.#device.open = undefined;
  }

  #text(name: string): string {
    const text = this.#dialog.texts.get(name);
    assert.ok(text !== undefined, `the dialog has no text "${name}"`);
    return resolved(text, this.#bindings);
  }

  #filled(body: string, write: (text: string) => string): string {
    const values = resolved(body, this.#bindings);
    return values.replaceAll(/\{\{(\S+)\}\}/g, (_, name: string) => write(this.#text(name)));
  }

  #deviceNamed(name: string, type?: string): Device {
    const known = this.#devices.get(name);
    if (known !== undefined) return known;
    const deviceId = randomBytes(16).toString("hex");
    const told = { ...this.#access, deviceId, ...(type === undefined ? {} : { deviceType: type }) };
    const device = { client: new EasClient(told), open: undefined };
    this.#devices.set(name, device);
    return device;
  }

  [Symbol.dispose](): void {
    for (const { client, open } of this.#devices.values()) {
      open?.connection.abort();
      client[Symbol.dispose]();
    }
  }
}

/** The answer of all of them, which must be the same. */
async function alike(answers: readonly Promise<Answer<undefined>>[]): Promise<Answer<undefined>> {
  const [first, ...others] = await Promise.all(answers);
  assert.ok(first);
  for (const { httpStatus, bytes } of others) {
    assert.deepEqual([httpStatus, bytes], [first.httpStatus, first.bytes], "the answers are alike");
  }
  return first;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** In actions an item's ServerId stands for its UID. */
function numberOfItem(word: string): string {
  return /^f[0-9a-f]+:(?<uid>\d+)$/.exec(word)?.groups?.["uid"] ?? word;
}

function mapValues(
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** Dialogs write no namespaces: the command tells the first, prefixes tell the others. */
function withNamespaces(xml: string, command: string): string {
  if (!isCommandName(command)) return xml;
  const prefixes = codePages.map(({ prefix, name }) => `xmlns:${prefix}="${name}"`).join(" ");
  const own = `xmlns="${commands[command].request.page.name}"`;
  return xml.replace(/^(\s*<\w+)/, `$1 ${own} ${prefixes}`);
}
