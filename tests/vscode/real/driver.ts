// A real VS Code with the extension in it, in a real browser: started once, driven by keys, clicks and a door in the test
// bundle. Everything of a run lies in one folder of its own.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const HERE = import.meta.dirname;
const ROOT = join(HERE, "../../..");
const CLIENT = join(ROOT, "clients/vscode");
const CODE = join(HERE, "../node_modules/code-server/out/node/entry.js");
/** A cold start takes 20 seconds on a machine that rests. */
export const PATIENCE = 120_000;

type Json = Readonly<Record<string, unknown>>;

export interface Driver {
  readonly folder: string;
  readonly workspace: string;
  readonly page: Page;
  /** Run the body of a function of `parts` and `vscode` in the extension. */
  run<Value = unknown>(body: string): Promise<Value>;
  /** Wait until the body gives something that counts as true. */
  until<Value = unknown>(body: string, what?: string): Promise<Value>;
  /** Let the daemon play these replies from now on. */
  play(replies: readonly (readonly Json[])[], pace?: Json): Promise<void>;
  /** The frame that the chat's page is in. */
  chat(): Promise<Frame>;
  /** Ask in the panel, by its own keys. */
  ask(words: string, model?: string): Promise<Frame>;
  picture(name: string): Promise<void>;
  /** A second window on the same folder, with a daemon of its own. At most one at a time. */
  beside(): Promise<Driver>;
  stop(): Promise<void>;
}

/** What is used of playwright's. */
export interface Locator {
  click(options?: Json): Promise<void>;
  fill(text: string): Promise<void>;
  press(key: string): Promise<void>;
  focus(): Promise<void>;
  innerText(): Promise<string>;
  textContent(): Promise<string | null>;
  count(): Promise<number>;
  waitFor(options?: Json): Promise<void>;
  first(): Locator;
  last(): Locator;
  nth(at: number): Locator;
  locator(selector: string): Locator;
  getAttribute(name: string): Promise<string | null>;
  evaluate<Value>(work: string): Promise<Value>;
  screenshot(options: Json): Promise<unknown>;
  isVisible(): Promise<boolean>;
}
export interface Frame {
  locator(selector: string, options?: Json): Locator;
  evaluate<Value>(work: string): Promise<Value>;
  url(): string;
  waitForFunction(work: string, argument?: unknown, options?: Json): Promise<unknown>;
}
export interface Page extends Frame {
  readonly keyboard: { press(key: string): Promise<void>; type(text: string, options?: Json): Promise<void> };
  readonly mouse: { move(x: number, y: number, options?: Json): Promise<void>; down(): Promise<void>; up(): Promise<void> };
  goto(url: string, options?: Json): Promise<unknown>;
  reload(): Promise<unknown>;
  frames(): Frame[];
  screenshot(options: Json): Promise<unknown>;
  waitForTimeout(ms: number): Promise<void>;
  waitForSelector(selector: string, options?: Json): Promise<unknown>;
  on(event: string, listener: (value: never) => void): void;
  setViewportSize(size: Json): Promise<void>;
  close(): Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

const SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "telemetry.telemetryLevel": "off",
  "extensions.autoUpdate": false,
  "files.autoSave": "off",
  "remote.autoForwardPorts": false,
  "security.workspace.trust.startupPrompt": "never",
  "security.workspace.trust.banner": "never",
  "security.workspace.trust.emptyWindow": false,
  "window.menuBarVisibility": "compact",
  "workbench.secondarySideBar.defaultVisibility": "visible",
  "chat.agent.enabled": true,
  "editor.accessibilitySupport": "off",
  "git.enabled": false,
  // Its rows are words in the page.
  "terminal.integrated.gpuAcceleration": "off",
};

