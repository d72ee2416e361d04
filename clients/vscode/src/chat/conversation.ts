// One session as this window knows it: its turns, what waits for a person, and what goes along next. Knows no panel.

import * as vscode from "vscode";
import type { Daemon } from "../daemon/daemon.ts";
import type { Asker } from "../daemon/questions.ts";
import { fail, finish, fold, NOTHING } from "../fold.ts";
import type { Asked, AskedForm, Attachment, ToPage, TurnState } from "../messages.ts";
import { type ContentBlock, type ElicitAnswer, type Elicitation, ErrorCode, type PermissionAnswer, type ProgressValue, type PromptParams, type PromptResult, type Question, type TurnError, type WorkingMode } from "../protocol.ts";
import type { View } from "../view.ts";
import { forPeople, turnError } from "./faults.ts";

/** Something that goes along with a prompt: what the page shows of it, and what is sent. */
export interface Attached {
  readonly shown: Attachment;
  readonly block: ContentBlock;
}

/** What a person says. */
export interface Said {
  readonly words: string;
  readonly along: readonly Attached[];
}

export interface Turn extends TurnState {
  readonly said: Said;
  view: View;
  turnId?: string;
}

interface Waiting {
  asked: Asked;
  readonly answer: (answer: PermissionAnswer) => void;
}

interface Open {
  readonly asked: AskedForm;
  readonly answer: (answer: ElicitAnswer) => void;
}

export type Listener = (message: ToPage) => void;

let made = 0;

