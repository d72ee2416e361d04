// What the editor gives and takes: unsaved text, selections, code blocks, an edit of what is selected, problems.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { answers, becomes, closeAll, counts, reads, show, ended, shows, type, type Window } from "./steps.ts";

export function editingTests(window: Window): void {
  test("tools see what is typed and not saved", async () => {
    const d = window();
    await closeAll(d);
    await type(d, "notes.txt", "UNSAVED WORDS\n");
    await d.play([[{ toolCall: { name: "search", arguments: { pattern: "UNSAVED" } } }], [{ text: "Seen." }]]);
    await d.ask("Look.");
    assert.match(JSON.stringify(await ended(d)), /UNSAVED WORDS/);
    await closeAll(d);
  });

  test("cells of a notebook that are not saved are seen, changed, put in and deleted, as one step of undo", async () => {
    const d = window();
    await d.run(`
      const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, "table.ipynb");
      const notebook = await vscode.workspace.openNotebookDocument(uri);
      await vscode.window.showNotebookDocument(notebook);
      const edit = new vscode.WorkspaceEdit();
      edit.insert(notebook.cellAt(0).document.uri, new vscode.Position(0, 0), "# NOT SAVED\\n");
      await vscode.workspace.applyEdit(edit);`);
    const cells = "return vscode.workspace.notebookDocuments[0].getCells().map((cell) => [cell.document.languageId, cell.document.getText()])";
    const changes = [
      { cell: "one", action: "edit", old_text: "x = 1", text: "x = 2" },
      { cell: "0", action: "insert", cell_type: "markdown", text: "# Title" },
      { cell: "one", action: "insert", text: "print(x)" },
    ];
    await d.play([
      [{ toolCall: { name: "read_file", arguments: { path: "table.ipynb" } } }],
      [{ toolCall: { name: "edit_notebook", arguments: { path: "table.ipynb", changes } } }],
      [{ toolCall: { name: "read_file", arguments: { path: "table.ipynb" } } }],
      [{ text: "Seen." }],
    ]);
    const frame = await d.ask("Mend the notebook.");
    await frame.locator(".card").waitFor();
    assert.deepEqual(await d.run(cells), [["python", "# NOT SAVED\nx = 1\n"]]);
    await answers(d, frame);
    const { blocks } = (await ended(d)) as { blocks: readonly { status?: string; content?: readonly { text?: string }[] }[] };
    const said = blocks.flatMap(({ content }) => content?.[0]?.text ?? []);
    assert.match(said[0] ?? "", /unsaved text from the editor[\s\S]*# NOT SAVED\n/);
    assert.doesNotMatch(said[1] ?? "", /the editor changed more/);
    assert.match(said[2] ?? "", /print\(x\)/);
    const after = [["markdown", "# Title"], ["python", "# NOT SAVED\nx = 2\n"], ["python", "print(x)"]];
    assert.deepEqual(await d.run(cells), after);
    assert.doesNotMatch(readFileSync(join(d.workspace, "table.ipynb"), "utf8"), /print|NOT SAVED/, "the disk is left to the editor");
    await d.run("await vscode.workspace.notebookDocuments[0].save()");
    assert.match(readFileSync(join(d.workspace, "table.ipynb"), "utf8"), /print/);
    await closeAll(d);
  });

  test("text without a file goes along as it is, and so does a selection", async () => {
    const d = window();
    await d.run(`
      const document = await vscode.workspace.openTextDocument({ content: "draft of a poem", language: "plaintext" });
      await vscode.window.showTextDocument(document);
      await vscode.commands.executeCommand("chatls.attachSelection");`);
    const blocks = await d.run<readonly { type: string; text?: string; uri?: string }[]>("return parts.chats.active.attachments.map((one) => one.block)");
    assert.deepEqual(blocks.map(({ type: kind, text }) => [kind, text]), [["resource", "draft of a poem"]]);
    await closeAll(d);
    await d.run(`
      parts.chats.active.attachments = [];
      const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, "src/app.py");
      const editor = await vscode.window.showTextDocument(uri);
      editor.selection = new vscode.Selection(0, 0, 1, 5);
      await vscode.commands.executeCommand("chatls.askSelection");`);
    const frame = await d.chat();
    await shows(frame, "src/app.py:1-2", ".composer .along");
    await frame.locator(".composer .along .sign-button").click();
    await d.until("return parts.chats.active.attachments.length === 0");
  });

  test("the model is told what is looked at, and files outside the folder are nobody's business", async () => {
    const d = window();
    await d.run("await vscode.window.showTextDocument(vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, 'src/app.py'))");
    const told = await d.run<{ active?: { uri: string } }>("return parts.chats.lookedAt()");
    assert.match(told.active?.uri ?? "", /src\/app\.py$/);
    await d.run("await vscode.commands.executeCommand('workbench.action.openSettingsJson')");
    const after = await d.run<{ active?: { uri: string }; open: string[] } | null>("return parts.chats.lookedAt() ?? null");
    assert.ok(!JSON.stringify(after ?? {}).includes("settings.json"));
    await closeAll(d);
    // It is seen where one writes, and can be kept back.
    await d.run("const e = await vscode.window.showTextDocument(vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, 'src/app.py')); e.selection = new vscode.Selection(0, 0, 1, 3)");
    await d.play([[{ text: "I see." }]]);
    const frame = await d.chat();
    await shows(frame, "src/app.py:1-2", ".looks");
    await frame.locator(".looks").click();
    await frame.locator(".looks[aria-pressed=false]").waitFor();
    assert.equal(await d.run("return parts.chats.active.tells"), false);
    await frame.locator(".looks").click();
    await frame.locator(".looks[aria-pressed=true]").waitFor();
    await closeAll(d);
  });

  test("files are found behind @ while one writes, by keys alone", async () => {
    const d = window();
    const frame = await d.chat();
    await frame.locator(".composer textarea").fill("Read @gre");
    await reads(frame, ".choices li", /src\/greet\.py/);
    await frame.locator(".composer textarea").press("Enter");
    assert.equal(await frame.evaluate("document.querySelector('.composer textarea').value"), "Read @src/greet.py ");
    await frame.locator(".composer textarea").fill("");
  });

  test("slash commands and mentions are offered; what is written out is sent, and the daemon knows its own", async () => {
    const d = window();
    await d.play([[{ text: "Reviewed." }]]);
    const frame = await d.chat();
    const prompt = frame.locator(".composer textarea");
    await prompt.fill("/");
    await shows(frame, "/review", ".choices");
    await prompt.fill("/rev");
    await prompt.press("Enter");
    assert.equal(await frame.evaluate("document.querySelector('.composer textarea').value"), "/review ");
    await prompt.fill("/review @buffers");
    await shows(frame, "buffers", ".choices");
    const before = await d.run<number>("return parts.chats.active.turns.length");
    await prompt.press("Enter");
    await d.until(`return parts.chats.active.turns.length > ${before}`, "a turn");
    await ended(d);
    const along = await d.run<readonly string[]>("return parts.chats.active.turns.at(-1).along");
    assert.ok(along.includes("buffers"), along.join());
    await reads(frame, ".said", /\/review @buffers/);
    await prompt.fill("/ne");
    await shows(frame, "/new", ".choices");
    await prompt.press("Enter");
    await d.until("return parts.chats.active.turns.length === 0", "a new session, by one key");
  });

  test("a code block is copied, put in at the cursor, and applied through a diff", async () => {
    const d = window();
    await d.play([[{ text: "Here:\n\n```python\ndef greet(name):\n    print(name)\n    return name\n```\n" }]]);
    const frame = await d.ask("Write it.");
    await ended(d);
    await d.run(`
      const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, "src/greet.py");
      const editor = await vscode.window.showTextDocument(uri);
      editor.selection = new vscode.Selection(0, 0, 0, 0);`);
    await frame.locator(".answer button:has-text('Apply')").last().click();
    await d.until("return vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff");
    await d.run("await vscode.commands.executeCommand('chatls.acceptEdit')");
    await becomes(d, "src/greet.py", "def greet(name):\n    print(name)\n    return name\n");
    await show(d, "src/greet.py");
    await d.run("await vscode.commands.executeCommand('undo')");
    await becomes(d, "src/greet.py", "def greet(name):\n    return name\n");
    await frame.locator(".answer button:has-text('Insert')").last().click();
    await d.until("return vscode.window.activeTextEditor?.document.getText().startsWith('def greet(name):\\n    print(name)')");
    await closeAll(d);
  });

  test("a command of an answer is put into the terminal, where a person may run it", async () => {
    const d = window();
    await d.play([[{ text: "Do:\n\n```sh\n$ sleep 1; echo from-the-answer\n```\n" }]]);
    const frame = await d.ask("How?");
    await ended(d);
    await frame.locator(".answer button:has-text('Terminal')").waitFor();
    await counts(frame, ".answer button:has-text('Apply')", 0);
    // One that comes up late is taken for one that tells nothing: then it would be written to before its prompt.
    await d.run("vscode.window.createTerminal().show()");
    await d.page.locator(".terminal-wrapper .xterm-rows", { hasText: /[#$]/ }).first().waitFor();
    await d.until("return vscode.window.activeTerminal?.shellIntegration?.cwd");
    await frame.locator(".answer button:has-text('Terminal')").click();
    // It waits for the shell's prompt, and stands behind it. Nothing ran.
    await d.page.locator(".terminal-wrapper .xterm-rows", { hasText: /[#$].*from-the-answer/ }).first().waitFor();
    await d.run("vscode.window.activeTerminal.sendText('', true)");
    // What it printed can be asked about.
    const said = await d.until<string>(`
      parts.chats.active.attachments = [];
      await vscode.commands.executeCommand("chatls.attachTerminal");
      const { text } = parts.chats.active.attachments[0]?.block ?? {};
      return text?.includes("exit code") && text.includes("\\nfrom-the-answer") && text;`);
    assert.equal(said, "$ sleep 1; echo from-the-answer\nfrom-the-answer\n(exit code 0)");
    await d.run("parts.chats.active.attachments = []; parts.panels.front.attachmentsChanged()");
    await d.run("vscode.window.terminals.forEach((one) => one.dispose()); await vscode.commands.executeCommand('workbench.action.closePanel')");
  });

  test("a fence that names a file is applied to it, whatever else is open, and a call leads to its file", async () => {
    const d = window();
    await d.play([[{ toolCall: { name: "read_file", arguments: { path: "src/greet.py", start_line: 2 } } }], [{ text: "Here:\n\n```python src/greet.py\ndef greet(name):\n    return 1\n```\n\n- [x] done\n" }]]);
    const frame = await d.ask("Write it.");
    await ended(d);
    await show(d, "notes.txt");
    await shows(frame, "\u2611 done", ".answer");
    await frame.locator(".answer button:has-text('Apply')").click();
    await d.until("return vscode.window.activeTextEditor?.document.uri.scheme === 'chatls-edit'");
    await d.run("await vscode.commands.executeCommand('chatls.acceptEdit')");
    await becomes(d, "src/greet.py", "def greet(name):\n    return 1\n");
    await closeAll(d);
    await frame.locator(".turn:last-child .call summary").click();
    await frame.locator(".turn:last-child .places button").click();
    await d.until("return vscode.window.activeTextEditor?.document.fileName.endsWith('greet.py') && vscode.window.activeTextEditor.selection.active.line === 1");
    await closeAll(d);
  });

  test("what is selected is edited in place, after a look at the difference", async () => {
    const d = window();
    await d.play([[{ text: "```python\ndef greet(name: str) -> str:\n    return name\n```" }]]);
    await d.run(`
      const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, "src/greet.py");
      const editor = await vscode.window.showTextDocument(uri);
      editor.selection = new vscode.Selection(0, 0, 1, 5);
      void vscode.commands.executeCommand("chatls.inlineEdit");`);
    await d.page.locator(".quick-input-box input").fill("add types");
    await d.page.locator(".quick-input-box input").press("Enter");
    await d.until("return vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff");
    await d.until("return vscode.window.activeTextEditor?.document.uri.scheme === 'chatls-edit'");
    await d.page.locator(".monaco-diff-editor .monaco-editor.focused").first().waitFor();
    await d.page.keyboard.press("Control+Enter");
    await d.until("return vscode.window.tabGroups.all.every((group) => group.tabs.every((tab) => !(tab.input instanceof vscode.TabInputTextDiff)))");
    await becomes(d, "src/greet.py", "def greet(name: str) -> str:\n    return name\n");
    await closeAll(d);
  });

  test("the message of a commit is written from what is staged, into the box where it is asked for", async () => {
    const d = window();
    const git = (...words: readonly string[]): void => void execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@b.c", ...words], { cwd: d.workspace });
    git("init", "-q");
    git("add", "src/app.py");
    await d.run("await vscode.workspace.getConfiguration('git').update('enabled', true, true)");
    const repository = "vscode.extensions.getExtension('vscode.git').exports?.getAPI(1).repositories[0]";
    await d.until(`return ${repository}?.state.indexChanges.length`);
    await d.play([[{ text: "```\nGreet people\n\nNobody did.\n```" }]]);
    await d.run("await vscode.commands.executeCommand('chatls.commitMessage')");
    assert.equal(await d.run(`return ${repository}.inputBox.value`), "Greet people\n\nNobody did.");
    await d.run("await vscode.workspace.getConfiguration('git').update('enabled', false, true)");
    rmSync(join(d.workspace, ".git"), { recursive: true, maxRetries: 20 }); // the editor may look into it still
  });

  test("a problem of the editor can be handed over, and the daemon is told of them", async () => {
    const d = window();
    await d.run(`
      globalThis.problems = vscode.languages.createDiagnosticCollection("test");
      const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, "src/app.py");
      await vscode.window.showTextDocument(uri);
      globalThis.problems.set(uri, [new vscode.Diagnostic(new vscode.Range(1, 4, 1, 9), "print is not allowed here", 0)]);`);
    const actions = await d.run<string[]>(`
      const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, "src/app.py");
      const found = await vscode.commands.executeCommand("vscode.executeCodeActionProvider", uri, new vscode.Range(1, 4, 1, 9));
      return found.map((action) => action.title);`);
    assert.ok(actions.some((title) => title.startsWith("Fix with chatls: print is not allowed here")), actions.join());
    await d.play([[{ toolCall: { name: "diagnostics", arguments: {} } }], [{ text: "Known." }]]);
    await d.run("await vscode.commands.executeCommand('chatls.newSession'); await vscode.commands.executeCommand('chatls.attachProblems')");
    await d.ask("Any problems?");
    assert.match(JSON.stringify(await ended(d)), /print is not allowed here/);
    const asked = await d.run<{ title: string; turns: { along: string[] }[] }>("return { title: parts.chats.active.title, turns: parts.chats.active.turns }");
    assert.deepEqual([asked.title, asked.turns[0]?.along], ["Any problems?", ["1 problem"]]);
    await d.run("globalThis.problems.dispose()");
    await closeAll(d);
  });
}
