// What tests say again and again.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Driver, type Frame, PATIENCE } from "./driver.ts";

export type Window = () => Driver;

export const ENDED = "const turn = parts.chats.active.turns.at(-1); return turn?.view.status === 'ended' && !parts.chats.active.running";

/** The turn that is shown last, when it has ended. */
export async function ended(d: Driver): Promise<{ stopReason: string; blocks: readonly { type: string; text?: string; status?: string; name?: string }[]; error?: { message: string } }> {
  await d.until(ENDED, "the end of the turn");
  return d.run("return parts.chats.active.turns.at(-1).view");
}

/** Wait until the page shows a text. */
export async function shows(frame: Frame, text: string, selector = "#page"): Promise<void> {
  await frame.locator(`${selector} >> text=${text}`).first().waitFor();
}

/** Wait until what is looked at is what is wanted, and say what it was where it never is. */
async function comes<Value>(look: () => Promise<Value>, isWanted: (seen: Value) => boolean, what: string): Promise<void> {
  const end = Date.now() + PATIENCE;
  for (let seen = await look(); !isWanted(seen); seen = await look()) {
    if (Date.now() > end) {
      throw new Error(`waited in vain for: ${what}; seen last: ${String(seen)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** Wait until an expression is true in the page, whose policy lets nothing be evaluated by itself. */
export function holds(frame: Frame, expression: string): Promise<void> {
  return comes(() => frame.evaluate<boolean>(expression), (value) => value, expression);
}

/** Wait until the last element of its kind reads so: what the extension knows comes to the page a moment later. */
export function reads(frame: Frame, selector: string, pattern: RegExp): Promise<void> {
  return comes(async () => (await frame.locator(selector).last().innerText()).replace(/\s+/g, " ").trim(), (text) => pattern.test(text), `${selector} that reads ${pattern}`);
}

/** Wait until there are so many. */
export function counts(frame: Frame, selector: string, wanted: number): Promise<void> {
  return comes(() => frame.locator(selector).count(), (count) => count === wanted, `${wanted} of ${selector}`);
}

/** Ask in the session that is shown. */
export async function goOn(d: Driver, words: string): Promise<void> {
  const before = await d.run<number>("return parts.chats.active.turns.length + parts.chats.active.queue.length + parts.chats.active.steering.length");
  const box = (await d.chat()).locator(".composer .box textarea");
  await box.fill(words);
  await box.press("Enter");
  await d.until(`return parts.chats.active.turns.length + parts.chats.active.queue.length + parts.chats.active.steering.length > ${before}`, `the turn of ${words}`);
}

/** Wait for a question. What is pressed at once is no answer. */
export async function asked(d: Driver, frame: Frame, card = ".card"): Promise<void> {
  await frame.locator(card).first().waitFor();
  await d.page.waitForTimeout(350);
}

/** Answer the oldest question by a button of its, and wait until it is gone. */
export async function answers(d: Driver, frame: Frame, button = ".option.allow"): Promise<void> {
  await asked(d, frame);
  const before = await frame.locator(".card").count();
  await frame.locator(".card").first().locator(button).first().click();
  await counts(frame, ".card", before - 1);
}

/** Put a line in place of the first one of what is proposed, in the editor that is beside. */
export async function editProposed(d: Driver, line: string): Promise<void> {
  await d.until(`
    const editor = vscode.window.activeTextEditor;
    return editor?.document.uri.scheme === "chatls-edit" && (await editor.edit((edit) => edit.replace(editor.document.lineAt(0).range, ${JSON.stringify(line)})));`);
}

/** Press a key until that has come of it: who shows something takes keys a moment later. */
export async function pressed(d: Driver, key: string, came: () => Promise<unknown>): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!(await came())) {
    if (Date.now() > end) {
      throw new Error(`nothing came of ${key}`);
    }
    await d.page.keyboard.press(key);
    await d.page.waitForTimeout(300);
  }
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

/** Wait until a file holds what is wanted: a slow editor saves after the answer. */
export function onDisk(d: Driver, name: string, pattern: RegExp): Promise<void> {
  return comes(async () => readFileSync(join(d.workspace, name), "utf8"), (text) => pattern.test(text), `${name} with ${pattern}`);
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

/** Forget what was typed and not saved, and close all editors: one that was changed would ask whether it is to be saved. */
export async function closeAll(d: Driver): Promise<void> {
  await d.until(`
    for (const changed of vscode.workspace.textDocuments.filter((one) => one.isDirty && !one.isClosed && one.uri.scheme !== "vscode-notebook-cell")) {
      await vscode.window.showTextDocument(changed, { preview: false });
      await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
    }
    return !vscode.workspace.textDocuments.some((one) => one.isDirty && one.uri.scheme !== "vscode-notebook-cell");`);
  await d.run(`await vscode.commands.executeCommand("workbench.action.closeAllEditors")`);
}
