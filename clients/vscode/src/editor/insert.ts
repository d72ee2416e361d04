// Where a code block of an answer goes in a document. Pure.

/** The document's text with a block in it: over the lines that begin and end as it does, else in place of what is selected. */
export function applied(text: string, block: string, selection: { readonly start: number; readonly end: number }): string {
  const lines = text.split("\n");
  const wanted = block.replace(/\n$/, "").split("\n");
  const told = wanted.filter((line) => line.trim() !== "");
  const first = told[0]?.trim() ?? "";
  const last = told.at(-1) ?? "";
  const deeper = indent(last).length - indent(told[0] ?? "").length;
  if (selection.start === selection.end && first !== "") {
    const starts = placesOf(lines, first);
    const start = starts[0];
    if (starts.length === 1 && start !== undefined) {
      const depth = indent(lines[start] ?? "").length + deeper;
      const end = lines.findIndex((line, at) => at >= start && line.trim() === last.trim() && indent(line).length === depth);
      if (end >= start) {
        return [...lines.slice(0, start), ...indented(wanted, indent(lines[start] ?? "")), ...lines.slice(end + 1)].join("\n");
      }
    }
  }
  return text.slice(0, selection.start) + block.replace(/\n$/, "") + text.slice(selection.end);
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
