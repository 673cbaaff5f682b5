/** A phone: an EAS client that keeps what it was told and complains about what must never be told. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import { atLeast } from "../../schemas/version.ts";
import { EasClient, type Answer, type CallOptions, type ClientOptions } from "./client.ts";

type AskedCollection = NonNullable<RequestOf<"Sync">["Collections"]>["Collection"][number];
type AnsweredCollection = NonNullable<ResponseOf<"Sync">["Collections"]>["Collection"][number];
type ServerCommand = NonNullable<AnsweredCollection["Commands"]>[number];

/** An item's elements as the phone has them. */
export type Mail = Extract<
  Extract<ServerCommand, { Add: unknown }>["Add"]["ApplicationData"],
  { Email: unknown }
>["Email"];

/** What a SmartReply or SmartForward sends. */
interface SmartMail {
  readonly mime: Buffer;
  readonly clientId?: string;
  readonly inSent?: boolean;
}

/** A folder of the phone. */
export interface PhoneFolder {
  readonly serverId: string;
  readonly name: string;
  readonly parentId: string;
  readonly type: number;
}

/** What one Sync brought. */
export interface Brought {
  readonly status: number;
  readonly adds: string[];
  readonly changes: string[];
  readonly deletes: string[];
  readonly more: boolean;
  readonly responses: NonNullable<AnsweredCollection["Responses"]>;
  readonly answer: Answer<ResponseOf<"Sync">>;
}

/** Settings and commands of one Sync. */
export type SyncWishes = Partial<Omit<AskedCollection, "SyncKey" | "CollectionId">>;

/** State of one folder on the phone. */
class CollectionState {
  key = "0";
  readonly mails = new Map<string, Mail>();
}

/** A device with its state. */
export class Phone implements Disposable {
  #client: EasClient;
  hierarchyKey = "0";
  readonly folders = new Map<string, PhoneFolder>();
  readonly #collections = new Map<string, CollectionState>();

  constructor(options: ClientOptions) {
    this.#client = new EasClient(options);
  }

  get client(): EasClient {
    return this.#client;
  }

  /** Talks to another gateway process from now on, as the same device. */
  moveTo(url: string): void {
    const { options, deviceId, policyKey } = this.#client;
    this.#client[Symbol.dispose]();
    this.#client = new EasClient({ ...options, deviceId, url });
    this.#client.policyKey = policyKey;
  }

  /** Both phases of Provision; keeps the key if the server has a policy. */
  async provision(): Promise<void> {
    const PolicyType = "MS-EAS-Provisioning-WBXML";
    const first = await this.client.send("Provision", { Policies: { Policy: [{ PolicyType }] } });
    const [policy] = first.body?.Policies?.Policy ?? [];
    if (policy?.PolicyKey === undefined) return;
    const acknowledged = { PolicyType, PolicyKey: policy.PolicyKey, Status: 1 };
    const second = await this.client.send("Provision", { Policies: { Policy: [acknowledged] } });
    this.client.policyKey = second.body?.Policies?.Policy[0]?.PolicyKey ?? "0";
  }

  /** FolderSync; returns the Status. */
  async folderSync(): Promise<number> {
    const { body } = await this.client.send("FolderSync", { SyncKey: this.hierarchyKey });
    assert.ok(body, "a FolderSync has an answer");
    if (body.Status !== 1) return body.Status;
    if (this.hierarchyKey === "0") this.folders.clear();
    this.hierarchyKey = body.SyncKey ?? this.hierarchyKey;
    for (const folder of [...(body.Changes?.Add ?? []), ...(body.Changes?.Update ?? [])]) {
      const { ServerId: serverId, DisplayName: name, ParentId: parentId, Type: type } = folder;
      this.folders.set(serverId, { serverId, name, parentId, type });
    }
    for (const { ServerId } of body.Changes?.Delete ?? []) this.folders.delete(ServerId);
    return body.Status;
  }

  /** FolderCreate; the ServerId of the new folder, which the phone has from now on. */
  async createFolder(name: string, parentId = "0"): Promise<string> {
    const place = { ParentId: parentId, DisplayName: name, Type: 12 };
    const request = { SyncKey: this.hierarchyKey, ...place };
    const { body } = await this.client.send("FolderCreate", request);
    assert.equal(body?.Status, 1, `FolderCreate: Status ${body?.Status}`);
    const { ServerId: serverId = "" } = body;
    this.hierarchyKey = body.SyncKey ?? "";
    this.folders.set(serverId, { serverId, name, parentId, type: 12 });
    return serverId;
  }

  /** FolderUpdate: another name, another parent or both. */
  async updateFolder(serverId: string, name: string, parentId = "0"): Promise<void> {
    const place = { ServerId: serverId, ParentId: parentId, DisplayName: name };
    const { body } = await this.client.send("FolderUpdate", {
      SyncKey: this.hierarchyKey,
      ...place,
    });
    assert.equal(body?.Status, 1, `FolderUpdate: Status ${body?.Status}`);
    this.hierarchyKey = body.SyncKey ?? "";
    this.folders.set(serverId, { serverId, name, parentId, type: 12 });
  }

