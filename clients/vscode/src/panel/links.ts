// Where a link of an answer leads: into the workspace at once, anywhere else only after a person has seen the address.

import * as vscode from "vscode";
import { placed, typeOf } from "../editor/files.ts";
import { type Place, placeOf } from "./places.ts";

export async function openLink(href: string): Promise<void> {
  const place = placeOf(href);
  const uri = place && (await existing(place.path));
  if (place && uri) {
    return show(uri, place);
  }
  const outside = /^https?:\/\//i.test(href) ? vscode.Uri.parse(href) : undefined;
  if (!outside) {
    void vscode.window.showWarningMessage(`There is no such file in the folders that are open: ${place?.path ?? href}`);
    return;
  }
  const open = "Open It";
  const chosen = await vscode.window.showWarningMessage("A link of an answer leads out of the editor.", { modal: true, detail: href }, open);
  if (chosen === open) {
    await vscode.env.openExternal(outside);
  }
}

/** A file in the editor that is for it, with its lines selected; a folder among all files. */
async function show(uri: vscode.Uri, { lines }: Place): Promise<void> {
  if (((await typeOf(uri)) ?? 0) & vscode.FileType.Directory) {
    await vscode.commands.executeCommand("revealInExplorer", uri);
    return;
  }
  const [first, last] = lines ?? [];
  const several = first !== undefined && last !== undefined && last > first;
  const selection = first !== undefined && new vscode.Range(first - 1, 0, several ? last : first - 1, 0);
  await vscode.commands.executeCommand("vscode.open", uri, { preview: true, ...(selection ? { selection } : {}) });
}

async function existing(path: string): Promise<vscode.Uri | undefined> {
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const uri = path.startsWith("/") ? vscode.Uri.file(path) : placed(folder, path);
    if (vscode.workspace.getWorkspaceFolder(uri) && (await typeOf(uri)) !== undefined) {
      return uri;
    }
  }
  return undefined;
}
