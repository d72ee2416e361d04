// The daemon's models, for the editor's own Chat view and for other extensions. Without a model the view calls nobody, so
// there is always one: a placeholder, until the daemon has told which there are.

import * as vscode from "vscode";
import type { Daemon } from "../daemon/daemon.ts";
import type { ModelEntry } from "../protocol.ts";

export const VENDOR = "chatls";
export const PLACEHOLDER = "default";

export class Models implements vscode.LanguageModelChatProvider {
  readonly #daemon: Daemon;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeLanguageModelChatInformation = this.#changed.event;
  #known: readonly ModelEntry[] = [];

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
    daemon.onConfigured(() => void this.refresh());
    daemon.onState((state) => {
      if (state === "ready") {
        void this.refresh();
      }
    });
  }

  /** Register it, and make the editor ask for the list: a first prompt would come too early. */
  register(): vscode.Disposable {
    const registered = vscode.lm.registerLanguageModelChatProvider(VENDOR, this);
    void vscode.lm.selectChatModels({ vendor: VENDOR });
    return registered;
  }

  async refresh(): Promise<void> {
    const { models, default: first } = await this.#daemon
      .request("chat/models", {})
      .catch(() => ({ models: [], default: null }));
    this.#known = [...models.filter((one) => one.id === first), ...models.filter((one) => one.id !== first)];
    this.#daemon.usualModel = first ?? undefined;
    this.#daemon.isBare = models.every((one) => one.provider === "local");
    this.#daemon.windows = new Map(models.flatMap((one) => (one.contextWindow ? [[one.id, one.contextWindow]] : [])));
    this.#changed.fire();
  }

  /** At once: whoever waits here for the daemon is not asked at all. */
  provideLanguageModelChatInformation(): vscode.LanguageModelChatInformation[] {
    const known = this.#known.map((one) => information(one.id, one.name || one.id, one.contextWindow, one.provider));
    return known.length > 0 ? known : [information(PLACEHOLDER, "chatls")];
  }

  /** A request of another extension: no session, no tools. */
  async provideLanguageModelChatResponse(
    model: vscode.LanguageModelChatInformation,
    messages: readonly vscode.LanguageModelChatRequestMessage[],
    _options: vscode.ProvideLanguageModelChatResponseOptions,
    progress: vscode.Progress<vscode.LanguageModelResponsePart>,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const result = await this.#daemon.prompt(
      {
        content: flat(messages),
        tools: [],
        keep: false,
        ...(model.id === PLACEHOLDER ? {} : { model: model.id }),
      },
      (event) => {
        if (event.kind === "textChunk") {
          progress.report(new vscode.LanguageModelTextPart(event.text));
        }
      },
      token,
    );
    if (result.stopReason === "error") {
      throw new Error(result.error?.message ?? "The answer failed.");
    }
  }

  provideTokenCount(_model: vscode.LanguageModelChatInformation, text: string | vscode.LanguageModelChatRequestMessage): Promise<number> {
    return Promise.resolve(Math.ceil((typeof text === "string" ? text : wordsOf(text)).length / 4));
  }
}

function information(id: string, name: string, window = 32_000, detail = ""): vscode.LanguageModelChatInformation {
  return {
    id,
    name,
    family: VENDOR,
    version: "1",
    detail,
    maxInputTokens: window,
    maxOutputTokens: Math.floor(window / 4),
    // The Chat view's first mode lists no others. Whose request brings tools of its own is answered in words.
    capabilities: { toolCalling: true },
  };
}

function wordsOf(message: vscode.LanguageModelChatRequestMessage): string {
  return message.content.flatMap((part) => (part instanceof vscode.LanguageModelTextPart ? [part.value] : [])).join("");
}

/** A conversation as one prompt; a single message as it is. */
function flat(messages: readonly vscode.LanguageModelChatRequestMessage[]): string {
  if (messages.length === 1 && messages[0]) {
    return wordsOf(messages[0]);
  }
  const who = (role: vscode.LanguageModelChatMessageRole): string =>
    role === vscode.LanguageModelChatMessageRole.Assistant ? "Assistant" : "User";
  return messages.map((message) => `${who(message.role)}:\n${wordsOf(message)}`).join("\n\n");
}
