/** Ping (MS-ASCMD 2.2.1.13): wait until one of some folders has something to Sync. */
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import { commandStatus } from "../../schemas/status.ts";
import type { Context } from "./context.ts";
import { maxCollections } from "./limits.ts";
import { hold } from "./look.ts";

const status = commandStatus.Ping;

type Request = RequestOf<"Ping">;
type Response = ResponseOf<"Ping">;

/** What a Ping waits for, once the cached parameters have filled it up. */
interface Parameters {
  readonly heartbeatSeconds: number;
  readonly collectionIds: readonly string[];
}

/** Answers a Ping. */
export async function handlePing(
  request: Request | undefined,
  context: Context,
): Promise<Response> {
  const parameters = await complete(request, context);
  if (parameters === undefined) return { Status: status.MissingParameters };
  const refused = refusal(parameters, context);
  if (refused !== undefined) return refused;
  await context.devices.putPingParameters(context.device, parameters);
  if (!(await allKnown(parameters.collectionIds, context))) {
    return { Status: status.HierarchyChanged };
  }
  const outcome = await hold(context, { ...parameters, hierarchy: true });
  return outcome.kind === "changed"
    ? changed(outcome.watched, parameters)
    : { Status: status.Expired };
}

/** What a request leaves out comes from the device's last Ping (MS-ASCMD 2.2.3.88.1, 2.2.3.76). */
async function complete(
  request: Request | undefined,
  { devices, device }: Context,
): Promise<Parameters | undefined> {
  const cached = await devices.pingParameters(device);
  const heartbeatSeconds = request?.HeartbeatInterval ?? cached?.heartbeatSeconds;
  const folders = request?.Folders?.Folder.map((folder) => folder.Id);
  const collectionIds = folders ?? cached?.collectionIds;
  if (heartbeatSeconds === undefined || collectionIds === undefined) return undefined;
  if (collectionIds.length === 0) return undefined;
  return { heartbeatSeconds, collectionIds: [...new Set(collectionIds)] };
}

function refusal(parameters: Parameters, context: Context): Response | undefined {
  const { heartbeatSeconds, collectionIds } = parameters;
  if (collectionIds.length > maxCollections) {
    return { Status: status.TooManyFolders, MaxFolders: maxCollections };
  }
  const { minSeconds, maxSeconds } = context.push.bounds;
  const nearest = Math.min(Math.max(heartbeatSeconds, minSeconds), maxSeconds);
  if (nearest === heartbeatSeconds) return undefined;
  return { Status: status.IntervalOutOfRange, HeartbeatInterval: nearest };
}

async function allKnown(collectionIds: readonly string[], { mailbox }: Context): Promise<boolean> {
  for (const collectionId of collectionIds) {
    if ((await mailbox.folder(collectionId)) === undefined) return false;
  }
  return true;
}

/** A changed hierarchy goes first: the folders may have to be asked for anew. */
function changed(watched: readonly (string | undefined)[], parameters: Parameters): Response {
  if (watched.includes(undefined)) return { Status: status.HierarchyChanged };
  const Folder = parameters.collectionIds.filter((collectionId) => watched.includes(collectionId));
  return { Status: status.Changed, Folders: { Folder } };
}
