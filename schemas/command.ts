import { message } from "./vocabulary.ts";
import type { CodePage, Message, Schema } from "./vocabulary.ts";
import type { ProtocolVersion } from "./version.ts";

/** An ActiveSync command: its messages and the versions that have it. */
export interface Command<Name extends string = string, Request = unknown, Response = unknown> {
  readonly name: Name;
  /** Its number in the base64 query (MS-ASHTTP 2.2.1.1.1.1.2); GetHierarchy has none. */
  readonly code: number | undefined;
  readonly request: Message<Request>;
  readonly response: Message<Response>;
  readonly since: ProtocolVersion;
  readonly until: ProtocolVersion | undefined;
  /** First version whose bodies are WBXML; undefined: none is. Before it they are MIME or empty. */
  readonly wbxmlSince: ProtocolVersion | undefined;
}

interface Declaration<Request, Response> {
  readonly page: CodePage;
  readonly code?: number;
  readonly request: Schema<Request>;
  readonly response: Schema<Response>;
  readonly since?: ProtocolVersion;
  readonly until?: ProtocolVersion;
  readonly wbxmlSince?: ProtocolVersion | undefined;
  /** Root elements, where they are not the name of the command. */
  readonly requestRoot?: string;
  readonly responseRoot?: string;
}

/** A command whose messages have its name as root element. */
export function command<const Name extends string, Request, Response>(
  name: Name,
  of: Declaration<Request, Response>,
): Command<Name, Request, Response> {
  return {
    name,
    code: of.code,
    request: message(of.page, of.requestRoot ?? name, of.request),
    response: message(of.page, of.responseRoot ?? name, of.response),
    since: of.since ?? "2.5",
    until: of.until,
    wbxmlSince: "wbxmlSince" in of ? of.wbxmlSince : "2.5",
  };
}
