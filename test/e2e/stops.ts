/** Named points at which a test stops a gateway process. */
import type { MailSession } from "../../src/backend.ts";
import type { EffectStep, SendStep } from "../../src/mailbox/intent-hold.ts";
import type { DomainBackend } from "../../src/mailbox/mailboxes.ts";

type Effect =
  | "move"
  | "copy"
  | "remove"
  | "flags"
  | "append"
  | "list"
  | "empty"
  | "folder created"
  | "folder renamed"
  | "folder deleted";

/**
 * Where a process can be stopped: at the steps of sending, moving and adding; before and after an effect on the mail server, that
 * is before anything of it is committed; and when all is committed and the answer is not yet on its way.
 */
export type Stop = SendStep | EffectStep | `before ${Effect}` | `after ${Effect}` | "before answer";

/** What the test tells the process: stop at the next point of this name; or (null) let what stands there go on. */
export interface Arm {
  readonly arm: Stop | null;
}

/** What the process tells the test: it stands there, and the request that came there goes no further for now. */
export interface Reached {
  readonly reached: Stop;
}

type Reach = (stop: Stop) => Promise<void>;

const effects: readonly (readonly [keyof MailSession, Effect])[] = [
  ["move", "move"],
  ["copy", "copy"],
  ["remove", "remove"],
  ["removeAll", "empty"],
  ["setFlags", "flags"],
  ["append", "append"],
  ["list", "list"],
  ["createFolder", "folder created"],
  ["renameFolder", "folder renamed"],
  ["deleteFolder", "folder deleted"],
];

/** The same servers, with a stop before and after each effect. */
export function withStops({ mail, transport }: DomainBackend, reach: Reach): DomainBackend {
  const open: typeof mail.open = async (...request) => {
    const session = await mail.open(...request);
    return replaced(session, stopsOf(session, reach));
  };
  return { mail: replaced(mail, new Map([["open", open]])), transport };
}

function stopsOf(session: MailSession, reach: Reach): Map<string | symbol, unknown> {
  const methods = new Map<string | symbol, unknown>();
  for (const [name, effect] of effects) {
    methods.set(name, async (...request: readonly unknown[]) => {
      await reach(`before ${effect}`);
      const result: unknown = await Reflect.apply(Reflect.get(session, name), session, request);
      await reach(`after ${effect}`);
      return result;
    });
  }
  methods.set(Symbol.asyncDispose, async () => {
    await reach("before answer");
    await session[Symbol.asyncDispose]();
  });
  return methods;
}

/** An object whose methods of these names are others. */
function replaced<Target extends object>(
  target: Target,
  methods: ReadonlyMap<string | symbol, unknown>,
): Target {
  return new Proxy(target, {
    get(own, name) {
      const other = methods.get(name);
      if (other !== undefined) return other;
      const value: unknown = Reflect.get(own, name, own);
      if (typeof value !== "function") return value;
      // V8's disposable stacks do not take a bound function for a function.
      return (...request: readonly unknown[]): unknown => Reflect.apply(value, own, request);
    },
  });
}
