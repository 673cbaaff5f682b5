/**
 * The original's side of SmartReply and SmartForward: its text and parts are fetched for the mail that is sent, and
 * when that is on its way the original is marked as answered or forwarded.
 */
import type { MailSession } from "../backend.ts";
import {
  attachedOriginal,
  carriedContent,
  needsBase64,
  type CarriedPart,
} from "../items/email/carried-part.ts";
import { compose, withReferences, type DeviceMail, type Included } from "../items/email/compose.ts";
import { fitsQuote, isSealed } from "../items/email/device-bodies.ts";
import type { Content } from "../items/email/edited-mail.ts";
import { fieldBytes, headerFields } from "../items/email/header-fields.ts";
import { maxHeaderBytes } from "../items/email/limits.ts";
import type { MailItem, Part } from "../items/email/message.ts";
import { planOriginal, type Carried, type OriginalPlan } from "../items/email/original.ts";
import { outlineOf } from "../items/email/outline.ts";
import { base64LinesOf } from "../kit/base64.ts";
import { octetsOf, type Octets } from "../kit/octets.ts";
import { groupedBytes, groupedPartBytes } from "./limits.ts";
import { OriginalGone } from "./mailbox.ts";

/** Keeps what is read: in memory what is small, else where there is room. */
export type Keep = (source: AsyncIterable<Buffer>) => Promise<Buffer | Octets>;

/** The folder of the original on the server. */
export interface OriginalPlace {
  readonly session: MailSession;
  readonly path: string;
  readonly epoch: string;
  readonly uid: number;
}

/** Metadata of the original. Throws OriginalGone. */
export async function listOriginal({
  session,
  path,
  epoch,
  uid,
}: OriginalPlace): Promise<MailItem> {
  const [item] = await session.list(path, [uid], epoch);
  if (item === undefined) throw new OriginalGone("the mail is not there any more");
  return item;
}

/** What a device wants to be sent. */
export interface Wish {
  readonly kind: Included["kind"];
  readonly isReplaced: boolean;
  readonly mime: Octets;
  readonly keep: Keep;
}

/** The mail as it is sent: the device's own and what it wants of the original. Throws OriginalGone. */
export async function composeAnswer(
  place: OriginalPlace,
  item: MailItem,
  wish: Wish,
): Promise<Octets> {
  const device = { octets: wish.mime, outline: await outlineOf(wish.mime) };
  if (wish.isReplaced || isSealed(device.outline)) return withReferences(device, item);
  const plan = planOriginal(item, wish.kind);
  const source = new Source(place, item, wish.keep);
  const included = await includedOf(source, plan, { device, kind: wish.kind });
  return await compose(device, included);
}

async function includedOf(
  source: Source,
  plan: OriginalPlan,
  { device, kind }: { readonly device: DeviceMail; readonly kind: Included["kind"] },
): Promise<Included> {
  const { item } = source;
  const nothing = { kind, item, quote: undefined, related: [], invitation: undefined };
  const quote = plan.isQuoted && fitsQuote(device.outline) ? await source.quote(plan) : undefined;
  if (quote === undefined) return { ...nothing, attached: [await source.whole()] };
  const carried = plan.carried(quote);
  const parts = await source.parts(carried);
  const partOf = (part: Part): CarriedPart => {
    const found = parts.get(part.section);
    if (found === undefined) throw new OriginalGone("a part of the mail is not there any more");
    return found;
  };
  return {
    kind,
    item,
    quote,
    related: carried.related.map(partOf),
    invitation: carried.invitation && partOf(carried.invitation),
    attached: carried.attached.map((part) => carriedContent(partOf(part))),
  };
}

/** The original on the server. */
class Source {
  readonly item: MailItem;
  readonly #place: OriginalPlace;
  readonly #keep: Keep;

  constructor(place: OriginalPlace, item: MailItem, keep: Keep) {
    this.#place = place;
    this.item = item;
    this.#keep = keep;
  }

  /** Its text; undefined where the server does not give all of it. */
  async quote(plan: OriginalPlan): Promise<ReturnType<OriginalPlan["quote"]>> {
    const { session, path, epoch, uid } = this.#place;
    const wanted = plan.wanted.map((part) => ({ ...part, number: uid }));
    return plan.quote(wanted.length === 0 ? [] : await session.fetchParts(path, wanted, epoch));
  }

  /** Parts with their headers, by section: small ones in one command, each large one as a stream. */
  async parts({ related, invitation, attached }: Carried): Promise<Map<string, CarriedPart>> {
    const all = [...related, ...(invitation === undefined ? [] : [invitation]), ...attached];
    const fetched = await this.#fetch(all);
    const parts = new Map<string, CarriedPart>();
    for (const part of all) {
      const wire = fetched.get(part.section) ?? (await this.#open(part.section));
      const header = fetched.get(`${part.section}.MIME`) ?? Buffer.alloc(0);
      parts.set(part.section, { part, header, octets: encoded(part, wire) });
    }
    return parts;
  }

  async #fetch(parts: readonly Part[]): Promise<ReadonlyMap<string, Buffer>> {
    const { session, path, epoch, uid } = this.#place;
    const wanted = [
      ...parts.map(({ section }) => ({ section: `${section}.MIME`, maxBytes: maxHeaderBytes })),
      // One octet more shows a part that is larger than the server said.
      ...smallOf(parts).map(({ section }) => ({ section, maxBytes: groupedPartBytes + 1 })),
    ];
    if (wanted.length === 0) return new Map();
    const asked = wanted.map((part) => ({ ...part, number: uid }));
    const fetched = await session.fetchParts(path, asked, epoch);
    const whole = fetched.filter(
      ({ bytes, maxBytes = Infinity }) => maxBytes === maxHeaderBytes || bytes.length < maxBytes,
    );
    return new Map(whole.map(({ section, bytes }) => [section, bytes]));
  }

  async #open(section: string): Promise<Octets> {
    const { session, path, epoch, uid } = this.#place;
    const stream = await session.openPart(path, { number: uid, section, epoch });
    if (stream === undefined) throw new OriginalGone("the mail is not there any more");
    return octetsOf(await this.#keep(stream as AsyncIterable<Buffer>));
  }

  /** All of it as it stands; only a Bcc of a mail that was sent from here stays with its author. */
  async whole(): Promise<Content> {
    const { item } = this;
    if (item.envelope.bcc.length === 0) return attachedOriginal(item, [await this.#open("")]);
    const fields = headerFields(await this.#header()).filter(({ name }) => name !== "bcc");
    const header = Buffer.concat([fieldBytes(fields), Buffer.from("\r\n")]);
    return attachedOriginal(item, [octetsOf(header), await this.#open("TEXT")]);
  }

  async #header(): Promise<Buffer> {
    const { session, path, epoch, uid } = this.#place;
    const [header] = await session.fetchParts(path, [{ number: uid, section: "HEADER" }], epoch);
    if (header === undefined) throw new OriginalGone("the mail is not there any more");
    return header.bytes;
  }
}

function encoded(part: Part, wire: Buffer | Octets): Octets {
  const octets = octetsOf(wire);
  return needsBase64(part) ? base64LinesOf(octets) : octets;
}

/** The parts that are fetched together: small ones, as many as memory has room for. */
function smallOf(parts: readonly Part[]): readonly Part[] {
  let room = groupedBytes;
  return parts.filter(({ sizeBytes }) => {
    const isSmall = sizeBytes <= groupedPartBytes && sizeBytes <= room;
    if (isSmall) room -= sizeBytes;
    return isSmall;
  });
}
