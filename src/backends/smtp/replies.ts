/** Replies of a submission server (RFC 5321 section 4.2, RFC 3463) as the faults of backend.ts. */
import { BackendUnavailable, SendRefused, type SendFault } from "../../backend.ts";

/** A reply to a command. */
export interface Reply {
  readonly status: number;
  /** Enhanced status code such as "5.1.1", or "". */
  readonly enhanced: string;
  /** The reply as it came, for the log. */
  readonly text: string;
}

/** What a refusal at a stage of the transaction means when the codes say nothing else. */
export type Stage = "sender" | "recipients" | "data";

const form = /^(\d{3})(?:[ -]([245]\.\d{1,3}\.\d{1,3})?)?/;
const fallback = { sender: "sender", recipients: "recipients", data: "rejected" } as const;

/** Reads a reply of one or more lines. */
export function parseReply(text: string): Reply {
  const [, status = "0", enhanced = ""] = form.exec(text) ?? [];
  return { status: Number(status), enhanced, text };
}

/** Whether the server did what it was told (2xx) or waits for more (3xx). */
export function isAccepted({ status }: Reply): boolean {
  return status >= 200 && status < 400;
}

/** What a refusal means; undefined: it holds for now only (4xx), the same mail may pass later. */
export function faultOf(reply: Reply, stage: Stage): SendFault | undefined {
  const { status, enhanced } = reply;
  if (isAboutSpace(reply)) return "over quota";
  // RFC 5321 section 4.5.3.1.10: too many recipients; the same mail will never pass.
  if (status === 452) return "recipients";
  if (status < 500) return undefined;
  if (status === 530) return "login";
  if (isAboutSize(reply, stage)) return "too large";
  return enhanced.startsWith("5.1.8") ? "sender" : fallback[stage];
}

/** x.2.2 mailbox full; 452 insufficient storage unless it counts recipients. */
function isAboutSpace({ status, enhanced }: Reply): boolean {
  const detail = enhanced.slice(2);
  if (detail === "2.2") return true;
  return status === 452 && detail !== "5.3";
}

/** RFC 1870 section 6.1 and RFC 3463: 552, x.3.4, x.2.3. */
function isAboutSize({ status, enhanced }: Reply, stage: Stage): boolean {
  const detail = enhanced.slice(2);
  if (detail === "3.4" || detail === "2.3") return true;
  return status === 552 && stage !== "recipients";
}

/** The error for a refused command. */
export function refusal(reply: Reply, stage: Stage, recipients: readonly string[] = []): Error {
  const fault = faultOf(reply, stage);
  if (fault === undefined) return new BackendUnavailable(`the submission server: ${reply.text}`);
  return new SendRefused(fault, reply.text, recipients);
}
