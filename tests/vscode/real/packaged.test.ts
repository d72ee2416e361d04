// What is packed, installed into a real VS Code as a person installs it, and asked one question by keys alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chatOf, installPacked, type Launched, launched, PATIENCE } from "./driver.ts";

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
  await page.goto(editor.place.address);
  await page.waitForSelector(".monaco-workbench", { timeout: PATIENCE });
  await page.waitForSelector('.statusbar-item:has-text("chatls")', { timeout: PATIENCE });
  await page.keyboard.press("F1");
  await page.waitForSelector(".quick-input-widget input", { timeout: PATIENCE });
  await page.keyboard.type("chatls: New Session");
  await page.waitForSelector('.quick-input-list .monaco-list-row.focused:has-text("New Session")', { timeout: PATIENCE });
  await page.keyboard.press("Enter");
  const frame = await chatOf(page);
  const box = frame.locator(".composer .box textarea");
  await box.fill("Hi?");
  await box.press("Enter");
  await frame.locator("text=Hello.").first().waitFor({ timeout: PATIENCE });
});
