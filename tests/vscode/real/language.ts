// Symbols, by what serves a language in the editor: found and renamed with text that is not saved, taken back in one step.
// The editor under test runs its TypeScript server in the browser, where it knows no files: providers of the test's serve.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { answers, becomes, closeAll, ended, onDisk, show, type, type Window } from "./steps.ts";

export const SYMBOLS = {
  "names/area.txt": "how large it is\ndef area of side\n",
  "names/more.txt": "def four\n  \u{1F600} area of 2\n",
  "names/use.txt": "def nine\n  area of 3\n",
};
const UNSAVED = "not saved: area\n";
const RENAMED = {
  "names/area.txt": "how large it is\ndef size of side\n",
  "names/more.txt": "def four\n  \u{1F600} size of 2\n",
  "names/use.txt": "not saved: size\ndef nine\n  size of 3\n",
};

/** What serves these files: a symbol is a word, and what stands behind `def` is defined. */
const PROVIDERS = `
  const selector = { pattern: "**/names/*.txt" };
  const folder = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, "names");
  const all = async (pattern) => {
    const found = [];
    for (const name of ["area", "more", "use"]) {
      const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder, name + ".txt"));
      for (const match of document.getText().matchAll(pattern)) {
        const start = match.index + match[0].length - match[1].length;
        const range = new vscode.Range(document.positionAt(start), document.positionAt(start + match[1].length));
        found.push({ name: match[1], document, location: new vscode.Location(document.uri, range) });
      }
    }
    return found;
  };
  const word = (document, position) => document.getText(document.getWordRangeAtPosition(position));
  const uses = (document, position) => all(new RegExp("\\\\b(" + word(document, position) + ")\\\\b", "g"));
  const definitions = (name) => all(new RegExp("def (" + name + ")\\\\b", "g"));
  const item = ({ name, location: { uri, range } }) => new vscode.CallHierarchyItem(11, name, "", uri, range, range);
  const served = [
    vscode.languages.registerReferenceProvider(selector, {
      provideReferences: async (document, position) => (await uses(document, position)).map(({ location }) => location),
    }),
    vscode.languages.registerDefinitionProvider(selector, {
      provideDefinition: async (document, position) => (await definitions(word(document, position))).map(({ location }) => location),
    }),
    vscode.languages.registerHoverProvider(selector, {
      provideHover: (document, position) => new vscode.Hover([{ language: "names", value: word(document, position) }, "How large it is."]),
    }),
    vscode.languages.registerDocumentSymbolProvider(selector, {
      provideDocumentSymbols: async (document) => (await definitions("\\\\w+"))
        .filter((one) => one.document === document)
        .map(({ name, location: { range } }) => new vscode.DocumentSymbol(name, "", 11, new vscode.Range(range.start.line, 0, range.start.line + 1, 0), range)),
    }),
    vscode.languages.registerWorkspaceSymbolProvider({
      provideWorkspaceSymbols: async (query) => (await definitions(query)).map(({ name, location }) => new vscode.SymbolInformation(name, 11, "names", location)),
    }),
    vscode.languages.registerCallHierarchyProvider(selector, {
      prepareCallHierarchy: async (document, position) => (await definitions(word(document, position))).map(item),
      provideCallHierarchyIncomingCalls: async () => (await definitions("four")).map((one) => {
        const { range } = one.location;
        return new vscode.CallHierarchyIncomingCall(item(one), [new vscode.Range(range.start.line + 1, 5, range.start.line + 1, 9)]);
      }),
      provideCallHierarchyOutgoingCalls: () => [],
    }),
    vscode.languages.registerRenameProvider(selector, {
      provideRenameEdits: async (document, position, newName) => {
        if (newName === "odd") {
          throw new Error("not this name");
        }
        const edit = new vscode.WorkspaceEdit();
        for (const { location } of await uses(document, position)) {
          edit.replace(location.uri, location.range, newName);
        }
        if (newName === "moved") {
          edit.renameFile(document.uri, vscode.Uri.joinPath(folder, "moved.txt"));
        }
        return edit;
      },
    }),
  ];
  globalThis.served = vscode.Disposable.from(...served);`;

export function languageTests(window: Window): void {
  test("a symbol is found and renamed in all files by who serves its language, and one undo takes all of it back", async () => {
    const d = window();
    await closeAll(d);
    await d.run(PROVIDERS);
    await type(d, "names/use.txt", UNSAVED);
    const area = { path: "names/area.txt", line: 2, symbol: "area" };
    const call = (name: string, more: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({ toolCall: { name, arguments: more } });
    await d.play([
      [call("references", area)],
      [call("definition", { path: "names/use.txt", line: 3, symbol: "area" }), call("symbols", { path: "names/more.txt" }), call("references", { ...area, what: "callers" })],
      [call("symbols", { query: "four" })],
      [call("rename_symbol", { ...area, new_name: "odd" })],
      [call("rename_symbol", { ...area, new_name: "moved" })],
      [call("rename_symbol", { ...area, new_name: "size" })],
      [{ text: "Renamed." }],
    ]);
    const frame = await d.ask("Rename it.");
    await frame.locator(".card").waitFor();
    await d.picture("rename-asked");
    await becomes(d, "names/more.txt", SYMBOLS["names/more.txt"]);
    await answers(d, frame);
    const { blocks } = (await ended(d)) as { blocks: readonly { content?: readonly { text?: string }[] }[] };
    const said = blocks.flatMap(({ content }) => content?.[0]?.text ?? []);
    const wanted = [
      /^4 references of "area", in 3 files of the workspace\n[\s\S]*names\/more\.txt:2: {3}\u{1F600} area of 2\nnames\/use\.txt:1: not saved: area/u,
      /names\/area\.txt:2: def area of side\n\n[\s\S]*How large it is\./,
      /^1\tfunction four/m,
      /more\.txt:2: .*\[function four/,
      /names\/more\.txt:1: def four {2}\[function four in names\]/,
      /the language server says: .*not this name/,
      /it would also move or make files/,
      /changed names\/more\.txt \(\+1 -1 lines; it is open in the editor/,
    ];
    wanted.forEach((words, at) => assert.match(said[at] ?? "", words));
    for (const [name, text] of Object.entries(RENAMED)) {
      await becomes(d, name, text);
    }
    await onDisk(d, "names/area.txt", /^how large it is\ndef size of side\n$/); // it was as on the disk, and is again
    assert.equal(readFileSync(join(d.workspace, "names/use.txt"), "utf8"), SYMBOLS["names/use.txt"], "what was not saved is not");
    await d.picture("rename-done");
    await show(d, "names/area.txt");
    await d.run("await vscode.commands.executeCommand('undo')");
    await becomes(d, "names/area.txt", SYMBOLS["names/area.txt"]);
    await becomes(d, "names/more.txt", SYMBOLS["names/more.txt"]);
    await becomes(d, "names/use.txt", UNSAVED + SYMBOLS["names/use.txt"]);
    await d.run("globalThis.served.dispose()");
    await closeAll(d);
  });
}
