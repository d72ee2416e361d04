// Where pages stand: in the secondary side bar, and as editors. A view may be closed and opened at any time.

import * as vscode from "vscode";
import type { Chats } from "../chat/chats.ts";
import type { Conversation } from "../chat/conversation.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { FromPage, ToPage } from "../messages.ts";
import { Panel } from "./panel.ts";

export const VIEW = "chatls.view";
/** Milliseconds. */
const PATIENCE = 10_000;

export class Panels implements vscode.WebviewViewProvider, vscode.Disposable {
  /** What a page says. */
  onMessage: (panel: Panel, message: FromPage) => void = () => undefined;
  readonly #extension: vscode.Uri;
  readonly #daemon: Daemon;
  readonly #chats: Chats;
  readonly #tabs = new Map<Panel, vscode.WebviewPanel>();
  #view: { readonly panel: Panel; readonly place: vscode.WebviewView } | undefined;
  #last: Panel | undefined;
  #early: ToPage[] = [];

  constructor(extension: vscode.Uri, daemon: Daemon, chats: Chats) {
    this.#extension = extension;
    this.#daemon = daemon;
    this.#chats = chats;
    daemon.onSessionsChanged(() => this.all.forEach((panel) => panel.post({ type: "stale" })));
  }

  resolveWebviewView(place: vscode.WebviewView): void {
    const panel = this.#made(place.webview, this.#chats.active);
    this.#view = { panel, place };
    this.#last ??= panel;
    place.onDidDispose(() => {
      panel.dispose();
      this.#view = undefined;
      this.#forget(panel);
    });
    this.#early.splice(0).forEach((message) => panel.post(message));
    this.badge(this.#chats.waiting.length);
  }

  /** The page that was used last. */
  get front(): Panel | undefined {
    return this.#last ?? this.#view?.panel ?? [...this.#tabs.keys()].at(-1);
  }

  get all(): Panel[] {
    return [...(this.#view ? [this.#view.panel] : []), ...this.#tabs.keys()];
  }

  /** Whether a person can see the session somewhere. */
  shows(conversation: Conversation): boolean {
    const inView = this.#view?.place.visible === true && this.#view.panel.conversation === conversation;
    return inView || [...this.#tabs].some(([panel, tab]) => tab.visible && panel.conversation === conversation);
  }

  /** Bring a page to the front, and tell it something. */
  async reveal(message: ToPage = { type: "focus", what: "prompt" }): Promise<void> {
    const tab = this.#last && this.#tabs.get(this.#last);
    if (tab && this.#last) {
      tab.reveal();
      this.#last.post(message);
      return;
    }
    const known = this.#view?.panel;
    if (!known) {
      this.#early.push(message);
    }
    await vscode.commands.executeCommand(`${VIEW}.focus`);
    known?.post(message);
    await this.#coming();
  }

  /** Until the view that was asked for is there: the editor says that it has the focus a moment before. */
  async #coming(): Promise<void> {
    for (const end = Date.now() + PATIENCE; !this.#view && Date.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The same page as an editor. */
  openTab(conversation: Conversation): void {
    const tab = vscode.window.createWebviewPanel("chatls.tab", "chatls", vscode.ViewColumn.Active, {
      enableFindWidget: true,
    });
    const icon = (name: string): vscode.Uri => vscode.Uri.joinPath(this.#extension, "media", name);
    tab.iconPath = { light: icon("chat.svg"), dark: icon("chat-dark.svg") };
    const panel = this.#made(tab.webview, conversation);
    this.#tabs.set(panel, tab);
    this.#last = panel;
    const named = this.#chats.onChange(() => {
      tab.title = panel.conversation.title || "chatls";
    });
    tab.onDidChangeViewState(() => {
      this.#last = tab.active ? panel : this.#last;
    });
    tab.onDidDispose(() => {
      named.dispose();
      panel.dispose();
      this.#tabs.delete(panel);
      this.#forget(panel);
    });
  }

  /** Show a session where a person looks. */
  show(conversation: Conversation, where = this.front): void {
    this.#chats.active = conversation;
    where?.show(conversation);
  }

  badge(questions: number): void {
    if (this.#view) {
      const tooltip = questions === 1 ? "A question waits for you" : `${questions} questions wait for you`;
      this.#view.place.badge = questions > 0 ? { value: questions, tooltip } : undefined;
    }
  }

  dispose(): void {
    this.all.forEach((panel) => panel.dispose());
  }

  #made(webview: vscode.Webview, conversation: Conversation): Panel {
    return new Panel(webview, this.#extension, this.#daemon, conversation, (panel, message) => {
      this.#last = panel;
      this.#chats.active = panel.conversation;
      this.onMessage(panel, message);
    });
  }

  #forget(panel: Panel): void {
    this.#last = this.#last === panel ? undefined : this.#last;
  }
}
