/** What an account answers while its user is away: kept here, read and changed from any of its devices. */
import {
  findOutOfOffice,
  lockOutOfOffice,
  putOutOfOffice,
  type Audience,
  type OutOfOfficeMessageRow,
  type OutOfOfficeRow,
} from "../store/out-of-office.ts";
import type { Database } from "../store/sql.ts";

/** All audiences, in the order of MS-ASCMD 2.2.3.123. */
export const audiences = ["internal", "externalKnown", "externalUnknown"] as const;

/** The answer for one audience. */
export type OutOfOfficeMessage = OutOfOfficeMessageRow;

/** Whether, when and what an account answers. */
export type OutOfOfficeSettings = OutOfOfficeRow;

/** A change; what it leaves out stays as it was. */
export interface OutOfOfficeChange {
  readonly state?: OutOfOfficeSettings["state"] | undefined;
  readonly times?: { readonly startAt: Date; readonly endAt: Date } | undefined;
  readonly messages: readonly OutOfOfficeMessage[];
}

/** The out of office settings of all accounts. */
export class OutOfOffice {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What is set now: off and without texts before the first change; a message for each audience. */
  async get(account: { readonly id: string }): Promise<OutOfOfficeSettings> {
    const found = (await findOutOfOffice(this.#database, account.id)) ?? unset;
    return { ...found, messages: audiences.map((audience) => messageFor(audience, found)) };
  }

  /** Changes what is named. A state that goes by times may have none yet (MS-ASCMD 2.2.3.61.2, R2271). */
  async change(account: { readonly id: string }, change: OutOfOfficeChange): Promise<void> {
    await this.#database.transaction(async (sql) => {
      await lockOutOfOffice(sql, account.id);
      const before = (await findOutOfOffice(sql, account.id)) ?? unset;
      const state = change.state ?? before.state;
      // Times are kept with a state that goes by them, and with no other (MS-ASCMD 2.2.3.124, R7544).
      const times = state === 2 ? (change.times ?? before) : unset;
      const { startAt, endAt } = times;
      await putOutOfOffice(sql, account.id, { state, startAt, endAt, messages: change.messages });
    });
  }
}

const unset: OutOfOfficeSettings = { state: 0, startAt: null, endAt: null, messages: [] };

function messageFor(audience: Audience, { messages }: OutOfOfficeSettings): OutOfOfficeMessage {
  const known = messages.find((message) => message.audience === audience);
  return known ?? { audience, enabled: false, bodyType: "Text", reply: "" };
}
