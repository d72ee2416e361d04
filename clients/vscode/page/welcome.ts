// What an empty chat shows: what can be done, and the sessions that were talked to last.

import type { SessionEntry } from "../src/protocol.ts";
import { button, h, Kept, type Wanted } from "./dom.ts";
import { tell } from "./host.ts";
import { visible } from "./visible.ts";

export class Welcome {
  readonly #bare = h(
    "div",
    { class: "bare" },
    h("p", {}, "No model is set up yet: only the tiny one that comes along can answer."),
    button("Set Up a Model", () => tell({ type: "command", name: "setup" }), { class: "primary needs-trust" }),
    button("Store a Provider's Key", () => tell({ type: "command", name: "storeKey" })),
  );
  readonly #recent = h("ul", { class: "recent", "aria-label": "Recent sessions" });
  readonly #kept = new Kept(this.#recent);
  readonly element = h(
    "div",
    { class: "welcome" },
    h("h2", {}, "What shall we do?"),
    h("p", {}, "Ask about this project, or say what is to be changed. Files are read, and nothing is changed or run unasked."),
    this.#bare,
    h("p", { class: "quiet" }, "@ names a file · / a command · Enter sends · Esc stops"),
    this.#recent,
  );

  /** There is no model but the small one. */
  set bare(bare: boolean) {
    this.#bare.hidden = !bare;
  }

  constructor() {
    this.element.hidden = true;
  }

  /** Show it, or not; what was talked of last is looked up each time that it comes. */
  set(shown: boolean): void {
    if (shown && this.element.hidden) {
      tell({ type: "recent" });
    }
    this.element.hidden = !shown;
  }

  /** What was talked of last may be something else by now. */
  refresh(): void {
    if (!this.element.hidden) {
      tell({ type: "recent" });
    }
  }

  recent(sessions: readonly SessionEntry[]): void {
    const items = sessions.map(({ sessionId, title }): Wanted => [
      `${sessionId} ${title}`,
      () => h("li", {}, h("button", { type: "button", title, onclick: () => tell({ type: "load", sessionId }) }, visible(title || "(no words)"))),
    ]);
    this.#kept.show(items.length === 0 ? [] : [["", () => h("li", { class: "quiet" }, "Go on with")], ...items]);
  }
}
