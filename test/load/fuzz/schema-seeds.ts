/** Valid requests of every command that the schemas have, with the names that a device knows in them. */
import fc from "fast-check";
import { commands, isCommandName, type CommandName } from "../../../schemas/commands.ts";
import type { Command } from "../../../schemas/command.ts";
import { atLeast, type ProtocolVersion } from "../../../schemas/version.ts";
import { encode } from "../../../src/wbxml/encode.ts";
import type { Chance } from "../../sync/chance.ts";
import { anyMessage } from "../../wbxml/any-message.ts";
import type { Known, Seed } from "./seeds.ts";

/** How many values of a message are made at a time. */
const batch = 40;

type Plant = (known: Known, chance: Chance) => unknown;

const anyId: Plant = ({ folders, mails, references }, chance) =>
  chance.one([...folders, ...mails, ...references]);
const folder: Plant = ({ folders }, chance) => chance.one([...folders, "0"]);
const mail: Plant = ({ mails }, chance) => chance.one(mails);
const reference: Plant = ({ references }, chance) => chance.one(references);

/** What stands in the place of a random value, by the name of the element. */
const plants: ReadonlyMap<string, Plant> = new Map<string, Plant>([
  ["CollectionId", folder],
  ["FolderId", folder],
  ["ParentId", folder],
  ["SrcFldId", folder],
  ["DstFldId", folder],
  ["Id", folder],
  ["ServerId", (known, chance) => (chance.happens(0.7) ? mail : folder)(known, chance)],
  ["ItemId", mail],
  ["SrcMsgId", mail],
  ["InstanceId", anyId],
  ["LongId", reference],
  ["FileReference", reference],
  ["SyncKey", ({ syncKey, hierarchyKey }, chance) => chance.one([syncKey, hierarchyKey, "0"])],
  ["Mime", ({ mime }) => mime],
  ["Store", (_, chance) => chance.one(["Mailbox", "GAL", "DocumentLibrary"])],
  ["Name", (_, chance) => chance.one(["Mailbox", "GAL"])],
  ["Range", (_, chance) => `${chance.between(0, 3)}-${chance.between(0, 9)}`],
  ["WindowSize", (_, chance) => chance.between(0, 9)],
  ["Class", (_, chance) => chance.one(["Email", "Email", "Calendar", "SMS"])],
  ["Type", (_, chance) => chance.between(0, 5)],
  ["TruncationSize", (_, chance) => chance.between(0, 2_000)],
  ["MIMESupport", (_, chance) => chance.between(0, 2)],
  ["FilterType", (_, chance) => chance.between(0, 8)],
  ["FreeText", (_, chance) => chance.one(["a", "the", "from:x", "subject:report"])],
  ["To", (_, chance) => chance.one(["a@example.test", "", "Bob <b@example.test>, c@x"])],
  ["HeartbeatInterval", () => 1],
  ["Wait", () => undefined],
]);

/** Makes requests; the same seed makes the same ones. */
export class SchemaSeeds {
  readonly #samples = new Map<string, unknown[]>();
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** A request of some command of the device's version. */
  next(known: Known): Seed {
    const chance = this.#chance;
    const command = chance.one(namesOf(known.version));
    const { request } = commands[command];
    const value = this.#plant(this.#sample(command, known.version), known);
    const bytes = encode<unknown>(value, request, known.version);
    return { command, version: known.version, bytes };
  }

  #sample(command: CommandName, version: ProtocolVersion): unknown {
    const key = `${command} ${version}`;
    const known = this.#samples.get(key) ?? [];
    if (known.length === 0) {
      const seed = this.#chance.between(0, 2 ** 31 - 1);
      const { request } = commands[command];
      known.push(...fc.sample(anyMessage(request, version), { numRuns: batch, seed }));
      this.#samples.set(key, known);
    }
    return known.pop();
  }

  #plant(value: unknown, known: Known): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#plant(each, known));
    const isPlain = typeof value === "object" && value !== null && !(value instanceof Date);
    if (!isPlain || Buffer.isBuffer(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, this.#planted(name, inner, known)]),
    );
  }

  #planted(name: string, inner: unknown, known: Known): unknown {
    const chance = this.#chance;
    const plant = plants.get(name.slice(name.indexOf(":") + 1));
    const isValue = typeof inner !== "object" || Buffer.isBuffer(inner);
    if (plant === undefined || !isValue || chance.happens(0.1)) return this.#plant(inner, known);
    const planted = plant(known, chance);
    return planted === undefined || typeof planted === typeof inner ? planted : inner;
  }
}

function namesOf(version: ProtocolVersion): readonly CommandName[] {
  return Object.values<Command>(commands).flatMap(({ name, wbxmlSince }) =>
    isCommandName(name) && wbxmlSince !== undefined && atLeast(version, wbxmlSince) ? [name] : [],
  );
}
