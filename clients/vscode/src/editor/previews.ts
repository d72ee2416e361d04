// Texts that are shown in the editor's own diff view: before and after, and one that may be changed before it is accepted.

import * as path from "node:path";
import * as vscode from "vscode";
import { readable } from "../notebook.ts";
import type { Diff } from "../protocol.ts";

const SHOWN = "chatls-preview";
const EDITED = "chatls-edit";

let made = 0;

export class Previews implements vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #drafts = new Drafts();
  readonly #disposables: vscode.Disposable[];

  constructor() {
    this.#disposables = [
      vscode.workspace.registerTextDocumentContentProvider(SHOWN, {
        provideTextDocumentContent: (uri) => this.#texts.get(uri.toString()) ?? "",
      }),
      vscode.workspace.registerFileSystemProvider(EDITED, this.#drafts, { isCaseSensitive: true }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.#texts.delete(uri.toString());
        this.#drafts.forget(uri);
      }),
    ];
  }

  /** A text that can be looked at, as a file of that path: so its language is right, and its name what people know. */
  text(text: string, name: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: SHOWN, path: `/${name.replace(/^\/+/, "")}`, query: String((made += 1)) });
    this.#texts.set(uri.toString(), text);
    return uri;
  }

  /** A text that can be changed. */
  draft(text: string, name: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: EDITED, path: `/${(made += 1)}/${path.posix.basename(name) || "text"}` });
    this.#drafts.put(uri, text);
    return uri;
  }

  /** Show a change that is, or would be, made. */
  async show(diff: Diff, title: string): Promise<void> {
    const { oldText, newText } = readable(diff);
    // A notebook's cells are no notebook's file any more.
    const name = vscode.Uri.parse(diff.uri).path + (newText === diff.newText && oldText === diff.oldText ? "" : ".py");
    await showDiff(this.text(oldText, name), this.text(newText, name), title, true);
  }

  /** Show several changes in one view. */
  async showAll(diffs: readonly Diff[], title: string): Promise<void> {
    const resources = diffs.map(({ uri, oldText, newText }) => {
      const file = vscode.Uri.parse(uri);
      const name = vscode.workspace.asRelativePath(file);
      return [file, this.text(oldText, name), this.text(newText, name)];
    });
    await vscode.commands.executeCommand("vscode.changes", title, resources);
  }

  dispose(): void {
    this.#disposables.forEach((one) => one.dispose());
  }
}

export function showDiff(left: vscode.Uri, right: vscode.Uri, title: string, preserveFocus: boolean): Thenable<void> {
  return vscode.commands.executeCommand("vscode.diff", left, right, title, { preview: true, preserveFocus });
}

/** The texts that can be changed, in memory. */
class Drafts implements vscode.FileSystemProvider {
  readonly #files = new Map<string, { data: Uint8Array; mtime: number }>();
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;

  put(uri: vscode.Uri, text: string): void {
    this.#files.set(uri.toString(), { data: new TextEncoder().encode(text), mtime: Date.now() });
  }

  forget(uri: vscode.Uri): void {
    this.#files.delete(uri.toString());
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    const { data, mtime } = this.#file(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime, size: data.length };
  }

  readFile(uri: vscode.Uri): Uint8Array {
    return this.#file(uri).data;
  }

  writeFile(uri: vscode.Uri, data: Uint8Array): void {
    this.#files.set(uri.toString(), { data, mtime: Date.now() });
    this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): void {
    this.forget(uri);
  }

  rename(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  #file(uri: vscode.Uri): { data: Uint8Array; mtime: number } {
    const file = this.#files.get(uri.toString());
    if (!file) {
      throw vscode.FileSystemError.FileNotFound(uri);
    }
    return file;
  }
}
