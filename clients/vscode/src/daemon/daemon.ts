// The life of the daemon: started on first use, started again after a crash, gone with the window. Knows no chat.

import { execFile } from "node:child_process";
import * as os from "node:os";
import * as vscode from "vscode";
import { NOTHING_OFFERED } from "../chat/names.ts";
import { atPrompt } from "../editor/terminal.ts";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  ProgressType,
  RevealOutputChannelOn,
  State,
} from "vscode-languageclient/node";
import type { CommandsResult, ContentBlock, ProgressValue, PromptParams, PromptResult, Requests } from "../protocol.ts";
import type { Secrets } from "../secrets.ts";
import { forDaemon, own } from "../settings.ts";
import type { Features } from "../wire.ts";
import { NO_FEATURES } from "../wire.ts";
import { answerRequests } from "./answers.ts";
import { Crashes } from "./crashes.ts";
import { onlyShared, SELECTOR, shareOpened } from "./documents.ts";
import { find } from "./program.ts";
import { Questions } from "./questions.ts";

export type DaemonState = "stopped" | "starting" | "ready" | "failed";

type All = Omit<Requests, "chat/prompt">;

let prompts = 0;

/** The daemon's program. Throws an `Error` whose message is for people. */
function program(): string {
  const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
  const found = find(own("path", ""), folders);
  if ("complaint" in found) {
    throw new Error(found.complaint);
  }
  return found.path;
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export class Daemon implements vscode.Disposable {
  readonly questions = new Questions();
  readonly log = vscode.window.createOutputChannel("chatls", { log: true });
  readonly #changed = new vscode.EventEmitter<DaemonState>();
  readonly onState = this.#changed.event;
  readonly #sessionsChanged = new vscode.EventEmitter<void>();
  readonly onSessionsChanged = this.#sessionsChanged.event;
  readonly #configuredAnew = new vscode.EventEmitter<void>();
  /** It has other settings by now. */
  readonly onConfigured = this.#configuredAnew.event;
  readonly #crashes = new Crashes();
  readonly #disposables: vscode.Disposable[] = [];
  readonly #manifest: unknown;
  readonly #secrets: Secrets;
  #client: LanguageClient | undefined;
  #starting: Promise<LanguageClient> | undefined;
  #ofClient: vscode.Disposable[] = [];
  #running = 0;
  state: DaemonState = "stopped";
  /** How much each model reads, in tokens, as far as it is known. */
  windows: ReadonlyMap<string, number> = new Map();
  /** There is no model but the small one that comes along. */
  isBare = false;
  /** The model that a prompt without one gets, as far as it is known. */
  usualModel: string | undefined;
  features: Features = NO_FEATURES;
  /** What a prompt may begin with and name, as it was told last. */
  offered: CommandsResult = NOTHING_OFFERED;
  /** What is wrong, for people; only where it failed. */
  trouble: string | undefined;

  constructor(manifest: unknown, secrets: Secrets) {
    this.#manifest = manifest;
    this.#secrets = secrets;
    this.#disposables.push(
      this.log,
      vscode.workspace.onDidChangeConfiguration((event) => this.#configured(event)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.restartWhenIdle()),
      vscode.workspace.onDidChangeWorkspaceFolders((event) => {
        if (this.#client && this.state === "ready") {
          void shareOpened(this.#client, event.added);
        }
      }),
    );
  }

  /** The client of a daemon that listens. Rejects with an `Error` whose message is for people. */
  ready(): Promise<LanguageClient> {
    if (this.#starting === undefined) {
      const starting: Promise<LanguageClient> = this.#start().catch((error: unknown) => {
        if (this.#starting === starting) {
          this.#starting = undefined;
          this.#become("failed", error instanceof Error ? error.message : String(error));
        }
        throw error;
      });
      this.#starting = starting;
    }
    return this.#starting;
  }

  /** Ask the daemon something. */
  async request<Name extends keyof All>(
    method: Name,
    params: All[Name]["params"],
    token?: vscode.CancellationToken,
  ): Promise<All[Name]["result"]> {
    const client = await this.ready();
    // A third argument that is undefined would make the parameters an array.
    return token ? client.sendRequest(method, params, token) : client.sendRequest(method, params);
  }

  /** Learn what a prompt may begin with and name by now. */
  async offer(): Promise<void> {
    await this.ready();
    this.offered = this.features.commands ? await this.request("chat/commands", {}) : NOTHING_OFFERED;
  }

  /** Ask a model. Always ends: with a result, or an error. */
  async prompt(
    params: PromptParams,
    onEvent: (event: ProgressValue) => void,
    token: vscode.CancellationToken,
  ): Promise<PromptResult> {
    const client = await this.ready();
    const { listening, partialResultToken } = this.listen(client, onEvent);
    this.#running += 1;
    try {
      return await client.sendRequest<PromptResult>("chat/prompt", { ...params, partialResultToken }, token);
    } finally {
      this.#running -= 1;
      listening.dispose();
    }
  }

  /** One answer in words alone, of no session and without tools; nothing where it was cancelled. Rejects where it failed. */
  async words(content: ContentBlock[], token: vscode.CancellationToken, model?: string): Promise<string | undefined> {
    let answer = "";
    const params = { content, tools: [], keep: false, ...(model === undefined ? {} : { model }) };
    const result = await this.prompt(params, (event) => (answer += event.kind === "textChunk" ? event.text : ""), token);
    if (result.stopReason === "error") {
      throw new Error(result.error?.message ?? "The answer failed.");
    }
    return result.stopReason === "cancelled" ? undefined : answer;
  }

  /** Hear the events of a token of our own. */
  listen(
    client: LanguageClient,
    onEvent: (event: ProgressValue) => void,
  ): { readonly listening: vscode.Disposable; readonly partialResultToken: string } {
    const partialResultToken = `chatls-vscode-${(prompts += 1)}`;
    return { listening: client.onProgress(new ProgressType<ProgressValue>(), partialResultToken, onEvent), partialResultToken };
  }

  async restart(): Promise<void> {
    this.#crashes.forget();
    await this.stop();
    await this.ready();
  }

  /** Restart when no turn runs: what the editor can do is told once, at the start. */
  async restartWhenIdle(): Promise<void> {
    while (this.#running > 0) {
      await new Promise<void>((resolve) => setTimeout(resolve, 200));
    }
    if (this.state !== "stopped") {
      await this.restart().catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#starting = undefined;
    this.#ofClient.forEach((one) => one.dispose());
    this.#ofClient = [];
    // At once: one that is started while this one goes would be called stopped when this one has gone.
    this.#become("stopped");
    await client?.dispose(2500).catch(() => undefined);
  }

  dispose(): void {
    this.#disposables.forEach((one) => one.dispose());
  }

  /** What the program says when it is run with these arguments. Rejects with an `Error` whose message is for people. */
  async run(...given: readonly string[]): Promise<string> {
    const command = program();
    const options = { ...(await this.#surroundings()), timeout: 60_000, encoding: "utf8" } as const;
    return new Promise((resolve, reject) => {
      execFile(command, [...given], options, (error, stdout, stderr) => {
        if (stdout === "" && error) {
          reject(new Error(`${command} ${given.join(" ")}: ${stderr.trim() || error.message}`));
        } else {
          resolve(stdout);
        }
      });
    });
  }

  /** A terminal in which the program runs with these arguments. What it changed is heeded when it is done. */
  async terminal(name: string, ...given: readonly string[]): Promise<vscode.Terminal> {
    const { cwd, env } = await this.#surroundings(false);
    const terminal = vscode.window.createTerminal({ name, cwd, env });
    const line = [quoted(program()), ...given].join(" ");
    let ran: vscode.TerminalShellExecution | undefined;
    let heeded = false;
    const listening = vscode.Disposable.from(
      vscode.window.onDidStartTerminalShellExecution(({ terminal: one }) => {
        heeded &&= one !== terminal;
      }),
      vscode.window.onDidEndTerminalShellExecution(({ terminal: one, execution }) => {
        // A shell that began to tell late was written to as one that tells nothing.
        if (one === terminal && (ran === undefined || execution === ran)) {
          heeded = true;
          void this.restartWhenIdle();
        }
      }),
      vscode.window.onDidCloseTerminal((one) => {
        if (one === terminal) {
          listening.dispose();
          void (heeded || this.restartWhenIdle());
        }
      }),
    );
    terminal.show();
    const shell = await atPrompt(terminal);
    if (shell) {
      ran = shell.executeCommand(line);
    } else {
      terminal.sendText(line);
    }
    return terminal;
  }

  /** A folder in which no workspace has a say, and the keys that are kept here. */
  async #surroundings(whole = true): Promise<{ readonly cwd: string; readonly env: Record<string, string | undefined> }> {
    return { cwd: os.homedir(), env: { ...(whole ? process.env : {}), ...(await this.#secrets.environment()) } };
  }

  async #start(): Promise<LanguageClient> {
    const command = program();
    this.#become("starting");
    this.log.info(`Its program is ${command}; "chatls: Look This Machine Over" says where its own log is.`);
    const client = new LanguageClient(
      "chatls",
      "chatls",
      {
        command,
        options: await this.#surroundings(),
      },
      {
        documentSelector: SELECTOR,
        outputChannel: this.log,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        initializationOptions: () => forDaemon(this.#manifest),
        middleware: onlyShared(),
        errorHandler: {
          error: () => ({ action: ErrorAction.Continue, handled: true }),
          closed: () => ({ action: this.#crashed(), handled: true }),
        },
        initializationFailedHandler: () => false,
      },
    );
    client.registerFeature({
      fillClientCapabilities: (capabilities) => {
        capabilities.experimental = { ...capabilities.experimental, chat: abilities() };
      },
      initialize: (capabilities) => this.#learn(capabilities.experimental),
      getState: () => ({ kind: "static" }),
      clear: () => undefined,
    });
    this.#client = client;
    this.#ofClient = [
      ...answerRequests(client),
      client.onRequest("chat/requestPermission", (question, token) => this.questions.ask(question, token)),
      client.onRequest("chat/elicit", (form, token) => this.questions.fill(form, token)),
      client.onNotification("chat/sessionsChanged", () => this.#sessionsChanged.fire()),
      client.onDidChangeState(({ newState }) => {
        if (newState === State.Running && this.#client === client) {
          this.#become("ready");
        }
      }),
    ];
    await client.start().catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${command} could not be started: ${why}. The log says more.`);
    });
    return client;
  }

  #learn(experimental: unknown): void {
    const chat = (experimental as { chat?: Partial<Features> & { version?: number } } | undefined)?.chat ?? {};
    if (chat.version !== 1) {
      const version = chat.version ?? "none";
      void vscode.window.showWarningMessage(
        `This extension speaks version 1 of the chat protocol, and the daemon version ${version}. Update the older of the two.`,
      );
    }
    const has = (name: keyof Features): boolean => chat[name] === true;
    this.features = {
      sessions: has("sessions"),
      steer: has("steer"),
      modes: has("modes"),
      editedArguments: has("editedArguments"),
      commands: has("commands"),
    };
  }

  #crashed(): CloseAction {
    if (this.#crashes.note(Date.now())) {
      this.#become("starting");
      return CloseAction.Restart;
    }
    this.#starting = undefined;
    this.#client = undefined;
    this.#become("failed", "The daemon ended five times within three minutes, and is not started again by itself.");
    return CloseAction.DoNotRestart;
  }

  #configured(event: vscode.ConfigurationChangeEvent): void {
    if (!event.affectsConfiguration("chatls")) {
      return;
    }
    if (event.affectsConfiguration("chatls.path")) {
      void (this.state === "failed" ? this.restart().catch(() => undefined) : this.restartWhenIdle());
    } else if (this.state === "ready" || this.state === "starting") {
      void this.#tellSettings();
    }
  }

  /** Also to one that was told others a moment ago, and is not ready yet. */
  async #tellSettings(): Promise<void> {
    try {
      const client = await this.ready();
      await client.sendNotification("workspace/didChangeConfiguration", { settings: { chatls: forDaemon(this.#manifest) } });
      this.#configuredAnew.fire();
    } catch {
      // One that could not be started says so itself.
    }
  }

  #become(state: DaemonState, trouble?: string): void {
    this.state = state;
    this.trouble = trouble;
    this.log.info(trouble ?? `The daemon is ${state}.`);
    this.#changed.fire(state);
  }
}

/** What this editor can do. In a folder that is not trusted nothing is offered that changes or runs. */
function abilities(): Record<string, unknown> {
  const trusted = vscode.workspace.isTrusted;
  return { version: 1, permission: trusted, elicit: trusted, save: trusted, editCells: trusted, diagnostics: true, reload: true, language: true, sessionsChanged: true };
}
