// What a prompt may begin with and name, beside files: slash commands and mentions, as the daemon tells them. Pure.

import type { CommandsResult, ContentBlock, MentionName } from "../protocol.ts";

export const NOTHING_OFFERED: CommandsResult = { commands: [], mentions: [] };

/** Something to choose from. */
export interface Offer {
  readonly name: string;
  readonly doc: string;
  /** It needs no more words: whoever chooses it has asked for it. */
  readonly runs?: boolean;
}

const LOOKED_UP: readonly string[] = ["folder", "diagnostics", "diff", "buffers"] satisfies readonly MentionName[];

/** The slash commands: those of the extension itself come first, and count. */
export function slashes(own: readonly Offer[], told: CommandsResult): Offer[] {
  const taken = new Set(own.map(({ name }) => name));
  const more = told.commands.filter(({ name }) => !taken.has(name));
  const from = { "built-in": "", user: " (yours)", workspace: " (of this workspace)" } as Readonly<Record<string, string>>;
  return [...own, ...more.map(({ name, description, source }) => ({ name, doc: `${description}${from[source] ?? ""}` }))];
}

/** The mentions that begin with some letters, as they are written behind the @. Files are known here already. */
export function mentionsFor(told: CommandsResult, letters: string): Offer[] {
  return told.mentions
    .filter(({ name }) => name !== "file" && name.startsWith(letters.toLowerCase()))
    .map(({ name, description, hint }) => ({
      name: hint !== undefined && !hint.startsWith("[") ? `${name}:` : name,
      doc: description,
    }));
}

/** What the daemon looks up for a word behind an @: `diff`, `diff:main`. None for anything else. */
export function lookedUp(word: string): (ContentBlock & { readonly type: "mention" }) | undefined {
  const [, name = "", argument] = /^([a-z]+)(?::(.+))?$/.exec(word.replace(/[,;:!?)]+\.?$|(?<!\.)\.$/, "")) ?? [];
  if (!LOOKED_UP.includes(name) || (name === "folder" && argument === undefined)) {
    return undefined;
  }
  return { type: "mention", name: name as MentionName, ...(argument === undefined ? {} : { argument }) };
}
