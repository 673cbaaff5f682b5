/** `node test/rig/with-database.ts <command> …`: runs a command with one test database server for all of it. */
import { spawn } from "node:child_process";
import process, { argv, env, exit } from "node:process";
import { serverVariable, startTestServer } from "./database.ts";

const [command, ...parameters] = argv.slice(2);
if (command === undefined)
  throw new Error("usage: node test/rig/with-database.ts <command> [parameter …]");

const server = await startTestServer();
const child = spawn(command, parameters, {
  stdio: "inherit",
  env: { ...env, [serverVariable]: server.url },
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
const code = await new Promise<number>((resolve) => {
  child.once("error", (error) => {
    process.stderr.write(`${command} cannot be run: ${error.message}\n`);
    resolve(1);
  });
  child.once("close", (status) => resolve(status ?? 1));
});
await server[Symbol.asyncDispose]();
exit(code);
