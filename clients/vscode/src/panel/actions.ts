// What a page asks for, done.

import * as vscode from "vscode";
import { visible } from "../../page/visible.ts";
import type { Chats } from "../chat/chats.ts";
import { mentionsFor } from "../chat/names.ts";
import type { Conversation } from "../chat/conversation.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { fromEditor, fromFile, fromFolder, fromPicture, fromProblems, lookedAt } from "../editor/context.ts";
import { editedArguments } from "../editor/edited.ts";
import { existing, matching, mentioned } from "../editor/files.ts";
import { applied } from "../editor/insert.ts";
import { changedFiles, NOTHING } from "../fold.ts";
import type { Previews } from "../editor/previews.ts";
import { type Proposals, replace } from "../editor/proposals.ts";
import { atPrompt, fromTerminal, hasTerminal } from "../editor/terminal.ts";
import type { AttachedKind, FromPage, Wanted } from "../messages.ts";
import { openLink } from "./links.ts";
import type { Panel } from "./panel.ts";
import type { Panels } from "./panels.ts";
import { deleteSession, fork, renameSession, rewind } from "./sessions.ts";

export interface Parts {
  readonly daemon: Daemon;
  readonly chats: Chats;
  readonly panels: Panels;
  readonly previews: Previews;
  readonly proposals: Proposals;
}

const TERMINAL = { name: "terminal", doc: "the last command of the terminal, and what it printed" };
/** Sessions that an empty chat offers. */
const RECENT = 4;
const MOST_PICTURE = 10 * 1024 * 1024;

