// One page and the session that it shows. The fold is kept here, so that a page that comes back has all at once.

import * as vscode from "vscode";
import { joined } from "../chat/batch.ts";
import { slashes } from "../chat/names.ts";
import type { Conversation } from "../chat/conversation.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { lookedLabel } from "../editor/context.ts";
import type { Chrome, FromPage, ToPage, TurnState } from "../messages.ts";
import type { ProgressValue } from "../protocol.ts";
import { html } from "./html.ts";

const FRAME_MS = 16;

/** What a panel does itself; the daemon has the others. */
export const SLASHES = [
  { name: "new", doc: "begin a new session" },
  { name: "sessions", doc: "find an earlier session" },
  { name: "model", doc: "choose the model" },
  { name: "mode", doc: "choose the mode" },
  { name: "compact", doc: "make the session shorter for the model" },
  { name: "export", doc: "open the session as markdown" },
] as const;

export class Panel implements vscode.Disposable {
  readonly webview: vscode.Webview;
  conversation: Conversation;
  readonly #daemon: Daemon;
  readonly #disposables: vscode.Disposable[] = [];
  #listening: vscode.Disposable[] = [];
  #events: { readonly turn: string; readonly events: ProgressValue[] }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ready = false;
  #waiting: ToPage[] = [];

  constructor(
    webview: vscode.Webview,
    extension: vscode.Uri,
    daemon: Daemon,
    conversation: Conversation,
    onMessage: (panel: Panel, message: FromPage) => void,
  ) {
    this.webview = webview;
    this.conversation = conversation;
    this.#daemon = daemon;
    webview.options = { enableScripts: true, localResourceRoots: [extension] };
    this.#disposables.push(
      webview.onDidReceiveMessage((message: FromPage) => {
        if (message.type === "ready") {
          this.#ready = true;
          this.show(this.conversation);
          this.#waiting.splice(0).forEach((one) => this.post(one));
        } else {
          onMessage(this, message);
        }
      }),
    );
    webview.html = html(webview, extension);
  }

  /** Show a session, from its beginning to where it is. */
  show(conversation: Conversation): void {
    this.#listening.forEach((one) => one.dispose());
    this.conversation = conversation;
    this.#events = [];
    const turns = conversation.turns.map(shown);
    const questions = [...conversation.pending.questions.values()].map((one) => one.asked);
    const forms = [...conversation.pending.forms.values()].map((one) => one.asked);
    const attachments = conversation.attachments.map((one) => one.shown);
    this.#listening = [
      conversation.listen((message) => this.#take(message)),
      conversation.changed.event(() => this.refresh()),
    ];
    if (this.#ready) {
      this.post({ type: "state", chrome: this.#chrome(), turns, questions, forms, attachments });
    }
  }

  /** Tell the page something; in the order of all that it is told. */
  post(message: ToPage): void {
    if (!this.#ready) {
      this.#waiting.push(message);
      return;
    }
    this.#flush();
    void this.webview.postMessage(message);
  }

  refresh(): void {
    if (this.#ready) {
      this.post({ type: "chrome", chrome: this.#chrome() });
    }
  }

  attachmentsChanged(): void {
    this.post({ type: "attachments", attachments: this.conversation.attachments.map((one) => one.shown) });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#ready = false;
    [...this.#listening, ...this.#disposables].forEach((one) => one.dispose());
  }

  #take(message: ToPage): void {
    if (!this.#ready) {
      return;
    }
    if (message.type === "turn") {
      this.post({ type: "turn", turn: shown(message.turn) });
    } else if (message.type === "events") {
      const last = this.#events.at(-1);
      if (last?.turn === message.turn) {
        last.events.push(...message.events);
      } else {
        this.#events.push({ turn: message.turn, events: [...message.events] });
      }
      this.#timer ??= setTimeout(() => this.#flush(), FRAME_MS);
    } else {
      this.post(message);
    }
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { turn, events } of this.#events.splice(0)) {
      void this.webview.postMessage({ type: "events", turn, events: joined(events) } satisfies ToPage);
    }
  }

  #chrome(): Chrome {
    const { conversation } = this;
    const { sessions, steer, modes } = this.#daemon.features;
    const label = lookedLabel(conversation.lookedAt());
    const model = conversation.model ?? conversation.turns.findLast((turn) => turn.view.model)?.view.model ?? this.#daemon.usualModel;
    return {
      title: conversation.title,
      state: this.#daemon.state,
      ...(this.#daemon.trouble === undefined ? {} : { trouble: this.#daemon.trouble }),
      trusted: vscode.workspace.isTrusted,
      running: conversation.running !== undefined || conversation.elsewhere === "here",
      elsewhere: conversation.elsewhere === "elsewhere",
      lost: conversation.lost,
      bare: this.#daemon.state === "ready" && this.#daemon.isBare,
      ...(label === undefined ? {} : { looks: { label, told: conversation.tells } }),
      ...(model === undefined ? {} : { model }),
      ...(modes ? { mode: conversation.mode ?? "ask" } : {}),
      features: { sessions, steer, modes },
      ...(conversation.context ? { context: conversation.context } : {}),
      steering: conversation.steering,
      queued: conversation.queue.map((one) => one.words),
      commands: slashes(
        SLASHES.filter(({ name }) => name !== "mode" || modes).map((one) => ({ ...one, runs: true })),
        this.#daemon.offered,
      ),
    };
  }
}

/** A turn as the page needs it: what went along may be megabytes. */
function shown({ key, words, along, view, turnId }: TurnState): TurnState {
  return { key, words, along, view, ...(turnId === undefined ? {} : { turnId }) };
}
