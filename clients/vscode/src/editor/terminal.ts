// The command that ran last in a terminal, and what it printed, for who wants to ask about it. It is kept in memory, and
// goes nowhere before a person attaches it.

import * as vscode from "vscode";
import type { Attached } from "../chat/conversation.ts";
import { made } from "./context.ts";
import { plain } from "./plain.ts";

const MOST = 64_000;
/** Where keys may be asked for. */
export const OWN_TERMINAL = "chatls setup";

interface Ran {
  readonly execution: vscode.TerminalShellExecution;
  output: string;
  code?: number | undefined;
}

let last: Ran | undefined;

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
