/** The ActiveSync endpoint on fastify: sockets, paths and methods; what a request means is decided elsewhere. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { isOctets, type StoredOctets } from "../kit/octets.ts";
import type { SpoolLease } from "../kit/spool.ts";
import { admit, signIn, type Admitted, type Incoming } from "./admission.ts";
import { readBasic } from "./basic.ts";
import { compressed } from "./compress.ts";
import { answerError, Refusal } from "./errors.ts";
import * as limits from "./limits.ts";
import { observeAnswer } from "./observe.ts";
import { bare, type Outgoing } from "./outgoing.ts";
import { perform } from "./perform.ts";
import { receiveBody } from "./receive-body.ts";
import { report } from "./report.ts";
import type { Services } from "./services.ts";
import type { Trace } from "./trace.ts";

/** Requests whose client waits for "100 Continue" before it sends the body. */
const waiting = new WeakSet<IncomingMessage>();

/** The one path of the protocol, in any case (MS-ASHTTP 2.2.1.1.1). */
const path = "/Microsoft-Server-ActiveSync";

/** PEM texts of the certificate that devices see; undefined: plain HTTP, behind a proxy. */
export interface TlsFiles {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
}

/** What belongs to one request from its first byte to its answer. */
interface Exchange {
  readonly incoming: Incoming;
  readonly trace: Trace;
  /** What of this request and its answer is too large for memory; gone with the connection or the answer. */
  readonly spool: SpoolLease;
  admitted?: Admitted;
  /** Says "100 Continue" to a client that waits for it with its body. */
  readonly goOn: () => void;
  /** How long the client may read nothing of its answer. */
  readonly answerMs: number;
}

/** The endpoint, not listening yet. */
export function createApp(
  services: Services,
  tls: TlsFiles | undefined,
  patienceMs: limits.PatienceMs = limits.patienceMs,
): FastifyInstance {
  const app = createServer(services, tls, patienceMs);
  const exchanges = new WeakMap<FastifyRequest, Exchange>();
  const exchangeOf = (request: FastifyRequest): Exchange => {
    const known = exchanges.get(request);
    if (known === undefined) throw new Error("a request without its exchange");
    return known;
  };
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", async (request: FastifyRequest, payload: IncomingMessage) =>
    receive(payload, exchangeOf(request), services),
  );
  app.addHook("onRequest", async (request, reply) => {
    exchanges.set(request, begin(request, reply, services, patienceMs.answer));
  });
  app.setErrorHandler(async (error, request, reply) => {
    const known = exchanges.get(request);
    const exchange = known ?? begin(request, reply, services, patienceMs.answer);
    await send(reply, failedAnswer(error, exchange, services), exchange, services);
  });
  app.setNotFoundHandler(async (request, reply) => {
    await send(reply, unknownPath(request, services), exchangeOf(request), services);
  });
  route(app, services, exchangeOf);
  return app;
}

function createServer(
  services: Services,
  tls: TlsFiles | undefined,
  patienceMs: limits.PatienceMs,
): FastifyInstance {
  const sockets = {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: patienceMs.headers,
    connectionsCheckingInterval: patienceMs.check,
    // A phone that went out of reach sends no FIN: the system finds its held connection dead.
    keepAlive: true,
    keepAliveInitialDelay: limits.socketProbeMs,
  };
  const options = {
    logger: false as const,
    bodyLimit: services.maxBodyBytes,
    requestTimeout: patienceMs.request,
    keepAliveTimeout: limits.keepAliveMs,
    forceCloseConnections: "idle" as const,
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: { caseSensitive: false, ignoreTrailingSlash: true },
    // An absolute URI is as good as a relative one (MS-ASHTTP 2.2.1.1.1).
    rewriteUrl: ({ url = "/" }: { url?: string | undefined }) =>
      url.replace(/^https?:\/\/[^/?#]+(?=[/?#]|$)/i, "") || "/",
  };
  const tlsRules = { minVersion: "TLSv1.2", handshakeTimeout: patienceMs.headers } as const;
  // The two kinds of server have types of their own; routes are the same on both.
  const app: unknown =
    tls === undefined
      ? fastify({ ...options, http: sockets })
      : fastify({ ...options, https: { ...sockets, ...tls, ...tlsRules } });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  const server = app as FastifyInstance;
  server.server.maxConnections = limits.maxConnections;
  // Answered by `receive`: who is to be refused keeps his mail to himself (RFC 9110 10.1.1).
  server.server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    waiting.add(request);
    server.routing(request, response);
  });
  server.server.on("checkExpectation", (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(417, { Connection: "close" }).end();
  });
  return server;
}

function route(
  app: FastifyInstance,
  services: Services,
  exchangeOf: (request: FastifyRequest) => Exchange,
): void {
  app.options(path, async (request, reply) => {
    const exchange = exchangeOf(request);
    exchange.trace.command = "OPTIONS";
    await signIn(exchange.incoming, "", services, exchange.trace);
    return await send(reply, bare(200, services.offer.headers), exchange, services);
  });
  app.route({
    method: "POST",
    url: path,
    // Before the body is read: nobody fills our memory without a password.
    preParsing: async (request) => {
      const exchange = exchangeOf(request);
      exchange.admitted = await admit(exchange.incoming, services, exchange.trace);
    },
    handler: async (request, reply) => {
      const exchange = exchangeOf(request);
      return await send(reply, await answer(request, exchange, services), exchange, services);
    },
  });
  app.route({
    method: ["GET", "PUT", "DELETE", "PATCH", "HEAD"],
    url: path,
    handler: async (request, reply) => {
      const exchange = exchangeOf(request);
      await signIn(exchange.incoming, "", services, exchange.trace);
      return await send(reply, bare(501, services.offer.headers), exchange, services);
    },
  });
}

