/** HTTP/1.1 in, HTTP/2 out: all requests of a client over one connection to a proxy. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, constants, type ClientHttp2Session } from "node:http2";
import { connect as connectPlain, type AddressInfo } from "node:net";
import { connect as connectTls } from "node:tls";

/** What HTTP/2 has no place for (RFC 9113 8.2.2). */
const ofTheConnection = ["connection", "keep-alive", "transfer-encoding", "host", "upgrade"];

/** A bridge that listens; what it sends comes from `localAddress`. */
export interface Bridge extends AsyncDisposable {
  readonly url: string;
  /** Streams that were open at the same moment, at the most. */
  readonly mostStreams: () => number;
}

/** Opens one HTTP/2 connection and a port for clients of HTTP/1.1. */
export async function openBridge(proxyPort: number, localAddress: string): Promise<Bridge> {
  const session = connect(`https://127.0.0.1:${proxyPort}`, {
    createConnection: () =>
      connectTls({
        socket: connectPlain({ host: "127.0.0.1", port: proxyPort, localAddress }),
        rejectUnauthorized: false,
        ALPNProtocols: ["h2"],
      }),
  });
  await new Promise((resolve, reject) => session.once("connect", resolve).once("error", reject));
  let [open, most] = [0, 0];
  const server = createServer((request, response) => {
    open += 1;
    most = Math.max(most, open);
    response.once("close", () => (open -= 1));
    pass(session, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mostStreams: () => most,
    [Symbol.asyncDispose]: async () => {
      session.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pass(
  session: ClientHttp2Session,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const kept = Object.entries(request.headers).filter(([name]) => !ofTheConnection.includes(name));
  const stream = session.request({
    ...Object.fromEntries(kept),
    ":method": request.method,
    ":path": request.url,
    ":authority": "mail.example.com",
  });
  request.pipe(stream);
  stream.on("error", () => response.destroy());
  response.once("close", () => stream.close(constants.NGHTTP2_CANCEL));
  stream.on("response", ({ ":status": status = 502, ...headers }) => {
    const named = Object.entries(headers).filter(([name]) => !name.startsWith(":"));
    response.writeHead(status, Object.fromEntries(named) as Record<string, string>);
    stream.pipe(response);
  });
}
