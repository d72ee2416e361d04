// All sessions of this window: begun, loaded, remembered over a reload. Knows no panel.

import * as vscode from "vscode";
import type { Daemon } from "../daemon/daemon.ts";
import { fromBlock } from "../editor/context.ts";
import { fail, fold, NOTHING } from "../fold.ts";
import type { Wanted } from "../messages.ts";
import type { ContentBlock, ListResult, ModelsResult, PermissionAnswer, ProgressValue, Question, SessionEntry, StopReason, TurnEntry } from "../protocol.ts";
import type { View } from "../view.ts";
import { MODES } from "../wire.ts";
import type { Memory } from "./memory.ts";
import { Conversation, titleOf, type Turn } from "./conversation.ts";
import { forPeople } from "./faults.ts";

export class Chats implements vscode.Disposable {
  readonly all: Conversation[] = [];
  /** The one that was shown last. */
  active: Conversation;
  /** Makes the block that tells what the person looks at. */
  lookedAt: () => ContentBlock | undefined = () => undefined;
  readonly #daemon: Daemon;
  readonly #memory: Memory;
  readonly #changed = new vscode.EventEmitter<Conversation>();
  /** One of them changed, in what stands around its turns. */
  readonly onChange = this.#changed.event;

  constructor(daemon: Daemon, memory: Memory) {
    this.#daemon = daemon;
    this.#memory = memory;
    this.active = this.begin();
    daemon.questions.otherwise({ ask: (question, answer) => askByMessage(question, answer) });
    let wasReady = false;
    daemon.onState((state) => {
      if (state === "ready" && wasReady) {
        this.all.forEach((one) => one.daemonIsNew());
      }
      wasReady ||= state === "ready";
      this.all.forEach((one) => one.changed.fire());
    });
  }

  begin(): Conversation {
    const made = new Conversation(this.#daemon);
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
  async list({ query, everywhere, cursor }: Wanted): Promise<ListResult> {
    if (!this.#daemon.features.sessions) {
      const words = query.toLowerCase();
      const here = this.all.filter((one) => one.turns.length > 0).map(entry);
      return { sessions: here.filter((one) => one.title.toLowerCase().includes(words)).toReversed() };
    }
    return this.#daemon.request("chat/session/list", {
      ...(query === "" ? {} : { query }),
      ...(everywhere ? { everywhere } : {}),
      ...(cursor === undefined ? {} : { cursor }),
    });
  }

  /** The conversation of a session, loaded if this window does not know it. */
  async open(sessionId: string): Promise<Conversation> {
    const known = this.all.find((one) => one.sessionId === sessionId || one.key === sessionId);
    this.active = known ?? (await this.load(sessionId));
    return this.active;
  }

  /** Read a session that the daemon keeps. */
  async load(sessionId: string, into = this.begin()): Promise<Conversation> {
    const client = await this.#daemon.ready();
    const replay = new Replay(into);
    const { listening, partialResultToken } = this.#daemon.listen(client, (event) => replay.take(event));
    try {
      const loaded = await this.#daemon.request("chat/session/load", { sessionId, partialResultToken });
      replay.close(loaded.turns);
      into.title = loaded.title;
      into.mode = MODES.find((mode) => mode === loaded.mode);
      if (loaded.contextTokens !== undefined) {
        into.context = { tokens: loaded.contextTokens, ...(loaded.contextWindow ? { window: loaded.contextWindow } : {}) };
      }
      into.adopt(sessionId);
      return into;
    } catch (error) {
      this.forget(into);
      throw error;
    } finally {
      listening.dispose();
    }
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
    return this.all.filter((one) => one.asks > 0);
  }

  dispose(): void {
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

/** Makes turns of a transcript that is read. */
class Replay {
  readonly #into: Conversation;
  #turn: Turn | undefined;

  constructor(into: Conversation) {
    this.#into = into;
  }

  take(event: ProgressValue): void {
    const told = event as { readonly kind: string; readonly content?: readonly ContentBlock[] };
    if (told.kind === "prompt") {
      const words = (told.content ?? []).flatMap((block) => (block.type === "text" ? [block.text] : []));
      this.#turn = this.#into.begin({ words: words.join("\n"), along: (told.content ?? []).flatMap(fromBlock) });
      this.#turn.turnId = event.turnId;
      return;
    }
    this.#into.note(event);
    if (this.#turn) {
      this.#turn.view = fold(this.#turn.view, event);
    }
  }

  close(turns: readonly TurnEntry[]): void {
    for (const turn of this.#into.turns) {
      const kept = turns.find((one) => one.turnId === turn.turnId);
      turn.view = over(turn.view === NOTHING ? { ...NOTHING } : turn.view, kept);
    }
    this.#into.title ||= titleOf(this.#into.turns[0]?.words ?? "");
  }
}

const REASONS: readonly StopReason[] = ["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled", "error"];

function over(view: View, kept: TurnEntry | undefined): View {
  const stopReason = REASONS.find((one) => one === kept?.stopReason);
  if (stopReason === undefined) {
    return fail(view, forPeople("chatls ended before this answer did. Ask again, or say \"go on\"."));
  }
  return stopReason === "error" ? fail(view, forPeople("This answer failed.")) : { ...view, status: "ended", stopReason };
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
