// The extension in a real VS Code: one window for all, in which a person works.
import { after, afterEach, before, test } from "node:test";
import { askingTests } from "./asking.ts";
import { comingTests } from "./coming.ts";
import { type Driver, start } from "./driver.ts";
import { editingTests } from "./editing.ts";
import { faceTests } from "./faces.ts";
import { formTests } from "./forms.ts";
import { languageTests, SYMBOLS } from "./language.ts";
import { lifeTests } from "./life.ts";
import { sessionTests } from "./sessions.ts";
import { streamingTests } from "./streaming.ts";
import { trustTests } from "./trust.ts";
import { windowTests } from "./windows.ts";

export const NOTES = "Buy bread.\nTODO: write the tests.\nCall home.\n";
const FILES = {
  "notes.txt": NOTES,
  "src/app.py": 'def main() -> None:\n    print("hello")  # TODO: greet by name\n',
  "src/greet.py": "def greet(name):\n    return name\n",
  "table.ipynb": JSON.stringify({
    cells: [{ cell_type: "code", execution_count: null, id: "one", metadata: {}, outputs: [], source: ["x = 1\n"] }],
    metadata: { language_info: { name: "python" } },
    nbformat: 4,
    nbformat_minor: 5,
  }),
  ...SYMBOLS,
};

let driver: Driver | undefined;
const window = (): Driver => driver as Driver;

before(async () => {
  driver = await start(FILES);
});
after(async () => {
  await driver?.stop();
});

afterEach(async (t) => {
  if ("passed" in t && !t.passed) {
    await driver?.picture(`failed-${t.name.replace(/\W+/g, "-").slice(0, 40)}`);
  }
});

test("the extension starts the daemon, and knows what it can do", async () => {
  await window().until("return parts.daemon.state === 'ready'");
});

trustTests(window);
streamingTests(window);
askingTests(window);
formTests(window);
editingTests(window);
languageTests(window);
faceTests(window);
sessionTests(window);
windowTests(window);
comingTests(window);
lifeTests(window);
