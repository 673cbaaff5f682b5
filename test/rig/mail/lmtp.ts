/** Hands a mail to the delivery agent (RFC 2033). */
import { connect } from "node:net";
import { createInterface } from "node:readline";

/** Delivers to one user; resolves at the 250 after the data. */
export async function deliverByLmtp(port: number, user: string, mime: Buffer): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const reply = async (): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error("the delivery agent hung up");
      if (/^\d{3} /.test(value)) return value;
    }
  };
  const say = async (text: string | Buffer): Promise<void> => {
    socket.write(text);
    const answer = await reply();
    if (!/^[23]/.test(answer)) throw new Error(`delivery to ${user}: ${answer}`);
  };
  try {
    await reply();
    await say("LHLO rig\r\n");
    await say("MAIL FROM:<sender@example.test>\r\n");
    await say(`RCPT TO:<${user}>\r\n`);
    await say("DATA\r\n");
    const stuffed = mime.toString("latin1").replace(/\r?\n/g, "\r\n").replace(/^\./gm, "..");
    await say(Buffer.from(`${stuffed}\r\n.\r\n`, "latin1"));
    socket.end("QUIT\r\n");
  } finally {
    socket.destroy();
  }
}
