/** The Query of a mailbox search (MS-ASCMD 2.2.3.142.2) as conditions. */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import { atLeast, type ProtocolVersion } from "../../../schemas/version.ts";
import type { RequestOf } from "../../../schemas/commands.ts";
import { allOf, type Condition, type MailQuery } from "../../items/search/condition.ts";
import { keywordQuery, QueryTooComplex } from "../../items/search/keyword-query.ts";
import { parseMoment } from "../../items/search/moment.ts";
import { dayOf } from "../../kit/clock.ts";

const status = commandStatus.Search;

type Store = NonNullable<RequestOf<"Search">["Store"]>;
type Terms = Exclude<NonNullable<Store["Query"]>, string>;
type Term = Extract<Terms[number], { And: unknown }>["And"][number];
type Comparison = Extract<Term, { GreaterThan: unknown }>["GreaterThan"];

/** What a mailbox search asks for. */
export interface MailboxQuery {
  readonly query: MailQuery;
  readonly collectionIds: readonly string[];
  /** Whether mail is among the classes that are wanted. */
  readonly wantsMail: boolean;
  readonly conversationId: Buffer | undefined;
}

/** What the query of a mailbox search is read with. */
export interface Reading {
  readonly version: ProtocolVersion;
  readonly nowMs: number;
}

/** Reads the query. Throws StatusError: InvalidRequest, TooComplex. */
export function readMailboxQuery(query: Store["Query"], reading: Reading): MailboxQuery {
  if (query === undefined || typeof query === "string") throw invalid("there is no query");
  const terms = joinedTerms(query);
  const texts = terms.flatMap((term) => ("FreeText" in term ? [term.FreeText] : []));
  const dates = datesOf(terms);
  const conversationIds = terms.flatMap((term) =>
    "ConversationId" in term ? [term.ConversationId] : [],
  );
  if (conversationIds.length > 1) throw invalid("more than one conversation");
  const condition = conditionOf(texts, reading.nowMs);
  const saysSomething =
    condition !== undefined || conversationIds.length > 0 || Object.keys(dates).length > 0;
  if (!saysSomething) throw invalid("nothing is looked for");
  return {
    query: { condition: condition ?? allOf([]), ...dates },
    collectionIds: terms.flatMap((term) => ("CollectionId" in term ? [term.CollectionId] : [])),
    wantsMail: wantsMail(terms, reading.version),
    conversationId: conversationIds[0],
  };
}

function invalid(reason: string): StatusError {
  return new StatusError(status.InvalidRequest, reason);
}

/** Everything stands in one And; every other form is too complex (R772, R923, R2032, R2086, R3105, R3143). */
function joinedTerms(query: Terms): readonly Term[] {
  const [only, ...more] = query;
  if (only === undefined) throw invalid("the query is empty");
  if ("EqualTo" in only) throw invalid("a link is no query of a mailbox");
  if (more.length > 0 || !("And" in only)) throw tooComplex();
  if (only.And.some((term) => "And" in term || "Or" in term)) throw tooComplex();
  if (only.And.some((term) => "EqualTo" in term)) throw invalid("a link is no query of a mailbox");
  if (only.And.some((term) => "misplaced" in term)) throw invalid("what a mail has is no term");
  return only.And;
}

function tooComplex(): StatusError {
  return new StatusError(status.TooComplex, "the query is not one And");
}

function conditionOf(texts: readonly string[], nowMs: number): Condition | undefined {
  const today = { day: dayOf(nowMs) };
  try {
    const said = texts.flatMap((text) => keywordQuery(text, today) ?? []);
    return said.length === 0 ? undefined : allOf(said);
  } catch (error) {
    if (!(error instanceof QueryTooComplex)) throw error;
    throw new StatusError(status.TooComplex, error.message, { cause: error });
  }
}

/** The moments between which mails came, both left out (MS-ASCMD 2.2.3.86, 2.2.3.96). */
function datesOf(terms: readonly Term[]): Omit<MailQuery, "condition"> {
  const after = terms.flatMap((term) =>
    "GreaterThan" in term ? [momentOf(term.GreaterThan)] : [],
  );
  const before = terms.flatMap((term) => ("LessThan" in term ? [momentOf(term.LessThan)] : []));
  return {
    ...(after.length === 0 ? {} : { receivedAfter: new Date(Math.max(...after)) }),
    ...(before.length === 0 ? {} : { receivedBefore: new Date(Math.min(...before)) }),
  };
}

function momentOf({ DateReceived, Value }: Comparison): number {
  const moment = DateReceived === undefined ? undefined : parseMoment(Value ?? "");
  if (moment === undefined) throw invalid("a comparison without a moment");
  return moment.getTime();
}

const classes = new Set(["Tasks", "Email", "Calendar", "Contacts"]);
/** MS-ASCMD R6288. */
const classesSince14 = new Set(["Notes", "SMS"]);

/** Without a Class all are wanted (R922). */
function wantsMail(terms: readonly Term[], version: ProtocolVersion): boolean {
  const wanted = terms.flatMap((term) => ("Class" in term ? [term.Class] : []));
  const isKnown = (name: string): boolean =>
    classes.has(name) || (atLeast(version, "14.0") && classesSince14.has(name));
  if (!wanted.every(isKnown)) throw invalid("a class that is none");
  return wanted.length === 0 || wanted.includes("Email");
}
