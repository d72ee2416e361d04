// The beginning and the end: what is made, and in which order.

import * as vscode from "vscode";
import { Chats } from "./chat/chats.ts";
import { Memory } from "./chat/memory.ts";
import { registerCommands } from "./commands.ts";
import { Daemon } from "./daemon/daemon.ts";
import { Actions } from "./editor/actions.ts";
import { contextBlock, watchEditors } from "./editor/context.ts";
import { Previews } from "./editor/previews.ts";
import { Proposals } from "./editor/proposals.ts";
import { watchTerminals } from "./editor/terminal.ts";
import { Models } from "./face/models.ts";
import { registerParticipant } from "./face/participant.ts";
import { announceAnswers, announceQuestions, showStatus } from "./face/status.ts";
import { act } from "./panel/actions.ts";
import { Panels, VIEW } from "./panel/panels.ts";
import { Secrets } from "./secrets.ts";
import { openDoor } from "./testdoor.ts";

let daemon: Daemon | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const secrets = new Secrets(context);
  daemon = new Daemon(context.extension.packageJSON, secrets);
  // Before the daemon is started: a list that comes late is no list.
  const models = new Models(daemon);
  context.subscriptions.push(models.register(), registerParticipant(daemon));
  const chats = new Chats(daemon, new Memory(context.storageUri?.fsPath));
  chats.lookedAt = contextBlock;
  const panels = new Panels(context.extensionUri, daemon, chats);
  const previews = new Previews();
  const proposals = new Proposals(previews);
  const parts = { daemon, chats, panels, previews, proposals };
  panels.onMessage = (panel, message) => void act(parts, panel, message);
  context.subscriptions.push(
    daemon,
    chats,
    panels,
    previews,
    proposals,
    watchTerminals(),
    watchEditors(() => panels.all.forEach((panel) => panel.refresh())),
    vscode.window.registerWebviewViewProvider(VIEW, panels),
    vscode.languages.registerCodeActionsProvider({ scheme: "file" }, new Actions(), {
      providedCodeActionKinds: Actions.kinds,
    }),
    registerCommands(parts, secrets, context.extensionUri),
    showStatus(daemon, chats, panels),
    announceQuestions(chats, panels),
    announceAnswers(chats, panels),
    tellTrouble(daemon),
    models.onDidChangeLanguageModelChatInformation(() => panels.all.forEach((panel) => panel.refresh())),
  );
  if (TEST_DOOR) {
    context.subscriptions.push(openDoor(parts));
  }
  void begin(daemon, chats, panels);
}

/** The window closes: nothing is left of the daemon. */
export async function deactivate(): Promise<void> {
  await daemon?.stop();
}

async function begin(started: Daemon, chats: Chats, panels: Panels): Promise<void> {
  try {
    const first = chats.active;
    await chats.restore();
    panels.all.filter((panel) => panel.conversation === first).forEach((panel) => panel.show(chats.active));
  } catch (error) {
    // A daemon that cannot be had says so itself.
    started.log.warn(`The session of before could not be loaded: ${String(error)}`);
  }
}

/** A daemon that cannot be had: say so once, with what can be done. */
function tellTrouble(of: Daemon): vscode.Disposable {
  let told: string | undefined;
  return of.onState((state) => {
    if (state !== "failed" || of.trouble === undefined || of.trouble === told) {
      told = state === "ready" ? undefined : told;
      return;
    }
    told = of.trouble;
    const doings: Readonly<Record<string, string>> = {
      Restart: "chatls.restart",
      "Choose the Program": "chatls.chooseProgram",
      "How to Install It": "chatls.openGuide",
      "Show the Log": "chatls.showLog",
    };
    const missing = of.trouble.includes("chatls.path") || of.trouble.includes("PATH");
    const offered = missing ? ["Choose the Program", "How to Install It"] : ["Restart", "Show the Log"];
    void vscode.window.showErrorMessage(`chatls: ${of.trouble}`, ...offered).then((chosen) => {
      const command = chosen === undefined ? undefined : doings[chosen];
      return command === undefined ? undefined : vscode.commands.executeCommand(command);
    });
  });
}
