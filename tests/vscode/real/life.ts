// The daemon's life, and the window's: crashes, reloads, missing programs; nothing is left behind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ended, goOn, holds, shows, type Window } from "./steps.ts";

const KILL = `
  const client = await parts.daemon.ready();
  const child = client._serverProcess;
  process.kill(child.pid, "SIGKILL");
  return child.pid;`;

export function lifeTests(window: Window): void {
  test("a daemon that dies in mid-turn is told of, started again, and asked again", async () => {
    const d = window();
    await d.play([[{ text: "I begin. " }, { hang: true }]]);
    const frame = await d.ask("Begin.");
    await shows(frame, "I begin.", ".answer");
    await d.run(KILL);
    const view = await ended(d);
    assert.match(view.error?.message ?? "", /The daemon ended/);
    await d.until("return parts.daemon.state === 'ready'");
    await d.play([[{ text: "Back again." }]]);
    await goOn(d, "Are you there?");
    await shows(frame, "Back again.", ".answer");
    assert.equal((await ended(d)).stopReason, "end_turn");
  });

  test("a daemon that goes on crashing is left alone, until a person says so", async () => {
    const d = window();
    for (let crash = 0; crash < 5 && (await d.run("return parts.daemon.state")) !== "failed"; crash++) {
      const pid = await d.run<number>(KILL);
      await d.until(`
        if (parts.daemon.state === 'failed') return true;
        return parts.daemon.state === 'ready' && (await parts.daemon.ready())._serverProcess?.pid !== ${pid}`);
    }
    const frame = await d.chat();
    await shows(frame, "five times within three minutes", ".banner");
    await frame.locator(".banner button:has-text('Restart')").click();
    await d.until("return parts.daemon.state === 'ready'");
    await holds(frame, "document.querySelectorAll('.banner').length === 0");
    await d.run("await vscode.commands.executeCommand('notifications.clearAll')");
  });

  test("a program that is not there is told of, with what can be done, and found again", async () => {
    const d = window();
    const path = await d.run<string>("return vscode.workspace.getConfiguration('chatls').get('path')");
    await d.run("await vscode.workspace.getConfiguration('chatls').update('path', '/nowhere/chatls', true)");
    await d.until("return parts.daemon.state === 'failed'");
    const frame = await d.chat();
    await shows(frame, "which is no program here", ".banner");
    await shows(frame, "Choose the Program", ".banner");
    await frame.locator(".composer .box textarea").fill("Is anybody there?");
    await frame.locator(".composer .box textarea").press("Enter");
    await holds(frame, "document.querySelector('.composer .box textarea').value === 'Is anybody there?'");
    await frame.locator(".composer .box textarea").fill("");
    await d.run(`await vscode.workspace.getConfiguration('chatls').update('path', ${JSON.stringify(path)}, true)`);
    await d.until("return parts.daemon.state === 'ready'");
    await holds(frame, "document.querySelectorAll('.banner').length === 0");
    await d.run("await vscode.commands.executeCommand('notifications.clearAll')");
  });

  test("the model that the daemon brings along answers, too", async () => {
    const d = window();
    await d.run(`
      const settings = vscode.workspace.getConfiguration("chatls");
      await settings.update("providers", {}, true);
      await settings.update("model", undefined, true);`);
    await d.until("return parts.daemon.isBare");
    await d.run("await vscode.commands.executeCommand('chatls.newSession')");
    await shows(await d.chat(), "Set Up a Model", ".welcome");
    const frame = await d.ask("Say hello.", "local/smollm2-135m");
    const view = await ended(d);
    assert.ok(view.blocks.some(({ type, text }) => type === "text" && (text ?? "").length > 0), JSON.stringify(view).slice(0, 800));
    await frame.locator(".answer").first().waitFor();
  });

  test("a view that was closed has all again when it comes back", async () => {
    const d = window();
    await d.play([[{ text: "Still here." }]]);
    const frame = await d.ask("Stay.");
    await ended(d);
    await shows(frame, "Still here.", ".answer");
    await d.run("await vscode.commands.executeCommand('workbench.action.closeAuxiliaryBar')");
    await d.until("return !parts.panels.shows(parts.chats.active)");
    // What comes meanwhile is told.
    await d.run("await vscode.commands.executeCommand('notifications.clearAll'); await parts.chats.active.say({ words: 'And now?', along: [] })");
    await d.page.locator(".notification-toast:has-text('chatls has answered: Stay.') .monaco-button:has-text('Show It')").click();
    await shows(await d.chat(), "Still here.", ".answer");
    await holds(await d.chat(), "document.querySelectorAll('.turn').length === 2");
  });

  test("a window that is reloaded leaves no daemon behind, and works again", async () => {
    const d = window();
    const pid = await d.run<number>("return (await parts.daemon.ready())._serverProcess.pid");
    await d.reload();
    await d.until(`return parts.daemon.state === 'ready' && (await parts.daemon.ready())._serverProcess.pid !== ${pid}`);
    await d.until(`try { process.kill(${pid}, 0); return false; } catch { return true; }`, "the end of the daemon of the window before");
    await d.play([[{ text: "A new window." }]]);
    const frame = await d.ask("Again.");
    await shows(frame, "A new window.", ".answer");
  });
}
