/** What all test files of a run share: one PostgreSQL server, one Dovecot with Postfix. */
import { startTestServer, serverVariable } from "../../test/rig/database.ts";

/** Shared services; disposing of them stops them. */
export interface Services extends AsyncDisposable {
  /** Variables by which test files find the services. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts the shared services. */
export async function startServices(): Promise<Services> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await startTestServer());
  const kept = stack.move();
  return {
    env: { [serverVariable]: database.url },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