/** The extension's folder as it would be installed, with the bundle that has the door. */
function install(extensions: string): void {
  const place = join(extensions, "chatls.chatls-0.1.0");
  for (const name of ["dist-test", "media", "README.md"]) {
    cpSync(join(CLIENT, name), join(place, name), { recursive: true });
  }
  const manifest = JSON.parse(readFileSync(join(CLIENT, "package.json"), "utf8")) as Record<string, unknown>;
  writeFileSync(join(place, "package.json"), JSON.stringify({ ...manifest, main: "./dist-test/extension.cjs" }));
}

/** What is packed, installed as a person installs it. */
export function installPacked(extensions: string): void {
  const packed = readdirSync(CLIENT).find((name) => /^chatls-.*\.vsix$/.test(name));
  if (packed === undefined) {
    throw new Error("run `make vsix`");
  }
  const where = ["--extensions-dir", extensions, "--user-data-dir", join(extensions, "../data")];
  execFileSync(process.execPath, [CODE, ...where, "--install-extension", join(CLIENT, packed)], { stdio: "ignore" });
}

/** An editor that runs, and how to open its window. */
export interface Launched {
  readonly place: Place;
  readonly door: number;
  fresh(): Promise<Page>;
  stop(): Promise<void>;
}

export async function start(files: Readonly<Record<string, string>>): Promise<Driver> {
  const { place, door, fresh, stop } = await launched(files, install);
  const driver = await opened(place, await fresh(), door);
  return { ...driver, stop, beside: async () => opened(place, await fresh(), door + 1) };
}

