// A text that is proposed: shown in the editor's own diff view, where it can be changed hunk by hunk, then accepted or not.

import * as vscode from "vscode";
import { type Previews, showDiff } from "./previews.ts";

interface Open {
  readonly draft: vscode.Uri;
  readonly title: string;
  /** As it was proposed. */
  readonly text: string;
  readonly decide: (text: string | undefined) => void;
}

export class Proposals implements vscode.Disposable {
  readonly #previews: Previews;
  readonly #open = new Map<string, Open>();
  readonly #closing: vscode.Disposable;

  constructor(previews: Previews) {
    this.#previews = previews;
    this.#closing = vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
      for (const tab of closed) {
        if (tab.input instanceof vscode.TabInputTextDiff) {
          this.#open.get(tab.input.modified.toString())?.decide(undefined);
        }
      }
    });
  }

  /** Show it beside what is there; the text that was accepted, or nothing where it was refused or closed. */
  async offer(left: vscode.Uri, text: string, title: string): Promise<string | undefined> {
    const draft = this.#previews.draft(text, left.path);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#open.set(draft.toString(), { draft, title, text, decide: resolve });
    await this.#tell();
    await showDiff(left, draft, title, false);
    const accepted = await promise;
    // Its keys are its own until it is closed: one that is pressed twice would write into it, and the editor then asks.
    await close(draft);
    this.#open.delete(draft.toString());
    await this.#tell();
    return accepted;
  }

  /** Offer a text for a document, and put it there if it is accepted; whether it was. */
  async change(document: vscode.TextDocument, text: string, title: string): Promise<boolean> {
    const version = document.version;
    const accepted = await this.offer(document.uri, text, title);
    if (accepted === undefined) {
      return false;
    }
    if (document.version !== version) {
      void vscode.window.showWarningMessage("The document was changed meanwhile. Nothing was put in; ask again.");
      return false;
    }
    return replace(document, accepted);
  }

  /** Accept, or refuse, the one that is in front. */
  decide(accept: boolean): void {
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    const named = input instanceof vscode.TabInputTextDiff ? this.#open.get(input.modified.toString()) : undefined;
    decide(named ?? [...this.#open.values()].at(-1), accept);
  }

  /** Accept, or refuse, the one of that title; whether there is one. */
  close(title: string, accept: boolean): boolean {
    const one = [...this.#open.values()].find((open) => open.title === title);
    decide(one, accept);
    return one !== undefined;
  }

  async #tell(): Promise<void> {
    await vscode.commands.executeCommand("setContext", "chatls.inlineEditing", this.#open.size > 0);
  }

  dispose(): void {
    this.#closing.dispose();
    for (const one of this.#open.values()) {
      one.decide(undefined);
    }
  }
}

function decide(one: Open | undefined, accept: boolean): void {
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === one?.draft.toString());
  // Who accepts before the editor has loaded it has changed nothing of it.
  one?.decide(accept ? (document?.getText() ?? one.text) : undefined);
}

async function close(draft: vscode.Uri): Promise<void> {
  // One that was changed would ask whether it is to be saved.
  await vscode.workspace.textDocuments.find((one) => one.uri.toString() === draft.toString())?.save();
  for (const group of vscode.window.tabGroups.all) {
    for (const tab of group.tabs) {
      if (tab.input instanceof vscode.TabInputTextDiff && tab.input.modified.toString() === draft.toString()) {
        await vscode.window.tabGroups.close(tab);
      }
    }
  }
}

/** Put a text in place of a document's, as one step of its undo; what is the same at both ends stays untouched. */
export async function replace(document: vscode.TextDocument, text: string): Promise<boolean> {
  const before = document.getText();
  const { start, end, words } = changed(before, text);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(document.positionAt(start), document.positionAt(end)), words);
  return vscode.workspace.applyEdit(edit);
}

/** The stretch that differs, and what stands there instead. Pure. */
export function changed(before: string, after: string): { start: number; end: number; words: string } {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) {
    start += 1;
  }
  let back = 0;
  while (back < most - start && before[before.length - 1 - back] === after[after.length - 1 - back]) {
    back += 1;
  }
  return { start, end: before.length - back, words: after.slice(start, after.length - back) };
}
