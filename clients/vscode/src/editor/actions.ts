// Code actions: mend a problem, explain what is selected.

import * as vscode from "vscode";

export class Actions implements vscode.CodeActionProvider {
  static readonly kinds = [vscode.CodeActionKind.QuickFix, vscode.CodeActionKind.Empty.append("chatls.explain")];

  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const found: vscode.CodeAction[] = [];
    if (vscode.workspace.isTrusted) {
      for (const problem of context.diagnostics) {
        const action = new vscode.CodeAction(`Fix with chatls: ${cut(problem.message)}`, vscode.CodeActionKind.QuickFix);
        action.diagnostics = [problem];
        action.command = { command: "chatls.fixProblem", title: "Fix", arguments: [document.uri, problem] };
        found.push(action);
      }
    }
    const asked = context.triggerKind === vscode.CodeActionTriggerKind.Invoke;
    if (!range.isEmpty && asked && (!context.only || context.only.contains(Actions.kinds[1] as vscode.CodeActionKind))) {
      const action = new vscode.CodeAction("Explain with chatls", Actions.kinds[1]);
      action.command = { command: "chatls.explain", title: "Explain" };
      found.push(action);
    }
    return found;
  }
}

function cut(text: string): string {
  const line = text.split("\n", 1)[0] ?? "";
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`;
}

/** What is asked about a problem. */
export function problemWords(uri: vscode.Uri, problem: vscode.Diagnostic): string {
  const place = `${vscode.workspace.asRelativePath(uri)}:${problem.range.start.line + 1}`;
  const source = problem.source ? ` (${problem.source})` : "";
  return `Fix this problem at ${place}${source}:\n\n${problem.message}`;
}
