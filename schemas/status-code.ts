/** One value of a Status element, for the docs and the log. */
export interface StatusCode {
  readonly name: string;
  readonly status: number;
  /** What it tells the device, in one sentence. */
  readonly means: string;
  /** What the administrator should do about it. */
  readonly action: string;
  /** The HTTP status that versions up to 12.1 get instead (MS-ASCMD 2.2.4). */
  readonly http: number | undefined;
}

/** A row: number, meaning, what the administrator should do, HTTP status up to 12.1. */
export type StatusRow = readonly [
  status: number,
  means: string,
  action?: string | undefined,
  http?: number,
];

/** Status numbers by name. */
export type StatusNumbers<Rows> = { readonly [Name in keyof Rows]: number };

const nothing = "Nothing: the device recovers by itself.";

/** The rows of a table of statuses, for printing. */
export function statusCodes(rows: Readonly<Record<string, StatusRow>>): StatusCode[] {
  return Object.entries(rows).map(([name, [status, means, action, http]]) => {
    return { name, status, means, action: action ?? nothing, http };
  });
}

/** The numbers of a table of statuses, for writing them into an answer. */
export function statusNumbers<const Rows extends Readonly<Record<string, StatusRow>>>(
  rows: Rows,
): StatusNumbers<Rows> {
  const numbers = Object.entries(rows).map(([name, [status]]) => [name, status]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries forgets the keys
  return Object.fromEntries(numbers) as StatusNumbers<Rows>;
}
