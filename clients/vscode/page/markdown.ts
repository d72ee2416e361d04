// Markdown as elements. The text is a stranger's: no HTML of its own, no picture from elsewhere, no link that does anything.

import DOMPurify from "dompurify";
import hljs from "highlight.js/lib/common";
import MarkdownIt from "markdown-it";
import { visible } from "./visible.ts";

/** A longer block is shown without colours. */
const COLOURED = 16_000;

const markdown = new MarkdownIt({ html: false, linkify: true, highlight: coloured });

// Of addresses that stand in the text only whole ones of pages become links.
["ftp:", "mailto:", "//"].forEach((scheme) => markdown.linkify.add(scheme, null));
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });

/** A file and a line: no scheme, though it has a colon. */
const PLACE = /^[\w@~/%-][\w@.~/%-]*\.\w{1,8}:\d+/;

/** Addresses that lead to a page, or to a place in the workspace. */
markdown.validateLink = (url) => /^https?:\/\//i.test(url) || PLACE.test(url) || !/^[^/?#]*:/.test(url.trim());
// A picture would be fetched from wherever the text says: its address is shown instead.
markdown.renderer.rules["image"] = (tokens, at) => {
  const token = tokens[at];
  const words = markdown.utils.escapeHtml(token?.content || "picture");
  return `<a href="${markdown.utils.escapeHtml(String(token?.attrGet("src") ?? ""))}">${words}</a>`;
};

// Where a column stands is said by an attribute that is no style.
for (const cell of ["th_open", "td_open"]) {
  markdown.renderer.rules[cell] = (tokens, at, options, _, self) => {
    const token = tokens[at];
    const side = /text-align:(\w+)/.exec(String(token?.attrGet("style") ?? ""))?.[1];
    if (token && side) {
      token.attrs = [["align", side]];
    }
    return self.renderToken(tokens, at, options);
  };
}

/** A block of an answer. */
export function rendered(text: string): DocumentFragment {
  const fragment = DOMPurify.sanitize(markdown.render(visible(text)), {
    RETURN_DOM_FRAGMENT: true,
    FORBID_TAGS: ["style", "img", "picture", "svg", "math", "form", "input", "button", "video", "audio"],
    FORBID_ATTR: ["style", "id", "name"],
    ALLOW_DATA_ATTR: false,
    // A file and a line are no scheme, but look like one.
    ALLOWED_URI_REGEXP: new RegExp(`^https?:|^[^:]*$|${PLACE.source}`, "i"),
  });
  fragment.querySelectorAll("a").forEach(leads);
  fragment.querySelectorAll("code").forEach(pathOf);
  fragment.querySelectorAll("li").forEach(tick);
  return fragment;
}

/** What is left to do, and what is done, as boxes. */
function tick(item: Element): void {
  const first = item.firstChild instanceof Text ? item.firstChild : item.querySelector(":scope > p")?.firstChild;
  const box = first instanceof Text ? /^\[([ xX])\] /.exec(first.data) : null;
  if (first instanceof Text && box) {
    first.data = `${box[1] === " " ? "\u2610" : "\u2611"} ${first.data.slice(box[0].length)}`;
    item.classList.add("task");
  }
}

const addresses = new WeakMap<Element, string>();

/** Where an element of an answer leads, if it does. */
export function addressOf(element: Element | null): string | undefined {
  return element ? addresses.get(element) : undefined;
}

/** A link has no address that the editor could follow by itself: what is clicked is asked about first. */
function leads(link: Element): void {
  const address = link.getAttribute("href") ?? "";
  link.removeAttribute("href");
  link.removeAttribute("target");
  if (address !== "" && !address.startsWith("#")) {
    make(link, address);
    link.setAttribute("title", address);
  }
}

function make(element: Element, address: string): void {
  addresses.set(element, address);
  element.classList.add("leads");
  element.setAttribute("role", "link");
  element.setAttribute("tabindex", "0");
}

/** Code with colours, as HTML that is clean; empty: the language is not known. */
export function coloured(code: string, language: string): string {
  const name = language.trim().split(/[\s:{]/, 1)[0] ?? "";
  return name !== "" && code.length <= COLOURED && hljs.getLanguage(name)
    ? hljs.highlight(code, { language: name, ignoreIllegals: true }).value
    : "";
}

/** A path, and maybe a line, a column or several lines. */
const IN_CODE = /^[\p{L}\p{N}_@.~/-]+\.\w{1,8}(?:(?::|#L)\d+(?:[:-]L?\d+)?)?$/u;

/** A path in code leads to its file. */
function pathOf(code: Element): void {
  const text = code.textContent;
  if (code.parentElement?.tagName !== "PRE" && IN_CODE.test(text) && /[/:#]/.test(text)) {
    make(code, text);
  }
}
