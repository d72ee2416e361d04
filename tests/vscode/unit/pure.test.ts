// The small pure parts: what is joined, compared, found, named.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { counted, hunks } from "../../../clients/vscode/page/diff.ts";
import { answers } from "../../../clients/vscode/page/keys.ts";
import { visible } from "../../../clients/vscode/page/visible.ts";
import { argumentOf, doing, partialText, pathIn, telling } from "../../../clients/vscode/page/words.ts";
import { joined } from "../../../clients/vscode/src/chat/batch.ts";
import { turnError } from "../../../clients/vscode/src/chat/faults.ts";
import { lookedUp, mentionsFor, slashes } from "../../../clients/vscode/src/chat/names.ts";
import { Crashes } from "../../../clients/vscode/src/daemon/crashes.ts";
import { find, onPath } from "../../../clients/vscode/src/daemon/program.ts";
import { editedArguments } from "../../../clients/vscode/src/editor/edited.ts";
import { plain } from "../../../clients/vscode/src/editor/plain.ts";
import { applied } from "../../../clients/vscode/src/editor/insert.ts";
import { changedFiles, fold, NOTHING } from "../../../clients/vscode/src/fold.ts";
import { readable } from "../../../clients/vscode/src/notebook.ts";
import { placeOf } from "../../../clients/vscode/src/panel/places.ts";
import type { Diff, PermissionOption, ProgressValue, Question } from "../../../clients/vscode/src/protocol.ts";
import type { ToolBlock } from "../../../clients/vscode/src/view.ts";

const event = (value: object): ProgressValue => ({ seq: 1, turnId: "t", ...value }) as unknown as ProgressValue;

test("adjacent pieces of one kind, call and turn are joined, and no others", () => {
  const events = [
    event({ kind: "textChunk", text: "a" }),
    event({ kind: "textChunk", text: "b" }),
    event({ kind: "toolCallStart", toolCallId: "1", name: "n", toolKind: "read" }),
    event({ kind: "toolCallDelta", toolCallId: "1", argumentsDelta: "{" }),
    event({ kind: "toolCallDelta", toolCallId: "1", argumentsDelta: "}" }),
    event({ kind: "toolCallDelta", toolCallId: "2", argumentsDelta: "x" }),
    event({ kind: "textChunk", text: "c" }),
    event({ kind: "textChunk", text: "d", turnId: "other" }),
  ];
  const whole = joined(events);
  assert.equal(whole.length, 6);
  const view = (some: readonly ProgressValue[]): unknown => some.filter((one) => one.turnId === "t").reduce(fold, NOTHING);
  assert.deepEqual(view(whole), view(events));
});

const DIFFS: readonly (readonly [string, string])[] = [
  ["", ""],
  ["", "a\n"],
  ["a\n", ""],
  ["a\nb\nc\n", "a\nx\nc\n"],
  ["a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n", "a\nB\nc\nd\ne\nf\ng\nh\nI\nj\n"],
  ["x\ny\n", "y\nx\n"],
  ["one\n".repeat(40), `${"one\n".repeat(20)}two\n${"one\n".repeat(20)}`],
];

test("a diff takes and gives just the lines that differ", () => {
  for (const [before, after] of DIFFS) {
    const lines = hunks(before, after);
    const split = (text: string): string[] => (text === "" ? [] : text.trimEnd().split("\n"));
    const left = lines.filter(({ sign }) => sign === "-" || sign === " ").map(({ text }) => text);
    const right = lines.filter(({ sign }) => sign === "+" || sign === " ").map(({ text }) => text);
    if (split(before).length < 10) {
      assert.deepEqual(left, before === after ? [] : split(before));
      assert.deepEqual(right, before === after ? [] : split(after));
    }
    const { added, removed } = counted(lines);
    assert.equal(added - removed, split(after).length - split(before).length);
  }
  assert.deepEqual(counted(hunks(...(DIFFS[4] as readonly [string, string]))), { added: 2, removed: 2 });
  const far = `${"same\n".repeat(50)}`;
  const places = hunks(`a\n${far}b\n${far}c\n`, `A\n${far}B\n${far}C\n`).filter(({ sign }) => sign === "@");
  assert.deepEqual(places.map(({ text }) => text), ["@@ -49 +49 @@", "@@ -100 +100 @@"]);
});

test("two texts that have nothing in common do not take for ever", () => {
  const lines = (word: string): string => Array.from({ length: 20_000 }, (_, at) => `${word} ${at}\n`).join("");
  assert.deepEqual(counted(hunks(lines("a"), lines("b"))), { added: 20_000, removed: 20_000 });
});

