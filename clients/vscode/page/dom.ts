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
  const wanted = new Set(children);
  [...parent.childNodes].filter((child) => !wanted.has(child)).forEach((child) => child.remove());
  children.forEach((child, at) => {
    if (parent.childNodes[at] !== child) {
      parent.insertBefore(child, parent.childNodes[at] ?? null);
    }
  });
}

/** What is shown, and how it is made where it is not there yet. */
export type Wanted = readonly [key: string, make: () => HTMLElement];

/** Children that stay the same elements for as long as their keys are asked for: so they keep the focus, and are told once. */
export class Kept {
  readonly #parent: HTMLElement;
  #known = new Map<string, HTMLElement>();

  constructor(parent: HTMLElement) {
    this.#parent = parent;
  }

  /** Show these. `lost`: what had the focus is no more. */
  show(wanted: readonly Wanted[], lost: () => void = () => undefined): void {
    const had = this.#parent.contains(document.activeElement);
    this.#known = new Map(wanted.map(([key, make]) => [key, this.#known.get(key) ?? make()]));
    place(this.#parent, [...this.#known.values()]);
    if (had && !this.#parent.contains(document.activeElement)) {
      lost();
    }
  }
}
