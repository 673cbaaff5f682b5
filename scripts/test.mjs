/** `npm test`: types, lint, format, unused code, and every test, against real servers. */
import { argv } from "node:process";
import { ensureInstalled, runUnderProjectNode } from "./setup.mjs";
import { ensureSystemPackages } from "./system-packages.mjs";

ensureInstalled();
ensureSystemPackages();
runUnderProjectNode(["scripts/test/main.ts", ...argv.slice(2)]);