/** Do what a page asks for; what goes wrong is told. */
export async function act(parts: Parts, panel: Panel, message: FromPage): Promise<void> {
  try {
    await done(parts, panel, message);
  } catch (error) {
    void vscode.window.showErrorMessage(`chatls: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function done(parts: Parts, panel: Panel, message: FromPage): Promise<void> {
  const { conversation } = panel;
  if ((message.type === "insert" || message.type === "apply" || message.type === "terminal") && !vscode.workspace.isTrusted) {
    throw new Error("This folder is not trusted: nothing is changed here.");
  }
  switch (message.type) {
    case "send":
      return send(parts, panel, message.text);
    case "unqueue":
      conversation.queue.splice(message.at, 1);
      return conversation.changed.fire();
    case "stop":
      return void conversation.stop();
    case "cancelCall":
      return conversation.stopCall(message.call);
    case "answer": {
      const { optionId, feedback } = message;
      const asked = conversation.pending.questions.get(message.id)?.asked;
      const once = asked?.question.options.find((one) => one.id === optionId)?.kind === "allow_once";
      if (parts.proposals.close(titleOf(conversation, message.id), once) && once) {
        return undefined; // what stands in the editor is the answer
      }
      conversation.pending.answer(message.id, { outcome: "selected", optionId, ...(feedback ? { feedback } : {}) });
      return undefined;
    }
    case "dismiss":
      return void conversation.pending.answer(message.id, { outcome: "cancelled" });
    case "formAnswer":
      return conversation.pending.filled(message.id, message.answer);
    case "editAnswer":
      return editAnswer(parts, conversation, message.id, message.command);
    case "diff":
      return parts.previews.show(message.diff, message.title);
    case "open":
      return openLink(message.href);
    case "show":
      await vscode.window.showTextDocument(
        await vscode.workspace.openTextDocument({ content: message.text, language: await known(message.language) }),
        { preview: true },
      );
      return undefined;
    case "copy":
      return vscode.env.clipboard.writeText(message.text);
    case "insert":
      return insert(message.text);
    case "apply":
      return apply(parts, message.text, message.path);
    case "terminal":
      return toTerminal(message.text);
    case "changes":
      return changes(parts, conversation, message.turn);
    case "looks":
      conversation.tells = message.told;
      return conversation.changed.fire();
    default:
      return more(parts, panel, message);
  }
}

async function more(parts: Parts, panel: Panel, message: FromPage): Promise<void> {
  const { conversation } = panel;
  switch (message.type) {
    case "retry": {
      const turn = conversation.turns.find((one) => one.key === message.turn);
      if (turn && turn.turnId === undefined && turn === conversation.turns.at(-1) && !conversation.isBusy) {
        conversation.cut(turn); // it never began: nobody knows of it
      }
      return turn && conversation.say(turn.said);
    }
    case "rewind":
      return rewind(parts, panel, message.turn);
    case "fork":
      return fork(parts, panel, message.turn);
    case "complete":
      return panel.post({
        type: "completions",
        query: message.query,
        files: await matching(message.query),
        names: [...mentionsFor(parts.daemon.offered, message.query), ...(hasTerminal() && "terminal".startsWith(message.query.toLowerCase()) ? [TERMINAL] : [])],
      });
    case "offer":
      await parts.daemon.offer();
      return panel.refresh();
    case "attach":
      return attach(parts, panel, message.what);
    case "paste":
      return picture(panel, "picture", message.mimeType, message.data);
    case "drop":
      for (const uri of message.uris) {
        await attachFile(panel, vscode.Uri.parse(uri));
      }
      return undefined;
    case "detach":
      conversation.attachments = conversation.attachments.filter((one) => one.shown.id !== message.id);
      return panel.attachmentsChanged();
    case "recent":
      // Who opens an empty chat is not told of a daemon that cannot be had: the page shows that by itself.
      return parts.chats.list({ query: "", everywhere: false }).then(
        ({ sessions }) => panel.post({ type: "recent", sessions: sessions.filter((one) => one.turns > 0).slice(0, RECENT) }),
        () => undefined,
      );
    case "search":
      return listed(parts, panel, message.wanted);
    case "load":
      return parts.panels.show(await parts.chats.open(message.sessionId), panel);
    case "rename":
    case "delete":
      await (message.type === "rename" ? renameSession : deleteSession)(parts, message.sessionId, message.title).finally(async () => {
        await listed(parts, panel, message.wanted);
        await parts.panels.reveal({ type: "focus", what: "list" }); // the keys went to what was asked
      });
      return undefined;
    case "command":
      if (message.name === "trust") {
        await vscode.commands.executeCommand("workbench.trust.manage");
      } else if (message.name === "settings") {
        await vscode.commands.executeCommand("workbench.action.openSettings", "@ext:chatls.chatls");
      } else {
        await vscode.commands.executeCommand(`chatls.${message.name}`);
      }
      return undefined;
    default:
      return undefined;
  }
}

/** Tell a page of sessions; where they cannot be had, of none. */
async function listed(parts: Parts, panel: Panel, wanted: Wanted): Promise<void> {
  try {
    const { sessions, nextCursor } = await parts.chats.list(wanted);
    panel.post({ type: "sessions", wanted, sessions, ...(nextCursor === undefined ? {} : { cursor: nextCursor }) });
  } catch (error) {
    panel.post({ type: "sessions", wanted, sessions: [] });
    throw error;
  }
}

/** Ask what was written; words behind a slash may be a command of our own. Others are the daemon's. */
async function send(parts: Parts, panel: Panel, text: string): Promise<void> {
  const { conversation } = panel;
  const [, name = "", rest = ""] = /^\/(\w+)\s*([\s\S]*)$/.exec(text) ?? [];
  const commands: Readonly<Record<string, string>> = {
    new: "newSession",
    sessions: "history",
    model: "pickModel",
    mode: "pickMode",
    export: "exportSession",
  };
  if (commands[name]) {
    await vscode.commands.executeCommand(`chatls.${commands[name]}`);
    return;
  }
  if (name === "compact" && conversation.sessionId !== undefined) {
    const params = { sessionId: conversation.sessionId, ...(rest ? { instructions: rest } : {}) };
    const progress = { location: vscode.ProgressLocation.Notification, title: "chatls: making the session shorter", cancellable: true };
    const done = await vscode.window.withProgress(progress, (_, token) => parts.daemon.request("chat/session/compact", params, token));
    if (done.error) {
      throw new Error(done.error.message);
    }
    void vscode.window.showInformationMessage(`The model reads ${done.after} tokens now; before it read ${done.before}.`);
    return;
  }
  try {
    await parts.daemon.ready();
  } catch (error) {
    panel.post({ type: "draft", text }); // nothing was asked: the words are still the person's
    throw error;
  }
  const along = [...conversation.attachments, ...(await mentioned(text, parts.daemon.features.commands))];
  conversation.attachments = [];
  panel.attachmentsChanged();
  await conversation.say({ words: text, along });
}

function titleOf(conversation: Conversation, id: string): string {
  return `Proposed: ${conversation.pending.questions.get(id)?.asked.question.title ?? ""}`;
}

/** Let a person change what would be done, and do that. */
async function editAnswer(parts: Parts, conversation: Conversation, id: string, command?: string): Promise<void> {
  const asked = conversation.pending.questions.get(id)?.asked;
  const option = asked?.question.options.find((one) => one.kind === "allow_once");
  if (!asked || !option) {
    return;
  }
  const { question } = asked;
  if (command !== undefined) {
    conversation.pending.answer(id, { outcome: "selected", optionId: option.id, arguments: { ...question.arguments, command } });
    return;
  }
  const diff = question.preview.find((item) => item.type === "diff");
  if (diff?.type !== "diff") {
    return;
  }
  conversation.pending.editing(id, true);
  const name = vscode.Uri.parse(diff.uri).path;
  const title = titleOf(conversation, id);
  const listening = conversation.listen((message) => {
    if (message.type === "withdrawn" && message.id === id) {
      parts.proposals.close(title, false); // nobody waits for it any more
    }
  });
  const wanted = await parts.proposals.offer(parts.previews.text(diff.oldText, name), diff.newText, title);
  listening.dispose();
  const changed = wanted === undefined ? undefined : editedArguments(question, wanted);
  if (wanted === diff.newText) {
    conversation.pending.answer(id, { outcome: "selected", optionId: option.id });
  } else if (changed) {
    conversation.pending.answer(id, { outcome: "selected", optionId: option.id, arguments: changed });
  } else {
    conversation.pending.editing(id, false);
  }
}

async function insert(text: string): Promise<void> {
  const editor = lookedAt();
  if (!editor) {
    throw new Error("There is no open editor to insert into.");
  }
  const at = editor.selection;
  const before = editor.document.getText();
  const words = text.replace(/\n$/, "");
  const start = editor.document.offsetAt(at.start);
  const end = editor.document.offsetAt(at.end);
  await replace(editor.document, before.slice(0, start) + words + before.slice(end));
  await vscode.window.showTextDocument(editor.document, editor.viewColumn);
}

async function apply(parts: Parts, text: string, path?: string): Promise<void> {
  const editor = lookedAt();
  const named = path === undefined ? undefined : ((await existing(path)) ?? unborn(path));
  if (!named && !editor) {
    throw new Error("There is no open editor to apply it to.");
  }
  const other = named && named.toString() !== editor?.document.uri.toString() ? await vscode.workspace.openTextDocument(named) : undefined;
  const document = other ?? editor?.document;
  const last = other?.lineAt(other.lineCount - 1).range.end;
  const selection = last ? new vscode.Range(last, last) : editor?.selection;
  if (document && selection) {
    const place = { start: document.offsetAt(selection.start), end: document.offsetAt(selection.end) };
    const after = applied(document.getText().replaceAll("\r\n", "\n"), text, place);
    const name = vscode.workspace.asRelativePath(document.isUntitled ? vscode.Uri.file(document.uri.path) : document.uri);
    await parts.proposals.change(document, after, `${name}: the answer's code`);
  }
}

/** Put a command where a person may run it: no more than one line, and nothing that a terminal takes for a key. */
async function toTerminal(text: string): Promise<void> {
  const line = text.trim().replace(/^[$>]\s+/, "");
  if (line === "" || visible(line) !== line || /[\n\r\t]/.test(line)) {
    throw new Error("This is no single line for a terminal.");
  }
  const terminal = vscode.window.activeTerminal ?? vscode.window.createTerminal();
  terminal.show();
  await atPrompt(terminal);
  terminal.sendText(line, false);
}

/** All files that a turn changed, from what they were before it to what they were behind it, in one view. */
async function changes(parts: Parts, conversation: Conversation, key: string): Promise<void> {
  const turn = conversation.turns.find((one) => one.key === key);
  await parts.previews.showAll(changedFiles(turn?.view ?? NOTHING), `What changed: ${turn?.words.split("\n", 1)[0] ?? ""}`);
}

/** The document of a file that is not there yet. */
function unborn(path: string): vscode.Uri | undefined {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  return folder && vscode.Uri.joinPath(folder, path).with({ scheme: "untitled" });
}

export async function attach(parts: Parts, panel: Panel, what: AttachedKind): Promise<void> {
  const { conversation } = panel;
  const editor = lookedAt();
  if (what === "selection") {
    if (!editor) {
      void vscode.window.showInformationMessage("There is no open editor to attach from.");
    }
    conversation.attach(...(editor ? [fromEditor(editor)] : []));
  } else if (what === "problems") {
    const found = fromProblems(parts.daemon.features.commands);
    if (!found) {
      void vscode.window.showInformationMessage("The editor shows no problems.");
    }
    conversation.attach(...(found ? [found] : []));
  } else if (what === "terminal") {
    const found = fromTerminal();
    if (!found) {
      void vscode.window.showInformationMessage("No command has run in a terminal since this window was opened, or its shell does not tell.");
    }
    conversation.attach(...(found ? [found] : []));
  } else if (what === "file" || what === "picture") {
    const filters: Record<string, string[]> = what === "picture" ? { Pictures: ["png", "jpg", "jpeg", "gif", "webp"] } : {};
    for (const uri of (await vscode.window.showOpenDialog({ canSelectMany: true, filters, openLabel: "Attach" })) ?? []) {
      await attachFile(panel, uri);
    }
  }
  panel.attachmentsChanged();
}

export async function attachFile(panel: Panel, uri: vscode.Uri): Promise<void> {
  const kind = /\.(png|jpe?g|gif|webp)$/i.exec(uri.path)?.[1]?.toLowerCase();
  const { type } = await vscode.workspace.fs.stat(uri);
  if (type & vscode.FileType.Directory) {
    panel.conversation.attach(fromFolder(uri));
    panel.attachmentsChanged();
  } else if (kind) {
    const data = Buffer.from(await vscode.workspace.fs.readFile(uri)).toString("base64");
    await picture(panel, vscode.workspace.asRelativePath(uri), `image/${kind === "jpg" ? "jpeg" : kind}`, data);
  } else {
    panel.conversation.attach(fromFile(uri));
    panel.attachmentsChanged();
  }
}

async function picture(panel: Panel, name: string, mimeType: string, data: string): Promise<void> {
  if (data.length > MOST_PICTURE) {
    throw new Error(`${name} is too large: a picture may have 7 MB.`);
  }
  panel.conversation.attach(fromPicture(name, mimeType, data));
  panel.attachmentsChanged();
}

async function known(language: string): Promise<string> {
  const names: Readonly<Record<string, string>> = { js: "javascript", ts: "typescript", py: "python", sh: "shellscript" };
  const wanted = names[language] ?? language;
  return (await vscode.languages.getLanguages()).includes(wanted) ? wanted : "plaintext";
}
