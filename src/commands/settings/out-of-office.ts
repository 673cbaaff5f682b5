/** Oof of Settings (MS-ASCMD 2.2.3.122): what is answered while the user is away. */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import type {
  OutOfOfficeChange,
  OutOfOfficeMessage,
  OutOfOfficeSettings,
} from "../../devices/out-of-office.ts";
import { htmlToPlain, plainToHtml } from "../../items/email/html.ts";
import type { Context } from "../context.ts";
import { maxReplyLength } from "../limits.ts";
import type { AnsweredOof, AskedOof, SettingsRequest, SettingsResponse } from "./types.ts";

const status = commandStatus.Settings;

type BodyType = OutOfOfficeMessage["bodyType"];
type OofMessage = NonNullable<AskedOof["Set"]>["OofMessage"][number];

/** Answers Get and Set; what is wrong in it is its own Status, never the request's. */
export async function answerOutOfOffice(
  { Oof }: SettingsRequest,
  context: Context,
): Promise<Partial<SettingsResponse>> {
  if (Oof === undefined) return {};
  try {
    return { Oof: await answerOf(Oof, context) };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { Oof: { Status: error.status } };
  }
}

async function answerOf(
  { Get, Set }: AskedOof,
  { outOfOffice, account }: Context,
): Promise<AnsweredOof> {
  if ((Get === undefined) === (Set === undefined)) throw new StatusError(status.ProtocolError);
  if (Set !== undefined) {
    await outOfOffice.change(account, readChange(Set));
    return { Status: status.Success };
  }
  const bodyType = bodyTypeOf(Get?.BodyType);
  if (bodyType === undefined) throw new StatusError(status.ProtocolError);
  // The type goes back as the device writes it: some write it in capitals, as Exchange does.
  const asked = { bodyType, name: Get?.BodyType ?? bodyType };
  return { Status: status.Success, Get: shown(await outOfOffice.get(account), asked) };
}

/** "Text" or "HTML" in any case; undefined: not given. */
function bodyTypeOf(given: string | undefined): BodyType | undefined {
  if (given === undefined || given === "") return undefined;
  if (given.toUpperCase() === "TEXT") return "Text";
  if (given.toUpperCase() === "HTML") return "HTML";
  throw new StatusError(status.InvalidArguments, `there is no BodyType "${given}"`);
}

function readChange(set: NonNullable<AskedOof["Set"]>): OutOfOfficeChange {
  const messages = set.OofMessage.map(readMessage);
  if (new Set(messages.map(({ audience }) => audience)).size < messages.length) {
    throw new StatusError(status.ConflictingArguments, "an audience has two messages");
  }
  return { state: stateOf(set.OofState), times: timesOf(set), messages };
}

function stateOf(given: number | undefined): OutOfOfficeSettings["state"] | undefined {
  if (given === undefined || given === 0 || given === 1 || given === 2) return given;
  throw new StatusError(status.InvalidArguments, `there is no OofState ${given}`);
}

/** One without the other is Status 2 (MS-ASCMD 2.2.3.61.2, R2272). */
function timesOf(set: NonNullable<AskedOof["Set"]>): OutOfOfficeChange["times"] {
  const { StartTime: startAt, EndTime: endAt } = set;
  if (startAt === undefined && endAt === undefined) return undefined;
  if (startAt === undefined || endAt === undefined) throw new StatusError(status.ProtocolError);
  if (endAt <= startAt) {
    throw new StatusError(status.ConflictingArguments, "the end is not after the start");
  }
  return { startAt, endAt };
}

/** A text without its BodyType is wrong (MS-ASCMD 2.2.3.17, R825). */
function readMessage(message: OofMessage): OutOfOfficeMessage {
  const reply = message.ReplyMessage ?? "";
  const bodyType = bodyTypeOf(message.BodyType);
  if (reply !== "" && bodyType === undefined) throw new StatusError(status.ProtocolError);
  if (reply.length > maxReplyLength) {
    throw new StatusError(status.InvalidArguments, "the text is too long");
  }
  const enabled = message.Enabled ?? false;
  return { audience: audienceOf(message), enabled, bodyType: bodyType ?? "Text", reply };
}

/** Exactly one of three elements names the audience (MS-ASCMD 2.2.3.123, R3517). */
function audienceOf(message: OofMessage): OutOfOfficeMessage["audience"] {
  const named = [
    message.AppliesToInternal && ("internal" as const),
    message.AppliesToExternalKnown && ("externalKnown" as const),
    message.AppliesToExternalUnknown && ("externalUnknown" as const),
  ].filter((audience) => audience !== undefined);
  const [audience] = named;
  if (audience === undefined || named.length > 1) throw new StatusError(status.ProtocolError);
  return audience;
}

/** Each audience has its message, also one that is off and empty (MS-ASCMD 2.2.3.123, R3522). */
function shown(
  settings: OutOfOfficeSettings,
  { bodyType, name }: { readonly bodyType: BodyType; readonly name: string },
): NonNullable<AnsweredOof["Get"]> {
  const { state, startAt, endAt, messages } = settings;
  return {
    OofState: state,
    ...(startAt === null || endAt === null ? {} : { StartTime: startAt, EndTime: endAt }),
    OofMessage: messages.map((message) => ({
      ...appliesTo[message.audience],
      Enabled: message.enabled,
      ...(message.reply === "" ? {} : { ReplyMessage: replyIn(message, bodyType), BodyType: name }),
    })),
  };
}

const appliesTo = {
  internal: { AppliesToInternal: true },
  externalKnown: { AppliesToExternalKnown: true },
  externalUnknown: { AppliesToExternalUnknown: true },
} as const;

/** The text in the form that is asked for, whichever it was written in. */
function replyIn(message: OutOfOfficeMessage, bodyType: BodyType): string {
  if (message.bodyType === bodyType) return message.reply;
  return bodyType === "HTML" ? plainToHtml(message.reply) : htmlToPlain(message.reply).text;
}
