// What tests say again and again.
import assert from "node:assert/strict";
import type { Driver, Frame } from "./driver.ts";

export type Window = () => Driver;

export const ENDED = "const turn = parts.chats.active.turns.at(-1); return turn?.view.status === 'ended' && !parts.chats.active.running";

/** The turn that is shown last, when it has ended. */
export async function ended(d: Driver): Promise<{ stopReason: string; blocks: readonly { type: string; text?: string; status?: string; name?: string }[]; error?: { message: string } }> {
  await d.until(ENDED, "the end of the turn");
  return d.run("return parts.chats.active.turns.at(-1).view");
}

/** Wait until the page shows a text. */
export async function shows(frame: Frame, text: string, selector = "#page"): Promise<void> {
  await frame.locator(`${selector} >> text=${text}`).first().waitFor({ timeout: 30_000 });
}

/** Wait until an expression is true in the page, whose policy lets nothing be evaluated by itself. */
export async function holds(frame: Frame, expression: string): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await frame.evaluate<boolean>(expression))) {
    if (Date.now() > end) {
      throw new Error(`waited in vain for: ${expression}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

export async function textOf(frame: Frame, selector: string): Promise<string> {
  return (await frame.locator(selector).last().innerText()).replace(/\s+/g, " ").trim();
}

/** Show a file. */
export function show(d: Driver, name: string): Promise<unknown> {
  return d.run(`await vscode.window.showTextDocument(vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, ${JSON.stringify(name)}))`);
}

/** Wait until a document holds what is wanted. */
export function becomes(d: Driver, name: string, text: string): Promise<unknown> {
  return d.until(`
    const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, ${JSON.stringify(name)});
    return (await vscode.workspace.openTextDocument(uri)).getText() === ${JSON.stringify(text)};`);
}

/** What a document holds in the editor, by its name in the project. */
export function documentText(d: Driver, name: string): Promise<string> {
  return d.run(`
    const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, ${JSON.stringify(name)});
    return (await vscode.workspace.openTextDocument(uri)).getText();`);
}

/** Open a file, and put a text at its beginning without saving it. */
export async function type(d: Driver, name: string, text: string): Promise<void> {
  await d.run(`
    const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, ${JSON.stringify(name)});
    const editor = await vscode.window.showTextDocument(uri);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), ${JSON.stringify(text)}));`);
}

/** Forget what was typed and not saved, and close all editors. */
export async function closeAll(d: Driver): Promise<void> {
  await d.run(`
    for (let left = 20; left > 0 && vscode.window.activeTextEditor; left--) {
      await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
    }
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");`);
}

export function no(found: unknown, what: string): void {
  assert.equal(found, 0, what);
}
