// Where markdown that is still being written is cut: nothing is lost, and what is done reads as it would in the whole.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { hasLongWord, Splitter } from "../../../clients/vscode/page/split.ts";

interface Renderer {
  render(text: string): string;
}
const require = createRequire(join(import.meta.dirname, "../../../clients/vscode/package.json"));
const MarkdownIt = require("markdown-it") as new (options: object) => Renderer;
const markdown = new MarkdownIt({ html: false });

const TEXTS: Readonly<Record<string, string>> = {
  paragraphs: "One.\n\nTwo\nlines.\n\n\nThree.\n",
  fence: "Look:\n```ts\nconst a = 1;\n\nconst b = 2;\n```\nDone.\n",
  "a fence in a fence": "````md\n```ts\nx\n```\n\nstill\n````\nafter\n",
  "tildes around backticks": "~~~\n```\n\n```\n~~~\n\nend\n",
  "an open fence": "a\n\n```py\nx = 1\n\ny = 2\n",
  "a loose list": "- one\n\n- two\n\n  more of two\n\n- three\n\nAfter.\n",
  "a list with code": "1. do\n\n   ```sh\n   ls\n\n   pwd\n   ```\n\n2. then\n\nEnd.\n",
  quote: "> said\n>\n> more\n\nAnswer.\n",
  table: "| a | b |\n|---|---|\n| 1 | 2 |\n\nText.\n",
  headings: "# One\nText.\n## Two\nMore.\n",
  "windows' line ends": "One.\r\n\r\n```\r\ncode\r\n```\r\nTwo.\r\n",
  nothing: "",
  blanks: "\n\n\n",
  rule: "above\n\n---\n\nbelow\n",
};

function cut(text: string, size: number): string[] {
  const splitter = new Splitter();
  const blocks: string[] = [];
  for (let at = 0; at < text.length; at += size) {
    blocks.push(...splitter.feed(text.slice(at, at + size)));
  }
  return [...blocks, splitter.tail];
}

function plain(html: string): string {
  return html.replace(/\s*\n\s*/g, "\n").trim();
}

for (const [name, text] of Object.entries(TEXTS)) {
  test(`${name}: nothing is lost, and all reads as in one piece`, () => {
    const blocks = cut(text, 1000);
    assert.equal(blocks.join("").replace(/\s/g, ""), text.replace(/\s/g, ""));
    assert.equal(plain(blocks.map((block) => markdown.render(block)).join("")), plain(markdown.render(text)));
  });
  test(`${name}: the pieces in which it comes make no difference`, () => {
    const whole = cut(text, 1000);
    for (const size of [1, 2, 3, 7]) {
      assert.deepEqual(cut(text, size), whole);
    }
  });
}

test("a long answer is cut into many blocks, so that little is drawn again", () => {
  const text = Array.from({ length: 50 }, (_, at) => `Paragraph ${at}.\n\n\`\`\`\ncode ${at}\n\`\`\`\n\n`).join("");
  assert.ok(cut(text, 11).length >= 100);
});

test("a fence that is open says so", () => {
  const splitter = new Splitter();
  splitter.feed("a\n```\nx\n");
  assert.equal(splitter.inFence, true);
  splitter.feed("```\n");
  assert.equal(splitter.inFence, false);
});

test("a word that would freeze the window is found", () => {
  assert.equal(hasLongWord("a".repeat(1001)), true);
  assert.equal(hasLongWord(`${"a".repeat(900)} `.repeat(5)), false);
  assert.equal(hasLongWord(`${"a".repeat(900)}\n`.repeat(5)), false);
});
