// The turns, from top to bottom. What did not change in the fold is not drawn again.

import { changedFiles, fail, finish, fold } from "../src/fold.ts";
import type { PageCommand, TurnState } from "../src/messages.ts";
import type { ProgressValue, PromptResult, TurnError } from "../src/protocol.ts";
import type { Block, CompactionBlock, View } from "../src/view.ts";
import { Call } from "./calls.ts";
import { Growing } from "./code.ts";
import { counted, hunks } from "./diff.ts";
import { button, h, Kept, place } from "./dom.ts";
import { afterDrawing, type Drawn, soon } from "./frame.ts";
import { tell } from "./host.ts";
import { Streamed } from "./streamed.ts";
import { decoded, doing, duration, tokens } from "./words.ts";
import { visible } from "./visible.ts";

interface Part {
  readonly element: HTMLElement;
  set(block: Block, open: boolean): void;
}

export class Turns {
  readonly element = h("main", { class: "turns", role: "log", "aria-live": "off", "aria-label": "The session", tabindex: 0 });
  /** What is read to those who do not see the page: whole answers, and nothing in between. */
  readonly spoken = h("div", { class: "spoken", role: "status", "aria-live": "polite" });
  readonly #turns = new Map<string, Turn>();
  /** The way back to where it is written, for who read what stands above. */
  readonly toEnd = button("To the end", () => this.scrollToEnd(), { class: "to-end" }, "down");
  #follows = true;
  /** Where it was scrolled to. */
  #top = 0;
  readonly #sizes = new ResizeObserver(() => this.#end());

