// What a prompt tells of the editor, and what a person hands over from it. Ranges are the protocol's, never the editor's:
// those are arrays once they are written as JSON.

import * as vscode from "vscode";
import type { Attached } from "../chat/said.ts";
import { isShared } from "../daemon/documents.ts";
import { cellPlace } from "../daemon/notebooks.ts";
import type { ContentBlock, Range } from "../protocol.ts";
import { own } from "../settings.ts";

const SOON_MS = 100;

let last: vscode.TextEditor | undefined;
let attached = 0;

/** Remember which editor was looked at: a prompt is written elsewhere. `changed`: it is another one, or another part of it. */
export function watchEditors(changed: () => void): vscode.Disposable {
  last = vscode.window.activeTextEditor;
  let timer: NodeJS.Timeout | undefined;
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(changed, SOON_MS);
  };
  return vscode.Disposable.from(
    vscode.window.onDidChangeActiveTextEditor((editor) => {
      last = editor && editor.document.uri.scheme !== "output" ? editor : last;
      soon();
    }),
    vscode.window.onDidChangeVisibleTextEditors(soon),
    vscode.window.onDidChangeTextEditorSelection(soon),
    new vscode.Disposable(() => clearTimeout(timer)),
  );
}

/** The editor that is looked at, or was before the chat was. */
export function lookedAt(): vscode.TextEditor | undefined {
  return vscode.window.activeTextEditor ?? (last && vscode.window.visibleTextEditors.includes(last) ? last : undefined);
}

export function asRange(range: vscode.Range): Range {
  const place = ({ line, character }: vscode.Position): Range["start"] => ({ line, character });
  return { start: place(range.start), end: place(range.end) };
}

/** The document that is looked at, what is selected there, and what else is open. */
export function contextBlock(): ContentBlock | undefined {
  if (!own("editorContext", true)) {
    return undefined;
  }
  const editor = lookedAt();
  const notebook = editor && cellPlace(editor.document.uri)?.file;
  const active =
    notebook && isShared(notebook)
      ? { uri: notebook.toString() }
      : editor && editor.document.uri.scheme === "file" && isShared(editor.document.uri)
        ? { uri: editor.document.uri.toString(), selection: asRange(editor.selection) }
        : undefined;
  const open = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .flatMap(({ input }) => (input instanceof vscode.TabInputText || input instanceof vscode.TabInputNotebook ? [input.uri] : []))
    .filter((uri) => uri.scheme === "file" && isShared(uri) && uri.toString() !== active?.uri)
    .map(String);
  if (!active && open.length === 0) {
    return undefined;
  }
  return { type: "editor_context", ...(active ? { active } : {}), open: [...new Set(open)].slice(0, 50) };
}

/** What a block of `contextBlock` says of the document that is looked at, in words for people. */
export function lookedLabel(block: ContentBlock | undefined): string | undefined {
  if (block?.type !== "editor_context" || !block.active) {
    return undefined;
  }
  const { uri, selection } = block.active;
  const { start, end } = selection ?? {};
  const nothing = !start || !end || (start.line === end.line && start.character === end.character);
  return vscode.workspace.asRelativePath(vscode.Uri.parse(uri)) + (nothing ? "" : linesOf({ start, end }));
}

/** A document, or a part of it. The text goes along where it is open here, and the daemon does not see it. */
export function resource(uri: vscode.Uri, range?: vscode.Range): ContentBlock {
  const unseen = isSeen(uri) ? undefined : vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri.toString());
  const place = { uri: uri.toString(), ...(range ? { range: asRange(range) } : {}) };
  return unseen ? { type: "resource", text: unseen.getText(range), ...place } : { type: "resource_link", ...place };
}

function isSeen(uri: vscode.Uri): boolean {
  return uri.scheme === "file" && isShared(uri);
}

/** What is selected, or the whole document where nothing is. */
export function fromEditor(editor: vscode.TextEditor, whole = false): Attached {
  const { document, selection } = editor;
  const range = whole || selection.isEmpty ? undefined : selection;
  const cell = cellPlace(document.uri);
  const name = cell
    ? `${vscode.workspace.asRelativePath(cell.file)} cell ${cell.number}`
    : vscode.workspace.asRelativePath(document.uri.scheme === "untitled" ? document.fileName : document.uri);
  const lines = range ? linesOf(range) : "";
  return made(`${name}${lines}`, range ? "selection" : isSeen(document.uri) ? "file" : "text", resource(document.uri, range));
}

/** The lines of a range as people count them: one that ends before a line's first letter does not touch it. */
function linesOf({ start, end }: Range): string {
  const last = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
  return last === start.line + 1 ? `:${last}` : `:${start.line + 1}-${last}`;
}

export function fromFile(uri: vscode.Uri): Attached {
  return made(vscode.workspace.asRelativePath(uri), "file", { type: "resource_link", uri: uri.toString() });
}

export function fromFolder(uri: vscode.Uri): Attached {
  return made(`${vscode.workspace.asRelativePath(uri)}/`, "file", { type: "mention", name: "folder", argument: uri.toString() });
}

/** What went along with a prompt of before; nothing for its words, and for what the editor told by itself. */
export function fromBlock(block: ContentBlock): Attached[] {
  switch (block.type) {
    case "image":
      return [made("picture", "picture", block)];
    case "resource":
    case "resource_link": {
      const name = vscode.workspace.asRelativePath(vscode.Uri.parse(block.uri));
      const lines = block.range ? linesOf(block.range) : "";
      return [made(name + lines, lines ? "selection" : "file", block)];
    }
    case "mention":
      return [fromMention(block)];
    default:
      return [];
  }
}

export function fromMention(block: ContentBlock & { readonly type: "mention" }): Attached {
  const label = block.argument === undefined ? block.name : `${block.name} ${block.argument}`;
  return made(label, block.name === "diagnostics" ? "problems" : "text", block);
}

export function fromPicture(name: string, mimeType: string, data: string): Attached {
  return made(name, "picture", { type: "image", mimeType, data });
}

/** All problems that the editor shows. `looks`: the daemon looks them up itself. */
export function fromProblems(looks: boolean): Attached | undefined {
  const lines = vscode.languages.getDiagnostics().flatMap(([place, problems]) =>
    problems.map((problem) => {
      const at = `${vscode.workspace.asRelativePath(place)}:${problem.range.start.line + 1}`;
      return `${at} ${vscode.DiagnosticSeverity[problem.severity].toLowerCase()}: ${problem.message}`;
    }),
  );
  if (lines.length === 0) {
    return undefined;
  }
  const text = `The problems that the editor shows:\n${lines.slice(0, 200).join("\n")}`;
  return made(`${lines.length} problem${lines.length === 1 ? "" : "s"}`, "problems", looks ? { type: "mention", name: "diagnostics" } : { type: "text", text });
}

/** One more that goes along. */
export function made(label: string, icon: Attached["shown"]["icon"], block: ContentBlock): Attached {
  return { shown: { id: `along-${(attached += 1)}`, label, icon }, block };
}
