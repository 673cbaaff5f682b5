/** Writes of table `sync_known` that go with one of `sync_heads`. Only `heads.ts` uses them. */

/** A row to be written; one without items goes. */
export type BlockWrite = readonly [block: number, items: Buffer | undefined];

/**
 * Writes of rows beside one of their head that is named "put", so that both are one statement: they are written when
 * it gives a row, whose lock keeps them to this generation. Values as of `blockValues`, from `$first` on; where
 * `replace` is true, rows that are not written go.
 */
export function blockWrites(first: number, replace: string): string {
  const [kept, items, gone] = [first, first + 1, first + 2].map((place) => `$${place}`);
  return `kept AS (INSERT INTO sync_known (account_id, device_id, collection_id, block, items)
        SELECT $1, $2, $3, row.block, row.items
          FROM put, unnest(${kept}::integer[], ${items}::bytea[]) AS row (block, items)
        ON CONFLICT (account_id, device_id, collection_id, block) DO UPDATE SET items = excluded.items),
    gone AS (DELETE FROM sync_known WHERE account_id = $1 AND device_id = $2 AND collection_id = $3
        AND (block = ANY(${gone}::integer[]) OR ${replace} AND block <> ALL(${kept}::integer[]))
        AND EXISTS (SELECT FROM put))`;
}

/** Blocks and items of the rows to be written, blocks of those to be removed. */
export function blockValues(writes: readonly BlockWrite[]): readonly unknown[] {
  const kept = writes.filter(([, items]) => items !== undefined);
  const gone = writes.filter(([, items]) => items === undefined);
  const blockOf = ([block]: BlockWrite): number => block;
  return [kept.map(blockOf), kept.map(([, items]) => items), gone.map(blockOf)];
}