  constructor() {
    this.toEnd.hidden = true;
    this.element.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.element;
      const isAtEnd = scrollHeight - scrollTop - clientHeight < 60;
      // Who goes up wants to read there; where the page or what stands in it has another size, nobody went.
      this.#follows = isAtEnd || (this.#follows && scrollTop >= this.#top);
      this.#top = scrollTop;
      this.toEnd.hidden = this.#follows;
    });
    this.#sizes.observe(this.element);
  }

  /** Begin anew. */
  reset(turns: readonly TurnState[]): void {
    this.#turns.clear();
    this.element.replaceChildren();
    this.spoken.textContent = "";
    this.#follows = true;
    turns.forEach((turn) => this.add(turn));
  }

  get isEmpty(): boolean {
    return this.#turns.size === 0;
  }

  /** One more, or one that is told anew. */
  add(state: TurnState): void {
    const known = this.#turns.get(state.key);
    if (known) {
      known.change(() => state.view);
      return;
    }
    const turn = new Turn(state, () => this.#follow());
    this.#turns.set(state.key, turn);
    this.element.append(turn.element);
    this.#sizes.observe(turn.element);
    this.#follows = true;
    this.#follow();
  }

  /** A turn and those behind it are no more. */
  cut(from: string): void {
    const keys = [...this.#turns.keys()];
    const at = keys.indexOf(from);
    for (const key of at < 0 ? [] : keys.slice(at)) {
      this.#turns.get(key)?.element.remove();
      this.#turns.delete(key);
    }
  }

  events(key: string, events: readonly ProgressValue[]): void {
    const turn = this.#turns.get(key);
    turn?.change((view) => events.reduce(fold, view));
  }

  ended(key: string, result?: PromptResult, error?: TurnError): void {
    const turn = this.#turns.get(key);
    turn?.change((view) => (result ? finish(view, result) : error ? fail(view, error) : view));
    this.spoken.textContent = turn?.told() ?? "";
  }

  /** What was said, the oldest first. */
  get words(): string[] {
    return [...this.#turns.values()].map((turn) => turn.words);
  }

  scrollToEnd(): void {
    this.#follows = true;
    this.#follow();
  }

  #follow(): void {
    afterDrawing(() => this.#end());
  }

  #end(): void {
    if (this.#follows) {
      this.element.scrollTop = this.element.scrollHeight;
    }
  }
}

class Turn implements Drawn {
  readonly element = h("article", { class: "turn" });
  readonly words: string;
  readonly #key: string;
  readonly #parts: Part[] = [];
  readonly #blocks = h("div", { class: "blocks" });
  readonly #foot = h("footer");
  readonly #standing = new Kept(this.#foot);
  readonly #drawn: () => void;
  #view: View;
  #last: View | undefined;

  constructor(state: TurnState, drawn: () => void) {
    this.words = state.words;
    this.#key = state.key;
    this.#view = state.view;
    this.#drawn = drawn;
    this.element.setAttribute("aria-label", `You asked: ${visible(state.words.slice(0, 80))}`);
    this.element.append(said(state), this.#blocks, this.#foot);
    soon(this);
  }

  change(how: (view: View) => View): void {
    this.#view = how(this.#view);
    soon(this);
  }

  /** The answer in words, for those who hear the page. */
  told(): string {
    const text = this.#view.blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
    return this.#view.stopReason === "error" ? `Failed: ${this.#view.error?.message ?? ""}` : text.slice(0, 4000);
  }

  draw(): boolean {
    const view = this.#view;
    if (view === this.#last) {
      return false;
    }
    const before = this.#last?.blocks;
    const open = view.status !== "ended";
    view.blocks.forEach((block, at) => {
      const isLast = at === view.blocks.length - 1;
      if (block !== before?.[at] || !open || (at === (before?.length ?? 0) - 1 && !isLast)) {
        this.#part(block, at, before?.[at]).set(block, open && isLast);
      }
    });
    this.#parts.length = view.blocks.length;
    place(
      this.#blocks,
      this.#parts.map((part) => part.element),
    );
    this.element.dataset["status"] = view.status;
    if (view.status === "ended") {
      place(this.#foot, ended(this.#key, view, this.told.bind(this)));
    } else {
      const now = doing(view);
      this.#standing.show([[now, () => h("p", { class: "quiet busy" }, now)]]);
    }
    this.#last = view;
    this.#drawn();
    return false;
  }

  #part(block: Block, at: number, before: Block | undefined): Part {
    const known = this.#parts[at];
    if (known && before?.type === block.type && !(block.type === "tool" && before.type === "tool" && before.id !== block.id)) {
      return known;
    }
    return (this.#parts[at] = part(block, this.#key));
  }
}

function said(state: TurnState): HTMLElement {
  const edit = button("Edit and ask again from here", () => tell({ type: "rewind", turn: state.key }), { class: "sign-button" }, "edit");
  const fork = button("Go on from here in a session of its own", () => tell({ type: "fork", turn: state.key }), { class: "sign-button needs-sessions" }, "fork");
  return h(
    "header",
    { class: "said", "aria-label": "You" },
    h("div", { class: "said-words" }, visible(state.words)),
    state.along.length > 0 && h("ul", { class: "along", "aria-label": "Attached" }, ...state.along.map((label) => h("li", {}, visible(label)))),
    h("div", { class: "said-actions" }, edit, fork),
  );
}

/** What may help where an answer failed. */
const MENDS: Readonly<Record<string, readonly (readonly [string, PageCommand])[]>> = {
  unauthorized: [["Store a Provider's Key", "storeKey"], ["Set Up a Model", "setup"], ["Choose the Model", "pickModel"]],
  forbidden: [["Store a Provider's Key", "storeKey"], ["Choose the Model", "pickModel"]],
  not_found: [["Choose the Model", "pickModel"], ["Set Up a Model", "setup"]],
  network: [["Choose the Model", "pickModel"]],
  timeout: [["Choose the Model", "pickModel"]],
  rate_limited: [["Choose the Model", "pickModel"]],
  quota_exceeded: [["Choose the Model", "pickModel"]],
  overloaded: [["Choose the Model", "pickModel"]],
  invalid_settings: [["Open the Settings", "settings"]],
  internal: [["Show the Log", "showLog"]],
};

/** What stands below a turn that has ended. */
function ended(key: string, view: View, words: () => string): HTMLElement[] {
  const found: HTMLElement[] = [];
  if (view.stopReason === "error" && view.error) {
    found.push(h("p", { class: "error" }, visible(view.error.message))); // what is said of it is said by `spoken`
    const does = MENDS[view.error.kind] ?? [];
    const buttons = does.map(([label, name]) => button(label, () => tell({ type: "command", name })));
    found.push(h("p", { class: "mends" }, button("Ask Again", () => tell({ type: "retry", turn: key })), ...buttons));
  }
  const why: Readonly<Record<string, string>> = {
    cancelled: "Stopped.",
    max_tokens: "The answer was cut: it became longer than the model may write.",
    max_turn_requests: "It stopped at the limit of steps. Say \"go on\" to go on.",
    refusal: "The model declined.",
  };
  const told = view.stopReason === undefined ? undefined : why[view.stopReason];
  if (told) {
    found.push(h("p", { class: "quiet" }, told));
  }
  found.push(...changed(key, view));
  const counts = [
    view.usage && `${tokens(view.usage.inputTokens)} in · ${tokens(view.usage.outputTokens)} out`,
    view.durationMs ? duration(view.durationMs) : undefined,
    view.model,
  ].filter((one) => one !== undefined);
  const copy = button("Copy the answer", () => tell({ type: "copy", text: words() }), { class: "sign-button" }, "copy");
  const again = button("Ask again", () => tell({ type: "retry", turn: key }), { class: "sign-button" }, "again");
  const failed = view.stopReason === "error";
  const spoke = view.blocks.some((block) => block.type === "text");
  if (!failed || spoke || counts.length > 0) {
    found.push(h("p", { class: "quiet counts" }, h("span", {}, counts.join(" · ")), spoke && copy, !failed && again));
  }
  return found;
}

/** Which files are others now, and the ways to see that and to take it back. */
function changed(key: string, view: View): HTMLElement[] {
  const files = changedFiles(view);
  if (files.length === 0) {
    return [];
  }
  const lines = files.map(({ oldText, newText }) => counted(hunks(oldText, newText)));
  const sum = (which: "added" | "removed"): number => lines.reduce((all, one) => all + one[which], 0);
  const names = files.map(({ uri }) => decoded(uri.split("/").at(-1) ?? uri));
  const told = `+${sum("added")} −${sum("removed")} · ${files.length === 1 ? names[0] : `${files.length} files`}`;
  return [
    h(
      "p",
      { class: "changes" },
      h("span", { title: visible(`Changed: ${names.join(", ")}`) }, visible(told)),
      button("Review", () => tell({ type: "changes", turn: key }), { title: "See all that this turn changed" }),
      button("Undo", () => tell({ type: "rewind", turn: key }), { class: "needs-sessions needs-trust", title: "Take this turn and what came behind it back, with the files" }),
    ),
  ];
}

function part(block: Block, turn: string): Part {
  if (block.type === "text") {
    const streamed = new Streamed();
    return { element: streamed.element, set: (now, open) => now.type === "text" && streamed.set(now.text, !open) };
  }
  if (block.type === "tool") {
    const call = new Call(turn);
    return { element: call.whole, set: (now) => now.type === "tool" && call.set(now) };
  }
  return block.type === "thinking" ? thinking() : line(block.type);
}

function thinking(): Part {
  const growing = new Growing();
  const summary = h("summary", {}, "Thinking");
  const element = h("details", { class: "thinking" }, summary, growing.element);
  let text = "";
  const fill = (): void => {
    if (element.open) {
      growing.set(text);
    }
  };
  element.addEventListener("toggle", fill);
  return {
    element,
    set: (now, open) => {
      text = now.type === "thinking" ? now.text : text;
      element.classList.toggle("busy", open);
      const last = text.trimEnd().split("\n").at(-1) ?? "";
      summary.textContent = open ? `Thinking: ${visible(last.slice(-120))}` : "Thought";
      fill();
    },
  };
}

/** That what the model is sent was made shorter. */
function shorter(block: CompactionBlock): string {
  if (block.after === undefined) {
    return "The conversation is long: its earlier part is being summarised.";
  }
  return `The earlier part was summarised: ${block.before.toLocaleString("en")} tokens are ${block.after.toLocaleString("en")} now.`;
}

function line(type: "notice" | "retry" | "steered" | "compaction"): Part {
  const element = h("p", { class: type });
  return {
    element,
    set: (now) => {
      if (now.type === "notice" || now.type === "retry" || now.type === "steered") {
        element.dataset["level"] = now.type === "notice" ? now.level : "info";
        element.textContent = visible(now.text);
      } else if (now.type === "compaction") {
        element.textContent = shorter(now);
      }
    },
  };
}
