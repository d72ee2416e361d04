// Earlier sessions: found by words, opened, renamed, deleted.

import type { SessionEntry } from "../src/protocol.ts";
import { button, h, place } from "./dom.ts";
import { tell } from "./host.ts";
import { visible } from "./visible.ts";

export class History {
  readonly #query = h("input", { type: "search", placeholder: "Find a session", "aria-label": "Find a session" });
  readonly #list = h("ul", { "aria-label": "Sessions" });
  readonly element = h("dialog", { class: "history", "aria-label": "Sessions" }, this.#query, this.#list);

  constructor() {
    this.#query.addEventListener("input", () => tell({ type: "search", query: this.#query.value }));
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) {
        this.element.close();
      }
    });
  }

  open(): void {
    this.#query.value = "";
    place(this.#list, [h("li", { class: "quiet" }, "looking ...")]);
    if (!this.element.open) {
      this.element.showModal();
    }
    this.#query.focus();
    tell({ type: "search", query: "" });
  }

  close(): void {
    if (this.element.open) {
      this.element.close();
    }
  }

  show(query: string, sessions: readonly SessionEntry[]): void {
    if (query !== this.#query.value) {
      return;
    }
    const none = query === "" ? "There is no session yet." : "None has these words.";
    place(this.#list, sessions.length === 0 ? [h("li", { class: "quiet" }, none)] : sessions.map((one) => this.#item(one)));
  }

  #item({ sessionId, title, updatedAt, turns, running, snippet }: SessionEntry): HTMLElement {
    const load = (): void => {
      this.close();
      tell({ type: "load", sessionId, title });
    };
    const told = [when(updatedAt), `${turns} turn${turns === 1 ? "" : "s"}`, running === undefined ? "" : running === "here" ? "running" : "running in another window"];
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "session", onclick: load },
        h("strong", {}, visible(title || "(no words)")),
        h("span", { class: "quiet" }, told.filter(Boolean).join(" · ")),
        snippet !== undefined && h("span", { class: "quiet" }, visible(snippet)),
      ),
      button("Rename", () => tell({ type: "rename", sessionId, title }), { class: "sign-button" }, "edit"),
      button("Delete", () => tell({ type: "delete", sessionId, title }), { class: "sign-button" }, "close"),
    );
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") {
      return;
    }
    const stops = [this.#query, ...this.#list.querySelectorAll<HTMLElement>(".session")];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    stops[Math.min(stops.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))]?.focus();
    event.preventDefault();
  }
}

function when(iso: string): string {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString([], { timeStyle: "short" }) : date.toLocaleDateString([], { dateStyle: "medium" });
}
