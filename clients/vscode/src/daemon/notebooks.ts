// Notebooks that are open: cells that the daemon changes, puts in and deletes; saving them, and what is found in them.

import * as vscode from "vscode";
import { toldVersion } from "./documents.ts";
import type { CellSplice, EditCellsAnswer, EditCellsRequest, NewCell } from "../protocol.ts";

/** The notebook that is open under an address. */
export function openNotebook(uri: vscode.Uri): vscode.NotebookDocument | undefined {
  return vscode.workspace.notebookDocuments.find((one) => one.uri.toString() === uri.toString());
}

/** Where a cell stands: the file of its notebook, and its number from 1; nothing for any other document. */
export function cellPlace(uri: vscode.Uri): { readonly file: vscode.Uri; readonly number: number } | undefined {
  for (const notebook of vscode.workspace.notebookDocuments) {
    const cell = notebook.getCells().find((one) => one.document.uri.toString() === uri.toString());
    if (cell) {
      return { file: notebook.uri, number: cell.index + 1 };
    }
  }
  return undefined;
}

/** Do what `chat/editCells` asks for: all of it as one step of undo, or nothing. */
export async function editCells(request: EditCellsRequest): Promise<EditCellsAnswer> {
  const notebook = openNotebook(vscode.Uri.parse(request.uri));
  if (!notebook || toldVersion(notebook) !== request.version) {
    return { applied: false, failureReason: "the notebook has changed" };
  }
  const edit = new vscode.WorkspaceEdit();
  for (const { uri, version, edits } of request.texts) {
    const cell = notebook.getCells().find((one) => one.document.uri.toString() === vscode.Uri.parse(uri).toString());
    if (cell?.document.version !== version) {
      return { applied: false, failureReason: "a cell has changed" };
    }
    edit.set(cell.document.uri, edits.map(({ range, newText }) => vscode.TextEdit.replace(asRange(range), newText)));
  }
  // From the last to the first: whichever way the editor counts, it is the same.
  edit.set(notebook.uri, request.splices.toReversed().map((splice) => splicing(notebook, splice)));
  return { applied: await vscode.workspace.applyEdit(edit) };
}

function splicing(notebook: vscode.NotebookDocument, { start, deleteCount, cells }: CellSplice): vscode.NotebookEdit {
  return vscode.NotebookEdit.replaceCells(new vscode.NotebookRange(start, start + deleteCount), cells.map((cell) => made(notebook, cell)));
}

function made(notebook: vscode.NotebookDocument, { kind, text, id }: NewCell): vscode.NotebookCellData {
  const languages: Readonly<Record<NewCell["kind"], string>> = { markdown: "markdown", raw: "raw", code: languageOf(notebook) };
  const which = kind === "markdown" ? vscode.NotebookCellKind.Markup : vscode.NotebookCellKind.Code;
  const data = new vscode.NotebookCellData(which, text, languages[kind]);
  data.metadata = id === undefined ? {} : { id };
  return data;
}

/** The language of a notebook's code. */
function languageOf(notebook: vscode.NotebookDocument): string {
  const code = notebook.getCells().find((one) => one.kind === vscode.NotebookCellKind.Code && one.document.languageId !== "raw");
  return code?.document.languageId ?? "python";
}

function asRange({ start, end }: EditCellsRequest["texts"][0]["edits"][0]["range"]): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

/** Whether an open notebook has the cells that its file holds. */
export function holdsCells(notebook: vscode.NotebookDocument, file: string): boolean {
  const wanted = sources(file);
  const found = notebook.getCells().map((cell) => cell.document.getText().replaceAll("\r\n", "\n"));
  return wanted?.length === found.length && wanted.every((text, at) => text === found[at]);
}

/** The texts of the cells of a notebook's file; nothing where it is none. Pure. */
export function sources(file: string): string[] | undefined {
  try {
    const { cells } = JSON.parse(file) as { readonly cells?: readonly { readonly source?: string | readonly string[] }[] };
    return cells?.map(({ source = "" }) => (typeof source === "string" ? source : source.join("")).replaceAll("\r\n", "\n"));
  } catch {
    return undefined;
  }
}
