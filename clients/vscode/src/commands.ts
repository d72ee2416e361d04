// The commands. None has a name that the daemon advertises: the language client registers those itself.

import * as vscode from "vscode";
import { attachFile, attach, type Parts } from "./panel/actions.ts";
import { problemWords } from "./editor/actions.ts";
import { fromEditor, lookedAt } from "./editor/context.ts";
import { mentioned } from "./editor/files.ts";
import { writeMessage } from "./editor/commit.ts";
import { OWN_TERMINAL } from "./editor/terminal.ts";
import { editSelection } from "./editor/inline.ts";
import { exported, renameSession } from "./panel/sessions.ts";
import type { Diff } from "./protocol.ts";
import type { Attached } from "./chat/said.ts";
import type { Secrets } from "./secrets.ts";
import { MODES } from "./wire.ts";

type Run = (...given: never[]) => unknown;

export function registerCommands(parts: Parts, secrets: Secrets, extension: vscode.Uri): vscode.Disposable {
  const all: Readonly<Record<string, Run>> = { ...asking(parts), ...around(parts), ...ofDaemon(parts, secrets, extension) };
  return vscode.Disposable.from(
    ...Object.entries(all).map(([name, run]) =>
      vscode.commands.registerCommand(`chatls.${name}`, async (...given: unknown[]) => {
        try {
          return await run(...(given as never[]));
        } catch (error) {
          void vscode.window.showErrorMessage(`chatls: ${error instanceof Error ? error.message : String(error)}`);
          return undefined;
        }
      }),
    ),
  );
}

/** Ask in the session that is shown, where a person sees it. */
async function say(parts: Parts, words: string, along: readonly Attached[]): Promise<void> {
  await parts.panels.reveal();
  await parts.chats.active.say({ words, along: [...along, ...(await mentioned(words, parts.daemon.features.commands))] });
}

function asking(parts: Parts): Record<string, Run> {
  const { panels, chats } = parts;
  return {
    open: () => panels.reveal(),
    openInEditor: () => panels.openTab(chats.active),
    ask: async (given?: string) => {
      const words = given ?? (await vscode.window.showInputBox({ title: "Ask", prompt: "@ names a file" }));
      return words ? say(parts, words, []) : undefined;
    },
    askSelection: async () => {
      const editor = lookedAt();
      if (editor && !editor.selection.isEmpty) {
        chats.active.attach(fromEditor(editor));
        panels.front?.attachmentsChanged();
      }
      await panels.reveal();
    },
    explain: () => {
      const editor = lookedAt();
      return editor ? say(parts, "/explain", [fromEditor(editor)]) : undefined;
    },
    fixProblem: (uri?: vscode.Uri, problem?: vscode.Diagnostic) => {
      const editor = lookedAt();
      const document = uri ?? editor?.document.uri;
      const at = editor?.selection.active;
      const found = problem ?? (document && at && vscode.languages.getDiagnostics(document).find((one) => one.range.contains(at)));
      if (!document || !found) {
        void vscode.window.showInformationMessage("There is no problem at the cursor.");
        return undefined;
      }
      return say(parts, problemWords(document, found), editor ? [fromEditor(editor, true)] : []);
    },
    inlineEdit: () => editSelection(parts.daemon, parts.proposals, chats.active.model),
    commitMessage: (where?: { readonly rootUri?: vscode.Uri }) => writeMessage(parts.daemon, chats.active.model, where?.rootUri),
    acceptEdit: () => parts.proposals.decide(true),
    refuseEdit: () => parts.proposals.decide(false),
    attachSelection: async () => {
      await panels.reveal();
      return panels.front && attach(parts, panels.front, "selection");
    },
    attachProblems: async () => {
      await panels.reveal();
      return panels.front && attach(parts, panels.front, "problems");
    },
    attachTerminal: async () => {
      await panels.reveal();
      return panels.front && attach(parts, panels.front, "terminal");
    },
    attachFile: async (uri?: vscode.Uri, several?: vscode.Uri[]) => {
      await panels.reveal();
      const front = panels.front;
      for (const one of several ?? (uri ? [uri] : [])) {
        await (front && attachFile(front, one));
      }
      return uri || !front ? undefined : attach(parts, front, "file");
    },
    showDiff: (diff: Diff) => parts.previews.show(diff, vscode.workspace.asRelativePath(vscode.Uri.parse(diff.uri))),
  };
}