export async function launched(files: Readonly<Record<string, string>>, put: (extensions: string) => void): Promise<Launched> {
  const folder = mkdtempSync(join(tmpdir(), "chatls-vscode-"));
  const workspace = join(folder, "project");
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(workspace, name, ".."), { recursive: true });
    writeFileSync(join(workspace, name), text);
  }
  const script = join(folder, "script-0.json");
  writeFileSync(script, JSON.stringify({ replies: [[{ text: "Hello." }]] }));
  const settings = {
    ...SETTINGS,
    "chatls.path": process.env["CHATLS_PROGRAM"] ?? join(ROOT, ".venv/bin/chatls"),
    "chatls.providers": { scripted: { kind: "scripted", script } },
    "chatls.model": "scripted/demo",
  };
  for (const place of ["User", "Machine"]) {
    mkdirSync(join(folder, "data", place), { recursive: true });
    writeFileSync(join(folder, "data", place, "settings.json"), JSON.stringify(settings));
  }
  put(join(folder, "extensions"));
  const [port, door] = [await freePort(), await freePort()];
  const server = serve(folder, workspace, port, door);
  const browser = await chromium.launch({
    executablePath: process.env["CHATLS_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  const fresh = async (): Promise<Page> => (await browser.newPage({ viewport: { width: 1440, height: 900 } })) as unknown as Page;
  await waitForServer(port, folder);
  const place = { folder, workspace, address: `http://127.0.0.1:${port}/?folder=${encodeURIComponent(workspace)}`, played: 0 };
  return {
    place,
    door,
    fresh,
    async stop() {
      await browser.close();
      const ended = new Promise((resolve) => server.once("exit", resolve));
      // Its children are in its group.
      if (server.pid !== undefined && server.exitCode === null) {
        process.kill(-server.pid, "SIGTERM");
        await ended;
      }
      if (!process.env["CHATLS_KEEP"]) {
        rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  };
}

/** What all windows of a run share. */
export interface Place {
  readonly folder: string;
  readonly workspace: string;
  readonly address: string;
  /** How many scripts were played. */
  played: number;
}

function serve(folder: string, workspace: string, port: number, door: number): ChildProcess {
  const log = join(folder, "server.log");
  const server = spawn(
    process.execPath,
    [
      CODE,
      ...["--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--user-data-dir", join(folder, "data")],
      ...["--extensions-dir", join(folder, "extensions"), "--config", join(folder, "config.yaml")],
      ...["--disable-telemetry", "--disable-update-check", workspace],
    ],
    {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        HOME: join(folder, "home"),
        XDG_CONFIG_HOME: join(folder, "home/.config"),
        XDG_DATA_HOME: join(folder, "home/.local/share"),
        // What was fetched for the embedded model is not fetched again.
        XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
        CHATLS_TEST_DOOR: String(door),
        // An empty gallery: the workbench asks no store for anything.
        EXTENSIONS_GALLERY: '{"serviceUrl":"","itemUrl":"","controlUrl":""}',
      },
    },
  );
  mkdirSync(join(folder, "home"), { recursive: true });
  for (const stream of [server.stdout, server.stderr]) {
    stream.on("data", (piece: Buffer) => writeFileSync(log, piece, { flag: "a" }));
  }
  return server;
}

/** The frame that the chat's page is in. */
export async function chatOf(page: Page): Promise<Frame> {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    for (const frame of page.frames()) {
      if ((await frame.locator("#page .composer").count().catch(() => 0)) > 0) {
        return frame;
      }
    }
    await page.waitForTimeout(60);
  }
  throw new Error("the chat's page did not come");
}

async function opened(place: Place, page: Page, door: number): Promise<Driver> {
  const { folder, workspace } = place;
  const run = async <Value>(body: string): Promise<Value> => {
    const response = await fetch(`http://127.0.0.1:${door}/`, { method: "POST", body });
    const { value, error } = (await response.json()) as { value: Value; error?: string };
    if (error !== undefined) {
      throw new Error(`in the extension: ${error}\nof: ${body}`);
    }
    return value;
  };
  const until = async <Value>(body: string, what = body): Promise<Value> => {
    const end = Date.now() + PATIENCE;
    let last: unknown;
    while (Date.now() < end) {
      last = await run<Value>(body).catch((error: unknown) => (last = error instanceof Error ? undefined : error));
      if (last !== undefined && last !== null && last !== false && last !== 0 && last !== "") {
        return last as Value;
      }
      await page.waitForTimeout(60);
    }
    throw new Error(`waited in vain for: ${what}`);
  };
  await page.goto(place.address, { timeout: PATIENCE });
  await page.waitForSelector(".monaco-workbench", { timeout: PATIENCE });
  await until("return true", "the extension's door");
  return {
    folder,
    workspace,
    page,
    run,
    until,
    chat: () => chatOf(page),
    async play(replies, pace = {}) {
      const played = (place.played += 1);
      const script = join(folder, `script-${played}.json`);
      writeFileSync(script, JSON.stringify({ replies, chunkChars: 12, ...pace }));
      const name = `scripted${played}`;
      await run(`
        const settings = vscode.workspace.getConfiguration("chatls");
        await settings.update("providers", { ${name}: { kind: "scripted", script: ${JSON.stringify(script)} } }, true);
        await settings.update("model", "${name}/demo", true);
        parts.chats.active.model = "${name}/demo";`);
    },
    async ask(words, model) {
      await run(`await vscode.commands.executeCommand("chatls.newSession")`);
      await (model === undefined ? undefined : run(`parts.chats.active.model = ${JSON.stringify(model)}`));
      await until(`return parts.panels.front !== undefined`);
      const frame = await chatOf(page);
      const box = frame.locator(".composer .box textarea");
      await box.fill(words);
      await box.press("Enter");
      return frame;
    },
    async picture(name) {
      const wanted = process.env["CHATLS_PICTURES"];
      if (wanted) {
        await page.waitForTimeout(600);
        await page.screenshot({ path: join(wanted, `${name}.png`) });
      }
    },
    beside: () => Promise.reject(new Error("a second window opens no third one")),
    stop: () => page.close(),
  };
}

async function waitForServer(port: number, folder: string): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    const there = await fetch(`http://127.0.0.1:${port}/healthz`).then(() => true, () => false);
    if (there) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`code-server did not start: ${join(folder, "server.log")}`);
}
