// Earlier sessions: found by words, opened, renamed, deleted.

import type { Wanted } from "../src/messages.ts";
import type { SessionEntry } from "../src/protocol.ts";
import { button, h, Kept, type Wanted as Row } from "./dom.ts";
import { tell } from "./host.ts";
import { visible } from "./visible.ts";
import { decoded } from "./words.ts";

export class History {
  readonly #query = h("input", { type: "search", placeholder: "Find a session by its words", "aria-label": "Find a session" });
  readonly #everywhere = h("input", { type: "checkbox" });
  readonly #branches = h("input", { type: "checkbox" });
  readonly #list = h("ul", { "aria-label": "Sessions" });
  readonly element = h(
    "dialog",
    { class: "history", "aria-label": "Sessions" },
    this.#query,
    h("label", { class: "quiet" }, this.#everywhere, " those of other folders, too"),
    h("label", { class: "quiet" }, this.#branches, " and what was taken back"),
    this.#list,
  );
  /** A row stays while it reads the same: who presses it just when the list is told anew has pressed it. */
  readonly #rows = new Kept(this.#list);
  #sessions: readonly SessionEntry[] = [];
  #last: RowPlace | undefined;

  constructor() {
    this.#query.addEventListener("input", () => this.#ask());
    this.#everywhere.addEventListener("change", () => this.#ask());
    this.#branches.addEventListener("change", () => this.#ask());
    this.#list.addEventListener("focusin", (event) => (this.#last = placeOf(event.target as Element)));
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) {
        this.element.close();
      }
    });
  }

  open(): void {
    this.#query.value = "";
    this.#rows.show([["looking", () => h("li", { class: "quiet" }, "looking ...")]]);
    if (!this.element.open) {
      this.element.showModal();
    }
    this.#query.focus();
    this.#ask();
  }

  close(): void {
    if (this.element.open) {
      this.element.close();
    }
  }

  show(wanted: Wanted, sessions: readonly SessionEntry[], cursor?: string): void {
    if (wanted.query !== this.#query.value || wanted.everywhere !== this.#everywhere.checked || (wanted.branches ?? false) !== this.#branches.checked) {
      return;
    }
    this.#sessions = wanted.cursor === undefined ? sessions : [...this.#sessions, ...sessions];
    const none = wanted.query !== "" ? "None has these words." : wanted.everywhere ? "There is no session yet." : "There is no session about this folder yet.";
    const rows: Row[] = this.#sessions.length === 0 ? [[none, () => h("li", { class: "quiet" }, none)]] : [];
    let day = "";
    for (const one of this.#sessions) {
      const its = dayOf(new Date(one.updatedAt));
      if (its !== day) {
        rows.push([its, () => h("li", { class: "quiet day", role: "presentation" }, its)]);
      }
      rows.push([JSON.stringify([one, this.#everywhere.checked]), () => this.#item(one)]);
      day = its;
    }
    if (cursor !== undefined) {
      const more = { ...wanted, cursor };
      rows.push([JSON.stringify(more), () => h("li", {}, button("Show More", () => tell({ type: "search", wanted: more }), { class: "session" }))]);
    }
    const focused = placeOf(document.activeElement);
    this.#rows.show(rows);
    this.#row(focused)?.focus();
  }

  /** Where the keys were last. */
  focus(): void {
    (this.#row(this.#last) ?? this.#query).focus();
  }

  #row(wanted: RowPlace | undefined): HTMLElement | null {
    return wanted ? this.#list.querySelector<HTMLElement>(`[data-session="${CSS.escape(wanted.session)}"] button:nth-of-type(${wanted.at})`) : null;
  }

  /** What is shown may be old: look again, for as many as are shown. */
  refresh(): void {
    if (this.element.open) {
      tell({ type: "search", wanted: { ...this.#wanted, limit: Math.max(50, this.#sessions.length) } });
    }
  }

  get #wanted(): Wanted {
    return { query: this.#query.value, everywhere: this.#everywhere.checked, branches: this.#branches.checked };
  }

  #ask(): void {
    tell({ type: "search", wanted: this.#wanted });
  }

  #item({ sessionId, title, folders, updatedAt, turns, running, branch, parent, snippet }: SessionEntry): HTMLElement {
    const load = (): void => {
      this.close();
      tell({ type: "load", sessionId });
    };
    const told = [
      new Date(updatedAt).toLocaleTimeString([], { timeStyle: "short" }),
      `${turns} turn${turns === 1 ? "" : "s"}`,
      running === undefined ? "" : running === "here" ? "running" : "running in another window",
      branch ? "taken back" : parent ? "fork" : "",
      this.#everywhere.checked ? folders.map((folder) => decoded(folder.split("/").at(-1) ?? "")).join(", ") : "",
    ];
    const changing = (type: "rename" | "delete") => (): void => tell({ type, sessionId, title, wanted: this.#wanted });
    return h(
      "li",
      { "data-session": sessionId },
      h(
        "button",
        { type: "button", class: "session", onclick: load },
        h("strong", { title: visible(title) }, visible(title || "(no words)")),
        h("span", { class: "quiet" }, visible(told.filter(Boolean).join(" · "))),
        snippet !== undefined && h("span", { class: "quiet" }, visible(snippet)),
      ),
      button("Rename", changing("rename"), { class: "sign-button" }, "edit"),
      button("Delete", changing("delete"), { class: "sign-button" }, "bin"),
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

interface RowPlace {
  readonly session: string;
  readonly at: number;
}

/** Which button of which session it is: a list that is drawn anew gives the focus back. */
function placeOf(element: Element | null): RowPlace | undefined {
  const row = element?.closest<HTMLElement>("[data-session]");
  const at = row && element ? [...row.querySelectorAll("button")].indexOf(element as HTMLButtonElement) + 1 : 0;
  return row && at > 0 ? { session: row.dataset["session"] ?? "", at } : undefined;
}

function dayOf(date: Date): string {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  return days <= 0 ? "Today" : days === 1 ? "Yesterday" : date.toLocaleDateString([], { dateStyle: "medium" });
}
