// What may follow @, # or a slash: a list that is gone through by keys while one writes on.

import type { Offer } from "../src/chat/names.ts";
import { h, place } from "./dom.ts";
import { tell } from "./host.ts";
import { visible } from "./visible.ts";

const SLASH = /^\/([\w:.-]*)$/;

interface Choice {
  readonly label: string;
  readonly doc: string;
  readonly text: string;
  readonly runs?: boolean;
}

export class Choices {
  readonly element = h("ul", { class: "choices", role: "listbox", id: "choices", "aria-label": "Completions" });
  onChosen: () => void = () => undefined;
  readonly #text: HTMLTextAreaElement;
  #commands: readonly Offer[] = [];
  #choices: readonly Choice[] = [];
  #at = 0;
  #from = 0;

  constructor(text: HTMLTextAreaElement) {
    this.#text = text;
    this.element.hidden = true;
    text.setAttribute("aria-controls", "choices");
    text.addEventListener("blur", () => this.#hide());
  }

  /** Something was typed: look what could follow. */
  typed(): void {
    const before = this.#text.value.slice(0, this.#text.selectionStart);
    const slash = SLASH.exec(before);
    const file = /(?:^|[\s(])[@#]"?([^\s"]*)$/.exec(before);
    if (before === "/" || (file && file[1] === "")) {
      tell({ type: "offer" }); // what there is may have changed
    }
    if (slash) {
      this.#slashes(slash[1] ?? "");
    } else if (file) {
      this.#from = before.length - (file[1] ?? "").length - 1;
      tell({ type: "complete", query: file[1] ?? "" });
    } else {
      this.#hide();
    }
  }

  /** The commands that there are by now. */
  offer(commands: readonly Offer[]): void {
    const told = JSON.stringify(commands) !== JSON.stringify(this.#commands);
    this.#commands = commands;
    const slash = SLASH.exec(this.#text.value.slice(0, this.#text.selectionStart));
    if (told && slash && document.activeElement === this.#text) {
      this.#slashes(slash[1] ?? "");
    }
  }

  #slashes(letters: string): void {
    this.#from = 0;
    const found = this.#commands.filter(({ name }) => name.startsWith(letters));
    this.#offer(found.map(({ name, doc, runs = false }) => ({ label: `/${name}`, doc, text: `/${name} `, runs })));
  }

  /** The names and files that match; late ones do not count. */
  show(query: string, files: readonly string[], names: readonly Offer[]): void {
    const before = this.#text.value.slice(this.#from + 1, this.#text.selectionStart).replace(/^"/, "");
    if (before === query && document.activeElement === this.#text) {
      const first = names.map(({ name, doc }) => ({ label: name, doc, text: name.endsWith(":") ? `@${name}` : `@${name} ` }));
      const rest = files.map((file) => ({ label: file, doc: "", text: file.includes(" ") ? `@"${file}" ` : `@${file} ` }));
      this.#offer([...first, ...rest]);
    }
  }

  /** A key; whether it was for the list. */
  key(event: KeyboardEvent): boolean {
    if (this.element.hidden) {
      return false;
    }
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    const choice = this.#choices[this.#at];
    if (event.key === "Enter" && choice && (choice.runs || this.#isWritten(choice))) {
      this.#choose(choice);
      return false; // and so it is sent
    }
    if (step !== undefined) {
      this.#at = (this.#at + step + this.#choices.length) % this.#choices.length;
      this.#draw();
    } else if (event.key === "Enter" || event.key === "Tab") {
      this.#choose(choice);
    } else if (event.key === "Escape") {
      this.#hide();
    } else {
      return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #offer(choices: readonly Choice[]): void {
    this.#choices = choices.slice(0, 30);
    this.#at = 0;
    if (this.#choices.length === 0) {
      this.#hide();
      return;
    }
    this.element.hidden = false;
    this.#text.setAttribute("aria-expanded", "true");
    this.#draw();
  }

  #draw(): void {
    const items = this.#choices.map((choice, at) => {
      const item = h("li", { role: "option", id: `choice-${at}`, "aria-selected": String(at === this.#at) }, visible(choice.label));
      if (choice.doc !== "") {
        item.append(h("span", { class: "quiet" }, choice.doc));
      }
      item.addEventListener("mousedown", (event) => {
        event.preventDefault();
        this.#choose(choice);
      });
      return item;
    });
    place(this.element, items);
    items[this.#at]?.scrollIntoView({ block: "nearest" });
    this.#text.setAttribute("aria-activedescendant", `choice-${this.#at}`);
  }

  /** Nothing is left to complete. */
  #isWritten({ text }: Choice): boolean {
    return this.#text.value.slice(this.#from, this.#text.selectionStart) === text.trimEnd();
  }

  #choose(choice: Choice | undefined): void {
    this.#hide();
    if (choice) {
      const rest = this.#text.value.slice(this.#text.selectionStart);
      const before = this.#text.value.slice(0, this.#from);
      this.#text.value = before + choice.text + rest;
      const at = before.length + choice.text.length;
      this.#text.setSelectionRange(at, at);
      this.onChosen();
    }
  }

  #hide(): void {
    this.element.hidden = true;
    this.#text.setAttribute("aria-expanded", "false");
    this.#text.removeAttribute("aria-activedescendant");
  }
}
