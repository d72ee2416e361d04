// Where a person writes: words, files behind @ or #, commands behind a slash, what goes along, and how it is sent.

import type { AttachedKind, Attachment, Chrome } from "../src/messages.ts";
import type { Offer } from "../src/chat/names.ts";
import { Choices } from "./choices.ts";
import { button, h, Kept, place, type Wanted } from "./dom.ts";
import { icon as drawn } from "./icons.ts";
import { draft, tell } from "./host.ts";
import { type Item, menuButton } from "./menu.ts";
import { visible } from "./visible.ts";

export class Composer {
  readonly element: HTMLElement;
  readonly #text = h("textarea", { rows: 1, "aria-label": "Ask", role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list" });
  readonly #along = h("ul", { class: "along", "aria-label": "What goes along" });
  readonly #queued = h("ul", { class: "queued", "aria-label": "What is sent next" });
  readonly #attachments = new Kept(this.#along);
  readonly #waiting = new Kept(this.#queued);
  readonly #looks = h("button", { type: "button", class: "looks", onclick: () => tell({ type: "looks", told: this.#looks.getAttribute("aria-pressed") !== "true" }) });
  readonly #looked = h("li", { class: "looked" }, this.#looks);
  readonly #choices = new Choices(this.#text);
  readonly #send = button("Send", () => this.send(), { class: "primary" }, "send");
  readonly #stop = button("Stop (Esc)", () => tell({ type: "stop" }), { class: "primary" }, "stop");
  readonly #model = button("Choose the model", () => tell({ type: "command", name: "pickModel" }), { class: "pick" });
  readonly #mode = button("Choose the mode", () => tell({ type: "command", name: "pickMode" }), { class: "pick" });
  #chrome: Chrome | undefined;
  #attached: readonly Attachment[] = [];
  #before: readonly string[] = [];
  #at = 0;
  #written = "";

