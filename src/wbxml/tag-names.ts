import { codePages } from "../../schemas/code-pages.ts";
import type { CodePage } from "../../schemas/vocabulary.ts";

/** A tag by its number on the wire. */
export interface NamedTag {
  readonly page: CodePage;
  readonly name: string;
  readonly token: number;
}

function tagsOf(page: CodePage): NamedTag[] {
  return Object.entries(page.tags).map(([name, { token }]) => ({ page, name, token }));
}

const byId: ReadonlyMap<number, NamedTag> = new Map(
  codePages.flatMap(tagsOf).map((tag) => [tag.page.number * 256 + tag.token, tag]),
);

const byName: ReadonlyMap<string, NamedTag> = new Map(
  [...byId.values()].map((tag) => [`${tag.page.prefix}:${tag.name}`, tag]),
);

/** The tag with this number: page * 256 + token. */
export function tagById(id: number): NamedTag | undefined {
  return byId.get(id);
}

/** The tag of this name, `prefix:Name`. */
export function tagByName(name: string): NamedTag | undefined {
  return byName.get(name);
}

/** The name of the tag with this number, `prefix:Name`. */
export function tagName(id: number): string | undefined {
  const tag = byId.get(id);
  return tag && `${tag.page.prefix}:${tag.name}`;
}
