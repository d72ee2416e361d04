// Two windows on one folder, each with a daemon of its own, over one store: what is done in one is seen in the other.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Driver } from "./driver.ts";
import { ended, holds, shows, textOf, type Window } from "./steps.ts";

const ACTIVE = "parts.chats.active";
/** Ask in the session that is shown. */
async function goOn(d: Driver, words: string): Promise<void> {
  const box = (await d.chat()).locator(".composer .box textarea");
  await box.fill(words);
  await box.press("Enter");
}

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
    await d.play([[{ text: "Walruses sing. " }, { delay: 4 }, { text: "So they do." }], [{ text: "Below the ice." }]], { chunkChars: 100 });
    const here = await d.ask("About walruses.");
    await shows(here, "Walruses sing.", ".answer");
    // The list is open, and nobody asks for it anew.
    const row = there.locator(".history .session:has-text('About walruses.')");
    await row.waitFor({ timeout: 30_000 });
    await shows(there, "running in another window", ".history");
    await row.click();
    await shows(there, "Walruses sing.", ".answer");
    await shows(there, "runs in another window", ".head");
    assert.equal(await there.locator(".composer button[aria-label^=Stop]").isVisible(), false, "it cannot be stopped here");
    await other.picture("elsewhere");
    await ended(d);
    await shows(there, "So they do.", ".answer");
    await holds(there, "!document.querySelector('.busy') && !document.querySelector('.note')");
    await other.until(`return ${ACTIVE}.turns.at(-1).view.stopReason === 'end_turn'`);
  });

  test("both go on with it in turn, and what is asked while the other's turn runs waits for its end", async () => {
    const d = window();
    const [here, there] = [await d.chat(), await other.chat()];
    await d.play([[{ text: "Below the ice. " }, { delay: 4 }, { text: "Far below." }]], { chunkChars: 100 });
    const model = await d.run(`return ${ACTIVE}.model`);
    await other.run(`${ACTIVE}.model = ${JSON.stringify(model)}`);
    await goOn(d, "Where?");
    await shows(there, "Below the ice.", ".answer");
    await goOn(other, "And when?");
    await shows(there, "next: And when?", ".queued");
    await ended(d);
    await shows(there, "Far below.", ".answer");
    await other.until(`return ${ACTIVE}.turns.length === 3 && ${ACTIVE}.turns[2].view.status === 'ended'`);
    await d.until(`return ${ACTIVE}.turns.length === 3 && ${ACTIVE}.turns[2].view.status === 'ended'`);
    for (const frame of [here, there]) {
      await holds(frame, "document.querySelectorAll('.turn').length === 3");
      assert.match(await textOf(frame, ".turn:last-child .said-words"), /And when\?/);
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
}
