// A real VS Code with the extension in it, in a real browser: started once, driven by keys, clicks and a door in the test
// bundle. Everything of a run lies in one folder of its own.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const HERE = import.meta.dirname;
const ROOT = join(HERE, "../../..");
const CLIENT = join(ROOT, "clients/vscode");
const CODE = join(HERE, "../node_modules/code-server/out/node/entry.js");
/** A cold start takes 20 seconds on a machine that rests, and minutes on one that does not. */
export const PATIENCE = 280_000;

type Json = Readonly<Record<string, unknown>>;

export interface Driver {
  readonly folder: string;
  readonly workspace: string;
  readonly page: Page;
  /** Run the body of a function of `parts` and `vscode` in the extension. */
  run<Value = unknown>(body: string): Promise<Value>;
  /** Wait until the body gives something that counts as true. */
  until<Value = unknown>(body: string, what?: string): Promise<Value>;
  /** Let the daemon play these replies from now on. It knows them when this is done; so do the daemons of `also`. */
  play(replies: readonly (readonly Json[])[], pace?: Json, also?: readonly Driver[]): Promise<void>;
  /** What the `until` of a script, or of a shell, waits for, until it is opened. */
  gate(): { readonly path: string; open(): void };
  /** The frame that the chat's page is in. */
  chat(): Promise<Frame>;
  /** Ask in the panel, by its own keys. */
  ask(words: string, model?: string): Promise<Frame>;
  picture(name: string): Promise<void>;
  /** A second window, with a daemon of its own: on the same folder, or on another one of this name. */
  beside(name?: string): Promise<Driver>;
  /** The same window anew; the one of before is gone. */
  reload(): Promise<void>;
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
  hover(): Promise<void>;
}
export interface Frame {
  locator(selector: string, options?: Json): Locator;
  evaluate<Value>(work: string): Promise<Value>;
  url(): string;
}
export interface Page extends Frame {
  readonly keyboard: { press(key: string): Promise<void>; type(text: string, options?: Json): Promise<void> };
  readonly mouse: { move(x: number, y: number, options?: Json): Promise<void>; down(): Promise<void>; up(): Promise<void> };
  setDefaultTimeout(ms: number): void;
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  frames(): Frame[];
  screenshot(options: Json): Promise<unknown>;
  waitForTimeout(ms: number): Promise<void>;
  waitForSelector(selector: string, options?: Json): Promise<unknown>;
  on(event: string, listener: (value: never) => void): void;
  setViewportSize(size: Json): Promise<void>;
  close(): Promise<void>;
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
  fresh(): Promise<Page>;
  stop(): Promise<void>;
}

