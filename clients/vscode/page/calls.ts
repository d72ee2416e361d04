// A tool call: one line that tells how it stands, what is being written or said meanwhile, and behind it all of it.

import { isOpen } from "../src/fold.ts";
import { readable } from "../src/notebook.ts";
import type { Diff, Image, Location, ToolContent } from "../src/protocol.ts";
import type { ToolBlock } from "../src/view.ts";
import { Growing } from "./code.ts";
import { counted, hunks, type Line } from "./diff.ts";
import { button, h, place } from "./dom.ts";
import { tell } from "./host.ts";
import { icon } from "./icons.ts";
import { amount, argumentOf, decoded, duration, partialText } from "./words.ts";
import { visible } from "./visible.ts";

const LOOKS: Readonly<Record<ToolBlock["status"], { readonly sign: string; readonly word: string }>> = {
  streaming: { sign: "writing", word: "writing" },
  ready: { sign: "ready", word: "ready" },
  awaiting_permission: { sign: "asks", word: "waits for you" },
  running: { sign: "runs", word: "running" },
  completed: { sign: "done", word: "" },
  failed: { sign: "failed", word: "failed" },
  denied: { sign: "denied", word: "denied" },
  cancelled: { sign: "stop", word: "cancelled" },
  timed_out: { sign: "failed", word: "timed out" },
};
const MOST_DIFF = 400;
const LIVE = 2000;

