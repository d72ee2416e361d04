// What can be said between a client and chatls. Generated from the daemon's sources by `make docs`: do not edit.
// Enums and objects are open: ignore the members, kinds and values that you do not know.

/** The version of the protocol. */
export const VERSION = 1;

/** What went wrong in a turn, as a program can tell it (docs/protocol.md, section 7). */
export type ErrorKind =
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "bad_request"
  | "context_window_exceeded"
  | "rate_limited"
  | "quota_exceeded"
  | "overloaded"
  | "network"
  | "timeout"
  | "stream_interrupted"
  | "bad_response"
  | "content_filtered"
  | "internal";

/** A JSON object from outside: a model's arguments, a schema, a client's parameters. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A place in a text, as in LSP. */
export interface Position {
  /** Zero-based. */
  readonly line: number;
  /** Zero-based, in the units of the negotiated `positionEncoding`. */
  readonly character: number;
}

/** A stretch of text, as in LSP: the end is exclusive. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** A change of a stretch of text, as in LSP. */
export interface TextEdit {
  readonly range: Range;
  readonly newText: string;
}

/** A file, or a part of one. */
export interface Location {
  readonly uri: string;
  readonly range?: Range;
}

/** Plain text. */
export interface TextContent {
  readonly type: "text";
  readonly text: string;
}

/** A file by its address. In a prompt the daemon reads it, an open document's text first. */
export interface ResourceLink {
  readonly type: "resource_link";
  readonly uri: string;
  readonly range?: Range;
}

/** A file whose text the client sends along. */
export interface Resource {
  readonly type: "resource";
  readonly uri: string;
  readonly text: string;
  readonly range?: Range;
}

/** A picture, in a prompt or in what a tool gave. */
export interface Image {
  readonly type: "image";
  readonly mimeType: string;
  /** base64. */
  readonly data: string;
}

/** The document that a person looks at. */
export interface ActiveDocument {
  readonly uri: string;
  /** What is selected there; empty (start and end are the same) it is the cursor. */
  readonly selection?: Range;
}

/** What a person has before them, in a prompt: the model is told the names, and the text that is selected. */
export interface EditorContext {
  readonly type: "editor_context";
  readonly active?: ActiveDocument;
  /** The addresses of the documents that are open, the last used first. */
  readonly open?: readonly string[];
}

/** What may be mentioned: a file, the names of the files in a folder, what is selected, the problems that the editor shows, what has changed since the last commit, the documents that are open. */
export type MentionName = "file" | "folder" | "selection" | "diagnostics" | "diff" | "buffers";

/** Something that a person mentions in a prompt: the daemon looks it up, and puts it there. */
export interface Mention {
  readonly type: "mention";
  readonly name: MentionName;
  /** `file`, `folder`: its path or address, with `#L10-20` behind it for these lines of a file. `selection`: the same address; without it, what an `editor_context` of this prompt says. `diagnostics`: of this file or folder only. `diff`: `staged`, or a commit to compare with. `buffers` has none. */
  readonly argument?: string;
}

/** What becomes of a file. A new one has no text before, a deleted one none after; a moved one may change as well. */
export type FileChangeKind = "new" | "changed" | "deleted" | "moved";

/** A change of a file, in a tool's result or in a preview. */
export interface Diff {
  readonly type: "diff";
  /** Of a moved file: where it is now. */
  readonly uri: string;
  readonly oldText: string;
  readonly newText: string;
  readonly change: FileChangeKind;
  /** Of a moved file: its `uri` before. */
  readonly from?: string;
}

/** What a prompt is made of. */
export type ContentBlock = TextContent | ResourceLink | Resource | Image | EditorContext | Mention;

/** What a tool's result is made of. */
export type ToolContent = TextContent | ResourceLink | Diff | Image;

/** Tokens, as the provider counted them. */
export interface Usage {
  /** All input, cached tokens included. */
  readonly inputTokens: number;
  /** All output, thinking included. */
  readonly outputTokens: number;
  /** Of the input: read from the provider's cache. */
  readonly cacheReadTokens: number;
  /** Of the input: written to it. */
  readonly cacheWriteTokens: number;
}

/** Why a turn ended with the stop reason `error`. */
export interface TurnError {
  readonly kind: ErrorKind;
  /** For people: what happened, at which host, what to do. Never holds a key. */
  readonly message: string;
  /** Whether the same prompt may succeed later. */
  readonly retryable: boolean;
  /** How long the provider asks to wait. */
  readonly retryAfterMs?: number;
  /** Its name in the settings. */
  readonly provider?: string;
  readonly httpStatus?: number;
  /** The provider's own name for the request, for its support. */
  readonly requestId?: string;
}

/** What a tool does, as the Agent Client Protocol spells it. */
export type ToolKind = "read" | "edit" | "delete" | "move" | "search" | "execute" | "think" | "fetch" | "other";

/** How a call ended. */
export type ToolStatus = "completed" | "failed" | "denied" | "cancelled" | "timed_out";