test("characters that hide or turn text around are drawn", () => {
  assert.equal(visible("a\u202Eb\u200B\u0007"), "a⟨U+202E⟩b⟨U+200B⟩⟨U+0007⟩");
  assert.equal(visible("tab\tline\nümläut 👩‍🚀 שלום"), "tab\tline\nümläut 👩‍🚀 שלום");
  assert.equal(visible("\u{E0041}"), "⟨U+E0041⟩");
});

test("of arguments that are being written the telling part is shown", () => {
  assert.equal(telling('{"path": "src/a.p'), "src/a.p");
  assert.equal(telling('{"path": "a\\"b", "x": 1'), 'a"b');
  assert.equal(telling("{"), "");
  assert.equal(partialText('{"path":"a","content":"one\\ntwo\\u0041'), "one\ntwoA");
  assert.equal(partialText('{"path":"a",'), "");
  assert.equal(argumentOf({ name: "read_file", title: "read_file a.py 1-4", argumentsText: "" } as ToolBlock), "a.py 1-4");
});

test("every answer has the letter that it has in the other clients", () => {
  const option = (id: string, kind: PermissionOption["kind"]): PermissionOption => ({ id, kind, label: id });
  const keys = answers([
    option("allow_once", "allow_once"),
    option("allow_session", "allow_always"),
    option("allow_workspace", "allow_always"),
    option("reject_once", "reject_once"),
    option("reject_session", "reject_always"),
  ]).map(({ key, words }) => `${key}${words ? "…" : ""}`);
  assert.deepEqual(keys, ["y", "s", "w", "n", "r…", "d"]);
});

test("the fifth crash within three minutes is the last", () => {
  const crashes = new Crashes();
  assert.deepEqual([0, 1, 2, 3, 4].map((at) => crashes.note(at * 1000)), [true, true, true, true, false]);
  const slow = new Crashes();
  assert.ok([0, 1, 2, 3, 4, 5, 6].every((at) => slow.note(at * 60_001)));
});

test("a program inside a folder that is open is never found", () => {
  const place = realpathSync(mkdtempSync(join(tmpdir(), "chatls-program-")));
  const [open, bin] = [join(place, "open"), join(place, "bin")];
  const program = (folder: string): string => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "chatls"), "#!/bin/sh\n");
    chmodSync(join(folder, "chatls"), 0o755);
    return join(folder, "chatls");
  };
  const [inside, outside] = [program(join(open, "bin")), program(bin)];
  assert.equal(onPath("chatls", [open], `${join(open, "bin")}:${bin}`), outside);
  assert.equal(onPath("chatls", [], `${join(open, "bin")}:${bin}`), inside);
  assert.equal(onPath("chatls", [open], "relative:."), undefined);
  mkdirSync(join(place, "links"));
  symlinkSync(inside, join(place, "links/chatls"));
  assert.equal(onPath("chatls", [open], join(place, "links")), undefined);
  assert.deepEqual(find(outside, [open]), { path: outside, source: "setting" });
  assert.ok("complaint" in find("bin/chatls", []));
  assert.ok("complaint" in find(join(place, "nothing"), []));
});

test("a question that was changed is answered with the call that makes it so", () => {
  const diff = { type: "diff", uri: "file:///a", oldText: "one\ntwo\n", newText: "ONE\ntwo\n", change: "changed" };
  const asked = (args: object): Question => ({ arguments: args, preview: [diff] }) as unknown as Question;
  assert.deepEqual(editedArguments(asked({ path: "a", content: "x" }), "mine"), { path: "a", content: "mine" });
  assert.deepEqual(editedArguments(asked({ path: "a", edits: [{ old_text: "one", new_text: "ONE" }] }), "mine"), {
    path: "a",
    edits: [{ old_text: "one\ntwo\n", new_text: "mine" }],
  });
  assert.equal(editedArguments(asked({ from: "a", to: "b" }), "mine"), undefined);
});

test("a block of an answer goes over the lines that it is about", () => {
  const file = "def a():\n    return 1\n\ndef b():\n    return 2\n";
  const none = { start: 0, end: 0 };
  assert.equal(applied(file, "def b():\n    x = 1\n    return 2\n", none), "def a():\n    return 1\n\ndef b():\n    x = 1\n    return 2\n");
  assert.equal(applied(file, "new\n", { start: 0, end: 8 }), "new\n    return 1\n\ndef b():\n    return 2\n");
  assert.equal(applied("class C:\n    def f(self):\n        pass\n", "def f(self):\n    return 1\n    pass\n", none), "class C:\n    def f(self):\n        return 1\n        pass\n");
});

