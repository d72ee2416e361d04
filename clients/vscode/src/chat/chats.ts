// All sessions of this window: begun, loaded, remembered over a reload. Knows no panel.

import * as vscode from "vscode";
import type { Daemon } from "../daemon/daemon.ts";
import type { Wanted } from "../messages.ts";
import type { ContentBlock, ListResult, ModelsResult, PermissionAnswer, Question, SessionEntry } from "../protocol.ts";
import { Conversation } from "./conversation.ts";
import { Looking } from "./looking.ts";
import type { Memory } from "./memory.ts";

export class Chats implements vscode.Disposable {
  readonly all: Conversation[] = [];
  /** The one that was shown last. */
  active: Conversation;
  /** Makes the block that tells what the person looks at. */
  lookedAt: () => ContentBlock | undefined = () => undefined;
  readonly #daemon: Daemon;
  readonly #memory: Memory;
  readonly #looking: Looking;
  readonly #changed = new vscode.EventEmitter<Conversation>();
  /** One of them changed, in what stands around its turns. */
  readonly onChange = this.#changed.event;

  constructor(daemon: Daemon, memory: Memory) {
    this.#daemon = daemon;
    this.#memory = memory;
    this.#looking = new Looking(daemon);
    this.active = this.begin();
    daemon.questions.otherwise({ ask: (question, answer) => askByMessage(question, answer) });
    let wasReady = false;
    daemon.onState((state) => {
      if (state === "ready" && wasReady) {
        this.all.forEach((one) => one.daemonIsNew());
        this.#news();
      }
      wasReady ||= state === "ready";
      this.all.forEach((one) => one.changed.fire());
    });
    daemon.onSessionsChanged(() => this.#news());
  }

  /** Sessions changed: those that are shown are looked at, the others when somebody wants to see them. */
  #news(): void {
    for (const one of this.all.filter(({ sessionId }) => sessionId !== undefined)) {
      one.stale = true;
      if (one.isShown) {
        void this.again(one);
      }
    }
  }

  begin(): Conversation {
    const made = new Conversation(this.#daemon);
    made.wanted = () => void this.again(made);
    made.lookedAt = () => this.lookedAt();
    made.changed.event(() => {
      this.#changed.fire(made);
      if (made === this.active && made.sessionId !== undefined) {
        this.#memory.last = made.sessionId;
      }
    });
    this.all.push(made);
    return made;
  }

  /** A new one, which is the active one from now on; the one that is empty already, where there is one. */
  fresh(): Conversation {
    const model = this.active.model;
    const mode = this.active.mode;
    const empty = this.all.find((one) => one.turns.length === 0 && one.sessionId === undefined && !one.running);
    this.active = empty ?? this.begin();
    this.#memory.last = undefined;
    // What was chosen last holds, also where an empty one was left with another choice.
    this.active.model = model ?? this.active.model;
    this.active.mode = mode ?? this.active.mode;
    return this.active;
  }

  /** The sessions that can be gone on with: the daemon's, and those of this window where it keeps none. */
  async list({ query, everywhere, cursor, limit, branches }: Wanted): Promise<ListResult> {
    if (!this.#daemon.features.sessions) {
      const words = query.toLowerCase();
      const here = this.all.filter((one) => one.turns.length > 0).map(entry);
      return { sessions: here.filter((one) => one.title.toLowerCase().includes(words)).toReversed() };
    }
    return this.#daemon.request("chat/session/list", {
      ...(query === "" ? {} : { query }),
      ...(everywhere ? { everywhere } : {}),
      ...(branches ? { branches } : {}),
      ...(cursor === undefined ? {} : { cursor }),
      ...(limit === undefined ? {} : { limit: Math.min(limit, 500) }),
    });
  }

  /** The conversation of a session, loaded if this window does not know it. */
  async open(sessionId: string): Promise<Conversation> {
    const known = this.all.find((one) => one.sessionId === sessionId || one.key === sessionId);
    this.active = known ?? (await this.load(sessionId));
    return this.active;
  }

  /** Read a session that the daemon keeps. */
  async load(sessionId: string): Promise<Conversation> {
    const into = this.begin();
    try {
      await this.#looking.read(sessionId, into);
      return into;
    } catch (error) {
      this.forget(into);
      throw error;
    }
  }

  /** Look whether a conversation is still what the daemon has. */
  again(one: Conversation): Promise<void> {
    return this.#looking.again(one);
  }

  /** What was shown when the window closed, where the daemon keeps sessions. */
  async restore(): Promise<void> {
    const sessionId = this.#memory.last;
    const first = this.active;
    await this.#daemon.ready();
    if (sessionId === undefined || !this.#daemon.features.sessions) {
      return;
    }
    const loaded = await this.load(sessionId);
    // Who has begun something meanwhile, or asked for a new session, goes on with that.
    if (this.active === first && first.turns.length === 0 && this.#memory.last === sessionId) {
      this.active = loaded;
    }
  }

  forget(one: Conversation): void {
    const at = this.all.indexOf(one);
    if (at >= 0) {
      this.all.splice(at, 1);
      one.dispose();
    }
    if (this.active === one) {
      this.active = this.all.at(-1) ?? this.begin();
    }
  }

  models(): Promise<ModelsResult> {
    return this.#daemon.request("chat/models", {});
  }

  /** Those in which a question or a form waits, the oldest first. */
  get waiting(): Conversation[] {
    return this.all.filter((one) => one.pending.count > 0);
  }

  dispose(): void {
    this.#looking.dispose();
    this.all.forEach((one) => one.dispose());
    this.#changed.dispose();
  }
}

function entry(one: Conversation): SessionEntry {
  return {
    sessionId: one.sessionId ?? one.key,
    title: one.title,
    folders: [],
    model: one.model ?? "",
    mode: one.mode ?? "ask",
    createdAt: one.at.toISOString(),
    updatedAt: one.at.toISOString(),
    turns: one.turns.length,
    ...(one.running ? { running: "here" } : {}),
  };
}

/** A question of a session that no panel shows. */
function askByMessage(question: Question, answer: (answer: PermissionAnswer) => void): { withdrawn(): void } {
  const labels = question.options.map((option) => option.label);
  void vscode.window.showWarningMessage(`chatls: ${question.title}`, ...labels).then((label) => {
    const option = question.options.find((one) => one.label === label);
    answer(option ? { outcome: "selected", optionId: option.id } : { outcome: "cancelled" });
  });
  return { withdrawn: () => undefined };
}
