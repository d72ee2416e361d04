// What a person says, and what goes along with it. Pure.

import type { Attachment } from "../messages.ts";
import type { ContentBlock } from "../protocol.ts";

/** Something that goes along with a prompt: what the page shows of it, and what is sent. */
export interface Attached {
  readonly shown: Attachment;
  readonly block: ContentBlock;
}

/** What a person says. */
export interface Said {
  readonly words: string;
  readonly along: readonly Attached[];
}

/** Both, each once. */
export function together(there: readonly Attached[], more: readonly Attached[]): Attached[] {
  const all = new Map<string, Attached>();
  for (const one of [...there, ...more]) {
    const key = JSON.stringify(one.block);
    all.set(key, all.get(key) ?? one);
  }
  return [...all.values()];
}

/** The person's words are the first text: they name the session, and may begin with a command. */
export function blocksOf(said: Said): ContentBlock[] {
  const along = said.along.map((one) => one.block);
  const isText = (block: ContentBlock): boolean => block.type === "text";
  return [...along.filter((block) => !isText(block)), { type: "text", text: said.words }, ...along.filter(isText)];
}

/** The first line of the first prompt, cut at a word. */
export function titleOf(words: string): string {
  const line = words.trim().split("\n", 1)[0] ?? "";
  return line.length <= 60 ? line : `${line.slice(0, 60).replace(/\s+\S*$/, "")} …`;
}
