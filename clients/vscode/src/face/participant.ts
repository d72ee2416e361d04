// @chatls in the editor's own Chat view: a thin projection of the same events. The panel is the client; this is a courtesy.

import * as vscode from "vscode";
import { hunks } from "../../page/diff.ts";
import { visible } from "../../page/visible.ts";
import { forPeople, turnError } from "../chat/faults.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { fail, finish, fold, NOTHING } from "../fold.ts";
import { readable } from "../notebook.ts";
import type { ContentBlock, Diff, PermissionAnswer, ProgressValue, Question } from "../protocol.ts";
import { contextBlock, resource } from "../editor/context.ts";
import type { ToolBlock, View } from "../view.ts";
import { PLACEHOLDER, VENDOR } from "./models.ts";

/** A tool of the editor's own that shows our labels and remembers nothing; it has no documented name. */
const CONFIRM = "vscode_get_confirmation_with_options";
/** What a question shows in the Chat view; more would make it slow. */
const MOST = 16_000;
/** Longer words without a break would freeze the view's layout. */
const LONGEST = 1000;

interface Told {
  readonly metadata?: { readonly sessionId?: string };
}

export function registerParticipant(daemon: Daemon): vscode.Disposable {
  const made = vscode.chat.createChatParticipant("chatls.participant", (request, context, stream, token) =>
    new Turn(daemon, request, stream, token).run(context),
  );
  made.iconPath = new vscode.ThemeIcon("comment-discussion");
  return made;
}

class Turn {
  readonly #daemon: Daemon;
  readonly #request: vscode.ChatRequest;
  readonly #stream: vscode.ChatResponseStream;
  readonly #token: vscode.CancellationToken;
  #view: View = NOTHING;
  #asking: { dispose(): void } | undefined;

  constructor(
    daemon: Daemon,
    request: vscode.ChatRequest,
    stream: vscode.ChatResponseStream,
    token: vscode.CancellationToken,
  ) {
    this.#daemon = daemon;
    this.#request = request;
    this.#stream = stream;
    this.#token = token;
  }

