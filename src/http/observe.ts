/** What is told to the observers of a device: its trace, where an operator has one on, the watch for loops, and its pace. */
import { isOctets, type Octets } from "../kit/octets.ts";
import { toXml } from "../wbxml/xml.ts";
import type { Received } from "./perform.ts";
import { multipartType, wbxmlType, type Outgoing } from "./outgoing.ts";
import { partsOfMultipart } from "./multipart.ts";
import type { Services } from "./services.ts";
import type { Trace } from "./trace.ts";

type Observers = Pick<Services, "traces" | "loops" | "pacing" | "clock">;

/** Takes note of a request whose device is known. */
export function observeRequest(received: Received, services: Services): void {
  const { incoming, admitted, body, trace } = received;
  if (trace.partnership === undefined) return;
  services.traces.write(trace.partnership.id, async (content) => {
    const { headers } = incoming;
    const key = admitted.policyKey === undefined ? "" : ` policy key ${admitted.policyKey}`;
    const head = `-> ${at(trace.startedMs)} ${admitted.command} ${admitted.version}${key}`;
    return `${head}\n${bodyText(body, headers["content-type"] ?? wbxmlType, content)}`;
  });
}

/** Takes note of an answer that goes out. */
export function observeAnswer(trace: Trace, outgoing: Outgoing, services: Observers): void {
  const { partnership, command = "" } = trace;
  if (partnership === undefined) return;
  const { http, status, headers, body } = outgoing;
  services.loops.note(partnership, { command, http, status });
  services.pacing.note(partnership.id, command, outgoing);
  services.traces.write(partnership.id, async (content) => {
    const now = services.clock.now();
    const head = `<- ${at(now)} ${command} HTTP ${http} after ${now - trace.startedMs} ms`;
    const told = Object.entries(headers).filter(([name]) => name !== "Content-Type");
    const lines = told.map(([name, value]) => `${name}: ${value}`);
    const text = bodyText(body, typeOf(outgoing), content);
    return [head, ...lines, text].join("\n");
  });
}

function typeOf({ headers }: Outgoing): string {
  return headers["Content-Type"] ?? "";
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}

/** A body for people; without `content` nothing of what it holds but its elements. */
function bodyText(body: Buffer | Octets | undefined, type: string, content: boolean): string {
  if (isOctets(body)) return `(${body.sizeBytes} bytes, which are not in memory)\n`;
  if (body === undefined || body.length === 0) return "(empty)\n";
  if (type === multipartType) {
    const [head = body, ...parts] = partsOfMultipart(body);
    const lengths = parts.map((part) => `(part of ${part.length} bytes)\n`);
    return [xml(head, content), ...lengths].join("");
  }
  if (!type.startsWith("message/rfc822")) return xml(body, content);
  return content ? `${body.toString("latin1")}\n` : `(mail of ${body.length} bytes)\n`;
}

function xml(bytes: Buffer, contents: boolean): string {
  try {
    return toXml(bytes, { contents });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const shown = contents ? ` ${bytes.toString("base64")}` : "";
    return `(${bytes.length} bytes that are not WBXML: ${reason})${shown}\n`;
  }
}
