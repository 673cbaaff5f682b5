/** Table `intents`: drafts on their way, which any device of their account may send, one of them at a time. */
import type { IntentName } from "./intents.ts";
import type { Sql } from "./sql.ts";

/** A version of a draft that is sent. */
export interface DraftVersion {
  /** Names the draft on all devices of its account. */
  readonly item: string;
  readonly uid: number;
}

/** Who asks, and for what. */
export interface DraftSend extends Pick<IntentName, "accountId" | "deviceId"> {
  readonly draft: DraftVersion;
}

/**
 * What the account's other devices do with a draft. `busy`: one of them is at work on it, under a lease; `unfiled`:
 * this very version was sent, by a process that ended before its copy was in Sent; `filed`: sent, and nothing of the
 * draft is needed any more.
 */
export type DraftElsewhere = "busy" | "unfiled" | "filed";

/** Until the transaction ends no other one learns what is sent elsewhere and acts on it. */
export async function lockDraftSends(sql: Sql, accountId: string): Promise<void> {
  const text = "SELECT 1 FROM accounts WHERE id = $1 FOR NO KEY UPDATE";
  await sql.rows("draft-sends.lock", text, [accountId]);
}

/** What other devices do, or did, with a draft; undefined: nothing that hinders sending it. */
export async function findDraftElsewhere(
  sql: Sql,
  { accountId, deviceId, draft }: DraftSend,
  nowMs: number,
): Promise<DraftElsewhere | undefined> {
  const text = `SELECT bool_or(was_sent AND NOT needs_draft) AS filed, bool_or(was_sent AND needs_draft) AS unfiled,
      bool_or(needs_draft AND is_held AND (was_sent OR state = 'accepted')) AS busy
    FROM (SELECT state, state <> 'accepted' AND target->'draft'->>'uid' = $4 AS was_sent,
        state <> 'filed' AND pending_mime IS NULL AS needs_draft, lease_until > $5 AS is_held
      FROM intents WHERE account_id = $1 AND device_id <> $2 AND kind = 'send'
        AND target->'draft'->>'item' = $3) AS others`;
  const values = [accountId, deviceId, draft.item, String(draft.uid), new Date(nowMs)];
  const rows = await sql.rows<Record<DraftElsewhere, boolean | null>>(
    "draft-sends.find-elsewhere",
    text,
    values,
  );
  const order = ["filed", "busy", "unfiled"] as const;
  return order.find((how) => rows[0]?.[how] === true);
}
