// Questions: what is asked is shown whole, and only a clear yes lets anything happen.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { answers, asked, becomes, closeAll, counts, documentText, editProposed, ended, holds, onDisk, reads, show, shows, type, type Window } from "./steps.ts";

const edit = (old_text: string, new_text: string, path = "notes.txt"): object => ({
  toolCall: { name: "edit_file", arguments: { path, edits: [{ old_text, new_text }] } },
});
const read = (path = "notes.txt"): object => ({ toolCall: { name: "read_file", arguments: { path } } });

export function askingTests(window: Window): void {
  test("an edit is asked for with its diff; allowed, it goes through the editor, and one undo takes it back", async () => {
    const d = window();
    await closeAll(d);
    await type(d, "notes.txt", "Unsaved. ");
    await d.play([[read()], [edit("Buy bread.", "Buy bread and cheese.")], [{ text: "Done." }]] as never);
    const frame = await d.ask("Change it.");
    await frame.locator(".card").waitFor();
    await reads(frame, ".card .come", /\+Unsaved\. Buy bread and cheese\./);
    await frame.locator(".card button[aria-label='Show Diff']").last().click();
    await d.until("return vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff");
    await d.picture("permission");
    await answers(d, frame);
    await ended(d);
    assert.equal(await documentText(d, "notes.txt"), "Unsaved. Buy bread and cheese.\nTODO: write the tests.\nCall home.\n");
    assert.match(readFileSync(join(d.workspace, "notes.txt"), "utf8"), /^Buy bread\./, "the disk is left to the editor");
    await shows(frame, "Done.", ".answer");
    await reads(frame, ".call-diffs .diff", /notes\.txt \+1 −1/);
    await show(d, "notes.txt");
    await d.run("await vscode.commands.executeCommand('undo')");
    await becomes(d, "notes.txt", "Unsaved. Buy bread.\nTODO: write the tests.\nCall home.\n");
    await closeAll(d);
  });

  test("what a turn changed is seen in one view, and taken back with it", async () => {
    const d = window();
    await closeAll(d);
    const before = readFileSync(join(d.workspace, "src/greet.py"), "utf8");
    await d.play([[read(), read("src/greet.py")], [edit("Call home.", "Write home."), edit("return name", "return name.title()", "src/greet.py")], [{ text: "Both are others." }]] as never);
    const frame = await d.ask("Change both.");
    await counts(frame, ".card", 2);
    await answers(d, frame);
    await answers(d, frame);
    await ended(d);
    await reads(frame, ".turn:last-child .changes", /\+2 −2 · 2 files/);
    await frame.locator(".turn:last-child .changes button:has-text('Review')").click();
    await d.page.locator(".multiDiffEditor >> text=greet.py").first().waitFor();
    await d.picture("review");
    await frame.locator(".turn:last-child .changes button:has-text('Undo')").click();
    await d.page.locator(".monaco-dialog-box .monaco-button:has-text('Rewind with the Files')").first().click();
    await holds(frame, "document.querySelectorAll('.turn').length === 0 && document.querySelector('.composer .box textarea').value === 'Change both.'");
    await onDisk(d, "src/greet.py", new RegExp(`^${before.replace(/[()]/g, "\\$&")}$`));
    await onDisk(d, "notes.txt", /Call home\./);
    await frame.locator(".composer .box textarea").fill("");
    // It lives on, for who wants it back.
    await d.run("await vscode.commands.executeCommand('chatls.history')");
    await frame.locator(".history label:has-text('taken back') input").click();
    await frame.locator(".history .session:has-text('Change both.'):has-text('taken back')").first().click();
    await shows(frame, "Both are others.", ".answer");
    await closeAll(d);
  });

  test("a command is answered by its key, and its output is seen while it runs", async () => {
    const d = window();
    const gate = d.gate();
    const command = `echo one; until [ -e ${gate.path} ]; do sleep 0.05; done; echo two`;
    await d.play([[{ toolCall: { name: "run_command", arguments: { command } } }], [{ text: "It ran." }]]);
    const frame = await d.ask("Run it.");
    await reads(frame, ".card .preview", /echo one; until .* echo two/);
    await asked(d, frame);
    await frame.locator(".card .option").first().focus();
    await frame.locator(".card .option").first().press("y");
    await holds(frame, "/one/.test(document.querySelector('.turn:last-child .live')?.textContent ?? '')");
    gate.open();
    await ended(d);
    await shows(frame, "It ran.", ".answer");
    await frame.locator(".turn:last-child .call summary").click();
    await shows(frame, "two", ".call-body");
  });

  test("a button keeps the focus while output comes, and stops its tool; one that takes something out hands it on", async () => {
    const d = window();
    await d.play([[{ toolCall: { name: "run_command", arguments: { command: "i=0; while sleep 0.05; do i=$((i+1)); echo line $i; done" } } }], [{ text: "It was stopped." }]]);
    const frame = await d.ask("Run it.");
    await answers(d, frame);
    const line = "Number(document.querySelector('.turn:last-child .live').textContent.match(/line (\\d+)\\s*$/)?.[1] ?? 0)";
    await holds(frame, `${line} > 0`);
    await frame.evaluate("document.querySelector('.turn:last-child .call .sign-button').focus()");
    const before = await frame.evaluate<number>(line);
    await holds(frame, `${line} > ${before + 3}`);
    await d.page.keyboard.press("Enter");
    await ended(d);
    await shows(frame, "It was stopped.", ".answer");
    await holds(frame, "document.activeElement.tagName === 'SUMMARY'");
    const uris = await d.run<string[]>("return ['notes.txt', 'src/app.py'].map((name) => String(vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, name)))");
    await d.run(`parts.panels.onMessage(parts.panels.front, { type: "drop", uris: ${JSON.stringify([...uris, ...uris])} })`);
    await frame.locator(".composer button[aria-label='Leave out src/app.py']").focus();
    await d.run("parts.chats.active.changed.fire()");
    await holds(frame, "document.activeElement.ariaLabel === 'Leave out src/app.py'");
    await frame.locator(".composer button[aria-label='Leave out src/app.py']").press("Enter");
    await holds(frame, "document.activeElement.tagName === 'TEXTAREA'");
    await frame.locator(".composer button[aria-label='Leave out notes.txt']").click();
    await holds(frame, "document.querySelectorAll('.composer .along li:not(.looked)').length === 0");
  });

  test("a no with words reaches the model, and nothing runs", async () => {
    const d = window();
    await d.play([[{ toolCall: { name: "run_command", arguments: { command: "touch should-not-be" } } }], [{ text: "As you wish." }]]);
    const frame = await d.ask("Touch it.");
    await asked(d, frame);
    await frame.locator(".card button:has-text('say what to do instead')").click();
    await frame.locator(".card textarea[aria-label='What to do instead']").fill("Not here.");
    await frame.locator(".card textarea[aria-label='What to do instead']").press("Enter");
    const view = await ended(d);
    assert.equal(view.blocks.find(({ type: kind }) => kind === "tool")?.status, "denied");
    assert.match(JSON.stringify(view), /Not here\./);
    assert.equal(existsSync(join(d.workspace, "should-not-be")), false);
    await shows(frame, "As you wish.", ".answer");
  });

  test("a question that is not answered goes away with its turn", async () => {
    const d = window();
    await d.play([[{ toolCall: { name: "run_command", arguments: { command: "touch never" } } }], [{ text: "?" }]]);
    const frame = await d.ask("Ask me.");
    await frame.locator(".card").waitFor();
    await d.run("await vscode.commands.executeCommand('chatls.cancelTurn')");
    assert.equal((await ended(d)).stopReason, "cancelled");
    await holds(frame, "document.querySelectorAll('.card').length === 0");
    assert.equal(await d.run("return parts.chats.waiting.length"), 0);
  });

  test("what is proposed can be changed before it is accepted, where the daemon takes that", async (t) => {
    const d = window();
    if (!(await d.run("return parts.daemon.features.editedArguments"))) {
      t.skip("this daemon does not");
      return;
    }
    await closeAll(d);
    await d.play([[read()], [edit("Buy bread.", "Buy cheese.")], [{ text: "Changed." }]] as never);
    const frame = await d.ask("Change it.");
    await frame.locator(".card button:has-text('Edit, then Allow')").click();
    await editProposed(d, "Buy olives.");
    // Who allows it in the panel allows what stands in the editor, and nothing wider.
    await shows(frame, "What is done is what stands there.", ".card");
    await counts(frame, ".card .option.allow", 1);
    await answers(d, frame);
    await ended(d);
    await onDisk(d, "notes.txt", /^Buy olives\./);
  });
}
