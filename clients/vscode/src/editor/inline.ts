// Editing what is selected: a question in one line, an answer that is only the text, and the editor's diff view to accept it.

import * as vscode from "vscode";
import type { Daemon } from "../daemon/daemon.ts";
import type { ContentBlock } from "../protocol.ts";
import { asRange } from "./context.ts";
import type { Proposals } from "./proposals.ts";

export async function editSelection(daemon: Daemon, proposals: Proposals, model?: string): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    return;
  }
  const { document } = editor;
  const range = wholeLines(editor);
  const words = await vscode.window.showInputBox({
    title: `Edit ${range.start.line + 1}-${range.end.line + 1} of ${vscode.workspace.asRelativePath(document.uri)}`,
    prompt: "What shall become of it?",
    ignoreFocusOut: true,
  });
  if (!words) {
    return;
  }
  const before = document.getText(range);
  const text = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `chatls: ${words}`, cancellable: true },
    (_, token) => written(daemon, document, range, words, token, model),
  );
  if (text === undefined) {
    return;
  }
  if (document.getText(range) !== before) {
    void vscode.window.showWarningMessage("What was selected was changed meanwhile. Nothing was put in; ask again.");
    return;
  }
  const whole = document.getText();
  const after = whole.slice(0, document.offsetAt(range.start)) + text + whole.slice(document.offsetAt(range.end));
  await proposals.change(document, after, `${vscode.workspace.asRelativePath(document.uri)}: ${words}`);
}

async function written(
  daemon: Daemon,
  document: vscode.TextDocument,
  range: vscode.Range,
  words: string,
  token: vscode.CancellationToken,
  model?: string,
): Promise<string | undefined> {
  const uri = document.uri.toString();
  const request = [
    `Change the lines ${range.start.line + 1} to ${range.end.line + 1} of ${document.uri.path}: ${words}`,
    "Answer with one fenced code block that holds these lines as they shall be, with their indentation, and nothing else.",
  ].join("\n");
  const content: ContentBlock[] = [
    { type: "resource", uri, text: document.getText() },
    { type: "resource", uri, text: document.getText(range), range: asRange(range) },
    { type: "text", text: request },
  ];
  const answer = await daemon.words(content, token, model);
  return answer === undefined ? undefined : blockOf(answer);
}

/** The lines that are touched, or the one with the cursor. */
function wholeLines(editor: vscode.TextEditor): vscode.Range {
  const { document, selection } = editor;
  const open = selection.end.character === 0 && selection.end.line > selection.start.line;
  const last = open ? selection.end.line - 1 : selection.end.line;
  return new vscode.Range(selection.start.with({ character: 0 }), document.lineAt(last).range.end);
}

/** The first code block of an answer, or all of it. Pure. */
export function blockOf(answer: string): string {
  const fenced = /(?:^|\n)(`{3,}|~{3,})[^\n]*\n([\s\S]*?)\n?\1(?:\s*(?:\n|$))/.exec(answer);
  return fenced?.[2] ?? answer.replace(/\n$/, "");
}