export class Call {
  readonly element = h("details", { class: "call" });
  readonly #sign = h("span", { class: "sign" });
  readonly #name = h("span", { class: "name" });
  readonly #argument = h("span", { class: "argument" });
  readonly #standing = h("span", { class: "standing" });
  readonly #stop = button("Stop this tool", () => this.#block && tell({ type: "cancelCall", turn: this.#turn, call: this.#block.id }), { class: "sign-button" }, "stop");
  readonly #summary = h("summary", {}, this.#sign, this.#name, this.#argument, this.#standing, this.#stop);
  readonly #body = h("div", { class: "call-body" });
  readonly #live = h("pre", { class: "live", "aria-hidden": "true" });
  readonly #below = h("div", { class: "call-diffs" });
  readonly whole = h("div", { class: "call-whole" }, this.element, this.#live, this.#below);
  readonly #turn: string;
  #block: ToolBlock | undefined;
  #filled: ToolBlock | undefined;
  #diffs: readonly ToolContent[] | undefined;

  constructor(turn: string) {
    this.#turn = turn;
    this.element.append(this.#summary, this.#body);
    this.element.addEventListener("toggle", () => this.#fill());
  }

  set(block: ToolBlock): void {
    if (block === this.#block) {
      return;
    }
    this.#block = block;
    const look = LOOKS[block.status] ?? { sign: "text", word: block.status };
    if (this.element.dataset["status"] !== block.status) {
      this.element.dataset["status"] = block.status;
      place(this.#sign, [icon(look.sign), h("span", { class: "spoken" }, look.word || "done")]);
    }
    this.#name.textContent = visible(block.name);
    this.#argument.textContent = visible(argumentOf(block));
    this.#standing.textContent = standing(block, look.word);
    this.#offerStop(block.status === "running" || block.status === "awaiting_permission");
    this.#showLive(block);
    this.#showDiffs(block);
    this.#fill();
  }

  /** The button is one and the same while it is there: it may be pressed, or have the focus, while output comes. */
  #offerStop(offered: boolean): void {
    if (!offered && document.activeElement === this.#stop) {
      this.#summary.focus();
    }
    this.#stop.hidden = !offered;
  }

  /** What grows: the text that is being written, the output of what runs; the last lines of it. */
  #showLive(block: ToolBlock): void {
    const writing = block.status === "streaming" && block.kind === "edit" ? partialText(block.argumentsText) : "";
    const text = block.status === "running" ? block.output : writing;
    const tail = text.slice(-LIVE).split("\n").slice(-8).join("\n");
    this.#live.hidden = tail.trim() === "";
    this.#live.textContent = visible(tail);
    this.#live.scrollTop = this.#live.scrollHeight;
  }

  #showDiffs(block: ToolBlock): void {
    if (block.content === this.#diffs) {
      return;
    }
    this.#diffs = block.content;
    place(this.#below, block.content.filter((item): item is Diff => item.type === "diff").map((item) => diffView(item, false)));
  }

  /** The rest is made when somebody looks. */
  #fill(): void {
    const block = this.#block;
    if (!this.element.open || !block || block === this.#filled) {
      return;
    }
    this.#filled = block;
    const sections: HTMLElement[] = [];
    if (block.locations.length > 0) {
      sections.push(h("p", { class: "places" }, ...block.locations.map(placeLink)));
    }
    const asked = block.arguments ? written(block.arguments) : block.argumentsText;
    if (asked !== "" && asked !== "{}") {
      sections.push(section("Asked", asked));
    }
    if (block.argumentsError !== undefined) {
      sections.push(section("What is wrong with it", block.argumentsError));
    }
    const told = block.content.flatMap((item) => (item.type === "text" ? [item.text] : item.type === "resource_link" ? [item.uri] : []));
    if (isOpen(block) && block.output !== "") {
      sections.push(section("Output", block.output));
    } else if (told.length > 0) {
      sections.push(section(block.truncated ? "Result, cut" : "Result", told.join("\n")));
    }
    const pictures = block.content.filter((item): item is Image => item.type === "image").map(pictureView);
    place(this.#body, [...sections, ...pictures]);
  }
}

/** How a call stands, in words, and how large or long it is. */
function standing(block: ToolBlock, word: string): string {
  const size = block.status === "streaming" ? amount(block.argumentsText.length) : block.durationMs ? duration(block.durationMs) : "";
  return [word, size].filter(Boolean).join(" · ");
}

/** A picture that a tool gave. Its data came along: nothing is fetched. */
export function pictureView({ mimeType, data }: Image): HTMLElement {
  const known = /^image\/(png|jpeg|gif|webp)$/.test(mimeType);
  return known ? h("img", { class: "picture", alt: "The picture", src: `data:${mimeType};base64,${data}` }) : h("p", { class: "quiet" }, mimeType);
}

/** A file that a call is about, and the line where it begins. */
function placeLink({ uri, range }: Location): HTMLElement {
  const line = range ? range.start.line + 1 : undefined;
  const label = `${decoded(uri.split("/").at(-1) ?? uri)}${line === undefined ? "" : `:${line}`}`;
  return button(visible(label), () => tell({ type: "open", href: line === undefined ? uri : `${uri}#L${line}` }), { title: visible(decoded(uri)) });
}

function section(title: string, text: string): HTMLElement {
  const growing = new Growing();
  growing.set(text);
  const copy = button(`Copy: ${title}`, () => tell({ type: "copy", text }), { class: "sign-button" }, "copy");
  return h("section", {}, h("h4", {}, title, copy), growing.element);
}

function written(value: Readonly<Record<string, unknown>>): string {
  return Object.entries(value)
    .map(([name, one]) => {
      const text = typeof one === "string" ? one : JSON.stringify(one, undefined, 1);
      return `${name}:${text.includes("\n") ? "\n" : " "}${text}`;
    })
    .join("\n");
}

/** A change of a file. `whole`: who says yes has to have seen it, so nothing is cut. */
export function diffView(diff: Diff, whole: boolean): HTMLElement {
  const { oldText, newText } = readable(diff);
  const path = decoded(diff.uri.replace("file://", ""));
  const name = path.split("/").at(-1) ?? path;
  const lines = hunks(oldText, newText);
  const { added, removed } = counted(lines);
  const shown = whole ? lines : lines.slice(0, MOST_DIFF);
  const from = diff.from === undefined ? "" : `moved from ${decoded(diff.from.split("/").at(-1) ?? "")} · `;
  const word = diff.change === "changed" ? from : `${from}${diff.change} · `;
  return h(
    "figure",
    { class: "diff" },
    h(
      "figcaption",
      {},
      h("span", { class: "language", title: visible(path) }, visible(name)),
      h("span", { class: "counts" }, `${word}+${added} −${removed}`),
      button("Show Diff", () => tell({ type: "diff", diff, title: name }), { class: "sign-button" }, "diff"),
      diff.change !== "deleted" && button("Open File", () => tell({ type: "open", href: diff.uri }), { class: "sign-button" }, "open"),
    ),
    h("pre", { tabindex: 0, "aria-label": `Changes of ${name}` }, h("code", {}, ...shown.map(diffLine))),
    lines.length > shown.length && h("p", { class: "quiet" }, `${lines.length - shown.length} more lines: see the diff`),
  );
}

const CLASSES: Readonly<Record<Line["sign"], string>> = { " ": "same", "+": "come", "-": "gone", "@": "place" };

function diffLine(line: Line): HTMLElement {
  const text = line.text.length > 2000 && line.sign === " " ? `${line.text.slice(0, 2000)}…` : line.text;
  return h("span", { class: CLASSES[line.sign] }, `${line.sign === "@" ? "" : line.sign}${visible(text)}\n`);
}
