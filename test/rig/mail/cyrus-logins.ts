/** Who may log in to the rig's Cyrus: the protocol of Cyrus SASL's saslauthd, answered in this process. */
import { chmod } from "node:fs/promises";
import { createServer, type Socket } from "node:net";

/** Whether a user may come in with a password. */
export type LoginCheck = (user: string, password: string) => Promise<boolean>;

/** Answers at a socket of the file system; disposing stops it. */
export async function answerLogins(path: string, check: LoginCheck): Promise<AsyncDisposable> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    void answer(socket, check);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await chmod(path, 0o777);
  server.unref();
  return {
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function answer(socket: Socket, check: LoginCheck): Promise<void> {
  let asked = Buffer.alloc(0);
  for await (const chunk of socket) {
    asked = Buffer.concat([asked, chunk as Buffer]);
    const fields = fieldsOf(asked);
    if (fields === undefined) continue;
    const [user = "", password = ""] = fields;
    const said = (await check(user, password)) ? "OK" : "NO";
    socket.end(Buffer.concat([lengthOf(said), Buffer.from(said)]));
    return;
  }
}

/** User, password, service and realm, each after its length in two octets; undefined until all are there. */
function fieldsOf(bytes: Buffer): readonly string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; fields.length < 4;) {
    if (bytes.length < at + 2) return undefined;
    const end = at + 2 + bytes.readUInt16BE(at);
    if (bytes.length < end) return undefined;
    fields.push(bytes.toString("utf8", at + 2, end));
    at = end;
  }
  return fields;
}

function lengthOf(text: string): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(Buffer.byteLength(text));
  return bytes;
}