async function receive(
  payload: IncomingMessage,
  { incoming: { headers }, trace, spool, goOn }: Exchange,
  { maxBodyBytes: maxBytes }: Services,
): Promise<Buffer | StoredOctets> {
  const encoding = headers["content-encoding"];
  const length = headers["content-length"];
  const how = { encoding, length, maxBytes, spool, goOn };
  const { body, bytesIn } = await receiveBody(payload, how);
  trace.bytesIn = bytesIn;
  return body;
}

async function answer(
  request: FastifyRequest,
  { incoming, admitted, trace, spool }: Exchange,
  services: Services,
): Promise<Outgoing> {
  if (admitted === undefined) throw new Error("a request that was not admitted");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the one parser gave
  const body = (request.body ?? Buffer.alloc(0)) as Buffer | StoredOctets;
  return await perform({ incoming, admitted, body, trace, spool }, services);
}

function begin(
  request: FastifyRequest,
  reply: FastifyReply,
  services: Services,
  answerMs: number,
): Exchange {
  const { raw, headers } = request;
  const hangUp = new AbortController();
  const spool = services.spool.lease();
  reply.raw.once("close", () => {
    spool.end();
    if (!reply.raw.writableFinished) hangUp.abort(new ClientGone("the client hung up"));
  });
  const clientAddress = services.proxies.clientAddress(raw.socket.remoteAddress ?? "", {
    forwarded: joined(headers["forwarded"]),
    xForwardedFor: joined(headers["x-forwarded-for"]),
  });
  const url = raw.url ?? "";
  const mark = url.indexOf("?");
  const rawQuery = mark < 0 ? "" : url.slice(mark + 1);
  const startedMs = services.clock.now();
  const trace = { startedMs, address: clientAddress, roundTrips: 0, bytesIn: 0 };
  const incoming = { headers: { ...headers }, rawQuery, clientAddress, signal: hangUp.signal };
  // What the body is depends on command and version; fastify would refuse a type that it cannot parse.
  if (headers["content-type"] !== undefined) headers["content-type"] = "application/octet-stream";
  const goOn = (): void => {
    if (waiting.delete(raw)) reply.raw.writeContinue();
  };
  return { incoming, trace, spool, goOn, answerMs };
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(",") : value;
}

/** The client closed its connection: nobody reads an answer. */
class ClientGone extends Error {
  override name = "ClientGone";
}

/** Not an answer that anybody sees; the number is nginx's, for the log. */
const goneAnswer = bare(499);

function failedAnswer(error: unknown, exchange: Exchange, services: Services): Outgoing {
  const { incoming, admitted, trace } = exchange;
  if (incoming.signal.aborted) return goneAnswer;
  const log = services.log.child({ user: trace.user, device: trace.device });
  const { command, version } = admitted ?? {};
  const ours = httpError(error);
  const answered = ours ?? answerError(error, { command, version, realm: services.realm, log });
  if (answered.http === 401 && admitted !== undefined) {
    services.accounts.forget(admitted.credential);
  }
  return answered;
}

/** Fastify's own refusals: a body that is too large or cut off. */
function httpError(error: unknown): Outgoing | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  const http = Number(error.statusCode);
  return http >= 400 && http < 500 ? bare(http) : undefined;
}

/** Every path asks for credentials first: clients look for that when they search a server. */
function unknownPath(request: FastifyRequest, { realm, log }: Services): Outgoing {
  const asked = readBasic(request.headers.authorization).length === 0;
  if (!asked) return bare(404);
  const failed = { command: undefined, version: undefined, realm, log };
  return answerError(new Refusal(bare(401)), failed);
}

/** Sends an answer and reports it when it is out. */
async function send(
  reply: FastifyReply,
  outgoing: Outgoing,
  { incoming, trace, answerMs }: Exchange,
  services: Services,
): Promise<FastifyReply> {
  observeAnswer(trace, incoming.signal.aborted ? goneAnswer : outgoing, services);
  const sent = await compressed(outgoing, joined(incoming.headers["accept-encoding"]));
  const { http, headers, body } = sent;
  if (incoming.signal.aborted) {
    report(trace, { ...outgoing, http: goneAnswer.http }, 0, services);
    return reply.hijack();
  }
  const socket = reply.raw.socket;
  const before = socket?.bytesWritten ?? 0;
  reply.raw.once("close", () => {
    report(trace, outgoing, (socket?.bytesWritten ?? before) - before, services);
  });
  // From here on the client must read; a held request has no limit, a stuck answer has.
  socket?.setTimeout(answerMs);
  reply.code(http).headers({
    "MS-Server-ActiveSync": services.offer.versions.at(-1) ?? "",
    "Cache-Control": "private",
    // What follows an answer to a client that waits could be a body or a request: nobody guesses.
    ...(services.draining.aborted || waiting.has(reply.request.raw) ? { Connection: "close" } : {}),
    ...(isOctets(body) ? { "Content-Length": String(body.sizeBytes) } : {}),
    ...headers,
  });
  return await reply.send(
    isOctets(body) ? Readable.from(body.stream(), { objectMode: false }) : body,
  );
}
