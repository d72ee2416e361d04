// Where a code block of an answer goes in a document. Pure.

/** The document's text with a block in it: over the lines that it is another form of, else in place of what is selected. */
export function applied(text: string, block: string, selection: { readonly start: number; readonly end: number }): string {
  const lines = text.split("\n");
  const wanted = block.replace(/\n$/, "").split("\n");
  const told = wanted.filter((line) => line.trim() !== "");
  const first = told[0]?.trim() ?? "";
  if (selection.start !== selection.end) {
    return text.slice(0, selection.start) + wanted.join("\n") + text.slice(selection.end);
  }
  const starts = first === "" ? [] : placesOf(lines, first);
  const start = starts[0];
  if (starts.length === 1 && start !== undefined) {
    const last = told.at(-1) ?? "";
    const depth = indent(lines[start] ?? "").length + indent(last).length - indent(told[0] ?? "").length;
    const known = lines.findIndex((line, at) => at >= start && line.trim() === last.trim() && indent(line).length === depth);
    const end = known >= start ? known : blockEnd(lines, start);
    return [...lines.slice(0, start), ...indented(wanted, indent(lines[start] ?? "")), ...lines.slice(end + 1)].join("\n");
  }
  // Lines of its own, above the one with the cursor.
  const at = text.lastIndexOf("\n", selection.start - 1) + 1;
  return text.slice(0, at) + wanted.join("\n") + (at < text.length ? "\n" : "") + text.slice(at);
}

/** The last line of what begins on a line: those that stand deeper, and what closes them. */
function blockEnd(lines: readonly string[], start: number): number {
  const depth = indent(lines[start] ?? "").length;
  let end = start;
  for (let at = start + 1; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const deep = indent(line).length;
    if (line.trim() !== "" && (deep < depth || (deep === depth && !/^\s*(?:[)\]}]|end\b)/.test(line)))) {
      break;
    }
    end = line.trim() === "" ? end : at;
  }
  return end;
}

function placesOf(lines: readonly string[], wanted: string): number[] {
  return lines.flatMap((line, at) => (line.trim() === wanted ? [at] : []));
}

function indent(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}

/** The block moved to where its place stands. */
function indented(lines: readonly string[], wanted: string): string[] {
  const own = indent(lines.find((line) => line.trim() !== "") ?? "");
  return lines.map((line) => (line.startsWith(own) && line.trim() !== "" ? wanted + line.slice(own.length) : line));
}
