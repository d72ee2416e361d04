// Forms of MCP servers: a card whose fields have labels, where nothing is sent that does not fit.
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { asked, closeAll, ended, holds, reads, type Window } from "./steps.ts";

const ROOT = join(import.meta.dirname, "../../..");
const FORM = [[{ toolCall: { name: "own__form", arguments: {} } }], [{ text: "Done." }]];

export function formTests(window: Window): void {
  test("the form of a server is filled in by its labels and keys, and sent once it fits", async () => {
    const d = window();
    await closeAll(d);
    const folder = join(d.folder, "home/.config/chatls");
    const server = JSON.stringify([join(ROOT, "tests/mcp/server.py"), "good", "legacy"]);
    const own = `[mcp.own]\ncommand = ${JSON.stringify(join(ROOT, ".venv/bin/python"))}\nargs = ${server}\n`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "config.toml"), `${own}[[permissions]]\ntool = "own__*"\naction = "allow"\n`);
    await d.run("await parts.daemon.restart()");
    await d.play(FORM);
    await d.run("await parts.daemon.request('chat/tools', { settled: true })");
    const frame = await d.ask("Go.");
    await asked(d, frame, ".form");
    await reads(frame, ".form", /own asks you.*Which\\u\{202E\} one\?/s);
    assert.deepEqual(await frame.evaluate("[...document.querySelectorAll('.form label')].map((one) => one.control.tagName + ' ' + one.textContent)"), [
      "INPUT Size (may be left out)",
      "SELECT kind",
    ]);
    assert.equal(await frame.evaluate("document.querySelector('.form input').value"), "3");
    await frame.locator(".form input").fill("many");
    await frame.locator(".form input").press("Enter");
    await reads(frame, ".form", /Write a whole number\./);
    await reads(frame, ".form", /This has to be filled in\./);
    assert.equal(await frame.evaluate("document.activeElement.getAttribute('aria-invalid')"), "true");
    await d.picture("form");
    await frame.locator(".form input").fill("5");
    await frame.locator(".form select").focus();
    await frame.locator(".form select").press("b");
    await frame.locator(".form input").press("Escape"); // of the field, not of the turn
    assert.match(await frame.evaluate<string>("document.activeElement.textContent"), /^Send/);
    await frame.locator(".form .option.allow").press("Enter");
    const view = await ended(d);
    assert.match(JSON.stringify(view), /\{\\"action\\": \\"accept\\", \\"content\\": \{\\"size\\": 5, \\"kind\\": \\"b\\"\}\}/);
    assert.equal(await d.run("return parts.chats.waiting.length"), 0);
  });

  test("a form is declined by its button, and goes away with its turn", async () => {
    const d = window();
    await d.play(FORM);
    const frame = await d.ask("Go again.");
    await asked(d, frame, ".form");
    await frame.locator(".form button:has-text('Decline')").click();
    assert.match(JSON.stringify(await ended(d)), /\\"decline\\"/);
    await d.play(FORM);
    await (await d.ask("And again.")).locator(".form").waitFor();
    await d.run("await vscode.commands.executeCommand('chatls.cancelTurn')");
    assert.equal((await ended(d)).stopReason, "cancelled");
    await holds(frame, "document.querySelectorAll('.form').length === 0");
    rmSync(join(d.folder, "home/.config/chatls/config.toml"));
    await d.run("await parts.daemon.restart()");
  });
}
