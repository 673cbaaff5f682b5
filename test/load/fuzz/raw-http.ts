/** HTTP requests byte by byte, as no client library would send them. */
import { connect } from "node:net";

/** What came back: 0 where the connection ended without an answer. */
export interface RawAnswer {
  readonly httpStatus: number;
  readonly text: string;
}

/** A server that is silent for so long waits for more: then our side ends, and the other one has to. */
const quietMs = 400;

/** Sends these bytes and reads one answer, or until the other side ends; throws after `limitMs`. */
export function exchangeRaw(url: string, bytes: Buffer, limitMs: number): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const pieces: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end within ${limitMs} ms`));
    }, limitMs);
    const quiet = setTimeout(() => socket.end(), quietMs);
    const answered = (): string | undefined => answerIn(Buffer.concat(pieces).toString("latin1"));
    socket.on("data", (piece) => {
      pieces.push(piece);
      if (answered() !== undefined) socket.destroy();
    });
    // A server that refuses the head may reset the connection while the rest is being written.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(timer);
      clearTimeout(quiet);
      const text = answered() ?? "";
      resolve({ httpStatus: Number(text.slice(9, 12)), text });
    });
    socket.write(bytes);
  });
}

/** The first answer that is no "100 Continue", once it is whole. */
function answerIn(text: string): string | undefined {
  const own = text.replace(/^HTTP\/1\.1 1\d\d[^]*?\r\n\r\n/, "");
  const end = own.indexOf("\r\n\r\n") + 4;
  if (end < 4) return undefined;
  const length = Number(/\r\nContent-Length: (\d+)/i.exec(own.slice(0, end))?.[1] ?? 0);
  return own.length >= end + length ? own : undefined;
}
