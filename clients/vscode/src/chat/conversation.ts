// One session as this window knows it: its turns, what waits for a person, and what goes along next. Knows no panel.

import * as vscode from "vscode";
import type { Daemon } from "../daemon/daemon.ts";
import type { Asker } from "../daemon/questions.ts";
import { fail, finish, fold, NOTHING } from "../fold.ts";
import type { ToPage, TurnState } from "../messages.ts";
import {
  type ContentBlock,
  type ElicitAnswer,
  type Elicitation,
  ErrorCode,
  type LoadResult,
  type PermissionAnswer,
  type ProgressValue,
  type PromptParams,
  type PromptResult,
  type Question,
  type RunningWhere,
  type TurnError,
  type WorkingMode,
} from "../protocol.ts";
import type { View } from "../view.ts";
import { MODES } from "../wire.ts";
import { forPeople, GONE, turnError } from "./faults.ts";
import { Pending } from "./pending.ts";
import { type Attached, blocksOf, type Said, titleOf, together } from "./said.ts";

export interface Turn extends TurnState {
  readonly said: Said;
  view: View;
  turnId?: string;
}

export type Listener = (message: ToPage) => void;

let made = 0;

export class Conversation implements Asker {
  readonly key = `chat-${(made += 1)}`;
  readonly turns: Turn[] = [];
  /** What waits for a person's word. */
  readonly pending: Pending;
  readonly queue: Said[] = [];
  /** What was said into the turn that runs, and the model was not told yet. */
  readonly steering: string[] = [];
  attachments: Attached[] = [];
  sessionId: string | undefined;
  title = "";
  /** When something was said in it. */
  at = new Date();
  model: string | undefined;
  mode: WorkingMode | undefined;
  context: { readonly tokens: number; readonly window?: number } | undefined;
  /** The model is told what the person looks at. */
  tells = true;
  /** Where a turn of it runs that was not begun here. */
  elsewhere: RunningWhere | undefined;
  /** It was deleted: what is asked next begins a new session. */
  lost = false;
  /** Somebody changed it since it was looked at last. */
  stale = false;
  /** A page wants to show it. */
  wanted: () => void = () => undefined;
  /** Makes the block that tells what the person looks at; nothing where it is not to be told. */
  lookedAt: () => ContentBlock | undefined = () => undefined;
  readonly #daemon: Daemon;
  readonly #listeners = new Set<Listener>();
  #lastContext = "";
  #added = 0;
  /** The daemon itself tells how full the model's window is. */
  #told = false;
  #running: { readonly turn: Turn; readonly source: vscode.CancellationTokenSource } | undefined;
  #mine: { dispose(): void } | undefined;
  /** The events of a turn that was not begun here. */
  #followed: { dispose(): void } | undefined;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
    this.pending = new Pending(this.key, (message) => this.#say(message));
  }

