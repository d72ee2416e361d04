// The form of an MCP server: who asks, a labelled field for each thing, and nothing sent that does not fit.

import type { AskedForm } from "../src/messages.ts";
import type { ElicitAnswer, FormField, FormValue } from "../src/protocol.ts";
import { button, h } from "./dom.ts";
import { choicesOf, valueOf } from "./fields.ts";
import { tell } from "./host.ts";
import { visible } from "./visible.ts";

/** What was pressed before the form could be seen is no answer. */
const SETTLE_MS = 300;

interface Shown {
  readonly field: FormField;
  readonly control: HTMLInputElement | HTMLSelectElement;
  readonly wrong: HTMLElement;
  readonly element: HTMLElement;
}

export function formCard({ id, form }: AskedForm): HTMLElement {
  const since = performance.now();
  const server = visible(form.server);
  const fields = form.fields.map((field, at) => shown(field, `${id}-${at}`));
  const answer = (said: ElicitAnswer): void => {
    if (performance.now() - since >= SETTLE_MS) {
      tell({ type: "formAnswer", id, answer: said });
    }
  };
  const send = (): void => {
    const values = read(fields);
    if (values) {
      answer({ action: "accept", values });
    }
  };
  const sending = h("button", { type: "submit", class: "option allow" }, `Send to ${server}`);
  const decline = `${server} is told that you do not want to say it`;
  const element = h(
    "form",
    { class: "card form", novalidate: true, "aria-label": `${server} asks you` },
    h("h3", {}, `${server} asks you`),
    h("p", { class: "message" }, visible(form.message)),
    ...fields.map((one) => one.element),
    h("p", { class: "quiet" }, `These are words of the MCP server ${server}. Write nothing secret.`),
    h(
      "div",
      { class: "options" },
      sending,
      button("Decline", () => answer({ action: "decline" }), { class: "option", title: decline }),
      button("Close", () => answer({ action: "cancel" }), { class: "option", title: "Close it without an answer" }),
    ),
  );
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  element.addEventListener("keydown", (event) => {
    // Escape would cancel the turn.
    event.stopPropagation();
    if (event.key === "Escape") {
      sending.focus();
    }
  });
  return element;
}

function shown(field: FormField, name: string): Shown {
  const wrong = h("p", { class: "wrong", id: `${name}-wrong`, role: "alert" });
  const given = field.default === undefined ? "" : String(field.default);
  const props = { id: name, "aria-required": String(field.required), "aria-describedby": `${name}-wrong` };
  const control = choose(field, props) ?? h("input", { ...props, type: "text", autocomplete: "off", spellcheck: "false" });
  control.value = given;
  const left = field.required ? "" : " (may be left out)";
  const element = h("div", { class: "field" }, h("label", { for: name }, `${visible(field.title)}${left}`), control, wrong);
  return { field, control, wrong, element };
}

function choose(field: FormField, props: Readonly<Record<string, string>>): HTMLSelectElement | undefined {
  const choices = choicesOf(field);
  return choices && h("select", props, ...choices.map(([value, words]) => h("option", { value }, visible(words))));
}

/** All values, by the names of their fields; nothing where one does not fit, which says so and has the focus. */
function read(fields: readonly Shown[]): Record<string, FormValue> | undefined {
  const values: [string, FormValue][] = [];
  let first: Shown | undefined;
  for (const one of fields) {
    const written = valueOf(one.field, one.control.value);
    const wrong = "wrong" in written ? written.wrong : "";
    one.wrong.textContent = wrong;
    one.control.setAttribute("aria-invalid", String(wrong !== ""));
    if (wrong !== "") {
      first ??= one;
    } else if ("value" in written && written.value !== undefined) {
      values.push([one.field.name, written.value]);
    }
  }
  first?.control.focus();
  return first ? undefined : Object.fromEntries(values);
}
