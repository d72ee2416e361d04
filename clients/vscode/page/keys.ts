// Which key answers which option of a question: the table that all clients share. Pure.

import { LETTERS, type Letter, WITH_WORDS } from "../src/letters.ts";
import type { PermissionOption } from "../src/protocol.ts";

export interface Entry {
  readonly key: string;
  readonly option: PermissionOption;
  /** It goes with words. */
  readonly words: boolean;
  readonly label: string;
}

/** How long an answer holds. A daemon that does not say so says it in the id. */
function scopeOf(option: PermissionOption & { readonly scope?: string }): string {
  if (option.scope === "session" || option.scope === "workspace") {
    return option.scope;
  }
  return ["session", "workspace"].find((scope) => option.id.toLowerCase().includes(scope)) ?? "";
}

function suits(row: Letter, option: PermissionOption): boolean {
  const wide = ["wide", "inside"].some((word) => option.id.toLowerCase().includes(word));
  return row.kind === option.kind && (row.scope === "" || row.scope === scopeOf(option)) && !(row.narrow && wide);
}

/** The answers in their order; behind the plain no the one that says what to do instead. */
export function answers(options: readonly PermissionOption[]): Entry[] {
  const free = [...LETTERS];
  return options.flatMap((option, at) => {
    const row = free.findIndex((one) => suits(one, option));
    const key = row < 0 ? String(at + 1) : (free.splice(row, 1)[0]?.key ?? "");
    const entry = { key: key.length === 1 ? key : "", option, words: false, label: option.label };
    const instead = { key: WITH_WORDS, option, words: true, label: "No, and say what to do instead" };
    return option.kind === "reject_once" ? [entry, instead] : [entry];
  });
}
