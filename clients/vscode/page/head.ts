// What stands above the turns: the session's name, how full the model's window is, and what is wrong.

import type { Chrome, PageCommand } from "../src/messages.ts";
import { button, h, Kept, type Wanted } from "./dom.ts";
import { tell } from "./host.ts";
import { tokens } from "./words.ts";
import { visible } from "./visible.ts";

export class Head {
  readonly element = h("header", { class: "head" });
  readonly #parts = new Kept(this.element);

  set(chrome: Chrome): void {
    const line = (): HTMLElement => h("div", { class: "head-line" }, h("h2", { title: visible(chrome.title) }, visible(chrome.title || "New session")), ...gauge(chrome));
    const parts: Wanted[] = [[JSON.stringify([chrome.title, chrome.context]), line]];
    if (chrome.state === "failed") {
      parts.push(banner(chrome.trouble ?? "The daemon does not run.", doings(chrome.trouble ?? "")));
    } else if (chrome.state === "starting") {
      parts.push(["starting", () => h("p", { class: "quiet busy" }, "starting the daemon")]);
    }
    if (chrome.elsewhere) {
      parts.push(note("A turn of this session runs in another window, which asks its questions there. What you send here waits for its end."));
    }
    if (chrome.lost) {
      parts.push(note("This session was deleted. What you ask here begins a new one, whose model knows nothing of what stands below."));
    }
    if (!chrome.trusted) {
      parts.push(banner("This folder is not trusted: models can read it, and change nothing.", [["Trust It", "trust"]]));
    }
    this.#parts.show(parts);
  }
}

function gauge(chrome: Chrome): HTMLElement[] {
  const { tokens: used, window } = chrome.context ?? {};
  if (used === undefined) {
    return [];
  }
  const label = window ? `${tokens(used)} of ${tokens(window)} tokens` : `${tokens(used)} tokens`;
  const bar = window ? [h("meter", { min: 0, max: window, value: used, high: window * 0.7, "aria-label": `Context: ${label}` })] : [];
  return [h("span", { class: "gauge quiet", title: `The model reads ${label}` }, ...bar, label)];
}

function doings(trouble: string): [string, PageCommand][] {
  const missing = trouble.includes("chatls.path") || trouble.includes("PATH");
  return missing
    ? [["Choose the Program", "chooseProgram"], ["How to Install It", "openGuide"], ["Try Again", "restart"]]
    : [["Restart", "restart"], ["Show the Log", "showLog"]];
}

function note(text: string): Wanted {
  return [text, () => h("p", { class: "note", role: "status" }, text)];
}

function banner(text: string, does: [string, PageCommand][]): Wanted {
  const buttons = (): HTMLElement[] => does.map(([label, name]) => button(label, () => tell({ type: "command", name })));
  return [text, () => h("div", { class: "banner", role: "alert" }, h("p", {}, text), h("div", {}, ...buttons()))];
}
