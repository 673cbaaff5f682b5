/** An EAS client of the project's own: it drives the public HTTPS endpoint and nothing else. */
import { randomUUID } from "node:crypto";
import { request as httpRequest, Agent as HttpAgent, type IncomingMessage } from "node:http";
import { request as httpsRequest, Agent as HttpsAgent } from "node:https";
import {
  commands,
  type CommandName,
  type RequestOf,
  type ResponseOf,
} from "../../schemas/commands.ts";
import type { ProtocolVersion } from "../../schemas/version.ts";
import { decode } from "../../src/wbxml/decode.ts";
import { encode } from "../../src/wbxml/encode.ts";

/** Who signs in, from which device, where. */
export interface ClientOptions {
  /** Such as "https://127.0.0.1:8443". */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly version: ProtocolVersion;
  readonly deviceId?: string;
  readonly deviceType?: string;
  readonly userAgent?: string;
  /** Sends the query in its base64 form. */
  readonly base64?: boolean;
}

/** An answer as it came. */
export interface Answer<Body> {
  readonly httpStatus: number;
  readonly headers: IncomingMessage["headers"];
  /** Decoded body; undefined when it was empty or not WBXML. */
  readonly body: Body | undefined;
  readonly bytes: Buffer;
}

/** What may differ from call to call. */
export interface CallOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** The connection breaks in the middle of the request's body, or when the answer has begun. */
  readonly cut?: "request" | "answer";
}

/** What a call with a cut connection ends with. */
class CutOff extends Error {}

const path = "/Microsoft-Server-ActiveSync";
const wbxml = "application/vnd.ms-sync.wbxml";

/** One device of one user. */
export class EasClient implements Disposable {
  readonly options: ClientOptions;
  readonly deviceId: string;
  policyKey = "0";
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(options: ClientOptions) {
    this.options = options;
    this.deviceId = options.deviceId ?? randomUUID().replaceAll("-", "");
    this.#agent = options.url.startsWith("https:")
      ? new HttpsAgent({ keepAlive: true, rejectUnauthorized: false })
      : new HttpAgent({ keepAlive: true });
  }

  /** OPTIONS: versions and commands that the server offers. */
  async offered(): Promise<{ readonly versions: string[]; readonly commands: string[] }> {
    const { headers } = await this.exchange("OPTIONS", path, {}, undefined);
    const list = (name: string): string[] => [headers[name] ?? ""].flat().join(",").split(",");
    return { versions: list("ms-asprotocolversions"), commands: list("ms-asprotocolcommands") };
  }

  /** Sends a command with a typed request; undefined is an empty body. */
  async send<Name extends CommandName>(
    name: Name,
    request: RequestOf<Name> | undefined,
    call: CallOptions = {},
  ): Promise<Answer<ResponseOf<Name>>> {
    const { version } = this.options;
    const schema = commands[name].request;
    const bytes = request === undefined ? undefined : encode(request, schema, version);
    return this.read(name, await this.sendBytes(name, bytes, call));
  }

  /** Decodes an answer. */
  read<Name extends CommandName>(name: Name, answer: Answer<undefined>): Answer<ResponseOf<Name>> {
    const isWbxml = (answer.headers["content-type"] ?? "").startsWith(wbxml);
    if (!isWbxml || answer.bytes.length === 0) return { ...answer, body: undefined };
    const body = decode(answer.bytes, commands[name].response, this.options.version);
    return { ...answer, body: body as ResponseOf<Name> };
  }

  /** Sends a command with a body as it stands. */
  sendBytes(
    name: string,
    bytes: Buffer | undefined,
    call: CallOptions & { readonly contentType?: string } = {},
  ): Promise<Answer<undefined>> {
    const headers = {
      "MS-ASProtocolVersion": this.options.version,
      "X-MS-PolicyKey": this.policyKey,
      ...(bytes === undefined ? {} : { "Content-Type": call.contentType ?? wbxml }),
      ...call.headers,
    };
    const target = `${path}?${this.#query(name, call.query ?? {})}`;
    return this.exchange("POST", target, { ...call, headers }, bytes);
  }

  /** One HTTP exchange with the credentials of the user. */
  exchange(
    method: string,
    target: string,
    call: CallOptions,
    bytes: Buffer | undefined,
  ): Promise<Answer<undefined>> {
    const { url, user, password, userAgent } = this.options;
    const headers = {
      Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
      "User-Agent": userAgent ?? "EastgateTest/1.0",
      "Content-Length": String(bytes?.length ?? 0),
      ...call.headers,
    };
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const options = { method, headers, agent: this.#agent, signal: call.signal };
      const outgoing = send(new URL(target, url), options, (incoming) => {
        if (call.cut === "answer") incoming.destroy(new CutOff("the answer is cut off"));
        collect(incoming).then((body) => resolve(answerOf(incoming, body)), reject);
      });
      outgoing.on("error", reject);
      if (call.cut !== "request") return void outgoing.end(bytes);
      const half = bytes?.subarray(0, bytes.length / 2) ?? "";
      outgoing.write(half, () => outgoing.destroy(new CutOff("the request is cut off")));
    });
  }

  #query(name: string, more: Readonly<Record<string, string>>): string {
    if (this.options.base64 === true) return this.#base64Query(name);
    const { user, deviceType } = this.options;
    const query = {
      User: user,
      DeviceId: this.deviceId,
      DeviceType: deviceType ?? "Test",
      ...more,
    };
    return new URLSearchParams({ Cmd: name, ...query }).toString();
  }

  /** MS-ASHTTP 2.2.1.1.1.1: version, command, locale, device id, policy key, device type. */
  #base64Query(name: string): string {
    const id = /^[0-9a-f]{32}$/.test(this.deviceId)
      ? Buffer.from(this.deviceId, "hex")
      : Buffer.from(this.deviceId, "latin1");
    const type = Buffer.from(this.options.deviceType ?? "Test", "latin1");
    const key = Buffer.alloc(4);
    key.writeUInt32LE(Number(this.policyKey));
    const version = Math.round(Number(this.options.version) * 10);
    const code = commands[name as CommandName].code ?? 0;
    const head = Buffer.from([version, code, 0x09, 0x04, id.length]);
    const rest = Buffer.concat([Buffer.from([4]), key, Buffer.from([type.length]), type]);
    return Buffer.concat([head, id, rest]).toString("base64");
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

async function collect(incoming: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function answerOf(incoming: IncomingMessage, bytes: Buffer): Answer<undefined> {
  const { statusCode: httpStatus = 0, headers } = incoming;
  return { httpStatus, headers, body: undefined, bytes };
}
