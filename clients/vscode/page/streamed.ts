// An answer that is being written: blocks that are done are drawn once, the open one again and again, a few in each frame.

import { codeBlock, Growing } from "./code.ts";
import { h } from "./dom.ts";
import { type Drawn, soon } from "./frame.ts";
import { tell } from "./host.ts";
import { rendered } from "./markdown.ts";
import { hasLongWord, Splitter } from "./split.ts";

/** An open block that is longer is shown as it is until it is done. */
const TAIL = 4000;
const LONGEST_BLOCK = 64_000;
const SHOWN_PLAIN = 16_000;

export class Streamed implements Drawn {
  readonly element = h("div", { class: "answer" });
  readonly #tail = h("div", { class: "block open" });
  #text = "";
  #splitter = new Splitter();
  #queue: string[] = [];
  #growing: Growing | undefined;
  #drawn = "";
  #done = false;

  constructor() {
    this.element.append(this.#tail);
  }

  /** The text as far as it is known. `done`: nothing comes any more. */
  set(text: string, done: boolean): void {
    if (text === this.#text && done === this.#done) {
      return;
    }
    if (!text.startsWith(this.#text) || (this.#done && text !== this.#text)) {
      this.element.replaceChildren(this.#tail);
      this.#splitter = new Splitter();
      this.#queue = [];
      this.#text = "";
    }
    this.#done = done;
    this.#queue.push(...this.#splitter.feed(text.slice(this.#text.length)));
    this.#text = text;
    if (done && this.#splitter.tail.trim() !== "") {
      this.#queue.push(this.#splitter.tail);
      this.#splitter.tail = "";
    }
    soon(this);
  }

  draw(): boolean {
    const next = this.#queue.shift();
    if (next !== undefined) {
      this.#tail.before(block(next));
      this.#forgetTail();
      return true;
    }
    this.#drawTail();
    return false;
  }

  #forgetTail(): void {
    this.#tail.replaceChildren();
    this.#growing = undefined;
    this.#drawn = "";
  }

  #drawTail(): void {
    const tail = this.#done ? "" : this.#splitter.tail;
    if (tail === this.#drawn) {
      return;
    }
    this.#drawn = tail;
    if (this.#splitter.inFence || tail.length > TAIL || hasLongWord(tail)) {
      if (!this.#growing) {
        this.#growing = new Growing();
        this.#tail.replaceChildren(h("figure", { class: "code" }, this.#growing.element));
      }
      this.#growing.set(this.#splitter.inFence ? tail.slice(tail.indexOf("\n") + 1) : tail);
    } else {
      this.#growing = undefined;
      this.#tail.replaceChildren(rendered(tail));
    }
  }
}

/** A block that is done. */
export function block(text: string): HTMLElement {
  const fence = /^ {0,3}(`{3,}|~{3,})([^\n]*)\n([\s\S]*?)(?:\n? {0,3}\1[`~]*\s*)?$/.exec(text);
  if (fence) {
    return h("div", { class: "block" }, codeBlock((fence[3] ?? "").replace(/\n$/, ""), (fence[2] ?? "").trim()));
  }
  if (text.length > LONGEST_BLOCK || hasLongWord(text)) {
    return h("div", { class: "block" }, plain(text));
  }
  const element = h("div", { class: "block" });
  element.append(rendered(text));
  for (const pre of element.querySelectorAll("pre")) {
    const language = /language-(\S+)/.exec(pre.querySelector("code")?.className ?? "")?.[1] ?? "";
    pre.replaceWith(codeBlock(pre.textContent.replace(/\n$/, ""), language));
  }
  return element;
}

/** Text that layout could not take: its beginning, and a way to all of it. */
function plain(text: string): HTMLElement {
  const growing = new Growing();
  growing.set(text.slice(0, SHOWN_PLAIN));
  const rest = text.length > SHOWN_PLAIN && h("button", { type: "button", onclick: () => tell({ type: "show", text, language: "markdown" }) }, `Show all ${Math.ceil(text.length / 1000)} kB in an editor`);
  return h("figure", { class: "code" }, growing.element, rest);
}
