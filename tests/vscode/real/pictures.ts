// Takes the pictures of docs/images: node tests/vscode/real/pictures.ts FOLDER. Look at them before you keep them.
import { join } from "node:path";
import { start } from "./driver.ts";
import { closeAll, ended, shows } from "./steps.ts";

const folder = process.argv[2] ?? ".";
const FILES = {
  "README.md": "# Greeter\n\nGreets people.\n",
  "src/greet.py": 'def greet(name):\n    print("Hello", name)  # TODO: be polite\n\n\ndef main():\n    greet("you")\n',
  "tests/test_greet.py": 'from greet import greet\n\n\ndef test_it_greets(capsys):\n    greet("Ada")\n    assert "Ada" in capsys.readouterr().out\n',
};
const READ = { toolCall: { name: "read_file", arguments: { path: "src/greet.py" } } };
const SEARCH = { toolCall: { name: "search", arguments: { pattern: "TODO" } } };
const ANSWER = [
  "`greet` prints a greeting, and one thing is left to do: `src/greet.py:2` wants it **polite**. I would\n\n",
  "1. give the name a type,\n2. greet with the time of day.\n\n",
  "```python\ndef greet(name: str) -> None:\n    # \"Good day\" fits from morning to evening\n    print(f\"Good day, {name}\")\n```\n\nShall I?",
].join("");
const EDIT = {
  toolCall: {
    name: "edit_file",
    arguments: {
      path: "src/greet.py",
      edits: [{ old_text: 'def greet(name):\n    print("Hello", name)  # TODO: be polite', new_text: 'def greet(name: str) -> None:\n    # "Good day" fits from morning to evening\n    print(f"Good day, {name}")' }],
    },
  },
};

const TEST = {
  toolCall: {
    name: "edit_file",
    arguments: { path: "tests/test_greet.py", edits: [{ old_text: '    assert "Ada" in capsys.readouterr().out', new_text: '    assert capsys.readouterr().out == "Good day, Ada\\n"' }] },
  },
};

const d = await start(FILES);
const picture = async (name: string): Promise<void> => {
  await d.page.waitForTimeout(900);
  await d.page.screenshot({ path: join(folder, `vscode-${name}.png`) });
};
try {
  await d.page.setViewportSize({ width: 1280, height: 800 });
  await d.until("return parts.daemon.state === 'ready'");
  await d.run("void vscode.commands.executeCommand('workbench.trust.manage')");
  await d.page.locator(".workspace-trust-editor .monaco-button:has-text('Trust')").first().click();
  await d.until("return vscode.workspace.isTrusted && parts.daemon.state === 'ready'");
  await closeAll(d);
  await d.run("await vscode.commands.executeCommand('chatls.open')");
  const side = await d.page.evaluate<number>("document.querySelector('.part.auxiliarybar').getBoundingClientRect().left");
  await d.page.mouse.move(side - 1, 400);
  await d.page.mouse.down();
  await d.page.mouse.move(760, 400, { steps: 5 });
  await d.page.mouse.up();
  await d.page.mouse.move(500, 600);
  await d.run("await vscode.window.showTextDocument(vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, 'src/greet.py'), { preview: false })");
  const usage = { usage: { inputTokens: 2140, outputTokens: 186 } };
  const pace = { chunkChars: 40 };
  await d.play([[{ thinking: "They ask what is left. I read the file and look for open ends." }, { text: "I read it, and look for open ends.\n\n" }, READ, SEARCH, usage], [{ text: ANSWER }, usage], [READ, EDIT], [{ toolCall: { name: "read_file", arguments: { path: "tests/test_greet.py" } } }, TEST], [{ text: "It is polite now, and its test knows." }, usage]], pace);
  const frame = await d.ask("What is left to do in @src/greet.py?");
  await ended(d);
  await shows(frame, "Shall I?", ".answer");
  await picture("panel-light");
  for (const [theme, name] of [["Default Dark Modern", "panel-dark"], ["Default High Contrast", "panel-contrast"]]) {
    await d.run(`await vscode.workspace.getConfiguration("workbench").update("colorTheme", "${theme}", true)`);
    await picture(name ?? "");
  }
  await d.run(`await vscode.workspace.getConfiguration("workbench").update("colorTheme", "Default Dark Modern", true)`);
  await frame.locator(".composer textarea").fill("Yes, please.");
  await frame.locator(".composer textarea").press("Enter");
  await frame.locator(".card").waitFor({ timeout: 60_000 });
  await frame.locator(".card button[aria-label='Show Diff']").first().click();
  await d.until("return vscode.window.visibleTextEditors.some((one) => one.document.uri.scheme === 'chatls-preview')");
  await d.page.waitForTimeout(1500);
  await picture("permission");
  await d.page.waitForTimeout(400);
  await frame.locator(".card .option.allow").first().click();
  await frame.locator(".card[aria-label*='test_greet']").waitFor({ timeout: 60_000 });
  await d.page.waitForTimeout(400);
  await frame.locator(".card .option.allow").first().click();
  await ended(d);
  await d.run("await vscode.commands.executeCommand('workbench.action.closeActiveEditor')");
  await picture("finished");
  await frame.locator(".turn:last-child .changes button:has-text('Review')").click();
  await d.page.locator(".multiDiffEditor >> text=test_greet.py").first().waitFor({ timeout: 60_000 });
  await picture("review");
  await d.run("await vscode.commands.executeCommand('workbench.action.closeActiveEditor')");
  for (const words of ["Write tests for greet", "Why is main not called?", "Explain the tests"]) {
    await d.play([[{ text: "Here it is." }]]);
    await d.ask(words);
    await ended(d);
  }
  await d.run("await vscode.commands.executeCommand('chatls.history')");
  await frame.locator(".history .session").nth(2).waitFor({ timeout: 30_000 });
  await picture("history");
  await frame.locator(".history input[type=search]").press("Escape");
  await d.play([[{ text: "I read it first." }, READ], [{ toolCall: { name: "edit_file", arguments: { path: "src/greet.py", edits: [{ old_text: 'greet("you")', new_text: 'greet("world")' }] } } }], [{ text: "Done." }]]);
  await d.run("await vscode.commands.executeCommand('workbench.action.chat.open', { query: '', isPartialQuery: true })");
  await d.page.waitForTimeout(800);
  await d.page.keyboard.type("@chatls greet the world", { delay: 8 });
  await d.page.keyboard.press("Escape");
  await d.page.keyboard.press("Enter");
  await d.page.locator(".interactive-session .monaco-button:has-text('Allow once') >> visible=true").first().waitFor({ timeout: 60_000 });
  await picture("chat-view");
} finally {
  await d.stop();
}
