// Which documents the daemon is told of: files in the folders that are open, and their notebooks' cells. The editor opens
// others for itself (its settings, inputs of other chats), which are nobody's business.

import * as vscode from "vscode";
import type { LanguageClient, Middleware } from "vscode-languageclient/node";

/** Notebooks come by what the daemon says of them, cell by cell. */
export const SELECTOR = [{ scheme: "file" }];

/** Whether a document may be told of. */
export function isShared(uri: vscode.Uri): boolean {
  const known = uri.scheme === "file" || uri.scheme === "vscode-notebook-cell";
  return known && vscode.workspace.getWorkspaceFolder(uri.with({ scheme: "file", fragment: "" })) !== undefined;
}

/** The version of each open notebook that the daemon was told last: outputs alone make versions that nobody tells. */
const told = new WeakMap<vscode.NotebookDocument, number>();

export function toldVersion(notebook: vscode.NotebookDocument): number | undefined {
  return told.get(notebook);
}

/** Lets pass what may be told. */
export function onlyShared(): Middleware {
  const quiet = Promise.resolve();
  const note = (notebook: vscode.NotebookDocument): true => {
    told.set(notebook, notebook.version);
    return true;
  };
  return {
    didOpen: (document, next) => (isShared(document.uri) ? next(document) : quiet),
    didChange: (event, next) => (isShared(event.document.uri) ? next(event) : quiet),
    didSave: (document, next) => (isShared(document.uri) ? next(document) : quiet),
    didClose: (document, next) => (isShared(document.uri) ? next(document) : quiet),
    notebooks: {
      didOpen: (notebook, cells, next) => (isShared(notebook.uri) && note(notebook) ? next(notebook, cells) : quiet),
      didChange: (event, next) => (isShared(event.notebook.uri) && note(event.notebook) ? next(event) : quiet),
      didSave: (notebook, next) => (isShared(notebook.uri) ? next(notebook) : quiet),
      didClose: (notebook, cells, next) => (isShared(notebook.uri) ? next(notebook, cells) : quiet),
    },
  };
}

/** A folder was opened: its documents that are open already are shared from now on. */
export async function shareOpened(client: LanguageClient, folders: readonly vscode.WorkspaceFolder[]): Promise<void> {
  const added = new Set(folders.map((folder) => folder.uri.toString()));
  for (const document of vscode.workspace.textDocuments) {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    if (document.uri.scheme === "file" && folder && added.has(folder.uri.toString())) {
      await client.sendNotification(
        "textDocument/didOpen",
        client.code2ProtocolConverter.asOpenTextDocumentParams(document),
      );
    }
  }
}
