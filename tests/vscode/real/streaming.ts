// Answers as they are written: text, calls that grow, output, hostile text, floods, and how they are stopped.
import assert from "node:assert/strict";
import { test } from "node:test";
import { counts, ended, goOn, holds, reads, shows, type Window } from "./steps.ts";

const HOSTILE = [
  "<script>window.hacked = 1</script><img src=x onerror='window.hacked=1'>",
  "![pixel](http://127.0.0.1:9/pixel.png) <iframe src='http://127.0.0.1:9/'></iframe>",
  "[run](command:workbench.action.closeWindow) [js](javascript:alert(1)) [site](https://example.invalid/x)",
  "[data](data:text/html,hi) <a href='command:x'>y</a> <style>body{display:none}</style>",
  "turned: \u202Eevil\u202C and hidden:\u200B.",
  "x".repeat(300_000),
  "```\n" + "y".repeat(300_000) + "\n```",
].join("\n\n");

export function streamingTests(window: Window): void {
  test("an answer streams, with its thinking folded and its calls in their places", async () => {
    const d = window();
    await d.play([
      [
        { thinking: "They want to know. I look." },
        { text: "Let me look.\n\n" },
        { toolCall: { name: "search", arguments: { pattern: "TODO" } } },
      ],
      [{ text: "**Two** open ends, in `src/app.py:2`: [all](src/app.py#L1-L2), https://example.invalid/x.\n\n```python\nprint(1)\n```\n" }, { usage: { inputTokens: 1200, outputTokens: 80 } }],
    ]);
    const frame = await d.ask("What is open in @src/app.py?");
    const view = await ended(d);
    assert.deepEqual(view.blocks.map(({ type }) => type), ["thinking", "text", "tool", "text"]);
    assert.equal(view.stopReason, "end_turn");
    await shows(frame, "Two");
    await reads(frame, ".call summary", /search "TODO"/);
    await counts(frame, ".thinking[open]", 0);
    await counts(frame, ".answer strong", 1);
    await counts(frame, ".answer pre .hljs-built_in", 1);
    await reads(frame, ".said", /src\/app\.py/);
    await reads(frame, ".turn > footer", /1\.2k in · 80 out/);
    await d.picture("panel-light");
  });

  test("a path in an answer leads to its line, or to its lines", async () => {
    const d = window();
    const frame = await d.chat();
    await reads(frame, ".answer a.leads", /^https:\/\/example\.invalid\/x$/);
    await frame.locator(".answer a.leads").first().click();
    await d.until("return vscode.window.activeTextEditor?.document.fileName.endsWith('app.py') && vscode.window.activeTextEditor.document.getText(vscode.window.activeTextEditor.selection).split('\\n').length === 3");
    await frame.locator(".answer code.leads").first().click();
    await d.until("return vscode.window.activeTextEditor?.document.fileName.endsWith('app.py') && vscode.window.activeTextEditor.selection.active.line === 1");
  });

  test("an answer is followed while it is written, unless a person scrolls; one key leads back to its end", async () => {
    const d = window();
    await d.play([[{ text: Array.from({ length: 120 }, (_, at) => `Line ${at}.\n\n`).join("") }, { hang: true }]], { chunkDelay: 0.005 });
    const frame = await d.ask("Go on and on.");
    const left = "(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(document.querySelector('.turns'))";
    await shows(frame, "Line 60.", ".answer");
    assert.equal(await frame.locator(".to-end").isVisible(), false);
    await frame.evaluate("document.querySelector('.turns').scrollTop = 0");
    await frame.locator(".to-end").waitFor();
    await holds(frame, "document.querySelector('.answer').textContent.includes('Line 119.')");
    assert.ok((await frame.evaluate<number>(left)) > 500, "it stays where it was put");
    await frame.locator(".to-end").press("Enter");
    await holds(frame, `${left} < 5 && document.querySelector('.to-end').hidden`);
    await frame.locator(".composer textarea").press("Escape");
    assert.equal((await ended(d)).stopReason, "cancelled");
  });

  test("a call grows argument by argument while it is written", async () => {
    const d = window();
    // It is written for longer than anybody waits.
    const content = Array.from({ length: 4000 }, (_, at) => `line ${at}`).join("\n");
    await d.play([[{ toolCall: { name: "write_file", arguments: { path: "new.txt", content } } }]], { chunkChars: 4, chunkDelay: 0.05 });
    const frame = await d.ask("Write it.");
    await frame.locator(".call[data-status=streaming]").waitFor();
    await holds(frame, "/new.txt/.test(document.querySelector('.call summary').innerText)");
    await holds(frame, "/line 1\\d/.test(document.querySelector('.live').textContent)");
    await frame.locator(".composer textarea").press("Escape");
    assert.equal((await ended(d)).stopReason, "cancelled");
  });

  for (const [how, stop] of [
    ["the button", (frame: { locator(selector: string): { click(): Promise<void> } }) => frame.locator("button[aria-label^=Stop]").click()],
    ["the command", (_: unknown, run: (body: string) => Promise<unknown>) => run("await vscode.commands.executeCommand('chatls.cancelTurn')")],
  ] as const) {
    test(`${how} stops an answer, and the session goes on`, async () => {
      const d = window();
      await d.play([[{ text: "I begin. " }, { hang: true }], [{ text: "On we go." }]]);
      const frame = await d.ask("Begin.");
      await shows(frame, "I begin.", ".answer");
      await stop(frame, d.run);
      assert.equal((await ended(d)).stopReason, "cancelled");
      await goOn(d, "And now?");
      await shows(frame, "On we go.", ".answer");
      assert.equal((await ended(d)).stopReason, "end_turn");
    });
  }

  test("a hostile answer runs nothing, fetches nothing, leads nowhere, hides nothing, and freezes nothing", async () => {
    const d = window();
    const asked: string[] = [];
    d.page.on("request", (request: { url(): string }) => asked.push(request.url()));
    await d.play([[{ text: HOSTILE }]], { chunkChars: 20_000 });
    const frame = await d.ask("Be bad.");
    await ended(d);
    await shows(frame, "turned:", ".answer");
    await holds(frame, "document.querySelectorAll('.answer .code').length >= 2");
    assert.equal(await frame.evaluate("document.querySelectorAll('.answer :is(script,img,iframe,style,form,input,object,embed,svg:not(.icon))').length"), 0);
    assert.equal(await frame.evaluate("[...document.querySelectorAll('.answer a')].filter((a) => a.hasAttribute('href')).length"), 0);
    assert.equal(await frame.evaluate("window.hacked === undefined"), true);
    assert.match(await frame.evaluate<string>("document.querySelector('.answer').innerText.slice(0, 3000)"), /⟨U\+202E⟩evil⟨U\+202C⟩ and hidden:⟨U\+200B⟩/);
    assert.deepEqual(asked.filter((url) => url.includes(":9/") || url.includes("example.invalid")), []);
    assert.ok((await frame.evaluate<number>("document.querySelector('.answer').innerText.length")) < 60_000, "what is shown is bounded");
  });

  test("words that are said meanwhile reach the turn that runs", async () => {
    const d = window();
    const gate = d.gate();
    await d.play([[{ text: "Looking. " }, { until: gate.path }, { toolCall: { name: "list_files", arguments: {} } }], [{ text: "So it is." }]]);
    const frame = await d.ask("Look around.");
    await shows(frame, "Looking.", ".answer");
    await goOn(d, "Only at python files.");
    gate.open();
    await frame.locator(".steered").waitFor();
    const view = await ended(d);
    assert.equal(view.blocks.filter(({ type }) => type === "steered").length, 1);
    await counts(frame, ".queued li", 0);
  });

  test("two turns at once stay apart, and the one that is not shown goes on", async () => {
    const d = window();
    const gate = d.gate();
    await d.play([[{ text: "First. " }, { until: gate.path }, { text: "First is done." }]], { chunkChars: 100 });
    await d.ask("One.");
    await d.until("return parts.chats.active.running");
    await d.run("globalThis.first = parts.chats.active");
    await d.play([[{ text: "Second is done." }]], { chunkChars: 100 });
    const frame = await d.ask("Two.");
    await shows(frame, "Second is done.", ".answer");
    assert.ok(await d.run("return globalThis.first.running !== undefined"));
    gate.open();
    await d.until("return !globalThis.first.running");
    const texts = await d.run<string[]>("return [globalThis.first, parts.chats.active].map((one) => one.turns.at(-1).view.blocks.map((b) => b.text).join(''))");
    assert.deepEqual(texts, ["First. First is done.", "Second is done."]);
    await holds(frame, "!document.querySelector('.turns').innerText.includes('First')");
  });
}
