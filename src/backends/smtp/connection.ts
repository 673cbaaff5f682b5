/** A connection to a submission server: greeting, TLS and login by nodemailer, commands one by one by us. */
import { getCACertificates } from "node:tls";
import SMTPConnection, {
  type SMTPConnectionCustomAuthContext,
  type SMTPConnectionOptions,
} from "nodemailer/lib/smtp-connection";
import { BackendUnavailable, SendRefused, type Credential } from "../../backend.ts";
import { closeTimeoutMs, connectTimeoutMs, replyBytes } from "./limits.ts";
import { parseReply, type Reply } from "./replies.ts";
import type { SmtpServer } from "./server.ts";

/**
 * Name under which nodemailer hands its connection to us. Its own `send` goes on when only some recipients are
 * refused and announces DATA before it knows; a handler of a login is its documented way to speak one's own lines.
 */
const ownLines = "X-EASTGATE";

/** An SMTP session after EHLO. Disposing says QUIT, or drops what a signal or a fault cut short. */
export class SmtpConnection implements AsyncDisposable {
  readonly #smtp: SMTPConnection;
  /** Rejects when the connection breaks or is closed. */
  readonly #broken = Promise.withResolvers<never>();
  #lines: SMTPConnectionCustomAuthContext | undefined;
  #isOver = false;

  private constructor(smtp: SMTPConnection) {
    this.#smtp = smtp;
    // Everybody who waits races with it; nobody may be waiting.
    this.#broken.promise.catch(() => undefined);
    smtp.on("error", (error: Error) => this.#break(error));
    smtp.on("end", () => this.#break(new Error("the submission server hung up")));
  }

  /** Connects and says EHLO. Throws BackendUnavailable, or the signal's reason. */
  static async open(
    server: SmtpServer,
    signal: AbortSignal,
    silenceMs: number,
  ): Promise<SmtpConnection> {
    signal.throwIfAborted();
    const connection = new SmtpConnection(new SMTPConnection(optionsOf(server, silenceMs)));
    using _watch = connection.closeOn(signal);
    await connection.#settled<void>((resolve, fail) =>
      connection.#smtp.connect((error) => (error ? fail(error) : resolve())),
    );
    return connection;
  }

  /** What the server offers, as `say` and the transaction need it. */
  async extensions(): Promise<{ names: readonly string[]; sizeLimitBytes: number }> {
    const { extensions, authMethods, maxAllowedSize } = await this.#own();
    const auth = authMethods.length > 0 ? [`AUTH ${authMethods.join(" ")}`] : [];
    return { names: [...extensions, ...auth], sizeLimitBytes: maxAllowedSize || 0 };
  }

  /** Signs in. Throws SendRefused "login" or BackendUnavailable. */
  async login({ login, password }: Credential): Promise<void> {
    if (!this.#smtp.allowsAuth) {
      throw new BackendUnavailable("the submission server offers no login on this connection");
    }
    try {
      await this.#settled<void>((resolve, fail) =>
        this.#smtp.login({ user: login, pass: password }, (error) =>
          error ? fail(error) : resolve(),
        ),
      );
    } catch (error) {
      throw isLoginRefused(error) ? new SendRefused("login", messageOf(error)) : error;
    }
  }

  /** Sends one command and waits for its reply. */
  async say(command: string): Promise<Reply> {
    const lines = await this.#own();
    const answer = lines.sendCommand(command);
    const { response } = await Promise.race([answer, this.#broken.promise]);
    return parseReply(response);
  }

  /** Writes octets as they are and waits until they are out: then they may be overwritten. */
  async write(octets: Buffer): Promise<void> {
    const { _socket: socket } = this.#smtp;
    if (this.#isOver || !socket) return await this.#broken.promise;
    const { promise, resolve } = Promise.withResolvers<void>();
    // What broke the connection is known better than why this failed.
    socket.write(octets, (error) => (error ? undefined : resolve()));
    await Promise.race([promise, this.#broken.promise]);
  }

  /** Drops the connection when the signal fires; whoever waits gets the signal's reason. */
  closeOn(signal: AbortSignal): Disposable {
    const close = (): void => this.close(signal.reason);
    signal.addEventListener("abort", close, { once: true });
    return { [Symbol.dispose]: () => signal.removeEventListener("abort", close) };
  }

  /** Drops the connection at once: a server forgets a mail whose final dot did not come. */
  close(reason: unknown): void {
    this.#end(reason);
    this.#smtp.close();
  }

  #break(error: Error): void {
    this.#end(new BackendUnavailable(messageOf(error), { cause: error }));
  }

  #end(reason: unknown): void {
    this.#isOver = true;
    this.#broken.reject(reason);
  }

  async #own(): Promise<SMTPConnectionCustomAuthContext> {
    this.#lines ??= await this.#settled<SMTPConnectionCustomAuthContext>((resolve, fail) => {
      this.#smtp.customAuth.set(ownLines, resolve);
      this.#smtp.login({ method: ownLines }, (error) => fail(error ?? new Error("no lines")));
    });
    return this.#lines;
  }

  /** A callback of nodemailer as a promise that also ends with the connection. */
  async #settled<Result>(
    start: (resolve: (result: Result) => void, fail: (error: Error) => void) => void,
  ): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    start(resolve, (error) => reject(new BackendUnavailable(messageOf(error), { cause: error })));
    return await Promise.race([promise, this.#broken.promise]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.#smtp.quit();
    return Promise.resolve();
  }
}

function optionsOf(server: SmtpServer, silenceMs: number): SMTPConnectionOptions {
  const { host, port, security, verifyCertificate = true, ca } = server;
  return {
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "plain",
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    dnsTimeout: connectTimeoutMs,
    socketTimeout: silenceMs,
    socketCloseTimeout: closeTimeoutMs,
    maxResponseSize: replyBytes,
    logger: false,
    tls: {
      rejectUnauthorized: verifyCertificate,
      ...(ca === undefined ? {} : { ca: [...getCACertificates("default"), ca] }),
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** RFC 4954 section 6: 535, 534, 538 … but not 4xx (its own trouble) nor 50x (it has no such command). */
function isLoginRefused(error: unknown): boolean {
  const cause = error instanceof BackendUnavailable ? error.cause : undefined;
  const { code, responseCode } = (cause ?? {}) as { code?: string; responseCode?: number };
  return code === "EAUTH" && (responseCode === undefined || responseCode >= 510);
}