/** How a turn ended. */
export type StopReason = "end_turn" | "max_tokens" | "max_turn_requests" | "refusal" | "cancelled" | "error";

/** How one model reply ended. */
export type StepStopReason = "end_turn" | "tool_calls" | "max_tokens" | "refusal";

/** Why a history is made shorter: it is about to be too long, the provider said that it is, or a person wants it. */
export type CompactionReason = "threshold" | "refused" | "asked";

/** What a stretch of a reply is. */
export type ReplyPart = "text" | "thinking";

/** How much a notice matters. */
export type NoticeLevel = "info" | "warning";

/** How a session works. `ask`: as the rules say. `plan`: what only reads runs, all else is denied without a question. `edits`: ordinary edits run unasked, commands too where they can run in the sandbox. */
export type WorkingMode = "ask" | "plan" | "edits";

/** Always the first event of a turn. */
export interface TurnStart {
  readonly kind: "turnStart";
  /** Also where the daemon chose the name. */
  readonly sessionId: string;
  /** "provider/model". */
  readonly model: string;
  readonly mode: WorkingMode;
  /** What the session is called. */
  readonly title?: string;
}

/** A piece of the answer. */
export interface TextChunk {
  readonly kind: "textChunk";
  readonly text: string;
}

/** A piece of the model's thinking. */
export interface ThinkingChunk {
  readonly kind: "thinkingChunk";
  readonly text: string;
}

/** The beginning of the reply's text is something else: the prompt had opened the model's thinking, and it ends. */
export interface Reclassified {
  readonly kind: "reclassified";
  /** What it was shown as: `text`. */
  readonly from: ReplyPart;
  /** What it is: `thinking`. */
  readonly to: ReplyPart;
  /** Code points, from the beginning of the reply's text (since the last `stepEnd`). */
  readonly length: number;
}

/** The model began to write a call. */
export interface ToolCallStart {
  readonly kind: "toolCallStart";
  readonly toolCallId: string;
  readonly name: string;
  readonly toolKind: ToolKind;
}

/** A raw fragment of the arguments' JSON text. */
export interface ToolCallDelta {
  readonly kind: "toolCallDelta";
  readonly toolCallId: string;
  readonly argumentsDelta: string;
}

/** The arguments are complete; the call has not run yet. Either `arguments` or `argumentsError` is present. */
export interface ToolCallEnd {
  readonly kind: "toolCallEnd";
  readonly toolCallId: string;
  readonly name: string;
  /** One line for people: "read_file server/app.py 1-40". */
  readonly title: string;
  readonly arguments?: JsonObject;
  /** No JSON object, or one that does not fit the tool's schema. */
  readonly argumentsError?: string;
  /** The files that the call is about, for a client that follows along. */
  readonly locations: readonly Location[];
}

/** The tool runs. */
export interface ToolRunStart {
  readonly kind: "toolRunStart";
  readonly toolCallId: string;
  /** While the model still streams its reply. */
  readonly startedEarly: boolean;
}

/** Output of a tool that still runs. */
export interface ToolRunOutput {
  readonly kind: "toolRunOutput";
  readonly toolCallId: string;
  readonly text: string;
}

/** How a call ended; the last event of every call, also of one that never ran. */
export interface ToolRunEnd {
  readonly kind: "toolRunEnd";
  readonly toolCallId: string;
  readonly status: ToolStatus;
  /** What the model reads of it is the text. */
  readonly content: readonly ToolContent[];
  /** Of the run; 0 if there was none. */
  readonly durationMs: number;
  /** Something was left out of `content`, which says what. */
  readonly truncated: boolean;
}

/** A call waits for a person's word. */
export interface PermissionRequested {
  readonly kind: "permissionRequested";
  readonly toolCallId: string;
}

/** The word was given. */
export interface PermissionResolved {
  readonly kind: "permissionResolved";
  readonly toolCallId: string;
  /** allow_once, allow_always, reject_once, reject_always or cancelled. */
  readonly outcome: string;
}

/** One model reply is whole. There is none after an error or a cancel. */
export interface StepEnd {
  readonly kind: "stepEnd";
  readonly stopReason: StepStopReason;
  readonly usage: Usage | null;
  /** All text of the reply. */
  readonly text: string;
}

/** Words that were said while the turn ran reach the model, with its next request. */
export interface Steered {
  readonly kind: "steered";
  /** As they were sent. */
  readonly content: readonly ContentBlock[];
}

/** How full the model's window is, behind each `stepEnd`. */
export interface ContextUsage {
  readonly kind: "contextUsage";
  /** What was sent, and the reply. */
  readonly tokens: number;
  /** Tokens that the model can read; not there where nobody knows. */
  readonly window?: number;
  /** The provider counted; else it is an estimate, rather too high. */
  readonly exact: boolean;
}

/** The history is made shorter: the model writes a summary, which is no step. */
export interface CompactStart {
  readonly kind: "compactStart";
  readonly reason: CompactionReason;
  readonly tokens: number;
}

