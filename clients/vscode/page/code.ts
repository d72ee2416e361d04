// Code, and other text that is shown as it is: grows without being laid out anew, and never shows a line that would freeze
// the window.

import { button, h } from "./dom.ts";
import { tell } from "./host.ts";
import { coloured } from "./markdown.ts";
import { visible } from "./visible.ts";
import { pathIn } from "./words.ts";

/** Lines in one element: only the last one is laid out again. */
const LINES = 50;
const LONGEST_LINE = 4000;
const MOST = 256_000;

/** Text that grows at its end. */
export class Growing {
  readonly element = h("pre", { class: "growing", tabindex: 0 });
  readonly #code = h("code");
  #text = "";
  #shown = 0;
  #last = h("span");
  #lines = 0;
  #inLine = 0;
  readonly #whole: boolean;

  /** `whole`: nothing is cut, since somebody decides by it. */
  constructor(whole = false) {
    this.#whole = whole;
    this.element.append(this.#code);
    this.#code.append(this.#last);
  }

  /** All of it, as far as it is known; begins anew where it does not go on. */
  set(text: string): void {
    if (!text.startsWith(this.#text)) {
      this.#code.replaceChildren((this.#last = h("span")));
      this.#text = "";
      this.#shown = this.#lines = this.#inLine = 0;
    }
    const more = text.slice(this.#text.length);
    this.#text = text;
    const most = this.#whole ? Number.POSITIVE_INFINITY : MOST;
    if (this.#shown < most) {
      this.#append(more.slice(0, most - this.#shown));
    }
  }

  /** More than can be shown. */
  get isCut(): boolean {
    return this.#text.length > MOST;
  }

  #append(text: string): void {
    this.#shown += text.length;
    const lines = text.split("\n");
    let piece = "";
    lines.forEach((line, at) => {
      const ends = at < lines.length - 1;
      const room = this.#whole ? line.length : Math.max(0, LONGEST_LINE - this.#inLine);
      piece += line.length > room ? `${line.slice(0, room)}${room > 0 ? "…" : ""}` : line;
      this.#inLine = ends ? 0 : this.#inLine + line.length;
      if (ends) {
        piece += "\n";
        this.#lines += 1;
        if (this.#lines % LINES === 0) {
          this.#last.append(visible(piece));
          piece = "";
          this.#code.append((this.#last = h("span")));
        }
      }
    });
    this.#last.append(visible(piece));
  }
}

/** Code that is whole, with what can be done with it. `info`: what stands behind the fence, a language and maybe a file. */
export function codeBlock(code: string, info: string): HTMLElement {
  const language = /^[\w+#.-]*/.exec(info)?.[0] ?? "";
  const path = pathIn(info.slice(language.length));
  const html = coloured(visible(code), language);
  let body: HTMLElement;
  if (html !== "" && !code.split("\n").some((line) => line.length > LONGEST_LINE)) {
    const inner = h("code", { class: "hljs" });
    inner.innerHTML = html;
    body = h("pre", { tabindex: 0 }, inner);
  } else {
    const growing = new Growing();
    growing.set(code);
    body = growing.element;
  }
  return h("figure", { class: "code" }, codeBar(code, language, path), body);
}

/** Languages of what is typed into a terminal. */
const SHELLS: ReadonlySet<string> = new Set(["sh", "bash", "zsh", "fish", "shell", "console", "terminal", "powershell", "pwsh", "cmd", "bat"]);

function codeBar(code: string, language: string, path?: string): HTMLElement {
  const lines = code.split("\n").length;
  const name = path ?? (language || (lines > 1 ? "text" : ""));
  const copy = button("Copy", () => {
    tell({ type: "copy", text: code });
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  });
  return h(
    "figcaption",
    {},
    h("span", { class: "language", title: visible(name) }, visible(name)),
    copy,
    button("Insert", () => tell({ type: "insert", text: code }), { class: "needs-trust", title: "Put it at the cursor of the editor" }),
    !SHELLS.has(language) && button("Apply", () => tell({ type: "apply", text: code, ...(path === undefined ? {} : { path }) }), {
      class: "needs-trust",
      title: `See it in ${path ?? "the file that is open"}, as a diff`,
    }),
    SHELLS.has(language) && lines === 1 && button("Terminal", () => tell({ type: "terminal", text: code }), {
      class: "needs-trust",
      title: "Put it into the terminal, where you may run it",
    }),
    (lines > 30 || code.length > MOST) && button("Open", () => tell({ type: "show", text: code, language })),
  );
}
