/** What all test files of a run share: one PostgreSQL server, one Dovecot with Postfix. */
import { geteuid } from "node:process";
import { startTestServer, serverVariable } from "../../test/rig/database.ts";
import { mailVariable, startMailServers } from "../../test/rig/mail/servers.ts";

/** Shared services; disposing of them stops them. */
export interface Services extends AsyncDisposable {
  /** Variables by which test files find the services. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starting Dovecot and Postfix takes root: they change to the users that their packages made. */
export const canStartMail = geteuid?.() === 0;

/** Starts the shared services. */
export async function startServices(): Promise<Services> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await startTestServer());
  const mail = canStartMail ? stack.use(await startMailServers()) : undefined;
  const kept = stack.move();
  return {
    env: {
      [serverVariable]: database.url,
      ...(mail === undefined ? {} : { [mailVariable]: JSON.stringify(mail.address) }),
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