/** It is shorter; as it was if that was cancelled. */
export interface CompactEnd {
  readonly kind: "compactEnd";
  /** Tokens, as in `compactStart`. */
  readonly before: number;
  /** By the same measure. */
  readonly after: number;
  /** What the model goes on with; "" where there is none. */
  readonly summary: string;
}

/** The provider is asked again. Also a delta: providers report it, the turn passes it on. */
export interface Retry {
  readonly kind: "retry";
  /** 1 for the first try after the original one. */
  readonly attempt: number;
  /** How long until then. */
  readonly delayMs: number;
  readonly reason: ErrorKind;
  /** For people. */
  readonly text: string;
  /** The thinking of the reply that broke off does not count: it begins anew. */
  readonly discards?: "thinking";
}

/** Something a person should know. Also a delta: providers report it, the turn passes it on. */
export interface Notice {
  readonly kind: "notice";
  readonly text: string;
  readonly level: NoticeLevel;
  /** "provider/model": another one than before answers from here on. */
  readonly model?: string;
}

/** What a person asked; before all else that happens in a turn. Clients know it, so they get it in replays only. */
export interface Prompt {
  readonly kind: "prompt";
  /** As it was sent: nothing is attached yet. */
  readonly content: readonly ContentBlock[];
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** Anything that happens in a turn. */
export type Event =
  | Prompt
  | TurnStart
  | TextChunk
  | ThinkingChunk
  | Reclassified
  | ToolCallStart
  | ToolCallDelta
  | ToolCallEnd
  | ToolRunStart
  | ToolRunOutput
  | ToolRunEnd
  | PermissionRequested
  | PermissionResolved
  | StepEnd
  | ContextUsage
  | CompactStart
  | CompactEnd
  | Steered
  | Retry
  | Notice;

/** What an answer means, as the Agent Client Protocol spells it. */
export type OptionKind = "allow_once" | "allow_always" | "reject_once" | "reject_always";

/** One answer that a person may choose. */
export interface PermissionOption {
  readonly id: string;
  /** What its button says: "Always allow `git status` in this workspace". */
  readonly label: string;
  readonly kind: OptionKind;
  /** How long it holds. */
  readonly scope: "once" | "session" | "workspace";
  /** One line for people: all that it covers. */
  readonly covers: string;
}

/** A call that waits for a person's word. */
export interface Question {
  readonly sessionId: string;
  readonly turnId: string;
  readonly toolCallId: string;
  /** One line: what would be done. */
  readonly title: string;
  readonly toolKind: ToolKind;
  /** Under the names that the tool's schema has for them; else as the model wrote them. */
  readonly arguments: JsonObject;
  /** All of what would be done; nothing in it is hidden or invisible. */
  readonly preview: readonly ToolContent[];
  readonly options: readonly PermissionOption[];
  /** It would run in the sandbox. */
  readonly sandbox: boolean;
  /** It was answered before, and is asked once more: the file that decides what runs and that the agent has changed since, relative to its root. Its diff is in `preview`. */
  readonly changed?: string;
}

export type FormFieldKind = "string" | "number" | "integer" | "boolean" | "choice";

export type FormValue = string | number | number | boolean;

/** One thing that is asked. */
export interface FormField {
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly type: FormFieldKind;
  readonly required: boolean;
  /** With `choice`: what there is to choose from. */
  readonly choices?: readonly string[];
  readonly default?: FormValue;
}

/** What the tool of a server asks a person while it runs. Its words are the server's; never for secrets. */
export interface Elicitation {
  readonly sessionId: string;
  readonly turnId: string;
  readonly toolCallId: string;
  /** Who asks: its name in the settings. */
  readonly server: string;
  readonly message: string;
  readonly fields: readonly FormField[];
}

/** What a rule wants. */
export type Action = "allow" | "ask" | "deny";

/** How long a rule holds: for a session, for a folder from now on, as long as the settings say so. */
export type Scope = "session" | "workspace" | "settings";

/** A rule that holds. */
export interface PermissionEntry {
  /** Its name for `revoke`; stays the same for as long as the rule holds. */
  readonly id: string;
  readonly scope: Scope;
  /** A tool's name, `NAME__*` for all of an MCP server, or `*`. */
  readonly tool: string;
  readonly action: Action;
  /** A glob, relative to a folder of the workspace. */
  readonly path?: string;
  /** The words that a command begins with, or the whole line. */
  readonly command?: string;
  /** One line for people: all that it covers. */
  readonly covers: string;
  /** The folder that it holds for, links resolved; null: for all. */
  readonly workspace?: string;
  /** The session that it holds for. */
  readonly sessionId?: string;
}

/** The sandbox for commands, as it is on this machine for these roots. */
export interface SandboxState {
  /** `commands.sandbox`. */
  readonly setting: "auto" | "off" | "required";
  readonly works: boolean;
  /** What it is made with, or why it does not work; a sentence for people. */
  readonly note: string;
}

/** A progress token; 0 and "" are tokens like any other, and 1 is not "1". */
export type Token = number | string;

/** Nothing. */
export interface NoParams {
}

/** Where a slash command comes from: chatls, the folder of your `config.toml`, a folder of the workspace. */
export type CommandSource = "built-in" | "user" | "workspace";

/** What becomes of a cell's text. */
export interface CellText {
  /** Of the cell's text document. */
  readonly uri: string;
  /** The one that the edits are for. */
  readonly version: number;
  /** All by the positions of the text as it is. */
  readonly edits: readonly TextEdit[];
}

/** A cell that is put in. */
export interface NewCell {
  /** Code is in the notebook's own language. */
  readonly kind: "code" | "markdown" | "raw";
  readonly text: string;
  /** What the file is to call it, where its format has such names. */
  readonly id?: string;
}

/** Cells that go, and such that stand in their place. */
export interface CellSplice {
  /** The number of the first one, from 0, as the cells are before any change. */
  readonly start: number;
  readonly deleteCount: number;
  readonly cells: readonly NewCell[];
}

/** A change of an open notebook: all of it, or nothing, and one step of its undo. */
export interface EditCellsRequest {
  /** What the undo list calls it. */
  readonly label: string;
  readonly uri: string;
  /** The notebook's, that it is for. */
  readonly version: number;
  readonly texts: readonly CellText[];
  /** In their order, apart from each other. */
  readonly splices: readonly CellSplice[];
}

/** Whether it was done. The `notebookDocument/didChange` with it comes before or right behind this answer. */
export interface EditCellsAnswer {
  readonly applied: boolean;
  /** Why it was not, for the model. */
  readonly failureReason?: string;
}

/** What is asked. */
export type LanguageKind =
  | "definition"
  | "references"
  | "implementation"
  | "hover"
  | "documentSymbols"
  | "workspaceSymbols"
  | "callers"
  | "rename";

/** A question for the language servers of the editor. */
export interface LanguageRequest {
  readonly kind: LanguageKind;
  /** Of the document, which need not be open. Not with `workspaceSymbols`. */
  readonly uri?: string;
  /** Where the symbol's name begins. Not with `documentSymbols` and `workspaceSymbols`. */
  readonly position?: Position;
  /** With `workspaceSymbols`: what is looked for. */
  readonly symbol?: string;
  /** With `rename`. */
  readonly newName?: string;
}

/** A place that a language server names. */
export interface LanguagePlace {
  readonly uri: string;
  /** Of the name, or of the call (`callers`). */
  readonly range: Range;
  /** Of the symbol; of the one that calls (`callers`). */
  readonly name?: string;
  /** LSP's `SymbolKind`. */
  readonly symbolKind?: number;
  /** What the symbol is in. */
  readonly container?: string;
  /** With `documentSymbols`: how deep it lies in others, from 0. Those inside stand behind the one that holds them. */
  readonly level?: number;
  /** With `documentSymbols`: from its first line to its last. */
  readonly whole?: Range;
}

/** What a renaming does to one document. */
export interface DocumentEdits {
  readonly uri: string;
  /** All by the positions of the text as it is, apart from each other. */
  readonly edits: readonly TextEdit[];
  /** Of the document that they are for, where it is open. */
  readonly version?: number;
}

/** A person's prompt, and where its events go. */
export interface PromptParams {
  /** Continue this session; unknown: error 1001. */
  readonly sessionId?: string;
  /** Begin a session under this name; taken: error 1007. With neither, a session is begun under a name of the daemon's own; with both: error -32602. */
  readonly newSessionId?: string;
  /** What the person says. */
  readonly content: string | readonly ContentBlock[];
  /** "provider/model", split at the first slash; default from the settings. */
  readonly model?: string;
  /** `required`: for the first step only. */
  readonly toolChoice?: "auto" | "none" | "required";
  /** Only these tools; unknown: error 1006. */
  readonly tools?: readonly string[];
  /** False: nothing of a session that begins is on the disk or in lists, and it ends with this client. */
  readonly keep?: boolean;
  /** How the session works from now on, until another is given; a new session begins with `ask`. */
  readonly mode?: WorkingMode;
  /** LSP work-done progress goes here. */
  readonly workDoneToken?: Token;
  /** The turn's events go here. Without it the result carries the last reply's text. */
  readonly partialResultToken?: Token;
}

/** What to wait for. */
export interface ToolsParams {
  /** Answer when no MCP server is starting any more, or after two minutes. */
  readonly settled?: boolean;
}

/** Which turn, or which call of it, is to end. */
export interface CancelParams {
  readonly sessionId: string;
  /** Only if this very turn runs. */
  readonly turnId?: string;
  /** Only this call: the model is told, the turn goes on. */
  readonly toolCallId?: string;
}

/** The argument of the command `chatls.cancel`. */
export interface CancelCommand {
  /** The turn of this session; without it, the turn that started last. */
  readonly sessionId?: string;
}

/** What to list, and what to forget before. */
export interface PermissionsParams {
  /** Of the answers that sessions remember only this one's; without it those of all. */
  readonly sessionId?: string;
  /** Ids of remembered answers to forget. Unknown ids and those of settings are passed over. */
  readonly revoke?: readonly string[];
}

/** How a turn ended. A turn that was accepted always ends with this, cancelled and failed ones included. */
export interface PromptResult {
  readonly sessionId: string;
  readonly turnId: string;
  readonly stopReason: StopReason;
  /** The sum over the turn; null if the provider did not say. */
  readonly usage: Usage | null;
  /** Model replies begun. */
  readonly steps: number;
  /** Text and thinking deltas as the provider sent them. */
  readonly chunks: number;
  /** Calls that ran, by tool. */
  readonly tools: Readonly<Record<string, number>>;
  /** From the moment the prompt was read. */
  readonly durationMs: number;
  /** The same to the first text or thinking; null if there was none. */
  readonly timeToFirstChunkMs: number | null;
  /** Only without a partialResultToken: the last reply's text. */
  readonly text?: string;
  /** Only with the stop reason `error`. */
  readonly error?: TurnError;
  /** What `chat/steer` queued and the model was not sent, because the turn ended before. */
  readonly unsent?: readonly ContentBlock[];
  /** What the session is called. */
  readonly title?: string;
  /** The one that answered, the last of several; not there where the turn ended before one was known. */
  readonly model?: string;
}

/** What became of a cancel. */
export interface CancelResult {
  /** `idle`: no such turn runs. `not_found`: no such session, or no such open call. */
  readonly state: "cancelling" | "idle" | "not_found";
}

/** What became of `chatls.cancel` and `chatls.cancelAll`. */
export interface CommandResult {
  /** The turns that this call cancelled. */
  readonly cancelled: number;
}

/** A model that can be asked for. */
export interface ModelEntry {
  /** "provider/model". */
  readonly id: string;
  readonly provider: string;
  /** For people. */
  readonly name: string;
  /** Runs on this machine. */
  readonly local: boolean;
  /** Tokens. */
  readonly contextWindow?: number;
}

/** The models that are known by now. */
export interface ModelsResult {
  readonly models: readonly ModelEntry[];
  /** The id of the model that a prompt without one gets, one of `models`; null while that is not known. */
  readonly default: string | null;
}

/** A tool that models are offered. */
export interface ToolEntry {
  readonly name: string;
  /** What the model is told. */
  readonly description: string;
  readonly kind: ToolKind;
  /** It changes nothing, so it may run early and unasked. */
  readonly readOnly: boolean;
  /** JSON Schema of the arguments. */
  readonly inputSchema: JsonObject;
}

/** An MCP server, whose tools are called `NAME__tool`. */
export interface ServerEntry {
  readonly name: string;
  readonly state: "starting" | "ready" | "failed";
  /** How many it has. */
  readonly tools: number;
  /** The command that starts it, or its address. */
  readonly where: string;
  /** Why it is not ready, or has no tools; for people. */
  readonly why?: string;
  /** Its own name and version. */
  readonly callsItself?: string;
  /** Of the Model Context Protocol, as it was agreed on. */
  readonly version?: string;
}

/** All tools that are not disabled and that the client can use. */
export interface ToolsResult {
  readonly tools: readonly ToolEntry[];
  /** Whether commands can run in a sandbox here. */
  readonly sandbox?: SandboxState;
  /** The MCP servers of the settings; not there where there are none. */
  readonly servers?: readonly ServerEntry[];
}

/** What counts by now, in no particular order. */
export interface PermissionsResult {
  readonly permissions: readonly PermissionEntry[];
}

/** A person's word. */
export interface PermissionAnswer {
  /** `cancelled`: the question was closed without a choice. Anything else counts as a no. */
  readonly outcome: "selected" | "cancelled";
  /** With `selected`: the id of the option. */
  readonly optionId?: string;
  /** With `selected`: words for the model, what to do instead. At most 10,000 characters count. */
  readonly feedback?: string;
  /** With an option that allows: the call's arguments as the person wants them. It is carried out so, once, if it is still about the same file, or a command. */
  readonly arguments?: JsonObject;
}

/** What a person made of a form. */
export interface ElicitAnswer {
  /** `decline`: they do not want to say it. `cancel`: the form was closed. */
  readonly action: "accept" | "decline" | "cancel";
  /** With `accept`: by the names of the fields. What does not fit its field cancels it all. */
  readonly values?: Readonly<Record<string, FormValue>>;
}

/** Which problems are wanted. */
export interface DiagnosticsRequest {
  /** Of this document only, and under this very address; without it, of all that the editor knows of. */
  readonly uri?: string;
  /** True: the document was changed a moment ago. The client waits a little (a second or two) until whoever finds the problems has seen the change, and answers with what there is by then. */
  readonly changed?: boolean;
}

/** LSP's `Diagnostic`, of which these members are read. */
export interface Diagnostic {
  readonly range: Range;
  readonly message: string;
  /** 1 error, 2 warning, 3 information, 4 hint; an error where it is missing. */
  readonly severity?: number;
  /** Who found it: "pyright". */
  readonly source?: string;
  /** A number or a string. */
  readonly code?: unknown;
}

/** The problems of one document. */
export interface DocumentDiagnostics {
  readonly uri: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** The problems that the editor shows. What does not fit is passed over; at most a thousand are read. */
export interface DiagnosticsAnswer {
  readonly items: readonly DocumentDiagnostics[];
}

/** Which documents are to be read anew. */
export interface ReloadRequest {
  /** Open documents that the client told no change of since their files were changed. One that has changes by now must not be touched. */
  readonly uris: readonly string[];
}

/** Which documents were read anew. Their `didChange` comes before this answer. */
export interface ReloadAnswer {
  readonly reloaded?: readonly string[];
}

/** Which documents are to be written to the disk. */
export interface SaveRequest {
  /** Open documents. One whose file was changed by somebody else must not be written. */
  readonly uris: readonly string[];
}

/** Which documents are on the disk now. Their `didChange`, if saving formats, and their `didSave` come before this answer. */
export interface SaveAnswer {
  readonly saved?: readonly string[];
}

/** `send`: what stands in a file that this command has opened, below its last line of ours; the session of that file goes on. */
export type AskedFor = "explain" | "document" | "test" | "fix" | "send";

/** The argument of the command `chatls.ask`, which begins a session. With neither `what` nor `text` it opens a file to write in. */
export interface AskCommand {
  /** What is wanted of the lines that `range` touches, as the slash command of that name says. */
  readonly what?: AskedFor;
  /** A person's own words; with `fix` the problem. */
  readonly text?: string;
  /** The document that it is about; with `send` that file. */
  readonly uri?: string;
  readonly range?: Range;
}

/** What was begun. The answer to come is shown, not given. */
export interface AskResult {
  readonly sessionId: string;
  /** Null where a file was opened to write in. */
  readonly turnId: string | null;
}

/** A slash command. */
export interface CommandEntry {
  /** Without the slash. */
  readonly name: string;
  /** For people, one line. */
  readonly description: string;
  readonly source: CommandSource;
  /** What may stand behind its name: "[commit, branch or files]". */
  readonly hint?: string;
}

/** Something that a block `mention` may name. */
export interface MentionEntry {
  readonly name: MentionName;
  /** For people. */
  readonly description: string;
  /** What its `argument` is; in brackets where it may be missing. None: it takes none. */
  readonly hint?: string;
}

/** What a client may offer behind `/` and `@`. */
export interface CommandsResult {
  readonly commands: readonly CommandEntry[];
  readonly mentions: readonly MentionEntry[];
}

/** Words for the turn that runs. */
export interface SteerParams {
  readonly sessionId: string;
  /** Only if this very turn runs. */
  readonly turnId?: string;
  /** What the person says. */
  readonly content: string | readonly ContentBlock[];
}

/** Which history is to be made shorter. */
export interface CompactParams {
  readonly sessionId: string;
  /** What the summary must hold, in the person's words. */
  readonly instructions?: string;
  /** Its events go here: `compactStart`, `compactEnd`, and what happens meanwhile, with a `turnId` of their own. */
  readonly partialResultToken?: Token;
}

/** What became of the words. */
export interface SteerResult {
  /** `queued`: the event `steered` says when the model is told. `idle`: no such turn runs here, nothing was kept. */
  readonly state: "queued" | "idle";
}

/** What came of a compaction. */
export interface CompactResult {
  /** Tokens of what the model is sent. */
  readonly before: number;
  /** By the same measure; as before where nothing was changed. */
  readonly after: number;
  /** What the summary cost; null if the provider did not say. */
  readonly usage: Usage | null;
  /** Why there is no summary. Nothing was changed then. */
  readonly error?: TurnError;
}

/** Which daemon runs a turn: this one, or another one. */
export type RunningWhere = "here" | "elsewhere";

/** What a rewind made of a file. `restored`: it is as it was before. `would_restore`: it would be (`dryRun`). Else it stays as it is. `conflict`: somebody else changed it; `gone`: it is no more; `not_kept`: what it was is not known. */
export type Came = "restored" | "would_restore" | "conflict" | "gone" | "not_kept";

/** Markdown for people, JSON for programs. */
export type ExportForm = "markdown" | "json";

/** Where a session was forked. */
export interface ParentTurn {
  readonly sessionId: string;
  /** The last turn that both share; none where they share nothing. */
  readonly turnId?: string;
}

/** A session in a list. */
export interface SessionEntry {
  readonly sessionId: string;
  readonly title: string;
  /** Addresses of the folders that were open at its last prompt. */
  readonly folders: readonly string[];
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly turns: number;
  /** The one that answered last. */
  readonly model: string;
  readonly mode: string;
  /** A turn of it runs. */
  readonly running?: RunningWhere;
  /** It is a fork. */
  readonly parent?: ParentTurn;
  /** True: what a rewind took away lives on in it. */
  readonly branch?: boolean;
  /** The words around what was searched for. */
  readonly snippet?: string;
}

/** A turn of a session. */
export interface TurnEntry {
  readonly turnId: string;
  /** Its words, the first 500 characters. */
  readonly prompt: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Files that its tools changed. */
  readonly files: number;
  /** Commands that ran in it. */
  readonly commands: number;
  /** As in a prompt's result; `interrupted`: chatls ended before it did. None while it runs. */
  readonly stopReason?: string;
}

/** A file that tools changed in turns that go. */
export interface RewoundFile {
  readonly uri: string;
  readonly state: Came;
  /** From what it is to what it was before; none where nothing is put back. */
  readonly diff?: Diff;
}

/** Which sessions. */
export interface ListParams {
  /** Words that all have to be there: in what was said, or in the title; each as the beginning of a word or, where it is not ASCII, anywhere. */
  readonly query?: string;
  /** The address of a folder: sessions that were about it. Without it, those that have a folder with this client in common. */
  readonly folder?: string;
  /** All, whatever folders they are about. */
  readonly everywhere?: boolean;
  /** Also those that a rewind made. */
  readonly branches?: boolean;
  /** At most so many; 500 at most. */
  readonly limit?: number;
  /** The `nextCursor` of the list before. */
  readonly cursor?: string;
}

/** Sessions, the one that was changed last first. */
export interface ListResult {
  readonly sessions: readonly SessionEntry[];
  /** There are more behind it. */
  readonly nextCursor?: string;
}

/** Which session, and where its events go. */
export interface LoadParams {
  readonly sessionId: string;
  /** The transcript goes here before the answer: the events that a client would have seen, deltas merged, each with `replay: true`; each turn begins with `prompt`, and `seq` counts within it from 1. If a turn runs here, it goes on on this token as well. */
  readonly partialResultToken?: Token;
  /** Only the last turns, so many. */
  readonly last?: number;
  /** Only turns before this one, by its `turnId`. */
  readonly before?: string;
}

/** A session and its turns. */
export interface LoadResult {
  readonly sessionId: string;
  readonly title: string;
  /** Addresses of the folders that were open at its last prompt. */
  readonly folders: readonly string[];
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The one that answered last. */
  readonly model: string;
  readonly mode: string;
  readonly turns: readonly TurnEntry[];
  /** The sum over all turns. */
  readonly usage: Usage;
  /** How full the model's window is: as in the last `contextUsage`, or behind the last compaction. */
  readonly contextTokens?: number;
  /** As in the last `contextUsage`; not there where nobody knows it. */
  readonly contextWindow?: number;
  /** A turn of it runs. */
  readonly running?: RunningWhere;
  /** It is a fork. */
  readonly parent?: ParentTurn;
  /** True: what a rewind took away lives on in it. */
  readonly branch?: boolean;
}

/** What a new session begins with. */
export interface ForkParams {
  readonly sessionId: string;
  /** The last turn that is shared; without it all that ended. */
  readonly turnId?: string;
  /** Its name; taken: error 1007. Without it a name of the daemon's own. */
  readonly newSessionId?: string;
}

/** The new session. */
export interface ForkResult {
  readonly sessionId: string;
}

/** Before which turn a session is to be again. */
export interface RewindParams {
  readonly sessionId: string;
  /** The first turn that goes. */
  readonly turnId: string;
  /** `restore`: files that tools changed in the turns that go are put back as they were before them. */
  readonly files?: "keep" | "restore";
  /** Change nothing, and say what would be done. */
  readonly dryRun?: boolean;
}

/** What became of a session and of files. */
export interface RewindResult {
  /** What the person said in the turn that went, to be edited and asked again. */
  readonly prompt: readonly ContentBlock[];
  readonly files: readonly RewoundFile[];
  /** Titles of the commands that ran in the turns that go: what they changed is not known. */
  readonly commands: readonly string[];
  /** The session in which all of it lives on. None in a dry run. */
  readonly branch?: string;
}

/** What a session is called from now on. */
export interface RenameParams {
  readonly sessionId: string;
  readonly title: string;
}

/** Which session goes, for good. */
export interface DeleteParams {
  readonly sessionId: string;
}

/** It is done. An object without members. */
export interface DoneResult {
}

/** Which session, in which form. */
export interface ExportParams {
  readonly sessionId: string;
  readonly format?: ExportForm;
}

/** All of a session. */
export interface ExportResult {
  readonly text: string;
}

/** What they say. An answer without any of it: they know of nothing. */
export interface LanguageAnswer {
  /** What does not fit is passed over; of more than 2000 the first are read. */
  readonly places?: readonly LanguagePlace[];
  /** With `hover`: what they tell of the symbol, plain or markdown; at most 10,000 characters count. */
  readonly text?: string;
  /** With `rename`: all of it. What does not fit fails it. */
  readonly edits?: readonly DocumentEdits[];
  /** There is no language server that could be asked this. */
  readonly unserved?: boolean;
  /** Why there is nothing, in the words of a language server or of the client, for the model. */
  readonly failureReason?: string;
}

/** The value of a `$/progress` notification on the turn's `partialResultToken`. */
export type ProgressValue = Event & {
  /** Counts up by one within a turn, from 1. */
  readonly seq: number;
  readonly turnId: string;
};

/** The requests that a client sends. */
export interface Requests {
  /** Ask, and stream what comes back. */
  "chat/prompt": { params: PromptParams; result: PromptResult };
  /** Say something to the turn that runs. */
  "chat/steer": { params: SteerParams; result: SteerResult };
  /** End a turn or one call; answered at once. */
  "chat/cancel": { params: CancelParams; result: CancelResult };
  /** The models there are; answered within two seconds. */
  "chat/models": { params: NoParams; result: ModelsResult };
  /** The tools there are, for this client. */
  "chat/tools": { params: ToolsParams; result: ToolsResult };
  /** The slash commands and the mentions that there are. */
  "chat/commands": { params: NoParams; result: CommandsResult };
  /** The rules and the answers that are remembered; forget some. */
  "chat/permissions": { params: PermissionsParams; result: PermissionsResult };
  /** The sessions that are kept, and which of them have words. */
  "chat/session/list": { params: ListParams; result: ListResult };
  /** A session's turns, and its transcript. */
  "chat/session/load": { params: LoadParams; result: LoadResult };
  /** A new session that shares the beginning of another one. */
  "chat/session/fork": { params: ForkParams; result: ForkResult };
  /** Take back turns and, if wanted, their files. */
  "chat/session/rewind": { params: RewindParams; result: RewindResult };
  /** Give a session another title. */
  "chat/session/rename": { params: RenameParams; result: DoneResult };
  /** Delete a session. */
  "chat/session/delete": { params: DeleteParams; result: DoneResult };
  /** A session as one text. */
  "chat/session/export": { params: ExportParams; result: ExportResult };
  /** Have the history summarised, so that the model is sent less. */
  "chat/session/compact": { params: CompactParams; result: CompactResult };
}

/** The requests of the daemon's own that a client answers, if it says so in `experimental.chat`. */
export interface RequestsToClient {
  /** May this call run? Waits for a person's word. */
  "chat/requestPermission": { params: Question; result: PermissionAnswer };
  /** A server's tool asks a person. Waits for their word. */
  "chat/elicit": { params: Elicitation; result: ElicitAnswer };
  /** Which problems does the editor show? */
  "chat/diagnostics": { params: DiagnosticsRequest; result: DiagnosticsAnswer };
  /** Read unchanged documents anew whose files were changed. */
  "chat/reload": { params: ReloadRequest; result: ReloadAnswer };
  /** Write open documents to the disk. */
  "chat/save": { params: SaveRequest; result: SaveAnswer };
  /** Put in and delete cells of an open notebook. */
  "chat/editCells": { params: EditCellsRequest; result: EditCellsAnswer };
  /** What do the language servers say of a symbol? */
  "chat/language": { params: LanguageRequest; result: LanguageAnswer };
}

/** For `workspace/executeCommand`. */
export const COMMANDS = ["chatls.cancel", "chatls.cancelAll"] as const;

/** Codes of JSON-RPC errors. */
export const ErrorCode = {
  /** Not JSON: bad syntax, not UTF-8, nested too deeply. The id is null. */
  parseError: -32700,
  /** No request, a second `initialize`, an id that is in flight, a request after `shutdown`, a frame that was lost. */
  invalidRequest: -32600,
  /** There is no such request. */
  methodNotFound: -32601,
  /** Parameters that do not fit; the message names the member. */
  invalidParams: -32602,
  /** A bug in chatls; its log says more. */
  internalError: -32603,
  /** A request came before `initialize`. */
  notInitialized: -32002,
  /** The client cancelled a request other than `chat/prompt`, which always ends with a result. */
  requestCancelled: -32800,
  /** There is no session of this name. */
  sessionNotFound: 1001,
  /** The session has a turn that runs: wait for its end, or cancel it. */
  turnInProgress: 1002,
  /** Too many turns run: try again when one has ended. */
  overloaded: 1003,
  /** The provider needs a key and there is none; the message says where one is looked for. */
  credentialsMissing: 1004,
  /** There is no such model, or none at all. */
  modelNotFound: 1005,
  /** `tools` names one that does not exist, is disabled, or asks more of the client than it can do. */
  toolNotFound: 1006,
  /** The settings cannot be used, or the session's name is taken; the message says which. */
  invalidState: 1007,
} as const;
