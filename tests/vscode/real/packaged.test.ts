// What is packed, installed into a real VS Code as a person installs it, and asked one question by keys alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chatOf, installPacked, type Launched, launched } from "./driver.ts";

let editor: Launched | undefined;

before(async () => {
  editor = await launched({ "notes.txt": "Buy bread.\n" }, installPacked);
});
after(async () => {
  await editor?.stop();
});

test("the packed extension is installed, starts the daemon, and shows an answer", async () => {
  assert.ok(editor);
  const page = await editor.fresh();
  await page.goto(editor.place.address + encodeURIComponent(editor.place.workspace));
  await page.waitForSelector(".monaco-workbench");
  await page.waitForSelector('.statusbar-item:has-text("chatls")');
  const input = page.locator(".quick-input-box input");
  while (!(await input.isVisible())) {
    await page.keyboard.press("F1"); // a window that comes up may not listen yet
    await page.waitForTimeout(300);
  }
  await input.fill(">chatls: New Session");
  await page.waitForSelector('.quick-input-list .monaco-list-row.focused:has-text("New Session")');
  await input.press("Enter");
  const frame = await chatOf(page);
  const box = frame.locator(".composer .box textarea");
  await box.fill("Hi?");
  await box.press("Enter");
  await frame.locator("text=Hello.").first().waitFor();
});
