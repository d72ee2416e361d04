// The status bar: how the daemon is, which model answers, whether a question waits.

import * as vscode from "vscode";
import type { Conversation, Turn } from "../chat/conversation.ts";
import type { Chats } from "../chat/chats.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { Panels } from "../panel/panels.ts";

export function showStatus(daemon: Daemon, chats: Chats, panels: Panels): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("chatls.status", vscode.StatusBarAlignment.Right, 90);
  item.name = "chatls";
  item.show();
  const draw = (): void => {
    const running = chats.all.filter((one) => one.running).length;
    const waiting = chats.waiting.reduce((sum, one) => sum + one.pending.count, 0);
    const model = chats.active.model ?? chats.active.turns.findLast((turn) => turn.view.model)?.view.model ?? "";
    item.backgroundColor = waiting > 0 ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    item.command = waiting > 0 ? "chatls.showQuestion" : daemon.state === "failed" ? "chatls.restart" : "chatls.open";
    item.text =
      waiting > 0
        ? `$(question) chatls asks`
        : daemon.state === "failed"
          ? "$(error) chatls"
          : running > 0
            ? "$(loading~spin) chatls"
            : "$(comment-discussion) chatls";
    item.tooltip = daemon.trouble ?? (model === "" ? "chatls: open the chat" : `chatls: ${model}`);
    panels.badge(waiting);
    const context = { running: running > 0, asking: waiting > 0, modes: daemon.features.modes, sessions: daemon.features.sessions };
    for (const [name, value] of Object.entries(context)) {
      void vscode.commands.executeCommand("setContext", `chatls.${name}`, value);
    }
  };
  draw();
  return vscode.Disposable.from(item, daemon.onState(draw), chats.onChange(draw));
}

/** Tell of a question that nobody sees, once. */
export function announceQuestions(chats: Chats, panels: Panels): vscode.Disposable {
  const told = new Set<string>();
  return chats.onChange((conversation) => {
    const questions = [...conversation.pending.questions.values()].map(({ asked }) => ({ id: asked.id, words: `chatls asks: ${asked.question.title}` }));
    const forms = [...conversation.pending.forms.values()].map(({ asked }) => ({ id: asked.id, words: `${asked.form.server} asks you something` }));
    for (const { id, words } of [...questions, ...forms]) {
      if (!told.has(id) && !panels.shows(conversation)) {
        const show = "Show It";
        void vscode.window.showInformationMessage(words, show).then((chosen) => {
          if (chosen === show) {
            panels.show(conversation);
            void panels.reveal({ type: "focus", what: "question" });
          }
        });
      }
      told.add(id);
    }
  });
}

/** Tell of an answer that nobody saw come. */
export function announceAnswers(chats: Chats, panels: Panels): vscode.Disposable {
  const running = new Map<Conversation, Turn>();
  return chats.onChange((conversation) => {
    const turn = running.get(conversation);
    if (conversation.running) {
      running.set(conversation, conversation.running);
    } else if (turn && running.delete(conversation) && !panels.shows(conversation) && turn.view.stopReason !== "cancelled") {
      const words = turn.view.stopReason === "error" ? "could not answer" : "has answered";
      const show = "Show It";
      void vscode.window.showInformationMessage(`chatls ${words}: ${conversation.title}`, show).then((chosen) => {
        if (chosen === show) {
          panels.show(conversation);
          void panels.reveal();
        }
      });
    }
  });
}
