// Two windows, each with a daemon of its own, over one store: what is done in one is seen in another on the same folder, and
// kept apart from one on another folder.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Driver } from "./driver.ts";
import { counts, ended, goOn, holds, reads, shows, type Window } from "./steps.ts";

const ACTIVE = "parts.chats.active";

export function windowTests(window: Window): void {
  let other: Driver;

  test("a session that was begun in one window is listed in another, and its turn is followed there while it runs", async () => {
    const d = window();
    other = await d.beside();
    await other.until("return parts.daemon.state === 'ready'");
    await other.run("await vscode.commands.executeCommand('chatls.newSession')");
    await other.run("await vscode.commands.executeCommand('chatls.history')");
    const there = await other.chat();
    await there.locator(".history[open]").waitFor();
    const gate = d.gate();
    await d.play([[{ text: "Walruses sing. " }, { until: gate.path }, { text: "So they do." }], [{ text: "Below the ice." }]], { chunkChars: 100 });
    const here = await d.ask("About walruses.");
    await shows(here, "Walruses sing.", ".answer");
    // The list is open, and nobody asks for it anew.
    const row = there.locator(".history .session:has-text('About walruses.')");
    await row.waitFor();
    await shows(there, "running in another window", ".history");
    await row.click();
    await shows(there, "Walruses sing.", ".answer");
    await shows(there, "runs in another window", ".head");
    assert.equal(await there.locator(".composer button[aria-label^=Stop]").isVisible(), false, "it cannot be stopped here");
    await other.picture("elsewhere");
    gate.open();
    await ended(d);
    await shows(there, "So they do.", ".answer");
    await holds(there, "!document.querySelector('.busy') && !document.querySelector('.note')");
    await other.until(`return ${ACTIVE}.turns.at(-1).view.stopReason === 'end_turn'`);
  });

  test("both go on with it in turn, and what is asked while the other's turn runs waits for its end", async () => {
    const d = window();
    const [here, there] = [await d.chat(), await other.chat()];
    const gate = d.gate();
    await d.play([[{ text: "Below the ice. " }, { until: gate.path }, { text: "Far below." }]], { chunkChars: 100 }, [other]);
    const model = await d.run(`return ${ACTIVE}.model`);
    await other.run(`${ACTIVE}.model = ${JSON.stringify(model)}`);
    await goOn(d, "Where?");
    await shows(there, "Below the ice.", ".answer");
    await goOn(other, "And when?");
    await shows(there, "next: And when?", ".queued");
    gate.open();
    await ended(d);
    await shows(there, "Far below.", ".answer");
    await other.until(`return ${ACTIVE}.turns.length === 3 && ${ACTIVE}.turns[2].view.status === 'ended'`);
    await d.until(`return ${ACTIVE}.turns.length === 3 && ${ACTIVE}.turns[2].view.status === 'ended'`);
    for (const frame of [here, there]) {
      await holds(frame, "document.querySelectorAll('.turn').length === 3");
      await reads(frame, ".turn:last-child .said-words", /And when\?/);
    }
    assert.equal(await here.locator(".error").count() + (await there.locator(".error").count()), 0);
  });

  test("another name, a turn that is taken back, and the end of it are seen in both", async () => {
    const d = window();
    const [here, there] = [await d.chat(), await other.chat()];
    const sessionId = await d.run<string>(`return ${ACTIVE}.sessionId`);
    await other.run(`await parts.daemon.request("chat/session/rename", { sessionId: ${JSON.stringify(sessionId)}, title: "Sea songs" })`);
    await shows(here, "Sea songs", ".head h2");
    const last = await d.run<string>(`return ${ACTIVE}.turns.at(-1).key`);
    await d.run(`parts.panels.onMessage(parts.panels.front, { type: "rewind", turn: ${JSON.stringify(last)} })`);
    await holds(there, "document.querySelectorAll('.turn').length === 2");
    await holds(here, "document.querySelectorAll('.turn').length === 2");
    await holds(here, "document.querySelector('.composer .box textarea').value === 'And when?'");
    await d.run(`await parts.daemon.request("chat/session/delete", { sessionId: ${JSON.stringify(sessionId)} })`);
    await shows(there, "This session was deleted", ".head");
    await shows(there, "Walruses sing.", ".answer");
    await goOn(other, "Once more.");
    await ended(other);
    assert.notEqual(await other.run(`return ${ACTIVE}.sessionId`), sessionId);
    await holds(there, "!document.querySelector('.note') && document.querySelectorAll('.turn').length === 3");
    await other.stop();
  });

  test("a window on another folder lists its own sessions, those of here only where they are wanted, and as they are by now", async () => {
    const d = window();
    const away = await d.beside("elsewhere");
    await away.until("return parts.daemon.state === 'ready'");
    await away.run("await vscode.commands.executeCommand('chatls.newSession'); await vscode.commands.executeCommand('chatls.history')");
    const there = await away.chat();
    await shows(there, "There is no session about this folder yet.", ".history");
    const everywhere = there.locator(".history label:has-text('those of other folders') input");
    await everywhere.click();
    const gate = d.gate();
    await d.play([[{ text: "Narwhals dive. " }, { until: gate.path }, { text: "Deep." }]], { chunkChars: 100 }, [away]);
    await d.ask("About narwhals.");
    const row = ".history .session:has-text('About narwhals.')";
    // The list is open, and nobody asks for it anew.
    await reads(there, row, /running in another window · project$/);
    gate.open();
    await ended(d);
    await reads(there, row, /1 turn · project$/);
    await everywhere.click();
    await shows(there, "There is no session about this folder yet.", ".history");
    await counts(there, row, 0);
    assert.deepEqual(await away.run("return [parts.chats.active.turns.length, parts.chats.active.elsewhere ?? 'nowhere']"), [0, "nowhere"]);
    // Nor is what is asked there one of the sessions here.
    await there.locator(".history input[type=search]").press("Escape");
    await goOn(away, "About belugas.");
    await ended(away);
    const titles = (own: boolean): string => `return (await parts.chats.list({ query: "about", everywhere: ${!own} })).sessions.map(({ title }) => title)`;
    assert.deepEqual(await away.run(titles(true)), ["About belugas."]);
    await d.until(`${titles(false).replace("return ", "return (")}).includes("About belugas.")`);
    const here = await d.run<string[]>(titles(true));
    assert.ok(here.includes("About narwhals.") && !here.includes("About belugas."), here.join());
    await away.stop();
  });
}
