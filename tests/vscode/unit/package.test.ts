// What is packed: small, whole, and nothing in it that belongs to the tests. `run.sh` has packed it before.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const CLIENT = join(import.meta.dirname, "../../../clients/vscode");
const packed = readdirSync(CLIENT).find((name) => /^chatls-.*\.vsix$/.test(name));
const folder = mkdtempSync(join(tmpdir(), "chatls-vsix-"));
const MOST = 400_000;

after(() => rmSync(folder, { recursive: true }));

test("it is packed, and small", () => {
  assert.ok(packed, "run `make vsix`");
  assert.ok(statSync(join(CLIENT, packed)).size < MOST);
});

test("no server, no door of the tests, no source map, no source is in it", () => {
  execFileSync("python3", ["-m", "zipfile", "-e", join(CLIENT, packed ?? ""), folder]);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
  assert.deepEqual(names, [
    "[Content_Types].xml",
    "extension.vsixmanifest",
    "extension/LICENSE.txt",
    "extension/dist/extension.cjs",
    "extension/dist/page.js",
    "extension/dist/style.css",
    "extension/media/chat-dark.svg",
    "extension/media/chat.svg",
    "extension/media/icon.png",
    "extension/package.json",
    "extension/readme.md",
  ]);
  const bundle = readFileSync(join(folder, "extension/dist/extension.cjs"), "utf8");
  assert.ok(!/CHATLS_TEST_DOORS|node:http\b|sourceMappingURL|new Function\("parts"/.test(bundle));
  assert.ok(!readFileSync(join(folder, "extension/dist/page.js"), "utf8").includes("sourceMappingURL"));
});
