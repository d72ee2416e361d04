// What a daemon may be able to do: edited answers, modes, going back with files. Played with a daemon that says it can.
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { answers, editProposed, ended, goOn, holds, reads, shows, type Window } from "./steps.ts";

const NEAR = join(import.meta.dirname, "../../../clients/vscode/package.json");

export function comingTests(window: Window): void {
  let path = "";

  test("a daemon that advertises all is started", async () => {
    const d = window();
    path = await d.run<string>("return vscode.workspace.getConfiguration('chatls').get('path')");
    const program = join(d.folder, "fake-chatls");
    const file = `file://${join(d.workspace, "fake.txt")}`;
    const script = join(import.meta.dirname, "fake.mjs");
    writeFileSync(program, `#!/bin/sh\nCHATLS_FAKE_NEAR='${NEAR}' CHATLS_FAKE_FILE='${file}' exec '${process.execPath}' '${script}' "$@"\n`);
    chmodSync(program, 0o755);
    await d.run(`await vscode.workspace.getConfiguration('chatls').update('path', ${JSON.stringify(program)}, true)`);
    await d.until("return parts.daemon.state === 'ready' && (await parts.daemon.ready()).initializeResult?.serverInfo === undefined");
  });

  test("what is proposed is changed in the editor before it is accepted, and the call says so", async () => {
    const d = window();
    const frame = await d.ask("Edit.");
    await frame.locator(".card button:has-text('Edit, then Allow')").click();
    await editProposed(d, "Eins");
    await shows(frame, "accept or refuse it there", ".card");
    await d.run(`await vscode.commands.executeCommand("chatls.acceptEdit")`);
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
    await answers(d, frame, ".option.reject");
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
    await reads(frame, ".bar .pick:has-text('ask')", /^ask$/);
    await d.run("parts.chats.active.mode = 'plan'; parts.chats.active.changed.fire()");
    await goOn(d, "Tell.");
    await shows(frame, "mode plan", ".answer");
    await ended(d);
  });

  test("going back names the files and the commands first, and gives the words back", async () => {
    const d = window();
    const frame = await d.chat();
    await frame.locator(".said button[aria-label^='Edit and ask again']").first().press("Enter");
    const dialog = d.page.locator(".monaco-dialog-box");
    await dialog.waitFor();
    const said = await dialog.innerText();
    assert.match(said, /fake\.txt goes back to what it was before/);
    assert.match(said, /make all/);
    await d.page.locator(".monaco-dialog-box .monaco-button:has-text('Rewind with the Files')").first().click();
    await d.until("return parts.chats.active.title === 'Again'");
    await holds(frame, "document.querySelector('.composer .box textarea').value === 'What I said.'");
    await frame.locator(".composer .box textarea").fill("");
  });

  test("setting up runs in a terminal, and the daemon is started anew when that is done and no turn runs", async () => {
    const d = window();
    const frame = await d.ask("Run.");
    await frame.locator(".card").waitFor();
    const pid = await d.run<number>("return (await parts.daemon.ready())._serverProcess.pid");
    await d.run(`
      globalThis.over = [];
      globalThis.listening = vscode.window.onDidEndTerminalShellExecution(({ terminal, execution, exitCode }) =>
        globalThis.over.push({ name: terminal.name, line: execution.commandLine.value, exitCode }));
      await vscode.commands.executeCommand("chatls.setup");`);
    const over = await d.until<{ name: string; line: string; exitCode: number }>("return globalThis.over[0]");
    assert.match(over.line, /fake-chatls setup$/);
    assert.deepEqual([over.name, over.exitCode], ["chatls setup", 0]);
    await d.page.locator(".terminal-wrapper .xterm-rows", { hasText: "It is set up." }).first().waitFor();
    // The turn is not broken off: its question still waits, of the same daemon.
    await answers(d, frame, ".option.reject");
    assert.equal((await ended(d)).stopReason, "end_turn");
    await shows(frame, 'optionId":"reject_once', ".answer");
    await d.until(`return parts.daemon.state === 'ready' && (await parts.daemon.ready())._serverProcess.pid !== ${pid}`);
    await d.run("globalThis.listening.dispose(); vscode.window.terminals.forEach((one) => one.dispose()); await vscode.commands.executeCommand('workbench.action.closePanel')");
  });

  test("the daemon of before is started again", async () => {
    const d = window();
    await d.run(`await vscode.workspace.getConfiguration('chatls').update('path', ${JSON.stringify(path)}, true)`);
    await d.until("return parts.daemon.state === 'ready' && (await parts.daemon.ready()).initializeResult?.serverInfo?.name === 'chatls'");
    await d.run("await vscode.commands.executeCommand('notifications.clearAll')");
  });
}
