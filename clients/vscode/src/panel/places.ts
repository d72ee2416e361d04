// What a link of an answer names: a file, and lines of it. Pure.

export interface Place {
  readonly path: string;
  /** The first and the last line, counted from one. */
  readonly lines?: readonly [number, number];
}

/** `a.py:3`, `a.py:3:7`, `a.py:3-9`, `a.py#L3`, `a.py#L3-L9`, `a.py#L3C1-L9C5`: columns are not heeded. */
const LINES = /^(.+?)(?::|#)L?(\d+)(?:[C:,]\d+)?(?:-L?(\d+)(?:[C:,]\d+)?)?$/;

/** The file that a link names; nothing where it leads out of the editor. */
export function placeOf(href: string): Place | undefined {
  const plain = href.replace(/^file:\/\//, "");
  if (/^[a-z][a-z0-9+.-]+:/i.test(plain) && !/^[^:/]+\.\w+:\d/.test(plain)) {
    return undefined;
  }
  const [, file, first, last] = LINES.exec(plain) ?? [];
  const path = decoded(file ?? plain.replace(/#.*$/, "")); // what else is behind a # is a heading
  if (path === "") {
    return undefined;
  }
  const from = Math.max(1, Number(first));
  return first === undefined ? { path } : { path, lines: [from, Math.max(from, Number(last ?? first))] };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