function around(parts: Parts): Record<string, Run> {
  const { panels, chats } = parts;
  return {
    newSession: async () => {
      panels.show(chats.fresh());
      await panels.reveal();
    },
    history: () => panels.reveal({ type: "focus", what: "history" }),
    renameSession: () => renameSession(parts, chats.active.sessionId ?? chats.active.key, chats.active.title),
    exportSession: async () => {
      const content = await exported(parts, chats.active);
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content, language: "markdown" }));
    },
    cancelTurn: () => {
      if (!chats.active.stop()) {
        chats.all.find((one) => one.running)?.stop();
      }
    },
    cancelCall: async () => {
      const calls = chats.all.flatMap((one) =>
        (one.running?.view.blocks ?? []).flatMap((block) =>
          block.type === "tool" && block.status === "running" ? [{ label: block.title ?? block.name, one, id: block.id }] : [],
        ),
      );
      const picked = calls.length > 1 ? await vscode.window.showQuickPick(calls, { title: "Stop which tool?" }) : calls[0];
      await picked?.one.stopCall(picked.id);
    },
    showQuestion: async () => {
      const asked = chats.waiting[0];
      if (asked) {
        panels.show(asked);
        await panels.reveal({ type: "focus", what: "question" });
      }
    },
    pickModel: async () => {
      const { models, default: first } = await chats.models();
      const now = chats.active.model ?? first;
      const items: (vscode.QuickPickItem & { readonly id?: string; readonly command?: string })[] = models.map((one) => ({
        label: `${one.id === now ? "$(check) " : ""}${one.name || one.id}`,
        description: one.id,
        detail: [one.id === first ? "default" : "", one.local ? "on this machine" : ""].filter(Boolean).join(", "),
        id: one.id,
      }));
      items.push(
        { label: "", kind: vscode.QuickPickItemKind.Separator },
        { label: "$(add) Set up a model ...", detail: "Looks for keys and model servers, and tries one, in a terminal.", command: "chatls.setup" },
        { label: "$(key) Store a provider's key ...", command: "chatls.storeKey" },
      );
      const picked = await vscode.window.showQuickPick(items, { title: "Model", matchOnDescription: true });
      if (picked?.command !== undefined) {
        await vscode.commands.executeCommand(picked.command);
        return;
      }
      chats.active.model = picked?.id ?? chats.active.model;
      chats.active.changed.fire();
    },
    pickMode: async () => {
      const docs = { ask: "Asks before it changes or runs anything.", plan: "Only reads and plans.", edits: "Edits files unasked." };
      const items = MODES.map((label) => ({ label, detail: docs[label] }));
      const picked = await vscode.window.showQuickPick(items, { title: "Mode" });
      chats.active.mode = picked?.label ?? chats.active.mode;
      chats.active.changed.fire();
    },
  };
}

function ofDaemon(parts: Parts, secrets: Secrets, extension: vscode.Uri): Record<string, Run> {
  const { daemon } = parts;
  return {
    restart: () => daemon.restart(),
    showLog: () => daemon.log.show(),
    setup: () => daemon.terminal(OWN_TERMINAL, "setup"),
    doctor: async () => {
      const title = { location: vscode.ProgressLocation.Notification, title: "chatls looks this machine over" };
      const content = await vscode.window.withProgress(title, () => daemon.run("doctor"));
      await vscode.window.showTextDocument(parts.previews.text(content, "chatls doctor"), { preview: true });
    },
    chooseProgram: async () => {
      const [picked] = (await vscode.window.showOpenDialog({ title: "The program chatls", openLabel: "Choose" })) ?? [];
      if (picked) {
        const settings = vscode.workspace.getConfiguration("chatls");
        await settings.update("path", picked.fsPath, vscode.ConfigurationTarget.Global);
        await daemon.restart();
      }
    },
    permissions: async () => {
      const { permissions } = await daemon.request("chat/permissions", {});
      const items = permissions.map((one) => ({
        label: `${one.action} ${one.tool}${one.command ? `: ${one.command}` : one.path ? `: ${one.path}` : ""}`,
        description: one.scope === "workspace" ? (one.workspace ?? "everywhere") : one.scope,
        id: one.id,
        kept: one.scope === "settings",
      }));
      if (items.length === 0) {
        void vscode.window.showInformationMessage("Nothing is remembered: every change and command is asked for.");
        return;
      }
      const title = "Remembered answers; choose those to forget";
      const picked = await vscode.window.showQuickPick(items, { title, canPickMany: true });
      const revoke = (picked ?? []).filter((one) => !one.kept).map((one) => one.id);
      if (revoke.length > 0) {
        await daemon.request("chat/permissions", { revoke });
      }
    },
    openGuide: () => vscode.commands.executeCommand("markdown.showPreview", vscode.Uri.joinPath(extension, "README.md")),
    storeKey: async () => {
      if ((await secrets.ask()) && daemon.state !== "stopped") {
        await daemon.restartWhenIdle();
      }
    },
  };
}
