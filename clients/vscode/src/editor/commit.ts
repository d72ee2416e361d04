// The message of a commit, written from what is about to be committed, into the box where the editor asks for it.

import * as vscode from "vscode";
import type { Daemon } from "../daemon/daemon.ts";
import type { ContentBlock } from "../protocol.ts";
import { blockOf } from "./inline.ts";

/** What is used of the editor's own git extension. */
interface Repository {
  readonly rootUri: vscode.Uri;
  readonly inputBox: { value: string };
  readonly state: { readonly indexChanges: readonly unknown[]; readonly workingTreeChanges: readonly unknown[] };
  log(options: { readonly maxEntries: number }): Promise<readonly { readonly message: string }[]>;
}
interface Git {
  getAPI(version: 1): { readonly repositories: readonly Repository[] };
}

const LIKE = 8;

/** `where`: whose button was pressed. Throws an `Error` whose message is for people. */
export async function writeMessage(daemon: Daemon, model?: string, where?: vscode.Uri): Promise<void> {
  const git = await vscode.extensions.getExtension<Git>("vscode.git")?.activate();
  const all = git?.getAPI(1).repositories ?? [];
  const repository = all.find((one) => one.rootUri.toString() === where?.toString()) ?? all[0];
  if (!repository) {
    throw new Error("The editor knows of no git repository here.");
  }
  const staged = repository.state.indexChanges.length > 0;
  if (!staged && repository.state.workingTreeChanges.length === 0) {
    throw new Error("Nothing has changed since the last commit.");
  }
  const before = await repository.log({ maxEntries: LIKE }).catch(() => []); // a repository may have none yet
  const text = [
    "Write the message of a commit of these changes: in one line what they are for; where that does not say it all, an empty line and why.",
    ...(before.length > 0 ? [`As the last ones here are written:\n\n${before.map(({ message }) => message.trim()).join("\n---\n")}`] : []),
    "Answer with the message and nothing else.",
  ].join("\n\n");
  const progress = { location: vscode.ProgressLocation.Notification, title: "chatls writes the message", cancellable: true };
  const diff: ContentBlock = { type: "mention", name: "diff", ...(staged ? { argument: "staged" } : {}) };
  const answer = await vscode.window.withProgress(progress, (_, token) => daemon.words([diff, { type: "text", text }], token, model));
  if (answer !== undefined) {
    repository.inputBox.value = blockOf(answer).trim();
  }
}