  /** FolderDelete. */
  async deleteFolder(ServerId: string): Promise<void> {
    const request = { SyncKey: this.hierarchyKey, ServerId };
    const { body } = await this.client.send("FolderDelete", request);
    assert.equal(body?.Status, 1, `FolderDelete: Status ${body?.Status}`);
    this.hierarchyKey = body.SyncKey ?? "";
    this.folders.delete(ServerId);
  }

  /** EmptyFolderContents, on demand with all folders below; returns its Status. */
  async emptyFolder(CollectionId: string, DeleteSubFolders = false): Promise<number | undefined> {
    const Options = DeleteSubFolders ? { DeleteSubFolders } : undefined;
    const request = [{ EmptyFolderContents: { CollectionId, Options } }];
    const { body } = await this.client.send("ItemOperations", request);
    return body?.Response?.EmptyFolderContents[0]?.Status;
  }

  /** The ServerId of the folder of this type (2 Inbox, 3 Drafts, 4 Trash, 5 Sent). */
  folderOfType(type: number): string {
    const folder = [...this.folders.values()].find((one) => one.type === type);
    assert.ok(folder, `the hierarchy has a folder of type ${type}`);
    return folder.serverId;
  }

  /** The ServerId of the folder of this name. */
  folderNamed(name: string): string {
    const folder = [...this.folders.values()].find((one) => one.name === name);
    assert.ok(folder, `the hierarchy has a folder named ${name}`);
    return folder.serverId;
  }

  /** The mails of a folder, as the phone has them. */
  mails(collectionId: string): ReadonlyMap<string, Mail> {
    return this.#collection(collectionId).mails;
  }

  /** What the user did on the phone itself: a changed mail, or (undefined) a deleted one. */
  edit(collectionId: string, serverId: string, mail: Mail | undefined): void {
    const { mails } = this.#collection(collectionId);
    if (mail === undefined) mails.delete(serverId);
    else mails.set(serverId, { ...mails.get(serverId), ...mail });
  }

  /** The key that the phone has for a folder. */
  key(collectionId: string): string {
    return this.#collection(collectionId).key;
  }

  /** Sets a folder's key, as a phone restored from a backup or losing an answer would have it. */
  forgetAnswer(collectionId: string, key: string): void {
    this.#collection(collectionId).key = key;
  }

  /** The request element of one folder. */
  asked(collectionId: string, wishes: SyncWishes = {}): AskedCollection {
    const SyncKey = this.#collection(collectionId).key;
    const Class = atLeast(this.client.options.version, "14.0") ? {} : { Class: "Email" };
    return { ...Class, SyncKey, CollectionId: collectionId, Options: [], ...wishes };
  }

  /** One Sync of one folder; key 0 is primed first. */
  async sync(
    collectionId: string,
    wishes: SyncWishes = {},
    call: CallOptions = {},
  ): Promise<Brought> {
    const collection = this.#collection(collectionId);
    if (collection.key === "0") await this.prime(collectionId);
    const Collection = [this.asked(collectionId, wishes)];
    const answer = await this.client.send("Sync", { Collections: { Collection } }, call);
    return this.apply(collectionId, answer);
  }

  /** The first Sync of a folder: key 0. */
  async prime(collectionId: string): Promise<void> {
    const Collection = [this.asked(collectionId)];
    const answer = await this.client.send("Sync", { Collections: { Collection } });
    const brought = this.apply(collectionId, answer);
    assert.equal(brought.status, 1, "key 0 is answered with a key");
  }

  /** Syncs until there is no more; returns the number of Syncs. */
  async syncAll(collectionId: string, wishes: SyncWishes = {}): Promise<number> {
    for (let rounds = 1; ; rounds++) {
      const brought = await this.sync(collectionId, wishes);
      assert.equal(brought.status, 1);
      if (!brought.more) return rounds;
    }
  }

  /** Takes over an answer: an Add of what is there, or a Change of what is not, is a fault. */
  apply(collectionId: string, answer: Answer<ResponseOf<"Sync">>): Brought {
    assert.equal(answer.httpStatus, 200, `Sync: HTTP ${answer.httpStatus}`);
    const nothing = { adds: [], changes: [], deletes: [], more: false, responses: [], answer };
    if (answer.body === undefined) return { status: 1, ...nothing };
    const own = answer.body.Collections?.Collection.find(
      (one) => one.CollectionId === collectionId,
    );
    if (own === undefined) return { status: answer.body.Status ?? 1, ...nothing };
    const status = own.Status ?? 1;
    if (status !== 1) return { status, ...nothing };
    const collection = this.#collection(collectionId);
    if (collection.key === "0") collection.mails.clear();
    collection.key = own.SyncKey ?? collection.key;
    const brought = { adds: [] as string[], changes: [] as string[], deletes: [] as string[] };
    for (const command of own.Commands ?? []) applyCommand(collection.mails, command, brought);
    const more = own.MoreAvailable === true;
    return { status, ...brought, more, responses: own.Responses ?? [], answer };
  }

