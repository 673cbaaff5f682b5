/** iCalendar text -> components and properties (RFC 5545), line by line: one broken line costs that line. */
import ICAL from "ical.js";
import { maxComponentDepth, maxLineLength, maxLines } from "./limits.ts";

/** A property: its parameters by lower-case name, its values as jCal has them (RFC 7265). */
export interface Property {
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** "date", "date-time", "duration", "recur", "text" … */
  readonly type: string;
  readonly values: readonly unknown[];
}

/** A component such as VEVENT; names are lower-case. */
export interface Component {
  readonly name: string;
  readonly properties: readonly Property[];
  readonly components: readonly Component[];
}

interface Open {
  readonly name: string;
  readonly properties: Property[];
  readonly components: Open[];
}

/**
 * The calendars of a text. Never throws: lines that break the syntax are left out, components that are not
 * closed end with the text.
 */
export function parseCalendars(text: string): readonly Component[] {
  const root: Open = { name: "", properties: [], components: [] };
  const stack = [root];
  for (const line of unfolded(text)) takeLine(line, stack);
  return root.components.filter(({ name }) => name === "vcalendar");
}

function takeLine(line: string, stack: Open[]): void {
  const [, word, name = ""] = /^(BEGIN|END):\s*([\w-]{1,60})\s*$/i.exec(line) ?? [];
  if (word === undefined) {
    const property = propertyOf(line);
    if (property !== undefined) stack.at(-1)?.properties.push(property);
    return;
  }
  if (word.toUpperCase() === "BEGIN") open(name.toLowerCase(), stack);
  else close(name.toLowerCase(), stack);
}

/** Components too deep are read as if they were their parent's neighbours. */
function open(name: string, stack: Open[]): void {
  const opened: Open = { name, properties: [], components: [] };
  if (stack.length > maxComponentDepth) stack.pop();
  stack.at(-1)?.components.push(opened);
  stack.push(opened);
}

/** An END of something that is not open closes nothing. */
function close(name: string, stack: Open[]): void {
  const at = stack.findLastIndex((each) => each.name === name);
  if (at > 0) stack.length = at;
}

/** RFC 5545 3.1: a line that begins with a blank goes on with the one before. */
function* unfolded(text: string): Generator<string, void, undefined> {
  let line = "";
  let count = 0;
  for (const piece of text.split(/\r\n|\r|\n/)) {
    if (/^[ \t]/.test(piece) && line !== "") {
      if (line.length <= maxLineLength) line += piece.slice(1);
      continue;
    }
    if (line !== "" && ++count > maxLines) return;
    if (line !== "") yield line;
    line = piece;
  }
  if (line !== "") yield line;
}

function propertyOf(line: string): Property | undefined {
  if (line.length > maxLineLength || !/^[\w-]{1,100}[;:]/.test(line)) return undefined;
  try {
    return fromJcal(ICAL.parse.property(line));
  } catch {
    // ParserError, or a value that breaks its type: the calendar goes on without the line.
    return undefined;
  }
}

function fromJcal(jcal: unknown): Property | undefined {
  if (!Array.isArray(jcal)) return undefined;
  const [name, parameters, type, ...values]: unknown[] = jcal;
  if (typeof name !== "string" || typeof type !== "string") return undefined;
  return { name, parameters: textsOf(parameters), type, values };
}

function textsOf(parameters: unknown): Record<string, string> {
  const entries = Object.entries(parameters ?? {}).map(([name, value]: [string, unknown]) => [
    name.toLowerCase(),
    String(Array.isArray(value) ? value[0] : value),
  ]);
  return Object.fromEntries(entries);
}

/** The first property of this name. */
export function propertyIn(component: Component, name: string): Property | undefined {
  return component.properties.find((each) => each.name === name);
}

/** The text of the first property of this name, or "". */
export function textIn(component: Component, name: string): string {
  const value = propertyIn(component, name)?.values[0];
  return typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
}

/** The components of this name. */
export function componentsIn(component: Component, name: string): readonly Component[] {
  return component.components.filter((each) => each.name === name);
}