export async function start(files: Readonly<Record<string, string>>): Promise<Driver> {
  const { place, fresh, stop } = await launched(files, install);
  const driver = await fresh().then((page) => opened(place, page)).catch(async (error: unknown) => {
    await stop(); // nobody else would
    throw error;
  });
  return { ...driver, stop, beside: async (name) => opened(place, await fresh(), name) };
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
  mkdirSync(join(folder, "doors"));
  const server = serve(folder, workspace);
  const browser = await chromium.launch({
    executablePath: process.env["CHATLS_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    timeout: PATIENCE,
  });
  const fresh = async (): Promise<Page> => {
    const page = (await browser.newPage({ viewport: { width: 1440, height: 900 } })) as unknown as Page;
    page.setDefaultTimeout(PATIENCE);
    return page;
  };
  const place = { folder, workspace, address: `${await listening(server, folder)}?folder=`, made: 0 };
  return {
    place,
    fresh,
    async stop() {
      await browser.close();
      // Its children are in its group, and some outlive it: they write into what is removed.
      await (server.pid === undefined ? undefined : endOf(server.pid));
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
  /** Without the folder. */
  readonly address: string;
  /** How many scripts and gates there are. */
  made: number;
}

function serve(folder: string, workspace: string): ChildProcess {
  const log = join(folder, "server.log");
  const server = spawn(
    process.execPath,
    [
      CODE,
      ...["--auth", "none", "--bind-addr", "127.0.0.1:0", "--user-data-dir", join(folder, "data")],
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
        CHATLS_TEST_DOORS: join(folder, "doors"),
        SHELL: "/bin/bash",
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

async function opened(place: Place, page: Page, name?: string): Promise<Driver> {
  const { folder } = place;
  const workspace = name === undefined ? place.workspace : join(folder, name);
  mkdirSync(workspace, { recursive: true });
  let door = "";
  const run = async <Value>(body: string): Promise<Value> => {
    const response = await fetch(`http://127.0.0.1:${door}/`, { method: "POST", body, signal: AbortSignal.timeout(PATIENCE) });
    const { value, error } = (await response.json()) as { value: Value; error?: string };
    if (error !== undefined) {
      throw new Error(`in the extension: ${error}\nof: ${body}`);
    }
    return value;
  };
  const until = async <Value>(body: string, what = body): Promise<Value> => {
    const end = Date.now() + PATIENCE;
    let wrong: unknown;
    while (Date.now() < end) {
      const value = await run<Value>(body).catch((error: unknown) => {
        wrong = error;
      });
      if (value) {
        return value;
      }
      await page.waitForTimeout(60);
    }
    throw new Error(`waited in vain for: ${what}`, { cause: wrong });
  };
  /** Do what opens a window, and find its door, which is none of those before; again where an editor starts no extension. */
  const enter = async (how: () => Promise<unknown>, tries = 1): Promise<void> => {
    const doors = (): string[] => readdirSync(join(folder, "doors"));
    const before = new Set(doors());
    await how();
    await page.waitForSelector(".monaco-workbench");
    for (const end = Date.now() + PATIENCE / tries; ; await page.waitForTimeout(60)) {
      const found = doors().find((one) => !before.has(one));
      if (found !== undefined) {
        door = found.split("-")[1] ?? "";
        return;
      }
      if (Date.now() > end && tries > 1) {
        return enter(how, tries - 1);
      }
      if (Date.now() > end) {
        throw new Error("the extension opened no door");
      }
    }
  };
  await enter(() => page.goto(place.address + encodeURIComponent(workspace)));
  return {
    folder,
    workspace,
    page,
    run,
    until,
    chat: () => chatOf(page),
    reload: () => enter(() => page.reload(), 2),
    gate() {
      const path = join(folder, `gate-${(place.made += 1)}`);
      return { path, open: () => writeFileSync(path, "") };
    },
    async play(replies, pace = {}, also = []) {
      const played = (place.made += 1);
      const script = join(folder, `script-${played}.json`);
      writeFileSync(script, JSON.stringify({ replies, chunkChars: 12, ...pace }));
      const name = `scripted${played}`;
      await run(`
        const settings = vscode.workspace.getConfiguration("chatls");
        await settings.update("providers", { ${name}: { kind: "scripted", script: ${JSON.stringify(script)} } }, true);
        await settings.update("model", "${name}/demo", true);
        parts.chats.active.model = "${name}/demo";`);
      for (const one of [until, ...also.map((other) => other.until)]) {
        await one(`return parts.daemon.usualModel === "${name}/demo"`);
      }
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
    async stop() {
      await page.goto("about:blank"); // who only closes a page leaves its extensions waiting for it
      await page.close();
    },
  };
}

/** Where the server listens, which it says itself: a port that was free a moment ago may be another's by then. */
async function listening(server: ChildProcess, folder: string): Promise<string> {
  const log = join(folder, "server.log");
  for (const end = Date.now() + PATIENCE; Date.now() < end && server.exitCode === null; ) {
    const [, address] = /HTTP server listening on (http:\S+)/.exec(existsSync(log) ? readFileSync(log, "utf8") : "") ?? [];
    if (address !== undefined) {
      return address;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`code-server did not start: ${log}`);
}

/** End a group of processes, and wait until none of them is left; not for ever: nobody may have buried the last one. */
async function endOf(group: number): Promise<void> {
  const sent = (signal: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(-group, signal);
    } catch {
      return false;
    }
  };
  const late = Date.now() + 20_000;
  for (let left = sent("SIGTERM"); left && Date.now() < late + 5000; left = sent(Date.now() < late ? 0 : "SIGKILL")) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