export class Conversation implements Asker {
  readonly key = `chat-${(made += 1)}`;
  readonly turns: Turn[] = [];
  readonly waiting = new Map<string, Waiting>();
  readonly forms = new Map<string, Open>();
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
  /** Makes the block that tells what the person looks at; nothing where it is not to be told. */
  lookedAt: () => ContentBlock | undefined = () => undefined;
  readonly #daemon: Daemon;
  readonly #listeners = new Set<Listener>();
  #lastContext = "";
  #fillings = 0;
  /** The daemon itself tells how full the model's window is. */
  #told = false;
  #running: { readonly turn: Turn; readonly source: vscode.CancellationTokenSource } | undefined;
  #mine: { dispose(): void } | undefined;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
  }

  get running(): Turn | undefined {
    return this.#running?.turn;
  }

  /** Hear of all that changes, as the page is told it. */
  listen(listener: Listener): vscode.Disposable {
    this.#listeners.add(listener);
    return new vscode.Disposable(() => this.#listeners.delete(listener));
  }

  emit(message: ToPage): void {
    for (const listener of this.#listeners) {
      listener(message);
    }
  }

  /** The header changed; whoever draws it looks again. */
  readonly changed = new vscode.EventEmitter<void>();

  /** Ask; while a turn runs the words go into it where the daemon can do that, else they wait for its end. */
  async say(said: Said): Promise<void> {
    if (!this.#running) {
      return this.#ask(said);
    }
    const steered = this.#daemon.features.steer && this.sessionId !== undefined && (await this.#steer(said));
    if (!steered) {
      if (!this.#running) {
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
      const result = await this.#daemon.prompt(this.#prompt(said), (event) => this.#event(turn, event), source.token);
      this.#learn(result);
      this.end(turn, result);
    } catch (error) {
      const asked = source.token.isCancellationRequested;
      if ((error as { code?: number }).code === ErrorCode.sessionNotFound) {
        this.sessionId = undefined; // deleted elsewhere: asked again, it begins anew
      }
      this.end(turn, undefined, turnError(error, asked));
    } finally {
      source.dispose();
      this.#running = undefined;
      this.steering.length = 0;
      this.#withdrawAll(turn);
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

  #prompt(said: Said): PromptParams {
    const context = this.lookedAt();
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
    this.#name(result.sessionId);
    this.title = result.title ?? this.title;
    if (result.unsent && result.unsent.length > 0) {
      const words = result.unsent.flatMap((block) => (block.type === "text" ? [block.text] : []));
      this.emit({ type: "draft", text: words.join("\n\n") });
    }
  }

  /** The session has a name: its questions come here. */
  #name(sessionId: string): void {
    if (this.sessionId !== sessionId || !this.#mine) {
      this.sessionId = sessionId;
      this.#mine?.dispose();
      this.#mine = this.#daemon.questions.of(sessionId, this);
      this.changed.fire();
    }
  }

  #event(turn: Turn, event: ProgressValue): void {
    if (turn.turnId === undefined) {
      turn.turnId = event.turnId;
    }
    if (event.kind === "turnStart") {
      this.#name(event.sessionId);
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
    const key = `${this.key}-${this.turns.length + 1}`;
    const along = said.along.map((one) => one.shown.label);
    const turn: Turn = { key, words: said.words, along, said, view: NOTHING };
    this.turns.push(turn);
    this.at = new Date();
    this.emit({ type: "turn", turn });
    return turn;
  }

  end(turn: Turn, result?: PromptResult, error?: TurnError): void {
    turn.view = result ? finish(turn.view, result) : fail(turn.view, error ?? forPeople("It ended."));
    this.emit({ type: "ended", turn: turn.key, ...(result ? { result } : {}), ...(error ? { error } : {}) });
  }

  /** Cancel the turn that runs; whether there is one. */
  stop(): boolean {
    this.#running?.source.cancel();
    return this.#running !== undefined;
  }

  async stopCall(call: string): Promise<void> {
    const sessionId = this.sessionId;
    if (sessionId !== undefined) {
      await this.#daemon.request("chat/cancel", { sessionId, toolCallId: call });
    }
  }

  ask(question: Question, answer: (answer: PermissionAnswer) => void): { withdrawn(): void } {
    const turn = this.#running?.turn.key ?? this.turns.at(-1)?.key ?? "";
    const id = question.toolCallId;
    const asked: Asked = { id, turn, question, editable: this.#daemon.features.editedArguments && canBeEdited(question) };
    this.waiting.set(id, { asked, answer });
    this.emit({ type: "question", asked });
    this.changed.fire();
    return { withdrawn: () => this.#forget(id) };
  }

  /** A person's word. Whether the question still waited. */
  answer(id: string, answer: PermissionAnswer): boolean {
    const one = this.waiting.get(id);
    this.#forget(id);
    one?.answer(answer);
    return one !== undefined;
  }

  /** How much waits for a person: questions and forms. */
  get asks(): number {
    return this.waiting.size + this.forms.size;
  }

  fill(form: Elicitation, answer: (answer: ElicitAnswer) => void): { withdrawn(): void } {
    const turn = this.#running?.turn.key ?? this.turns.at(-1)?.key ?? "";
    const id = `${this.key}-form-${(this.#fillings += 1)}`;
    const asked: AskedForm = { id, turn, form };
    this.forms.set(id, { asked, answer });
    this.emit({ type: "form", asked });
    this.changed.fire();
    return { withdrawn: () => this.#forget(id) };
  }

  /** What a person made of a form. */
  filled(id: string, answer: ElicitAnswer): void {
    const one = this.forms.get(id);
    this.#forget(id);
    one?.answer(answer);
  }

  /** The question is being changed in an editor. */
  editing(id: string, editing: boolean): void {
    const one = this.waiting.get(id);
    if (one) {
      one.asked = { ...one.asked, editing };
      this.emit({ type: "question", asked: one.asked });
    }
  }

  #forget(id: string): void {
    if (this.waiting.delete(id) || this.forms.delete(id)) {
      this.emit({ type: "withdrawn", id });
      this.changed.fire();
    }
  }

  #withdrawAll(turn: Turn): void {
    for (const [id, one] of this.waiting) {
      if (one.asked.turn === turn.key) {
        this.answer(id, { outcome: "cancelled" });
      }
    }
    for (const [id, one] of this.forms) {
      if (one.asked.turn === turn.key) {
        this.filled(id, { action: "cancel" });
      }
    }
  }

  /** The daemon was started anew. One that keeps sessions knows this one; for any other it is new. */
  daemonIsNew(): void {
    this.#lastContext = "";
    if (!this.#daemon.features.sessions && this.sessionId !== undefined) {
      this.sessionId = undefined;
      this.#mine?.dispose();
      this.#mine = undefined;
    }
  }

  /** It goes on under the name of a session that the daemon keeps. */
  adopt(sessionId: string): void {
    this.#name(sessionId);
  }

  dispose(): void {
    this.stop();
    this.#mine?.dispose();
    this.#listeners.clear();
  }
}

function blocksOf(said: Said): ContentBlock[] {
  return [...said.along.map((one) => one.block), { type: "text", text: said.words }];
}

/** The first line of the first prompt, cut at a word. */
export function titleOf(words: string): string {
  const line = words.trim().split("\n", 1)[0] ?? "";
  return line.length <= 60 ? line : `${line.slice(0, 60).replace(/\s+\S*$/, "")} …`;
}

/** One change of one file, or a command. */
function canBeEdited(question: Question): boolean {
  const changes = question.preview.filter((item) => item.type === "diff");
  const one = changes.length === 1 && changes[0]?.change !== "deleted" && changes[0]?.change !== "moved";
  return (one && ["edit_file", "write_file"].includes(toolOf(question))) || typeof question.arguments["command"] === "string";
}

/** The tool of a question, which its arguments tell. */
export function toolOf(question: Question): string {
  if (Array.isArray(question.arguments["edits"])) {
    return "edit_file";
  }
  return typeof question.arguments["content"] === "string" ? "write_file" : "";
}
