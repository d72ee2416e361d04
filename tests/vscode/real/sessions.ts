// Sessions that last: found by their words, loaded with all that was said, forked, renamed, exported, deleted, and there
// again in a window that was reloaded in the middle of an answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ended, goOn, holds, reads, shows, type Window } from "./steps.ts";

export function sessionTests(window: Window): void {
  test("a session that this window forgot is found by what was said in it, and has all of it again", async () => {
    const d = window();
    await d.play([
      [{ thinking: "Animals." }, { text: "The okapi is a shy one.\n\n" }, { toolCall: { name: "list_files", arguments: {} } }],
      [{ text: "Nobody lists it." }],
    ]);
    const frame = await d.ask("About the okapi, please.");
    await ended(d);
    const before = await d.run<{ blocks: unknown }>("return parts.chats.active.turns[0].view");
    await d.ask("Something else.");
    await ended(d);
    await d.run("parts.chats.all.filter((one) => one.title.startsWith('About the okapi')).forEach((one) => parts.chats.forget(one))");
    await d.run("await vscode.commands.executeCommand('chatls.history')");
    await frame.locator(".history input[type=search]").fill("shy okapi");
    await frame.locator(".history .session:has-text('About the okapi')").first().click();
    await d.until("return parts.chats.active.title.startsWith('About the okapi') && parts.chats.active.turns.length === 1");
    await shows(frame, "About the okapi, please.", ".said");
    const after = await d.run<{ blocks: unknown }>("return parts.chats.active.turns[0].view");
    assert.deepEqual(after.blocks, before.blocks);
    await reads(frame, ".said", /About the okapi, please\./);
  });

  test("it goes on, and its model knows what was said", async () => {
    const d = window();
    await d.play([[{ text: "Still shy." }]]);
    const frame = await d.chat();
    await goOn(d, "And now?");
    await shows(frame, "Still shy.", ".answer");
    await ended(d);
    assert.equal(await d.run("return parts.chats.active.turns.length"), 2);
  });

  test("a fork shares its beginning and goes its own way", async () => {
    const d = window();
    const frame = await d.chat();
    const before = await d.run<string>("return parts.chats.active.sessionId");
    await frame.locator(".said button[aria-label^='Go on from here']").first().press("Enter");
    await d.until(`return parts.chats.active.sessionId !== '${before}'`);
    await d.until("return parts.chats.active.turns.length === 1");
    await holds(frame, "document.querySelectorAll('.turn').length === 1");
  });

  test("it has the name that a person gives it, and becomes text", async () => {
    const d = window();
    await d.run("await parts.daemon.request('chat/session/rename', { sessionId: parts.chats.active.sessionId, title: 'Shy animals' })");
    const listed = await d.run<{ title: string }[]>("return (await parts.chats.list({ query: '', everywhere: false })).sessions");
    assert.ok(listed.some(({ title }) => title === "Shy animals"));
    await d.run("await vscode.commands.executeCommand('chatls.exportSession')");
    await d.until("return vscode.window.activeTextEditor?.document.languageId === 'markdown' && vscode.window.activeTextEditor.document.getText().includes('okapi')");
    await d.run("await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor')");
    await d.run("await parts.daemon.request('chat/session/delete', { sessionId: parts.chats.active.sessionId })");
    const left = await d.run<{ title: string }[]>("return (await parts.chats.list({ query: '', everywhere: false })).sessions");
    assert.ok(!left.some(({ title }) => title === "Shy animals"));
  });

  test("a window that is reloaded in the middle of an answer shows the session again", async () => {
    const d = window();
    await d.play([[{ text: "It begins, and then " }, { hang: true }]]);
    await shows(await d.ask("Tell me a long story."), "It begins", ".answer");
    await d.until("return parts.chats.active.sessionId !== undefined");
    await d.reload();
    await d.until("return parts.chats.active.turns[0]?.words === 'Tell me a long story.'");
    const frame = await d.chat();
    await shows(frame, "It begins", ".answer");
    await holds(frame, "!document.querySelector('.busy')");
  });
}
