// What a daemon may be able to do: edited answers, modes, going back with files. Played with a daemon that says it can.
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ended, shows, textOf, type Window } from "./steps.ts";

const NEAR = join(import.meta.dirname, "../../../clients/vscode/package.json");

export function comingTests(window: Window): void {
  let path = "";

  test("a daemon that advertises all is started", async () => {
    const d = window();
    path = await d.run<string>("return vscode.workspace.getConfiguration('chatls').get('path')");
    const program = join(d.folder, "fake-chatls");
    const file = `file://${join(d.workspace, "fake.txt")}`;
    const script = join(import.meta.dirname, "fake.mjs");
    writeFileSync(program, `#!/bin/sh\nCHATLS_FAKE_NEAR='${NEAR}' CHATLS_FAKE_FILE='${file}' exec '${process.execPath}' '${script}'\n`);
    chmodSync(program, 0o755);
    await d.run(`await vscode.workspace.getConfiguration('chatls').update('path', ${JSON.stringify(program)}, true)`);
    await d.until("return parts.daemon.state === 'ready' && parts.daemon.features.editedArguments");
  });

  test("what is proposed is changed in the editor before it is accepted, and the call says so", async () => {
    const d = window();
    const frame = await d.ask("Edit.");
    await frame.locator(".card button:has-text('Edit, then Allow')").click();
    await d.until("return vscode.window.activeTextEditor?.document.uri.scheme === 'chatls-edit'");
    await shows(frame, "accept or refuse it there", ".card");
    await d.run(`
      const editor = vscode.window.activeTextEditor;
      await editor.edit((edit) => edit.replace(editor.document.lineAt(0).range, "Eins"));
      await vscode.commands.executeCommand("chatls.acceptEdit");`);
    await ended(d);
    const edits = [{ old_text: "one\ntwo\n", new_text: "Eins\ntwo\n" }];
    const answer = { outcome: "selected", optionId: "allow_once", arguments: { path: "fake.txt", edits } };
    assert.deepEqual(JSON.parse((await d.run<string>("return parts.chats.active.turns.at(-1).view.blocks.at(-1).text")).slice(7)), answer);
    await d.until("return vscode.window.tabGroups.all.every((group) => group.tabs.every((tab) => !(tab.input instanceof vscode.TabInputTextDiff)))");
  });

  test("one that is refused in the editor still waits in the panel", async () => {
    const d = window();
    const frame = await d.ask("Edit.");
    await frame.locator(".card button:has-text('Edit, then Allow')").click();
    await d.until("return vscode.window.activeTextEditor?.document.uri.scheme === 'chatls-edit'");
    await d.run("await vscode.commands.executeCommand('chatls.refuseEdit')");
    await d.until("return [...parts.chats.active.pending.questions.values()][0]?.asked.editing === false");
    await frame.locator(".card .preview").waitFor();
    await d.page.waitForTimeout(350);
    await frame.locator(".card .option.reject").first().click();
    await ended(d);
    await shows(frame, 'optionId":"reject_once', ".answer");
  });

  test("a command is changed before it runs", async () => {
    const d = window();
    const frame = await d.ask("Run.");
    await frame.locator(".card button.option:text-is('Edit')").click();
    await frame.locator(".card textarea[aria-label='The command']").fill("ls");
    await frame.locator(".card button:has-text('Run This Instead')").click();
    await ended(d);
    await shows(frame, '"arguments":{"command":"ls"}', ".answer");
  });

  test("the mode that is chosen goes along, and the window's fill is shown", async () => {
    const d = window();
    const frame = await d.ask("Tell.");
    await ended(d);
    await shows(frame, "3.0k of 8.0k tokens", ".gauge");
    assert.equal(await textOf(frame, ".bar .pick:has-text('ask')"), "ask");
    await d.run("parts.chats.active.mode = 'plan'; parts.chats.active.changed.fire()");
    await frame.locator(".composer .box textarea").fill("Tell.");
    await frame.locator(".composer .box textarea").press("Enter");
    await shows(frame, "mode plan", ".answer");
    await ended(d);
  });

  test("going back names the files and the commands first, and gives the words back", async () => {
    const d = window();
    const frame = await d.chat();
    await frame.locator(".said button[aria-label^='Edit and ask again']").first().click({ force: true });
    const dialog = d.page.locator(".monaco-dialog-box");
    await dialog.waitFor({ timeout: 30_000 });
    const said = await dialog.innerText();
    assert.match(said, /fake\.txt goes back to what it was before/);
    assert.match(said, /make all/);
    await d.page.locator(".monaco-dialog-box .monaco-button:has-text('Rewind with the Files')").first().click();
    await d.until("return parts.chats.active.title === 'Again'");
    const text = "document.querySelector('.composer .box textarea').value";
    for (let tries = 0; tries < 200 && (await frame.evaluate(text)) !== "What I said."; tries++) {
      await d.page.waitForTimeout(50);
    }
    assert.equal(await frame.evaluate(text), "What I said.");
    await frame.locator(".composer .box textarea").fill("");
  });

  test("the daemon of before is started again", async () => {
    const d = window();
    await d.run(`await vscode.workspace.getConfiguration('chatls').update('path', ${JSON.stringify(path)}, true)`);
    await d.until("return parts.daemon.state === 'ready' && (await parts.daemon.ready()).initializeResult?.serverInfo?.name === 'chatls'");
    await d.run("await vscode.commands.executeCommand('notifications.clearAll')");
  });
}
