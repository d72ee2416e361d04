// Where a link of an answer leads: into the workspace at once, anywhere else only after a person has seen the address.

import * as vscode from "vscode";

export async function openLink(href: string): Promise<void> {
  const place = placeOf(href);
  if (place) {
    const uri = await existing(place.path);
    if (uri) {
      const at = new vscode.Position(Math.max(0, place.line - 1), 0);
      await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at), preview: true });
      return;
    }
  }
  const uri = /^https?:\/\//i.test(href) ? vscode.Uri.parse(href) : undefined;
  if (!uri) {
    void vscode.window.showWarningMessage(`There is no such file in the folders that are open: ${href}`);
    return;
  }
  const open = "Open It";
  const chosen = await vscode.window.showWarningMessage("A link of an answer leads out of the editor.", { modal: true, detail: href }, open);
  if (chosen === open) {
    await vscode.env.openExternal(uri);
  }
}

/** The file and the line that a link names. Pure. */
export function placeOf(href: string): { readonly path: string; readonly line: number } | undefined {
  const plain = href.replace(/^file:\/\//, "");
  if (/^[a-z][a-z0-9+.-]+:/i.test(plain) && !/^[^:/]+\.\w+:\d/.test(plain)) {
    return undefined;
  }
  const [, path = "", line = "1"] = /^(.*?)(?:[:#]L?(\d+)(?:[-:,].*)?)?$/.exec(decoded(plain)) ?? [];
  return path === "" ? undefined : { path, line: Number(line) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function existing(path: string): Promise<vscode.Uri | undefined> {
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const uri = path.startsWith("/") ? vscode.Uri.file(path) : vscode.Uri.joinPath(folder.uri, path);
    const inside = vscode.workspace.getWorkspaceFolder(uri);
    if (inside && (await vscode.workspace.fs.stat(uri).then(() => true, () => false))) {
      return uri;
    }
  }
  return undefined;
}
