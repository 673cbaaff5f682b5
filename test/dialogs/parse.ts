/** Reads a dialog file into its steps. */
import { rank, versions, type ProtocolVersion } from "../../schemas/version.ts";

/** Once, twice at the same moment, or with a connection that breaks in the body of the request or the answer. */
type Sending = "once" | "twice" | "cut request" | "cut answer";

/** One step of a dialog. */
export type Step = { readonly line: number } & (
  | {
      readonly kind: "send";
      readonly how: Sending;
      readonly command: string;
      readonly query: Readonly<Record<string, string>>;
      readonly contentType: string | undefined;
      readonly body: string;
    }
  | {
      readonly kind: "expect";
      readonly exact: boolean;
      readonly httpStatus: number;
      readonly body: string;
      /** What a body that is no XML must be. */
      readonly text: string | undefined;
    }
  | { readonly kind: "lose" }
  | { readonly kind: "device"; readonly name: string; readonly type: string | undefined }
  | { readonly kind: "folders" }
  | { readonly kind: "prime"; readonly words: readonly string[] }
  | { readonly kind: "action"; readonly words: readonly string[] }
);

/** A dialog as its file says it, for one version. */
export interface Dialog {
  readonly title: string;
  readonly versions: readonly ProtocolVersion[];
  readonly steps: readonly Step[];
  readonly texts: ReadonlyMap<string, string>;
}

const gate = /^\[(?<named>\d+\.\d)(?<others>[+-]?)\]\s?/;

/** The steps that hold for this version. */
export function parseDialog(source: string, version: ProtocolVersion): Dialog {
  const texts = new Map<string, string>();
  const lines = numbered(withoutTexts(source, texts)).flatMap((line) => gated(line, version));
  const title = lines.find(({ text }) => text.startsWith("# "))?.text.slice(2) ?? "untitled";
  const steps = groupSteps(lines.filter(({ text }) => !text.startsWith("#")));
  return { title, versions: versionsOf(source), steps, texts };
}

/** The versions that a dialog runs with. */
export function versionsOf(source: string): readonly ProtocolVersion[] {
  const named = /^versions (?<list>.+)$/m.exec(source)?.groups?.["list"]?.split(/\s+/) ?? [];
  const known = named.filter((name): name is ProtocolVersion => versions.some((v) => v === name));
  if (known.length !== named.length || known.length === 0) {
    throw new Error(`a dialog needs a line "versions", such as "versions 12.1 14.1"`);
  }
  return known;
}

interface Line {
  readonly number: number;
  readonly text: string;
}

/** Takes the named texts out, leaving empty lines so that line numbers stay right. */
function withoutTexts(source: string, texts: Map<string, string>): string {
  return source.replaceAll(/^== (\S+)\n([^]*?)^==\n/gm, (whole, name: string, text: string) => {
    texts.set(name, text.replaceAll("\n", "\r\n"));
    return "\n".repeat(whole.split("\n").length - 1);
  });
}

function numbered(source: string): Line[] {
  return source.split("\n").map((text, index) => ({ number: index + 1, text }));
}

function gated({ number, text }: Line, version: ProtocolVersion): Line[] {
  const groups = gate.exec(text)?.groups;
  if (groups === undefined) return text.trim() === "" ? [] : [{ number, text }];
  const distance = rank(version) - rank(groups["named"] as ProtocolVersion);
  const { others } = groups;
  const holds =
    distance === 0 || (others === "+" && distance > 0) || (others === "-" && distance < 0);
  return holds ? [{ number, text: text.replace(gate, "") }] : [];
}

function groupSteps(lines: readonly Line[]): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < lines.length;) {
    const head = lines[at] as Line;
    let end = at + 1;
    while (end < lines.length && /^\s/.test((lines[end] as Line).text)) end++;
    const body = lines.slice(at + 1, end).map(({ text }) => text);
    steps.push(...stepOf(head, body.join("\n")));
    at = end;
  }
  return steps;
}

function stepOf({ number: line, text: written }: Line, body: string): Step[] {
  const [mark, ...words] = wordsOf(written);
  if (mark === "versions") return [];
  const how = sendings.get(mark ?? "");
  if (how !== undefined) return [{ line, how, ...sending(words, body) }];
  if (mark === "<-" || mark === "<~") return [expectStep(line, [mark, ...words], body)];
  if (mark === "<x") return [{ line, kind: "lose" }];
  if (mark === "@device") return [{ line, kind: "device", name: words[0] ?? "", type: words[1] }];
  if (mark === "@folders") return [{ line, kind: "folders" }];
  if (mark === "@prime") return [{ line, kind: "prime", words }];
  if (mark === "**") return [{ line, kind: "action", words }];
  throw new Error(
    `line ${line}: a step begins with ->, =>, -x, -c, <-, <~, <x, @device or **: ${written}`,
  );
}

function expectStep(line: number, words: readonly string[], body: string): Step {
  const [mark, httpStatus, text] = words;
  const exact = mark === "<-";
  return { line, kind: "expect", exact, httpStatus: Number(httpStatus), body, text };
}

const sendings = new Map<string, Sending>([
  ["->", "once"],
  ["=>", "twice"],
  ["-x", "cut request"],
  ["-c", "cut answer"],
]);

function sending([target = "", contentType]: readonly string[], body: string) {
  const [command = "", query = ""] = target.split("?");
  const parameters = Object.fromEntries(new URLSearchParams(query));
  return { kind: "send", command, query: parameters, contentType, body } as const;
}

/** Words divided by spaces; "quotes" hold words together. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
}