  /** Ping; empty without arguments. */
  async ping(
    request?: { heartbeatSeconds?: number; collectionIds?: readonly string[] },
    call: CallOptions = {},
  ): Promise<ResponseOf<"Ping">> {
    const Folder = request?.collectionIds?.map((Id) => ({ Id, Class: "Email" }));
    const body = request && {
      ...(request.heartbeatSeconds === undefined
        ? {}
        : { HeartbeatInterval: request.heartbeatSeconds }),
      ...(Folder === undefined ? {} : { Folders: { Folder } }),
    };
    const answer = await this.client.send("Ping", body, call);
    assert.equal(answer.httpStatus, 200, `Ping: HTTP ${answer.httpStatus}`);
    assert.ok(answer.body, "a Ping has an answer");
    return answer.body;
  }

  /** Searches the whole mailbox for mails that came after a year; their subjects, the newest first. */
  async search(text: string, after = 1970): Promise<string[]> {
    const GreaterThan = { DateReceived: true, Value: `${after}-01-01T00:00:00.000Z` } as const;
    const And = [{ Class: "Email" }, { FreeText: text }, { GreaterThan }];
    const Store = { Name: "Mailbox", Query: [{ And }] };
    const { body } = await this.client.send("Search", { Store });
    const found = body?.Response?.Store;
    assert.equal(found?.Status, 1);
    return found.Result.flatMap(({ Properties }) => Properties?.Email?.Subject ?? []);
  }

  /** SendMail in the form of the version; throws the Status when it failed. */
  async sendMail(mime: Buffer, clientId: string = randomUUID()): Promise<number> {
    if (!atLeast(this.client.options.version, "14.0")) {
      const call = { contentType: "message/rfc822", query: { SaveInSent: "T" } };
      const answer = await this.client.sendBytes("SendMail", mime, call);
      return answer.httpStatus === 200 ? 1 : answer.httpStatus;
    }
    const request = { ClientId: clientId, SaveInSentItems: true as const, Mime: mime };
    const answer = await this.client.send("SendMail", request);
    assert.equal(answer.httpStatus, 200);
    return answer.body?.Status ?? 1;
  }

  /** SmartReply or SmartForward of a mail in the form of the version; 1 is success. */
  async smart(
    command: "SmartReply" | "SmartForward",
    [FolderId, ItemId]: readonly [string, string],
    { mime, clientId = randomUUID(), inSent = false }: SmartMail,
  ): Promise<number> {
    if (!atLeast(this.client.options.version, "14.0")) {
      const query = { CollectionId: FolderId, ItemId, ...(inSent ? { SaveInSent: "T" } : {}) };
      const call = { contentType: "message/rfc822", query };
      const answer = await this.client.sendBytes(command, mime, call);
      return answer.httpStatus === 200 ? 1 : answer.httpStatus;
    }
    const named = { ClientId: clientId, Source: { FolderId, ItemId }, Mime: mime };
    const request = inSent ? { ...named, SaveInSentItems: true as const } : named;
    const answer = await this.client.send(command, request);
    assert.equal(answer.httpStatus, 200);
    return answer.body?.Status ?? 1;
  }

  /** MoveItems of mails of one folder: each one's Status, and its ServerId in the other folder. */
  async moveItems(
    from: string,
    serverIds: readonly string[],
    to: string,
  ): Promise<ResponseOf<"MoveItems">["Response"]> {
    const Move = serverIds.map((SrcMsgId) => ({ SrcMsgId, SrcFldId: from, DstFldId: [to] }));
    const answer = await this.client.send("MoveItems", { Move });
    assert.equal(answer.httpStatus, 200, `MoveItems: HTTP ${answer.httpStatus}`);
    return answer.body?.Response ?? [];
  }

  #collection(collectionId: string): CollectionState {
    const known = this.#collections.get(collectionId);
    if (known !== undefined) return known;
    const fresh = new CollectionState();
    this.#collections.set(collectionId, fresh);
    return fresh;
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}

function applyCommand(
  mails: Map<string, Mail>,
  command: ServerCommand,
  brought: { adds: string[]; changes: string[]; deletes: string[] },
): void {
  if ("Add" in command) {
    const { ServerId, ApplicationData } = command.Add;
    assert.ok(!mails.has(ServerId), `${ServerId} is added a second time`);
    assert.ok("Email" in ApplicationData);
    mails.set(ServerId, ApplicationData.Email);
    brought.adds.push(ServerId);
  } else if ("Change" in command) {
    const { ServerId, ApplicationData } = command.Change;
    const before = mails.get(ServerId);
    assert.ok(before, `${ServerId} is changed but was never added`);
    assert.ok("Email" in ApplicationData);
    mails.set(ServerId, { ...before, ...ApplicationData.Email });
    brought.changes.push(ServerId);
  } else {
    const { ServerId } = "Delete" in command ? command.Delete : command.SoftDelete;
    assert.ok(mails.delete(ServerId), `${ServerId} is deleted but was never added`);
    brought.deletes.push(ServerId);
  }
}
