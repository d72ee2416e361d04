// A change of a notebook's file as people read it: the cells as text, where nothing else of the file changes but outputs that
// are cleared. Pure.

import type { Diff } from "./protocol.ts";

interface Cell {
  readonly cell_type?: string;
  readonly id?: string;
  readonly source?: string | readonly string[];
  readonly outputs?: readonly unknown[];
  readonly execution_count?: unknown;
}
interface Notebook {
  readonly cells: readonly Cell[];
}

/** The same change as cells of text; the change itself where its file is no notebook, or more of it changes. */
export function readable(diff: Diff): Diff {
  if (!/\.ipynb$/i.test(diff.uri)) {
    return diff;
  }
  const [before, after] = [parsed(diff.oldText), parsed(diff.newText)];
  if (!before || !after || !alikeButForCells(before, after)) {
    return diff;
  }
  return { ...diff, oldText: told(before), newText: told(after) };
}

function parsed(text: string): Notebook | undefined {
  try {
    const value = JSON.parse(text) as Notebook | null;
    return Array.isArray(value?.cells) && value.cells.every(isCell) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isCell(cell: Cell | null): boolean {
  const source = cell?.source;
  return typeof source === "string" || (Array.isArray(source) && source.every((line) => typeof line === "string"));
}

/** Whether all that is not shown of it stays: what stands around the cells, their metadata, and outputs that are not cleared. */
function alikeButForCells(before: Notebook, after: Notebook): boolean {
  const outputs = new Map(before.cells.map((cell) => [hidden(cell), canonical(cell.outputs ?? [])]));
  const around = ({ cells: _cells, ...rest }: Notebook): string => canonical(rest);
  return around(before) === around(after) && after.cells.every((cell) => {
    const were = outputs.get(hidden(cell));
    const are = canonical(cell.outputs ?? []);
    return are === "[]" ? were !== undefined || isBare(cell) : are === were;
  });
}

/** What is not shown of a cell, but for its outputs. */
function hidden({ source: _source, outputs: _outputs, execution_count: _count, ...rest }: Cell): string {
  return canonical(rest);
}

/** A cell that is new has nothing that is not shown. */
function isBare({ cell_type: _kind, id: _id, source: _source, outputs: _outputs, execution_count: _count, ...rest }: Cell): boolean {
  return ["{}", '{"metadata":{}}'].includes(canonical(rest));
}

/** The same text for what is the same, in whichever order its members stand. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1))) : one,
  );
}

function told({ cells }: Notebook): string {
  return cells
    .map((cell) => {
      const outputs = cell.outputs?.length ?? 0;
      const source = typeof cell.source === "string" ? cell.source : (cell.source ?? []).join("");
      const head = `# %% ${cell.cell_type ?? "cell"}${cell.id === undefined ? "" : ` ${cell.id}`}`;
      return [head, source.replace(/\n$/, ""), ...(outputs > 0 ? [`# ${outputs} output${outputs === 1 ? "" : "s"}`] : []), ""].join("\n");
    })
    .join("\n");
}