test("a block whose end is another one goes over what its first line begins, and one that is new gets lines of its own", () => {
  const at = (start: number): { start: number; end: number } => ({ start, end: start });
  const file = "def a(x):\n    print(x)  # old\n\n    return 1\n\n\ndef b():\n    return 2\n";
  assert.equal(applied(file, "def a(x):\n    return x\n", at(0)), "def a(x):\n    return x\n\n\ndef b():\n    return 2\n");
  assert.equal(applied("f() {\n  one;\n}\ng();\n", "f() {\n  two;\n  three; }\n", at(0)), "f() {\n  two;\n  three; }\ng();\n");
  assert.equal(applied("a = 1\nb = 2\n", "c = 3\n", at(8)), "a = 1\nc = 3\nb = 2\n");
  assert.equal(applied("", "c = 3\n", at(0)), "c = 3");
});

test("a daemon that ended is told in words for people", () => {
  assert.match(turnError({ code: -32097, message: "Pending response rejected since connection got disposed" }).message, /started anew/);
  assert.match(turnError({ code: -32800, message: "x" }, true).message, /Cancelled/);
  const refused = turnError({ code: 1004, message: "no key", data: { kind: "unauthorized", retryable: false } });
  assert.deepEqual(refused, { kind: "unauthorized", message: "no key", retryable: false });
});

test("a compaction is one block, open until it is done, and the window's fill stays behind the end", () => {
  const events = [
    event({ kind: "compactStart", reason: "threshold", tokens: 900 }),
    event({ kind: "compactEnd", before: 910, after: 200, summary: "What was done." }),
    event({ kind: "contextUsage", tokens: 250, window: 1000, exact: true }),
  ];
  const open = events.slice(0, 1).reduce(fold, NOTHING);
  assert.deepEqual(open.blocks, [{ step: 1, reason: "threshold", before: 900, type: "compaction" }]);
  const view = events.reduce(fold, NOTHING);
  assert.deepEqual(view.blocks, [{ step: 1, reason: "threshold", before: 910, after: 200, summary: "What was done.", type: "compaction" }]);
  assert.deepEqual(view.context, { tokens: 250, window: 1000, exact: true });
});

const TOLD = {
  commands: [
    { name: "review", description: "Review", source: "built-in" as const },
    { name: "new", description: "Another new", source: "user" as const },
    { name: "deploy", description: "Deploy", source: "workspace" as const, hint: "[where]" },
  ],
  mentions: [
    { name: "file" as const, description: "a file", hint: "path" },
    { name: "folder" as const, description: "a folder", hint: "path" },
    { name: "diff" as const, description: "changes", hint: "[staged]" },
    { name: "buffers" as const, description: "documents" },
  ],
};

test("the extension's own slash commands come first, and those of the daemon say whose they are", () => {
  assert.deepEqual(slashes([{ name: "new", doc: "begin" }], TOLD), [
    { name: "new", doc: "begin" },
    { name: "review", doc: "Review" },
    { name: "deploy", doc: "Deploy (of this workspace)" },
  ]);
});

test("what can be mentioned is offered as it is written", () => {
  const names = (letters: string): readonly string[] => mentionsFor(TOLD, letters).map(({ name }) => name);
  assert.deepEqual(names(""), ["folder:", "diff", "buffers"]);
  assert.deepEqual(names("D"), ["diff"]);
  assert.deepEqual(names("x"), []);
});

test("a word behind an @ is looked up by the daemon, or is none of its", () => {
  const diff = { type: "mention", name: "diff" };
  assert.deepEqual(lookedUp("diff"), diff);
  assert.deepEqual(lookedUp("diff."), diff);
  assert.deepEqual(lookedUp("diff:main),"), { ...diff, argument: "main" });
  assert.deepEqual(lookedUp("folder:src"), { type: "mention", name: "folder", argument: "src" });
  for (const word of ["folder", "file:a.py", "src/diff", "selection", "Diff", "constructor", ""]) {
    assert.equal(lookedUp(word), undefined, word);
  }
});

const book = (cells: readonly object[], more: object = {}): string => JSON.stringify({ cells, metadata: {}, nbformat: 4, ...more });
const cell = (source: string, id: string, more: object = {}): object => ({ cell_type: "code", id, metadata: {}, source: [source], outputs: [], execution_count: null, ...more });

