// The command that ran last in a terminal, and what it printed, for who wants to ask about it. It is kept in memory, and
// goes nowhere before a person attaches it.

import * as vscode from "vscode";
import type { Attached } from "../chat/said.ts";
import { made } from "./context.ts";
import { plain } from "./plain.ts";

const MOST = 64_000;
/** Milliseconds until a shell is taken for one that tells nothing, and from what it tells until its prompt is drawn. */
const PATIENCE = 5_000;
const DRAWN = 200;
/** Where keys may be asked for. */
export const OWN_TERMINAL = "chatls setup";

interface Ran {
  readonly execution: vscode.TerminalShellExecution;
  output: string;
  code?: number | undefined;
}

let last: Ran | undefined;

/**
 * A terminal's shell once it is at its prompt, as far as it tells. What is written before that is echoed ahead of the
 * prompt, and is drawn a second time behind it: what ran is then read wrongly. A shell that tells nothing is waited for
 * as long as a person would.
 */
export async function atPrompt(terminal: vscode.Terminal): Promise<vscode.TerminalShellIntegration | undefined> {
  const told = () => terminal.shellIntegration?.cwd !== undefined;
  if (!told()) {
    const listening: vscode.Disposable[] = [];
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, PATIENCE);
      listening.push(
        { dispose: () => clearTimeout(late) },
        vscode.window.onDidChangeTerminalShellIntegration(({ terminal: one }) => one === terminal && told() && resolve()),
        vscode.window.onDidCloseTerminal((one) => one === terminal && resolve()),
      );
    });
    vscode.Disposable.from(...listening).dispose();
    // The folder is told just before the prompt is drawn.
    await new Promise((resolve) => setTimeout(resolve, DRAWN));
  }
  return terminal.shellIntegration;
}

export function watchTerminals(): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.window.onDidStartTerminalShellExecution(({ terminal, execution }) => {
      if (terminal.name !== OWN_TERMINAL) {
        void listen(execution);
      }
    }),
    vscode.window.onDidEndTerminalShellExecution(({ execution, exitCode }) => {
      if (last?.execution === execution) {
        last.code = exitCode;
      }
    }),
  );
}

async function listen(execution: vscode.TerminalShellExecution): Promise<void> {
  const ran: Ran = { execution, output: "" };
  last = ran;
  for await (const piece of execution.read()) {
    ran.output = (ran.output + piece).slice(-MOST);
  }
}

/** Whether there is one to be attached. */
export function hasTerminal(): boolean {
  return last !== undefined;
}

export function fromTerminal(): Attached | undefined {
  if (!last) {
    return undefined;
  }
  const command = last.execution.commandLine.value;
  const ended = last.code === undefined ? "" : `\n(exit code ${last.code})`;
  const uri = vscode.Uri.from({ scheme: "terminal", path: "/last command" }).toString();
  return made(command.length > 40 ? `${command.slice(0, 39)}…` : command, "terminal", { type: "resource", uri, text: `$ ${command}\n${plain(last.output).trimEnd()}${ended}` });
}
