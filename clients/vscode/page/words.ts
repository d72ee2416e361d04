// How numbers and calls read. Pure.

import type { ToolBlock, View } from "../src/view.ts";

/** What a turn that has not ended does just now. */
export function doing({ blocks, steps }: View): string {
  const calls = blocks.filter((block) => block.type === "tool");
  if (calls.some(({ status }) => status === "awaiting_permission")) {
    return "waiting for your answer";
  }
  if (calls.some(({ status }) => status === "running" || status === "ready")) {
    return "working";
  }
  const last = blocks.findLast(({ type }) => type !== "notice");
  const writes = last !== undefined && last.step > steps && (last.type === "text" || last.type === "tool" || last.type === "thinking");
  return writes ? (last.type === "thinking" ? "thinking" : "writing") : "waiting for the model";
}

export function duration(ms: number): string {
  if (ms < 1000) {
    return `${Math.round(ms)} ms`;
  }
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export function amount(letters: number): string {
  return letters < 1000 ? `${letters} chars` : `${(letters / 1000).toFixed(1)} k chars`;
}

export function tokens(count: number): string {
  return count < 1000 ? String(count) : count < 1_000_000 ? `${(count / 1000).toFixed(1)}k` : `${(count / 1_000_000).toFixed(2)}M`;
}

/** The most telling argument: of the title what stands behind the tool's name, else the first text as far as it is written. */
export function argumentOf(block: ToolBlock): string {
  if (block.title === undefined) {
    return telling(block.argumentsText.slice(0, 1000));
  }
  const rest = block.title.startsWith(block.name) ? block.title.slice(block.name.length) : block.title;
  return rest.trim().replace(/\s+/g, " ");
}

/** Of arguments that are still being written: the first text among them, in one line. */
export function telling(raw: string): string {
  const value = /^[^"]*"[^"]*"\s*:\s*"((?:[^"\\]|\\.)*)/.exec(raw)?.[1] ?? "";
  return unescaped(value).replace(/\s+/g, " ");
}

/** The last text among arguments that are still being written, as it will read. */
export function partialText(raw: string): string {
  const open = /:\s*"((?:[^"\\]|\\.)*)\\?$/.exec(raw)?.[1];
  return open === undefined ? "" : unescaped(open);
}

function unescaped(text: string): string {
  const signs: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "", b: "", f: "" };
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code: string | undefined, sign: string) =>
    code === undefined ? (signs[sign] ?? sign) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** A part of an address as people read it; as it is where it is none. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The file that the words behind a fence's language name; it lies below where they count from. */
export function pathIn(words: string): string | undefined {
  const found = /(?:^|[\s:="'])((?:[\w@.-]+\/)*[\w@-][\w@.-]*\.\w{1,8})(?=$|[\s"'}])/.exec(words)?.[1];
  return found?.split("/").includes("..") ? undefined : found;
}