test("a change of a notebook reads as cells, unless more of its file changes than they show", () => {
  const diff = (oldText: string, newText: string): Diff => ({ type: "diff", uri: "file:///n.ipynb", oldText, newText, change: "changed" });
  const before = book([cell("x = 1\n", "a", { outputs: [{ b: 1, a: 2 }], execution_count: 3 })]);
  const cleared = readable(diff(before, book([cell("x = 2\n", "a"), cell("y", "b")])));
  assert.equal(cleared.oldText, "# %% code a\nx = 1\n# 1 output\n");
  assert.equal(cleared.newText, "# %% code a\nx = 2\n\n# %% code b\ny\n");
  const kept = readable(diff(before, book([cell("x = 2\n", "a", { outputs: [{ a: 2, b: 1 }] })])));
  assert.match(kept.newText, /^# %% code a\nx = 2\n# 1 output/);
  for (const after of [
    book([cell("x = 1\n", "a", { outputs: [{ forged: true }] })]),
    book([cell("x = 1\n", "a", { metadata: { trusted: true } })]),
    book([cell("y", "b", { metadata: { hidden: 1 } })]),
    book([cell("x = 2\n", "a")], { metadata: { kernelspec: "other" } }),
    "no notebook",
  ]) {
    assert.equal(readable(diff(before, after)).newText, after, "it is shown as it is");
  }
  assert.equal(readable({ ...diff(before, before), uri: "file:///n.json" }).newText, before);
});

test("what a turn changed is told file by file, from what was before it to what is behind it", () => {
  const change = (uri: string, oldText: string, newText: string, kind: Diff["change"] = "changed", from?: string): ProgressValue[] => {
    const diff = { type: "diff", uri, oldText, newText, change: kind, ...(from === undefined ? {} : { from }) };
    const call = { toolCallId: uri + newText, name: "edit_file" };
    return [event({ kind: "toolCallEnd", ...call, title: "", locations: [] }), event({ kind: "toolRunEnd", ...call, status: "completed", content: [diff], durationMs: 1, truncated: false })];
  };
  const told = (...events: readonly ProgressValue[][]): unknown => changedFiles(events.flat().reduce(fold, NOTHING)).map(({ uri, oldText, newText, change: kind, from }) => [uri, oldText, newText, kind, from]);
  assert.deepEqual(told(change("a", "1", "2"), change("b", "", "x", "new"), change("a", "2", "3"), change("b", "x", "y")), [["a", "1", "3", "changed", undefined], ["b", "", "y", "new", undefined]].toSorted());
  assert.deepEqual(told(change("a", "1", "2"), change("a", "2", "1")), []);
  assert.deepEqual(told(change("a", "1", "2"), change("c", "2", "2", "moved", "a")), [["c", "1", "2", "moved", "a"]]);
  assert.deepEqual(told(change("a", "1", "", "deleted")), [["a", "1", "", "deleted", undefined]]);
  assert.deepEqual(told(), []);
});

test("a turn says what it waits for, and who writes or works", () => {
  const call = { toolCallId: "1", name: "run_command", title: "", locations: [] };
  const told: string[] = [];
  [
    event({ kind: "turnStart", sessionId: "s", model: "m" }),
    event({ kind: "thinkingChunk", text: "Well." }),
    event({ kind: "notice", level: "info", text: "Note." }),
    event({ kind: "toolCallEnd", ...call }),
    event({ kind: "permissionRequested", ...call }),
    event({ kind: "stepEnd", text: "" }),
    event({ kind: "toolRunStart", ...call, startedEarly: false }),
    event({ kind: "toolRunEnd", ...call, status: "completed", content: [], durationMs: 1, truncated: false }),
    event({ kind: "textChunk", text: "So." }),
  ].reduce((view, one) => {
    const next = fold(view, one);
    told.push(doing(next));
    return next;
  }, NOTHING);
  const waiting = "waiting for the model";
  assert.deepEqual(told, [waiting, "thinking", "thinking", "working", "waiting for your answer", "waiting for your answer", "working", waiting, "writing"]);
});

test("a link of an answer names a file and lines of it, or leads out", () => {
  const named = ["a.py", "src/a.py:3", "a.py:3:7", "a.py:3-9", "a.py#L3-L9", "file:///x/a%20b.py#L5", "docs/x.md#keys", "a.py:0", "#h", "https://x.y/z:1", "mailto:a@b"];
  assert.deepEqual(named.map(placeOf), [
    { path: "a.py" },
    { path: "src/a.py", lines: [3, 3] },
    { path: "a.py", lines: [3, 3] },
    { path: "a.py", lines: [3, 9] },
    { path: "a.py", lines: [3, 9] },
    { path: "/x/a b.py", lines: [5, 5] },
    { path: "docs/x.md" },
    { path: "a.py", lines: [1, 1] },
    undefined,
    undefined,
    undefined,
  ]);
});

test("what a terminal printed is text, without its colours and what was written over", () => {
  assert.equal(plain("\u001b[31mred\u001b[0m\r\n\u001b]633;C\u0007out\u001b]0;title\u001b\\put\r\n10%\r50%\r100%\r\n\u001b(Bend\u001b[?25l"), "red\noutput\n100%\nend");
  assert.equal(plain("plain [31m text"), "plain [31m text");
});

test("a fence may name the file that its code is for", () => {
  assert.deepEqual(
    [" src/app.py", ":src/app.py", ' title="a b/c.ts"', " {1,3}", "", " ../etc/passwd.txt", " a/../../b.py", " file=lib/x-y.test.ts"].map(pathIn),
    ["src/app.py", "src/app.py", "b/c.ts", undefined, undefined, undefined, undefined, "lib/x-y.test.ts"],
  );
});
