/** Who a device says it is: the same device has the same DeviceId in both forms of the query. */
import { maxDeviceIdLength, maxTextLength } from "./limits.ts";

/** What each request tells of its device. */
export interface DeviceIdentity {
  /** As `canonicalDeviceId` gives it. */
  readonly deviceId: string;
  readonly deviceType: string;
  readonly userAgent: string;
  /** MS-ASProtocolVersion of the request. */
  readonly protocolVersion: string;
  /** Address of the client. */
  readonly address: string;
}

/** The DeviceId of a request cannot be one: Status 108, HTTP 400 up to 12.1. */
export class InvalidDeviceId extends Error {
  override name = "InvalidDeviceId";
}

// Letters and digits by the specification; real clients use these signs too, and they are safe in URLs and logs.
const form = /^[A-Za-z0-9._~-]+$/;

// A GUID's bytes; 16 letters and digits are a text all the same, as some clients encode theirs so.
const guidBytes = 16;

/**
 * The one spelling of a DeviceId, lower case: the text of a plain query, or the bytes of a base64 query (the same
 * text, or a GUID, whose plain form is 32 hexadecimal digits). Throws `InvalidDeviceId` on what has not 1 to 32
 * letters, digits (MS-ASHTTP 2.2.1.1.1.2) or ".", "_", "~", "-".
 */
export function canonicalDeviceId(wire: string | Uint8Array): string {
  const id = typeof wire === "string" ? wire : textOf(wire);
  if (id.length === 0) throw new InvalidDeviceId("DeviceId is missing");
  if (id.length > maxDeviceIdLength) {
    throw new InvalidDeviceId(
      `DeviceId has ${id.length} characters, at most ${maxDeviceIdLength} are allowed`,
    );
  }
  if (!form.test(id))
    throw new InvalidDeviceId("DeviceId must consist of letters, digits and . _ ~ - alone");
  return id.toLowerCase();
}

function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("latin1");
  return bytes.length === guidBytes && !form.test(text) ? Buffer.from(bytes).toString("hex") : text;
}

/** Gmail probes a server under this DeviceId before it signs in as a device. */
const probeId = "validate";

/** Whether this is a probe of a client's set-up: not a device, not listed, not counted. */
export function isProbe(deviceId: string): boolean {
  return deviceId === probeId;
}

/** A text that a device told, as it can be stored and shown: no control signs, no excess length. */
export function tidyText(text: string): string {
  const clean = text.replace(/\p{Cc}/gu, "").trim();
  return clean.slice(0, maxTextLength).toWellFormed();
}
