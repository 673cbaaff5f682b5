/** Table `sync_known`: what a device has, 2,048 item numbers a row. Only `sync/` uses it. */
import type { HeadId } from "./heads.ts";
import type { Sql } from "./sql.ts";

/** A run of blocks, both ends included. */
export interface BlockRun {
  readonly low: number;
  readonly high: number;
}

/** The rows of these runs of blocks, of a head at this counter; undefined when it is at another. */
export async function findBlocks(
  sql: Sql,
  id: HeadId & { readonly counter: number },
  runs: readonly BlockRun[],
): Promise<ReadonlyMap<number, Buffer> | undefined> {
  // One statement, so that head and rows are of one generation.
  const text = `SELECT known.block, known.items FROM sync_heads head
    LEFT JOIN LATERAL (
      SELECT row.block, row.items FROM unnest($5::integer[], $6::integer[]) AS run (low, high)
      JOIN sync_known row ON row.account_id = $1 AND row.device_id = $2 AND row.collection_id = $3
        AND row.block BETWEEN run.low AND run.high
    ) known ON true
    WHERE head.account_id = $1 AND head.device_id = $2 AND head.collection_id = $3
      AND head.counter = $4`;
  const rows = await sql.rows<{ block: number | null; items: Buffer | null }>("known.find", text, [
    id.accountId,
    id.deviceId,
    id.collectionId,
    id.counter,
    runs.map(({ low }) => low),
    runs.map(({ high }) => high),
  ]);
  if (rows.length === 0) return undefined;
  const blocks = new Map<number, Buffer>();
  for (const { block, items } of rows) {
    if (block !== null && items !== null) blocks.set(block, items);
  }
  return blocks;
}