  constructor() {
    const attach = (what: AttachedKind, label: string): Item => ({
      label,
      sign: what,
      run: () => tell({ type: "attach", what }),
    });
    this.element = h(
      "footer",
      { class: "composer" },
      this.#queued,
      this.#along,
      h("div", { class: "box" }, this.#choices.element, this.#text),
      h(
        "div",
        { class: "bar", role: "toolbar", "aria-label": "What goes along, and who answers" },
        menuButton("Attach", "more", [
          attach("file", "Files ..."),
          attach("selection", "The selection"),
          attach("problems", "The problems"),
          attach("terminal", "The last command"),
          attach("picture", "Pictures ..."),
        ]),
        h("span", { class: "space" }),
        this.#mode,
        this.#model,
        this.#stop,
        this.#send,
      ),
    );
    this.#text.value = draft();
    this.#text.addEventListener("input", () => this.#typed());
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#text.addEventListener("paste", (event) => this.#paste(event));
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => this.#drop(event));
    this.#choices.onChosen = () => this.#typed();
  }

  set(chrome: Chrome): void {
    this.#chrome = chrome;
    this.#stop.hidden = !chrome.running;
    this.#offerSend();
    this.#send.title = chrome.running ? (chrome.features.steer ? "Send it into the turn that runs" : "Send it when the turn has ended") : "Send (Enter)";
    this.#model.textContent = chrome.model?.split("/").at(-1) ?? "model";
    this.#model.setAttribute("aria-label", `Model: ${chrome.model ?? "the daemon chooses"}`);
    this.#mode.setAttribute("aria-label", `Mode: ${chrome.mode ?? ""}`);
    this.#model.title = `Model: ${chrome.model ?? "the daemon chooses"}`;
    this.#mode.hidden = chrome.mode === undefined;
    this.#mode.textContent = chrome.mode ?? "";
    this.#choices.offer(chrome.commands);
    this.#text.placeholder = chrome.running || chrome.elsewhere
      ? chrome.running && chrome.features.steer
        ? "Say something to the turn that runs"
        : "What to ask next"
      : "Ask something: @ names a file, / a command";
    this.#drawAlong();
    const queued = chrome.queued.map((words, at): Wanted => {
      const back = (): HTMLElement => button("Take it back", () => tell({ type: "unqueue", at }), { class: "sign-button" }, "close");
      return [`${at} ${words}`, () => h("li", {}, h("span", {}, `next: ${visible(words)}`), back())];
    });
    const steering = chrome.steering.map((words, at): Wanted => [`into ${at} ${words}`, () => h("li", {}, h("span", {}, `waits for the model: ${visible(words)}`))]);
    this.#queued.hidden = steering.length + queued.length === 0;
    this.#waiting.show([...steering, ...queued], () => this.focus());
  }

  attach(attachments: readonly Attachment[]): void {
    this.#attached = attachments;
    this.#drawAlong();
  }

  #drawAlong(): void {
    const items = this.#attached.map(({ id, label, icon }): Wanted => {
      const out = (): HTMLElement => button(`Leave out ${label}`, () => tell({ type: "detach", id }), { class: "sign-button" }, "close");
      return [id, () => h("li", { title: visible(label) }, drawn(icon), h("span", {}, visible(label)), out())];
    });
    const looks = this.#look(this.#chrome?.looks);
    this.#attachments.show([...(looks ? [["looked", () => this.#looked] as const] : []), ...items], () => this.focus());
  }

  /** What the model is told of the editor by itself, and how to have it told not; whether there is something. */
  #look(looks: Chrome["looks"]): boolean {
    if (looks) {
      const { label, told } = looks;
      this.#looks.title = visible(told ? `The model is told that you look at ${label}: press to keep it to yourself` : `The model is not told that you look at ${label}: press to tell it`);
      this.#looks.setAttribute("aria-pressed", String(told));
      place(this.#looks, [drawn(told ? "sees" : "blind"), h("span", {}, visible(label))]);
    }
    return looks !== undefined;
  }

  /** What was said before, for the arrow keys. */
  remember(words: readonly string[]): void {
    this.#before = words;
    this.#at = words.length;
  }

  complete(query: string, files: readonly string[], names: readonly Offer[]): void {
    this.#choices.show(query, files, names);
  }

  write(text: string): void {
    this.#text.value = this.#text.value.trim() === "" ? text : `${text}\n\n${this.#text.value}`;
    this.#typed();
    this.focus();
  }

  get isEmpty(): boolean {
    return this.#text.value.trim() === "";
  }

  focus(): void {
    this.#text.focus();
  }

  send(): void {
    const text = this.#text.value.trim();
    if (text !== "") {
      tell({ type: "send", text });
      this.#put("");
    }
  }

  /** While a turn runs there is nothing to send before something is written. */
  #offerSend(): void {
    this.#send.hidden = this.#chrome?.running === true && this.isEmpty;
  }

  #typed(): void {
    draft(this.#text.value);
    this.#offerSend();
    this.#choices.typed();
  }

  #put(text: string): void {
    this.#text.value = text;
    this.#typed();
  }

  #key(event: KeyboardEvent): void {
    if (event.isComposing || this.#choices.key(event)) {
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && this.#text.selectionStart === 0) {
      this.#browse(-1, event);
    } else if (event.key === "ArrowDown" && this.#text.selectionEnd === this.#text.value.length) {
      this.#browse(1, event);
    }
  }

  #browse(by: number, event: KeyboardEvent): void {
    const at = this.#at + by;
    if (at < 0 || at > this.#before.length) {
      return;
    }
    event.preventDefault();
    this.#written = this.#at === this.#before.length ? this.#text.value : this.#written;
    this.#at = at;
    this.#put(this.#before[at] ?? this.#written);
    this.#text.setSelectionRange(by < 0 ? 0 : this.#text.value.length, by < 0 ? 0 : this.#text.value.length);
  }

  #paste(event: ClipboardEvent): void {
    for (const file of event.clipboardData?.files ?? []) {
      if (file.type.startsWith("image/")) {
        event.preventDefault();
        send(file);
      }
    }
  }

  #drop(event: DragEvent): void {
    event.preventDefault();
    const uris = (event.dataTransfer?.getData("application/vnd.code.uri-list") || event.dataTransfer?.getData("text/uri-list") || "")
      .split(/\r?\n/)
      .filter((uri) => uri.startsWith("file:"));
    if (uris.length > 0) {
      tell({ type: "drop", uris });
    }
    for (const file of event.dataTransfer?.files ?? []) {
      if (file.type.startsWith("image/")) {
        send(file);
      }
    }
  }

  get chrome(): Chrome | undefined {
    return this.#chrome;
  }
}

function send(file: File): void {
  const reader = new FileReader();
  reader.addEventListener("load", () => {
    const data = String(reader.result).split(",", 2)[1] ?? "";
    tell({ type: "paste", mimeType: file.type, data });
  });
  reader.readAsDataURL(file);
}
