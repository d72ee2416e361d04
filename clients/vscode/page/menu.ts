// A button that opens a small menu: gone through by keys, closed by Esc or by leaving it.

import { button, h } from "./dom.ts";
import { icon } from "./icons.ts";

export interface Item {
  readonly label: string;
  readonly sign: string;
  readonly run: () => void;
}

export function menuButton(label: string, sign: string, items: readonly Item[]): HTMLElement {
  const list = h("div", { class: "menu", role: "menu", "aria-label": label });
  const opener = button(label, () => show(list.hidden !== false), { class: "sign-button", "aria-haspopup": "menu", "aria-expanded": "false" }, sign);
  const whole = h("span", { class: "menu-place" }, opener, list);
  list.hidden = true;
  const entries = items.map(({ label: words, sign: drawn, run }) =>
    h("button", { type: "button", role: "menuitem", tabindex: -1, onclick: () => (show(false), run()) }, icon(drawn), words),
  );
  list.append(...entries);
  function show(open: boolean): void {
    list.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    (open ? entries[0] : opener)?.focus();
  }
  whole.addEventListener("keydown", (event) => {
    const at = entries.findIndex((one) => one === document.activeElement);
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (event.key === "Escape" && list.hidden === false) {
      show(false);
    } else if (step !== undefined && list.hidden !== false) {
      show(true);
    } else if (step !== undefined) {
      entries[(at + step + entries.length) % entries.length]?.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  whole.addEventListener("focusout", (event) => {
    if (!(event.relatedTarget instanceof Node && whole.contains(event.relatedTarget))) {
      list.hidden = true;
      opener.setAttribute("aria-expanded", "false");
    }
  });
  return whole;
}
