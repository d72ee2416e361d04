// Elements, made in one expression. Text only ever goes in as text.

import { icon } from "./icons.ts";

type Child = Node | string | undefined | false;
type Props = Readonly<Record<string, string | number | boolean | undefined | ((event: never) => void)>>;

/** An element; members that begin with `on` are listeners, `class` is its class, all else are attributes. */
export function h<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value as EventListener);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== undefined && value !== false) {
      element.setAttribute(name, String(value));
    }
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** A button with words, or with an icon and words for those who do not see it. */
export function button(label: string, onclick: () => void, props: Props = {}, sign?: string): HTMLButtonElement {
  const named = sign === undefined ? {} : { "aria-label": label, title: label };
  return h("button", { type: "button", onclick, ...named, ...props }, sign === undefined ? label : icon(sign));
}

/** Put these children in place of those that are there, touching none that stays. */
export function place(parent: HTMLElement, children: readonly Node[]): void {
  children.forEach((child, at) => {
    if (parent.childNodes[at] !== child) {
      parent.insertBefore(child, parent.childNodes[at] ?? null);
    }
  });
  while (parent.childNodes.length > children.length) {
    parent.lastChild?.remove();
  }
}

/**
 * The same for what is made anew each time: one that reads as one that is there leaves that one there, so that who presses
 * it just then has pressed it. What it does has to be told by its words and attributes.
 */
export function redraw(parent: HTMLElement, children: readonly Node[]): void {
  const there = new Set(parent.childNodes);
  const kept = children.map((child) => {
    const known = [...there].find((one) => one.isEqualNode(child));
    return known && there.delete(known) ? known : child;
  });
  place(parent, kept);
}
