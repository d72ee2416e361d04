// Questions and forms that wait for a person: all of what would be done, and the answers as buttons and keys.

import type { Asked, AskedForm } from "../src/messages.ts";
import type { ToolContent } from "../src/protocol.ts";
import { diffView, pictureView } from "./calls.ts";
import { Growing } from "./code.ts";
import { button, h } from "./dom.ts";
import { formCard } from "./forms.ts";
import { tell } from "./host.ts";
import { answers, type Entry } from "./keys.ts";
import { hasLongWord } from "./split.ts";
import { visible } from "./visible.ts";

/** What was pressed before the question could be seen is no answer. */
const SETTLE_MS = 300;

export class Questions {
  readonly element = h("div", { class: "questions", role: "region", "aria-label": "Questions that wait for you" });
  readonly #cards = new Map<string, HTMLElement>();

  /** Show one, anew where it is there. */
  set(asked: Asked): void {
    this.#put(asked.id, card(asked));
  }

  setForm(asked: AskedForm): void {
    this.#put(asked.id, formCard(asked));
  }

  #put(id: string, made: HTMLElement): void {
    const before = this.#cards.get(id);
    this.#cards.set(id, made);
    if (before) {
      before.replaceWith(made);
    } else {
      this.element.append(made);
    }
  }

  withdraw(id: string): void {
    const hadFocus = this.#cards.get(id)?.contains(document.activeElement) ?? false;
    this.#cards.get(id)?.remove();
    this.#cards.delete(id);
    if (hadFocus && !this.focus()) {
      document.querySelector<HTMLElement>("textarea")?.focus();
    }
  }

  clear(): void {
    this.#cards.clear();
    this.element.replaceChildren();
  }

  /** Go to the oldest; whether there is one. */
  focus(): boolean {
    const first = this.element.querySelector<HTMLElement>(".field input, .field select, .options button");
    first?.focus();
    return first !== null;
  }

  get size(): number {
    return this.#cards.size;
  }
}

function card(asked: Asked): HTMLElement {
  const { question, id } = asked;
  const since = performance.now();
  const words = h("textarea", { rows: 2, "aria-label": "What to do instead", placeholder: "What to do instead" });
  // What is changed in the editor is allowed as it stands there, once: nothing wider was seen.
  const entries = answers(question.options).filter((entry) => !asked.editing || entry.option.kind !== "allow_always");
  const take = (entry: Entry): void => {
    if (performance.now() - since < SETTLE_MS) {
      return;
    }
    if (entry.words && words.value.trim() === "") {
      instead.hidden = false;
      words.focus();
      return;
    }
    const feedback = entry.words ? { feedback: words.value.trim() } : {};
    tell({ type: "answer", id, optionId: entry.option.id, ...feedback });
  };
  const withWords = entries.find((entry) => entry.words);
  const instead = h("form", { class: "instead" }, words, button("Send", () => withWords && take(withWords)));
  instead.hidden = true;
  words.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && !event.shiftKey && withWords) {
      event.preventDefault();
      take(withWords);
    } else if (event.key === "Escape") {
      instead.hidden = true;
      element.querySelector<HTMLElement>(".options button")?.focus();
    }
  });
  const element = h(
    "section",
    { class: "card", role: "group", "aria-label": `Question: ${question.title}` },
    h("h3", { title: visible(question.title) }, visible(question.title)),
    asked.editing
      ? h("p", { class: "quiet" }, "Change it in the editor beside, and accept or refuse it there or here. What is done is what stands there.")
      : h("div", { class: "preview", role: "group", tabindex: 0, "aria-label": "All of what would be done" }, ...question.preview.map(preview)),
    h("div", { class: "options" }, ...entries.map((entry) => option(entry, take)), ...changing(asked)),
    instead,
  );
  element.addEventListener("keydown", (event) => {
    const entry = entries.find((one) => one.key === event.key && one.key !== "");
    if (entry && !event.ctrlKey && !event.metaKey && !event.altKey && event.target !== words) {
      event.preventDefault();
      event.stopPropagation();
      take(entry);
    }
  });
  return element;
}

function option(entry: Entry, take: (entry: Entry) => void): HTMLElement {
  const kind = entry.option.kind.startsWith("allow") ? "allow" : "reject";
  const told = (entry.option as { readonly covers?: string }).covers;
  return h(
    "button",
    { type: "button", class: `option ${kind}`, onclick: () => take(entry), title: told, "aria-keyshortcuts": entry.key || undefined },
    h("span", {}, visible(entry.label)),
    entry.key !== "" && h("kbd", {}, entry.key),
  );
}

/** Ways to change what would be done before it is. */
function changing(asked: Asked): HTMLElement[] {
  const { question, id } = asked;
  const diff = question.preview.find((item) => item.type === "diff");
  const found: HTMLElement[] = [];
  const command = question.arguments["command"];
  if (asked.editing) {
    return found;
  }
  if (asked.editable && diff) {
    found.push(button("Edit, then Allow", () => tell({ type: "editAnswer", id }), { class: "option" }));
  } else if (asked.editable && typeof command === "string") {
    const line = h("textarea", { rows: 2, "aria-label": "The command" });
    line.value = command;
    const run = button("Run This Instead", () => tell({ type: "editAnswer", id, command: line.value }));
    const form = h("form", { class: "instead" }, line, run);
    form.hidden = true;
    line.addEventListener("keydown", (event) => event.stopPropagation());
    found.push(
      button("Edit", () => {
        form.hidden = false;
        line.focus();
      }, { class: "option" }),
      form,
    );
  }
  return found;
}

function preview(item: ToolContent): HTMLElement {
  if (item.type === "diff") {
    return diffView(item, true);
  }
  const growing = new Growing(true);
  if (item.type === "image") {
    return pictureView(item);
  }
  const text = item.type === "text" ? item.text : item.uri;
  growing.set(text);
  // Who answers sees a command to its last letter; words that long would freeze the page.
  growing.element.classList.toggle("wraps", !hasLongWord(text));
  return growing.element;
}