  async run(context: vscode.ChatContext): Promise<vscode.ChatResult> {
    const sessionId = sessionOf(context);
    const { id, vendor } = this.#request.model;
    const model = vendor === VENDOR && id !== PLACEHOLDER ? { model: id } : {};
    try {
      const params = { content: this.#content(), ...model };
      const result = await this.#daemon
        .prompt({ ...params, ...(sessionId ? { sessionId } : {}) }, (event) => this.#event(event), this.#token)
        // One that the daemon does not know any more begins anew.
        .catch((error: { code?: number }) => {
          if (error.code !== 1001) {
            throw error;
          }
          return this.#daemon.prompt(params, (event) => this.#event(event), this.#token);
        });
      this.#view = finish(this.#view, result);
    } catch (error) {
      this.#view = fail(this.#view, turnError(error, this.#token.isCancellationRequested));
    } finally {
      this.#asking?.dispose();
    }
    return this.#summary();
  }

  #content(): ContentBlock[] {
    const { command, prompt, references } = this.#request;
    const words = command === undefined ? prompt : `/${command} ${prompt}`.trim();
    const looked = contextBlock();
    const along = references.flatMap(({ value }): ContentBlock[] => {
      if (value instanceof vscode.Uri) {
        return [resource(value)];
      }
      if (value instanceof vscode.Location) {
        return [resource(value.uri, value.range)];
      }
      return typeof value === "string" ? [{ type: "text", text: value }] : [];
    });
    return [...(looked ? [looked] : []), ...along, { type: "text", text: words || "Go on." }];
  }

  #event(event: ProgressValue): void {
    this.#view = fold(this.#view, event);
    if (event.kind === "turnStart") {
      this.#asking ??= this.#daemon.questions.of(event.sessionId, {
        ask: (question, answer) => this.#ask(question, answer),
      });
    } else if (event.kind === "textChunk") {
      this.#stream.markdown(broken(event.text));
    } else if (event.kind === "thinkingChunk" && this.#view.blocks.at(-1)?.type === "thinking") {
      this.#stream.progress("thinking ...");
    } else if (event.kind === "toolCallEnd") {
      this.#stream.progress(event.title);
    } else if (event.kind === "notice" || event.kind === "retry") {
      this.#stream.progress(event.text);
    }
  }

  #ask(question: Question, answer: (answer: PermissionAnswer) => void): { withdrawn(): void } {
    const source = new vscode.CancellationTokenSource();
    void this.#confirmed(question, source.token).then(answer, () => answer({ outcome: "cancelled" }));
    return { withdrawn: () => source.cancel() };
  }

  async #confirmed(question: Question, token: vscode.CancellationToken): Promise<PermissionAnswer> {
    const labels = question.options.map((option) => option.label);
    const label = vscode.lm.tools.some((tool) => tool.name === CONFIRM)
      ? await this.#natively(question, labels, token)
      : await vscode.window.showWarningMessage(`chatls: ${question.title}`, ...labels);
    const option = question.options.find((one) => one.label === label);
    return option ? { outcome: "selected", optionId: option.id } : { outcome: "cancelled" };
  }

  async #natively(question: Question, buttons: string[], token: vscode.CancellationToken): Promise<string | undefined> {
    const toolInvocationToken = this.#request.toolInvocationToken;
    const shown = question.preview.flatMap((item) =>
      item.type === "text" ? [item.text] : item.type === "diff" ? [unified(item)] : item.type === "image" ? [] : [item.uri],
    );
    const message = shown.map(fenced).join("\n\n");
    const input = { title: "chatls asks for your permission", message: `\`${question.title.replaceAll("`", "'")}\`\n\n${message}`, buttons };
    const result = await vscode.lm.invokeTool(CONFIRM, { input, toolInvocationToken }, token);
    return result.content.flatMap((part) => (part instanceof vscode.LanguageModelTextPart ? [part.value] : [])).join("");
  }

  /** What came of it, at the end: what stands before is folded away. */
  #summary(): vscode.ChatResult {
    const calls = this.#view.blocks.filter((block): block is ToolBlock => block.type === "tool");
    for (const diff of calls.flatMap((call) => call.content).filter((item): item is Diff => item.type === "diff")) {
      const title = `Show what changed in ${vscode.workspace.asRelativePath(vscode.Uri.parse(diff.uri))}`;
      this.#stream.button({ command: "chatls.showDiff", title, arguments: [diff] });
    }
    const { sessionId, stopReason, error = forPeople("The answer failed.") } = this.#view;
    return {
      ...(sessionId ? { metadata: { sessionId } } : {}),
      ...(stopReason === "error" ? { errorDetails: { message: error.message } } : {}),
    };
  }
}

/** The session that this chat talks to, from the last answer that names one. */
function sessionOf(context: vscode.ChatContext): string | undefined {
  const told = context.history.flatMap((turn) => (turn instanceof vscode.ChatResponseTurn ? [turn.result as Told] : []));
  return told.findLast((result) => result.metadata?.sessionId !== undefined)?.metadata?.sessionId;
}

function broken(text: string): string {
  return text.replace(new RegExp(`\\S{${LONGEST}}`, "g"), (run) => `${run} `);
}

/** What is asked about. Who answers is told of what is not shown. */
function fenced(text: string): string {
  const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map((run) => run[0].length + 1)));
  const left = text.length - MOST;
  return `${fence}diff\n${text.slice(0, MOST)}\n${fence}${left > 0 ? `\n\n**${left} more characters are not shown here.** Ask in the panel of chatls to see all of it.` : ""}`;
}

function unified(diff: Diff): string {
  const { oldText, newText } = readable(diff);
  return hunks(oldText, newText).map(({ sign, text }) => visible(sign === "@" ? text : sign + text)).join("\n");
}