  #say(message: ToPage): void {
    this.emit(message);
    this.changed.fire();
  }

  get running(): Turn | undefined {
    return this.#running?.turn;
  }

  /** A turn runs, begun here or elsewhere: what is said waits for its end, or reaches it. */
  get isBusy(): boolean {
    return this.#running !== undefined || this.elsewhere !== undefined;
  }

  /** Hear of all that changes, as the page is told it. */
  listen(listener: Listener): vscode.Disposable {
    this.#listeners.add(listener);
    if (this.stale) {
      this.wanted();
    }
    return new vscode.Disposable(() => this.#listeners.delete(listener));
  }

  /** A page shows it. */
  get isShown(): boolean {
    return this.#listeners.size > 0;
  }

  emit(message: ToPage): void {
    for (const listener of this.#listeners) {
      listener(message);
    }
  }

  /** These go along with what is said next; each once. */
  attach(...more: readonly Attached[]): void {
    this.attachments = together(this.attachments, more);
  }

  /** The header changed; whoever draws it looks again. */
  readonly changed = new vscode.EventEmitter<void>();

  /** Ask; while a turn runs the words go into it where the daemon can do that, else they wait for its end. */
  async say(said: Said): Promise<void> {
    if (!this.isBusy) {
      return this.#ask(said);
    }
    const steered = this.elsewhere !== "elsewhere" && this.#daemon.features.steer && this.sessionId !== undefined && (await this.#steer(said));
    if (!steered) {
      if (!this.isBusy) {
        return this.#ask(said);
      }
      this.queue.push(said);
      this.changed.fire();
    }
    return undefined;
  }

  async #steer(said: Said): Promise<boolean> {
    const content = blocksOf(said);
    try {
      const { state } = await this.#daemon.request("chat/steer", { sessionId: this.sessionId ?? "", content });
      if (state === "queued") {
        this.steering.push(said.words);
        this.changed.fire();
      }
      return state === "queued";
    } catch {
      return false;
    }
  }

  async #ask(said: Said): Promise<void> {
    const turn = this.begin(said);
    const source = new vscode.CancellationTokenSource();
    this.#running = { turn, source };
    this.title ||= titleOf(said.words);
    this.changed.fire();
    try {
      const result = await this.#prompted(turn, source.token);
      this.#learn(result);
      this.end(turn, result);
    } catch (error) {
      this.end(turn, undefined, turnError(error, source.token.isCancellationRequested));
    } finally {
      source.dispose();
      this.#running = undefined;
      this.steering.length = 0;
      this.pending.withdraw(turn.key);
      this.#mine?.dispose();
      this.changed.fire();
    }
    const next = this.queue.shift();
    if (next && turn.view.stopReason !== "cancelled") {
      return this.#ask(next);
    }
    if (next) {
      this.queue.unshift(next);
      this.emit({ type: "draft", text: this.queue.map((one) => one.words).join("\n\n") });
      this.queue.length = 0;
      this.changed.fire();
    }
    return undefined;
  }

  /** Ask the daemon; where the session was deleted meanwhile, in a new one. */
  async #prompted(turn: Turn, token: vscode.CancellationToken): Promise<PromptResult> {
    const ask = (): Promise<PromptResult> => this.#daemon.prompt(this.#prompt(turn.said), (event) => this.#event(turn, event), token);
    return ask().catch((error: { code?: number }) => {
      if (error.code !== ErrorCode.sessionNotFound || this.sessionId === undefined) {
        throw error;
      }
      this.lose();
      return ask();
    });
  }

  #prompt(said: Said): PromptParams {
    const context = this.tells ? this.lookedAt() : undefined;
    const told = JSON.stringify(context ?? null);
    const fresh = context !== undefined && (told !== this.#lastContext || this.sessionId === undefined);
    this.#lastContext = told;
    return {
      content: [...(fresh ? [context] : []), ...blocksOf(said)],
      ...(this.sessionId === undefined ? {} : { sessionId: this.sessionId }),
      ...(this.model === undefined ? {} : { model: this.model }),
      ...(this.mode === undefined || !this.#daemon.features.modes ? {} : { mode: this.mode }),
    };
  }

  #learn(result: PromptResult): void {
    this.sessionId = result.sessionId;
    this.title = result.title ?? this.title;
    if (result.unsent && result.unsent.length > 0) {
      const words = result.unsent.flatMap((block) => (block.type === "text" ? [block.text] : []));
      this.emit({ type: "draft", text: words.join("\n\n") });
    }
  }

  #event(turn: Turn, event: ProgressValue): void {
    if (turn.turnId === undefined) {
      turn.turnId = event.turnId;
    }
    if (event.kind === "turnStart") {
      this.sessionId = event.sessionId;
      this.lost = false;
      this.#mine?.dispose();
      this.#mine = this.#daemon.questions.of(event.sessionId, this);
      this.changed.fire();
    } else if (event.kind === "steered") {
      this.steering.shift();
      this.changed.fire();
    }
    this.note(event);
    turn.view = fold(turn.view, event);
    this.emit({ type: "events", turn: turn.key, events: [event] });
  }

  /** What an event says about the session and not about its turn. */
  note(event: ProgressValue): void {
    if (event.kind === "stepEnd" && event.usage && !this.#told) {
      const window = this.#daemon.windows.get(this.running?.view.model ?? "");
      this.context = { tokens: event.usage.inputTokens + event.usage.outputTokens, ...(window ? { window } : {}) };
      this.changed.fire();
    }
    const other = event as { readonly kind: string; readonly tokens?: number; readonly window?: number };
    if (other.kind === "contextUsage" && typeof other.tokens === "number") {
      this.#told = true;
      this.context = { tokens: other.tokens, ...(other.window ? { window: other.window } : {}) };
      this.changed.fire();
    }
  }

  /** Show a turn that begins. */
  begin(said: Said): Turn {
    const turn = this.add(said);
    this.at = new Date();
    this.emit({ type: "turn", turn });
    return turn;
  }

  /** A turn more, which nobody is shown yet. */
  add(said: Said): Turn {
    const key = `${this.key}-${(this.#added += 1)}`;
    const along = said.along.map((one) => one.shown.label);
    const turn: Turn = { key, words: said.words, along, said, view: NOTHING };
    this.turns.push(turn);
    return turn;
  }

  /** A turn and those behind it are no more. */
  cut(from: Turn): void {
    this.turns.splice(this.turns.indexOf(from));
    this.emit({ type: "cut", from: from.key });
  }

  end(turn: Turn, result?: PromptResult, error?: TurnError): void {
    turn.view = result ? finish(turn.view, result) : fail(turn.view, error ?? forPeople("It ended."));
    this.emit({ type: "ended", turn: turn.key, ...(result ? { result } : {}), ...(error ? { error } : {}) });
  }

  /** Cancel the turn that runs; whether there is one. */
  stop(): boolean {
    this.#running?.source.cancel();
    if (this.elsewhere === "here" && this.sessionId !== undefined) {
      void this.#daemon.request("chat/cancel", { sessionId: this.sessionId }).catch(() => undefined);
    }
    return this.#running !== undefined || this.elsewhere === "here";
  }

  async stopCall(call: string): Promise<void> {
    const sessionId = this.sessionId;
    if (sessionId !== undefined) {
      await this.#daemon.request("chat/cancel", { sessionId, toolCallId: call });
    }
  }

  /** The turn that a question is about. */
  get #asking(): string {
    return this.#running?.turn.key ?? this.turns.at(-1)?.key ?? "";
  }

  ask(question: Question, answer: (answer: PermissionAnswer) => void): { withdrawn(): void } {
    return this.pending.ask(question, this.#asking, this.#daemon.features.editedArguments, answer);
  }

  fill(form: Elicitation, answer: (answer: ElicitAnswer) => void): { withdrawn(): void } {
    return this.pending.fill(form, this.#asking, answer);
  }

  /** The daemon was started anew. One that keeps sessions knows this one; for any other it is new. */
  daemonIsNew(): void {
    this.#lastContext = "";
    const open = this.turns.at(-1);
    if (this.elsewhere === "here" && open) {
      this.end(open, undefined, turnError({ code: GONE }));
      this.follow(undefined);
    }
    if (!this.#daemon.features.sessions) {
      this.sessionId = undefined;
    }
  }

  /** It is a session that the daemon keeps, as far as that was read. */
  adopt(loaded: LoadResult): void {
    this.sessionId = loaded.sessionId;
    this.title = loaded.title || titleOf(this.turns[0]?.words ?? "");
    this.mode = MODES.find((mode) => mode === loaded.mode);
    const { contextTokens: tokens, contextWindow: window } = loaded;
    this.context = tokens === undefined ? undefined : { tokens, ...(window ? { window } : {}) };
    this.changed.fire();
  }

  /** Somebody called it so. */
  rename(title: string): void {
    if (title !== this.title) {
      this.title = title;
      this.changed.fire();
    }
  }

  /** It was deleted. What stands here is kept for as long as it is shown. */
  lose(): void {
    this.sessionId = undefined;
    this.lost = true;
    this.follow(undefined);
    for (const turn of this.turns.filter((one) => one !== this.running)) {
      delete turn.turnId;
    }
    this.changed.fire();
  }

  /** A turn that was not begun here runs there, or does not any more. `heard`: what brings its events. */
  follow(where: RunningWhere | undefined, heard?: { dispose(): void }): void {
    this.#followed?.dispose();
    this.#followed = heard;
    const was = this.elsewhere;
    this.elsewhere = where;
    if (where === was) {
      return;
    }
    this.steering.length = 0;
    this.changed.fire();
    const next = where === undefined && !this.#running ? this.queue.shift() : undefined;
    if (next) {
      void this.#ask(next);
    }
  }

  dispose(): void {
    this.#running?.source.cancel();
    this.#followed?.dispose();
    this.#mine?.dispose();
    this.#listeners.clear();
  }
}
