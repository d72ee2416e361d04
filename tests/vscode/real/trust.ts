// A folder that is not trusted: it is read, and nothing that changes or runs is offered, until a person trusts it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { holds, shows, type Window } from "./steps.ts";

const TOOLS = "return (await parts.daemon.request('chat/tools', {})).tools.map((tool) => tool.name)";

export function trustTests(window: Window): void {
  test("in a folder that is not trusted nothing is offered that changes or runs", async () => {
    const d = window();
    assert.equal(await d.run("return vscode.workspace.isTrusted"), false);
    const tools = await d.run<string[]>(TOOLS);
    assert.ok(tools.includes("read_file"), tools.join());
    assert.ok(!tools.includes("edit_file") && !tools.includes("run_command"), tools.join());
    await d.run("await vscode.commands.executeCommand('chatls.open')");
    await shows(await d.chat(), "This folder is not trusted");
  });

  test("when it is trusted the daemon is told, by a new start", async () => {
    const d = window();
    await d.run("void vscode.commands.executeCommand('workbench.trust.manage')");
    await d.page.locator(".workspace-trust-editor .monaco-button:has-text('Trust')").first().click();
    await d.until("return vscode.workspace.isTrusted");
    await d.until(`if (parts.daemon.state !== 'ready') return false; ${TOOLS.replace("return ", "return (")}).includes('run_command')`);
    await d.run("await vscode.commands.executeCommand('workbench.action.closeAllEditors')");
    const frame = await d.chat();
    await holds(frame, "!document.body.innerText.includes('not trusted')");
  });
}
