// The files that a prompt may name behind @ or #.

import * as vscode from "vscode";
import { lookedUp } from "../chat/names.ts";
import { fromEditor, fromFile, fromMention, lookedAt } from "./context.ts";
import { fromTerminal } from "./terminal.ts";
import type { Attached } from "../chat/said.ts";

const FRESH_MS = 5000;
const MOST = 20_000;

let known: { readonly at: number; readonly files: Promise<string[]> } | undefined;

function files(): Promise<string[]> {
  if (!known || Date.now() - known.at > FRESH_MS) {
    const found = Promise.resolve(vscode.workspace.findFiles("**/*", "**/{node_modules,.git,.venv,dist,__pycache__}/**", MOST));
    known = { at: Date.now(), files: found.then((uris) => uris.map((uri) => vscode.workspace.asRelativePath(uri)).sort()) };
  }
  return known.files;
}

/** The best matches of some letters. */
export async function matching(query: string, most = 30): Promise<string[]> {
  return best(await files(), query, most);
}

/** Those in which the letters stand in their order; whose name begins with them first, then the shorter ones. Pure. */
export function best(all: readonly string[], query: string, most: number): string[] {
  const letters = query.toLowerCase();
  const rated = all.flatMap((file) => {
    const score = rate(file.toLowerCase(), letters);
    return score === undefined ? [] : [{ file, score }];
  });
  return rated
    .sort((one, other) => one.score - other.score || one.file.length - other.file.length)
    .slice(0, most)
    .map((one) => one.file);
}

function rate(file: string, letters: string): number | undefined {
  const name = file.slice(file.lastIndexOf("/") + 1);
  if (name.startsWith(letters)) {
    return 0;
  }
  if (name.includes(letters)) {
    return 1;
  }
  if (file.includes(letters)) {
    return 2;
  }
  let at = -1;
  for (const letter of letters) {
    at = file.indexOf(letter, at + 1);
    if (at < 0) {
      return undefined;
    }
  }
  return 3;
}

/** The names behind @ and # in what a person wrote. Pure. */
export function mentions(words: string): string[] {
  const quoted = [...words.matchAll(/(?:^|[\s(])[@#]"([^"\n]+)"/g)].map((match) => match[1] ?? "");
  const plain = [...words.matchAll(/(?:^|[\s(])[@#](?!")([^\s"]+)/g)].map((match) => match[1] ?? "");
  return [...new Set([...quoted, ...plain])];
}

/** What a prompt names: files, and what the daemon looks up, where it does that. */
export async function mentioned(words: string, looks: boolean): Promise<Attached[]> {
  const found: Attached[] = [];
  for (const name of mentions(words)) {
    const ran = /^terminal[.,;:!?)]*$/.test(name) ? fromTerminal() : undefined;
    if (ran) {
      found.push(ran);
      continue;
    }
    const block = looks ? lookedUp(name) : undefined;
    const editor = /^selection[.,;:!?)]*$/.test(name) ? lookedAt() : undefined;
    if (block || editor) {
      found.push(...(block ? [fromMention(block)] : []), ...(editor ? [fromEditor(editor)] : []));
      continue;
    }
    const uri = (await existing(name)) ?? (await existing(name.replace(/[.,;:!?)]+$/, "")));
    if (uri) {
      found.push(fromFile(uri));
    }
  }
  return found;
}

/** The file of a name that is relative to a folder that is open. */
export async function existing(name: string): Promise<vscode.Uri | undefined> {
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const uri = placed(folder, name);
    if (!name.startsWith("..") && (await typeOf(uri)) === vscode.FileType.File) {
      return uri;
    }
  }
  return undefined;
}

/** Where a name lies in a folder; where several are open, it may begin with the folder's own. */
export function placed(folder: vscode.WorkspaceFolder, name: string): vscode.Uri {
  const several = (vscode.workspace.workspaceFolders?.length ?? 0) > 1 && name.startsWith(`${folder.name}/`);
  return vscode.Uri.joinPath(folder.uri, several ? name.slice(folder.name.length + 1) : name);
}

/** What there is; nothing where there is nothing. */
export async function typeOf(uri: vscode.Uri): Promise<vscode.FileType | undefined> {
  return vscode.workspace.fs.stat(uri).then(({ type }) => type, () => undefined);
}
