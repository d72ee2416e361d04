// The house: how large things may be, no proposed API, no cast that hides one, and names that do not clash.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const CLIENT = join(import.meta.dirname, "../../../clients/vscode");
const GENERATED = new Set(["src/protocol.ts", "src/view.ts", "src/letters.ts"]);
const FILES = ["src", "page"].flatMap((folder) =>
  readdirSync(join(CLIENT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(CLIENT.length + 1)),
);
const SOURCES = FILES.filter((name) => name.endsWith(".ts") && !GENERATED.has(name));
const text = (name: string): string => readFileSync(join(CLIENT, name), "utf8");

interface Manifest {
  readonly enabledApiProposals?: unknown;
  readonly engines: { readonly vscode: string };
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly configuration: readonly { readonly properties: Readonly<Record<string, { readonly scope?: string }>> }[];
  };
}
const manifest = JSON.parse(text("package.json")) as Manifest;

test("no file is longer than can be read at a sitting", () => {
  assert.deepEqual(SOURCES.filter((name) => text(name).split("\n").length > 400), []);
});

test("no folder holds more than can be seen at a glance", () => {
  const folders = Object.groupBy(FILES, (name) => name.slice(0, name.lastIndexOf("/")));
  assert.deepEqual(Object.keys(folders).filter((name) => (folders[name]?.length ?? 0) > 30), []);
});

test("a file opens with a sentence", () => {
  assert.deepEqual(SOURCES.filter((name) => !/^(\/\/ .{15}|\/\*\* .{15})/.test(text(name))), []);
});

test("the participant stays a courtesy", () => {
  assert.ok(text("src/face/participant.ts").split("\n").length <= 200);
});

test("no proposed API is asked for, and no cast hides one", () => {
  assert.equal(manifest.enabledApiProposals, undefined);
  const hiding = /\bas any\b|<any>|: any\b|@ts-(?:ignore|nocheck|expect-error)|vscode\.proposed|\((?:vscode|stream|this\.#stream) as /;
  assert.deepEqual(SOURCES.filter((name) => hiding.test(text(name))), []);
});

test("the types are those of the oldest editor that it is for", () => {
  assert.equal(manifest.engines.vscode.replace("^", "").replace(/\.0$/, ""), manifest.devDependencies["@types/vscode"]?.replace(/\.\d+$/, ""));
});

test("what the page needs of another file's markup stays away: no HTML is written but that which was cleaned", () => {
  const writing = SOURCES.filter((name) => name.startsWith("page/") && /innerHTML|insertAdjacentHTML|outerHTML|document\.write/.test(text(name)));
  assert.deepEqual(writing, ["page/code.ts"], "highlight.js escapes what it marks up; nobody else writes HTML");
});

test("no command has a name that the daemon advertises, but in the manifest, where it is only named", () => {
  const own = text("src/commands.ts");
  assert.ok(!/^\s+cancel(All)?:/m.test(own));
});

test("every command is in the manifest, and every one of the manifest is there", () => {
  const named = manifest.contributes.commands.map(({ command }) => command.replace("chatls.", "")).filter((name) => name !== "cancelAll");
  const made = [...text("src/commands.ts").matchAll(/^ {4}(\w+): (?:async )?\(/gm)].map((match) => match[1] ?? "");
  assert.deepEqual(named.filter((name) => !made.includes(name)), []);
  assert.deepEqual(made.filter((name) => !named.includes(name)), ["showDiff", "openGuide"], "called by buttons alone");
});

test("a workspace has no say in the settings", () => {
  const all = manifest.contributes.configuration.flatMap(({ properties }) => Object.entries(properties));
  assert.ok(all.length > 10);
  assert.deepEqual(all.filter(([, { scope }]) => scope !== "machine").map(([name]) => name), []);
});
