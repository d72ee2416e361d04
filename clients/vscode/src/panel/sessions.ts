// What can be done with sessions that the daemon keeps: going back, going on elsewhere, other names, away with them.

import * as vscode from "vscode";
import type { Conversation } from "../chat/conversation.ts";
import type { Parts } from "./actions.ts";
import { type Came, ErrorCode, type RewoundFile } from "../protocol.ts";
import type { Panel } from "./panel.ts";

function kept(conversation: Conversation, key: string): { sessionId: string; turnId: string } {
  const turn = conversation.turns.find((one) => one.key === key);
  if (conversation.sessionId === undefined || turn?.turnId === undefined) {
    throw new Error("This turn is not known to the daemon: it never began.");
  }
  return { sessionId: conversation.sessionId, turnId: turn.turnId };
}

/** Go back to before a turn; its words come back to be changed. */
export async function rewind(parts: Parts, panel: Panel, key: string): Promise<void> {
  const { conversation } = panel;
  const words = conversation.turns.find((one) => one.key === key)?.words ?? "";
  if (!parts.daemon.features.sessions) {
    // This daemon cannot go back: the words can be asked again all the same.
    panel.post({ type: "draft", text: words });
    return;
  }
  const place = kept(conversation, key);
  const files = await restoring(parts, place).catch((error: { code?: number }) => {
    if (error.code !== ErrorCode.methodNotFound) {
      throw error;
    }
    panel.post({ type: "draft", text: words });
    return undefined;
  });
  if (files === undefined) {
    return;
  }
  const rewound = await parts.daemon.request("chat/session/rewind", { ...place, files });
  await parts.chats.again(conversation);
  const text = rewound.prompt.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
  panel.post({ type: "draft", text: text || words });
  const stayed = rewound.files.filter((file) => file.state !== "restored" && files === "restore");
  if (stayed.length > 0) {
    void vscode.window.showWarningMessage(stayed.map(told).join(" "));
  }
}

const CAME: Readonly<Record<Came, string>> = {
  restored: "is as it was before.",
  would_restore: "goes back to what it was before.",
  conflict: "stays as it is: somebody else changed it since.",
  gone: "stays as it is: it is no more.",
  not_kept: "stays as it is: what it was before is not known.",
};

function told({ uri, state }: RewoundFile): string {
  return `${vscode.workspace.asRelativePath(vscode.Uri.parse(uri))} ${CAME[state] ?? state}`;
}

/** Whether files go back as well; nothing: a person thought better of it. */
async function restoring(parts: Parts, place: { sessionId: string; turnId: string }): Promise<"keep" | "restore" | undefined> {
  const would = await parts.daemon.request("chat/session/rewind", { ...place, files: "restore", dryRun: true });
  if (would.files.length === 0) {
    return "keep";
  }
  const both = "Rewind with the Files";
  const words = "Rewind the Words Only";
  const lines = would.files.map(told);
  const ran = would.commands.length > 0 ? `\n\nWhat these commands did stays done:\n${would.commands.join("\n")}` : "";
  const chosen = await vscode.window.showWarningMessage(
    "Go back to before this prompt?",
    { modal: true, detail: lines.join("\n") + ran },
    both,
    words,
  );
  return chosen === both ? "restore" : chosen === words ? "keep" : undefined;
}

/** Go on from a turn in a session of its own. */
export async function fork(parts: Parts, panel: Panel, key: string): Promise<void> {
  const { sessionId } = await parts.daemon.request("chat/session/fork", kept(panel.conversation, key));
  parts.panels.show(await parts.chats.open(sessionId), panel);
}

export async function renameSession(parts: Parts, sessionId: string, title: string): Promise<void> {
  const name = await vscode.window.showInputBox({ title: "Rename the session", value: title });
  if (name && parts.daemon.features.sessions) {
    await parts.daemon.request("chat/session/rename", { sessionId, title: name });
  }
  const here = parts.chats.all.find((one) => one.sessionId === sessionId || one.key === sessionId);
  if (name && here) {
    here.rename(name);
  }
}

export async function deleteSession(parts: Parts, sessionId: string, title: string): Promise<void> {
  const away = "Delete It";
  const detail = "What was said in it is gone for good. Files stay as they are.";
  if ((await vscode.window.showWarningMessage(`Delete the session "${title}"?`, { modal: true, detail }, away)) !== away) {
    return;
  }
  if (parts.daemon.features.sessions) {
    await parts.daemon.request("chat/session/delete", { sessionId });
  }
  const here = parts.chats.all.find((one) => one.sessionId === sessionId || one.key === sessionId);
  if (here) {
    parts.chats.forget(here);
    parts.panels.all.filter((one) => one.conversation === here).forEach((one) => parts.panels.show(parts.chats.active, one));
  }
}

/** The session as markdown: the daemon's own, else what this window knows. */
export async function exported(parts: Parts, conversation: Conversation): Promise<string> {
  if (parts.daemon.features.sessions && conversation.sessionId !== undefined) {
    const { sessionId } = conversation;
    return (await parts.daemon.request("chat/session/export", { sessionId, format: "markdown" })).text;
  }
  const turns = conversation.turns.map((turn) => {
    const told = turn.view.blocks.map((block) =>
      block.type === "text" ? block.text : block.type === "tool" ? `- ${block.title ?? block.name}: ${block.status}` : "",
    );
    return [`## ${turn.words}`, ...told.filter((text) => text !== "")].join("\n\n");
  });
  return [`# ${conversation.title}`, ...turns].join("\n\n") + "\n";
}
