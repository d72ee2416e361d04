"""What the daemon says, as values. Generated from the daemon's sources by `make docs`: do not edit.

Enums and objects are open: members that this client does not know are ignored, and a value that an alias below does
not list may come from a newer daemon.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from chatls_client.values import WireValue, tagged

ErrorKind = Literal[
    "unauthorized",
    "forbidden",
    "not_found",
    "bad_request",
    "context_window_exceeded",
    "rate_limited",
    "quota_exceeded",
    "overloaded",
    "network",
    "timeout",
    "stream_interrupted",
    "bad_response",
    "content_filtered",
    "internal",
]
"""What went wrong in a turn, as a program can tell it (docs/protocol.md, section 7).

unauthorized: the provider does not know the key
forbidden: the key may not do this
not_found: the provider has no such model or address
bad_request: the provider refuses the request as it is
context_window_exceeded: the conversation is longer than the model can read
rate_limited: too many requests for now
quota_exceeded: the account's means are used up; waiting does not help
overloaded: the provider has too much to do
network: no connection, or it broke before the reply began
timeout: no answer, or no data, within the limits
stream_interrupted: the reply broke off
bad_response: the provider's answer cannot be read
content_filtered: the provider withholds the reply
internal: a bug in chatls
"""

JsonObject = dict[str, Any]
"""A JSON object from outside: a model's arguments, a schema, a client's parameters."""


@dataclass(frozen=True, slots=True)
class Position(WireValue):
    """A place in a text, as in LSP."""

    line: int
    """Zero-based."""
    character: int
    """Zero-based, in the units of the negotiated `positionEncoding`."""


@dataclass(frozen=True, slots=True)
class Range(WireValue):
    """A stretch of text, as in LSP: the end is exclusive."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class TextEdit(WireValue):
    """A change of a stretch of text, as in LSP."""

    range: Range
    new_text: str


@dataclass(frozen=True, slots=True)
class Location(WireValue):
    """A file, or a part of one."""

    uri: str
    range: Range | None = None


@dataclass(frozen=True, slots=True)
class TextContent(WireValue):
    """Plain text."""

    text: str
    type: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class ResourceLink(WireValue):
    """A file by its address. In a prompt the daemon reads it, an open document's text first."""

    uri: str
    range: Range | None = None
    type: Literal["resource_link"] = "resource_link"


@dataclass(frozen=True, slots=True)
class Resource(WireValue):
    """A file whose text the client sends along."""

    uri: str
    text: str
    range: Range | None = None
    type: Literal["resource"] = "resource"


@dataclass(frozen=True, slots=True)
class Image(WireValue):
    """A picture, in a prompt or in what a tool gave."""

    mime_type: str
    data: str
    """base64."""
    type: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class ActiveDocument(WireValue):
    """The document that a person looks at."""

    uri: str
    selection: Range | None = None
    """What is selected there; empty (start and end are the same) it is the cursor."""


@dataclass(frozen=True, slots=True)
class EditorContext(WireValue):
    """What a person has before them, in a prompt: the model is told the names, and the text that is selected."""

    active: ActiveDocument | None = None
    open: tuple[str, ...] | None = None
    """The addresses of the documents that are open, the last used first."""
    type: Literal["editor_context"] = "editor_context"


MentionName = Literal["file", "folder", "selection", "diagnostics", "diff", "buffers"]
"""What may be mentioned: a file, the names of the files in a folder, what is selected, the problems that the editor
shows, what has changed since the last commit, the documents that are open.
"""


@dataclass(frozen=True, slots=True)
class Mention(WireValue):
    """Something that a person mentions in a prompt: the daemon looks it up, and puts it there."""

    name: MentionName
    argument: str | None = None
    """`file`, `folder`: its path or address, with `#L10-20` behind it for these lines of a file. `selection`: the same
    address; without it, what an `editor_context` of this prompt says. `diagnostics`: of this file or folder only.
    `diff`: `staged`, or a commit to compare with. `buffers` has none."""
    type: Literal["mention"] = "mention"


FileChangeKind = Literal["new", "changed", "deleted", "moved"]
"""What becomes of a file. A new one has no text before, a deleted one none after; a moved one may change as well."""


@dataclass(frozen=True, slots=True)
class Diff(WireValue):
    """A change of a file, in a tool's result or in a preview."""

    uri: str
    """Of a moved file: where it is now."""
    old_text: str
    new_text: str
    change: FileChangeKind = "changed"
    from_: str | None = None
    """Of a moved file: its `uri` before."""
    type: Literal["diff"] = "diff"


ContentBlock = TextContent | ResourceLink | Resource | Image | EditorContext | Mention
"""What a prompt is made of."""

ToolContent = TextContent | ResourceLink | Diff | Image
"""What a tool's result is made of."""


@dataclass(frozen=True, slots=True)
class Usage(WireValue):
    """Tokens, as the provider counted them."""

    input_tokens: int = 0
    """All input, cached tokens included."""
    output_tokens: int = 0
    """All output, thinking included."""
    cache_read_tokens: int = 0
    """Of the input: read from the provider's cache."""
    cache_write_tokens: int = 0
    """Of the input: written to it."""


@dataclass(frozen=True, slots=True)
class TurnError(WireValue):
    """Why a turn ended with the stop reason `error`."""

    kind: ErrorKind
    message: str
    """For people: what happened, at which host, what to do. Never holds a key."""
    retryable: bool
    """Whether the same prompt may succeed later."""
    retry_after_ms: int | None = None
    """How long the provider asks to wait."""
    provider: str | None = None
    """Its name in the settings."""
    http_status: int | None = None
    request_id: str | None = None
    """The provider's own name for the request, for its support."""


ToolKind = Literal["read", "edit", "delete", "move", "search", "execute", "think", "fetch", "other"]
"""What a tool does, as the Agent Client Protocol spells it."""

ToolStatus = Literal["completed", "failed", "denied", "cancelled", "timed_out"]
"""How a call ended."""

StopReason = Literal["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled", "error"]
"""How a turn ended."""

StepStopReason = Literal["end_turn", "tool_calls", "max_tokens", "refusal"]
"""How one model reply ended."""

CompactionReason = Literal["threshold", "refused", "asked"]
"""Why a history is made shorter: it is about to be too long, the provider said that it is, or a person wants it."""

ReplyPart = Literal["text", "thinking"]
"""What a stretch of a reply is."""

NoticeLevel = Literal["info", "warning"]
"""How much a notice matters."""

WorkingMode = Literal["ask", "plan", "edits"]
"""How a session works. `ask`: as the rules say. `plan`: what only reads runs, all else is denied without a question.
`edits`: ordinary edits run unasked, commands too where they can run in the sandbox.
"""


@dataclass(frozen=True, slots=True)
class TurnStart(WireValue):
    """Always the first event of a turn."""

    session_id: str
    """Also where the daemon chose the name."""
    model: str
    """"provider/model"."""
    mode: WorkingMode = "ask"
    title: str | None = None
    """What the session is called."""
    kind: Literal["turnStart"] = "turnStart"


@dataclass(frozen=True, slots=True)
class TextChunk(WireValue):
    """A piece of the answer."""

    text: str
    kind: Literal["textChunk"] = "textChunk"


@dataclass(frozen=True, slots=True)
class ThinkingChunk(WireValue):
    """A piece of the model's thinking."""

    text: str
    kind: Literal["thinkingChunk"] = "thinkingChunk"


@dataclass(frozen=True, slots=True)
class Reclassified(WireValue):
    """The beginning of the reply's text is something else: the prompt had opened the model's thinking, and it ends."""

    from_: ReplyPart
    """What it was shown as: `text`."""
    to: ReplyPart
    """What it is: `thinking`."""
    length: int
    """Code points, from the beginning of the reply's text (since the last `stepEnd`)."""
    kind: Literal["reclassified"] = "reclassified"


@dataclass(frozen=True, slots=True)
class ToolCallStart(WireValue):
    """The model began to write a call."""

    tool_call_id: str
    name: str
    tool_kind: ToolKind
    kind: Literal["toolCallStart"] = "toolCallStart"


@dataclass(frozen=True, slots=True)
class ToolCallDelta(WireValue):
    """A raw fragment of the arguments' JSON text."""

    tool_call_id: str
    arguments_delta: str
    kind: Literal["toolCallDelta"] = "toolCallDelta"


@dataclass(frozen=True, slots=True)
class ToolCallEnd(WireValue):
    """The arguments are complete; the call has not run yet. Either `arguments` or `argumentsError` is present."""

    tool_call_id: str
    name: str
    title: str
    """One line for people: "read_file server/app.py 1-40"."""
    arguments: JsonObject | None = None
    arguments_error: str | None = None
    """No JSON object, or one that does not fit the tool's schema."""
    locations: tuple[Location, ...] = ()
    """The files that the call is about, for a client that follows along."""
    kind: Literal["toolCallEnd"] = "toolCallEnd"


@dataclass(frozen=True, slots=True)
class ToolRunStart(WireValue):
    """The tool runs."""

    tool_call_id: str
    started_early: bool
    """While the model still streams its reply."""
    kind: Literal["toolRunStart"] = "toolRunStart"


@dataclass(frozen=True, slots=True)
class ToolRunOutput(WireValue):
    """Output of a tool that still runs."""

    tool_call_id: str
    text: str
    kind: Literal["toolRunOutput"] = "toolRunOutput"


@dataclass(frozen=True, slots=True)
class ToolRunEnd(WireValue):
    """How a call ended; the last event of every call, also of one that never ran."""

    tool_call_id: str
    status: ToolStatus
    content: tuple[ToolContent, ...] = ()
    """What the model reads of it is the text."""
    duration_ms: int = 0
    """Of the run; 0 if there was none."""
    truncated: bool = False
    """Something was left out of `content`, which says what."""
    kind: Literal["toolRunEnd"] = "toolRunEnd"


@dataclass(frozen=True, slots=True)
class PermissionRequested(WireValue):
    """A call waits for a person's word."""

    tool_call_id: str
    kind: Literal["permissionRequested"] = "permissionRequested"


@dataclass(frozen=True, slots=True)
class PermissionResolved(WireValue):
    """The word was given."""

    tool_call_id: str
    outcome: str
    """allow_once, allow_always, reject_once, reject_always or cancelled."""
    kind: Literal["permissionResolved"] = "permissionResolved"


@dataclass(frozen=True, slots=True)
class StepEnd(WireValue):
    """One model reply is whole. There is none after an error or a cancel."""

    stop_reason: StepStopReason
    usage: Usage | None
    text: str
    """All text of the reply."""
    kind: Literal["stepEnd"] = "stepEnd"


@dataclass(frozen=True, slots=True)
class Steered(WireValue):
    """Words that were said while the turn ran reach the model, with its next request."""

    content: tuple[ContentBlock, ...]
    """As they were sent."""
    kind: Literal["steered"] = "steered"


@dataclass(frozen=True, slots=True)
class ContextUsage(WireValue):
    """How full the model's window is, behind each `stepEnd`."""

    tokens: int
    """What was sent, and the reply."""
    window: int | None = None
    """Tokens that the model can read; not there where nobody knows."""
    exact: bool = False
    """The provider counted; else it is an estimate, rather too high."""
    kind: Literal["contextUsage"] = "contextUsage"


@dataclass(frozen=True, slots=True)
class CompactStart(WireValue):
    """The history is made shorter: the model writes a summary, which is no step."""

    reason: CompactionReason
    tokens: int
    kind: Literal["compactStart"] = "compactStart"


@dataclass(frozen=True, slots=True)
class CompactEnd(WireValue):
    """It is shorter; as it was if that was cancelled."""

    before: int
    """Tokens, as in `compactStart`."""
    after: int
    """By the same measure."""
    summary: str
    """What the model goes on with; "" where there is none."""
    kind: Literal["compactEnd"] = "compactEnd"


@dataclass(frozen=True, slots=True)
class Retry(WireValue):
    """The provider is asked again. Also a delta: providers report it, the turn passes it on."""

    attempt: int
    """1 for the first try after the original one."""
    delay_ms: int
    """How long until then."""
    reason: ErrorKind
    text: str
    """For people."""
    discards: Literal["thinking"] | None = None
    """The thinking of the reply that broke off does not count: it begins anew."""
    kind: Literal["retry"] = "retry"


@dataclass(frozen=True, slots=True)
class Notice(WireValue):
    """Something a person should know. Also a delta: providers report it, the turn passes it on."""

    text: str
    level: NoticeLevel = "info"
    model: str | None = None
    """"provider/model": another one than before answers from here on."""
    kind: Literal["notice"] = "notice"


@dataclass(frozen=True, slots=True)
class Prompt(WireValue):
    """What a person asked; before all else that happens in a turn. Clients know it, so they get it in replays only."""

    content: tuple[ContentBlock, ...]
    """As it was sent: nothing is attached yet."""
    at: str
    """ISO 8601, UTC."""
    kind: Literal["prompt"] = "prompt"


Event = (
    Prompt
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
    | Notice
)
"""Anything that happens in a turn."""

OptionKind = Literal["allow_once", "allow_always", "reject_once", "reject_always"]
"""What an answer means, as the Agent Client Protocol spells it."""


@dataclass(frozen=True, slots=True)
class PermissionOption(WireValue):
    """One answer that a person may choose."""

    id: str
    label: str
    """What its button says: "Always allow `git status` in this workspace"."""
    kind: OptionKind
    scope: Literal["once", "session", "workspace"] = "once"
    """How long it holds."""
    covers: str = ""
    """One line for people: all that it covers."""


@dataclass(frozen=True, slots=True)
class Question(WireValue):
    """A call that waits for a person's word."""

    session_id: str
    turn_id: str
    tool_call_id: str
    title: str
    """One line: what would be done."""
    tool_kind: ToolKind
    arguments: JsonObject
    """Under the names that the tool's schema has for them; else as the model wrote them."""
    preview: tuple[ToolContent, ...]
    """All of what would be done; nothing in it is hidden or invisible."""
    options: tuple[PermissionOption, ...]
    sandbox: bool = False
    """It would run in the sandbox."""
    changed: str | None = None
    """It was answered before, and is asked once more: the file that decides what runs and that the agent has changed
    since, relative to its root. Its diff is in `preview`."""


FormFieldKind = Literal["string", "number", "integer", "boolean", "choice"]

FormValue = str | int | float | bool


@dataclass(frozen=True, slots=True)
class FormField(WireValue):
    """One thing that is asked."""

    name: str
    title: str
    """For people."""
    type: FormFieldKind
    required: bool
    choices: tuple[str, ...] | None = None
    """With `choice`: what there is to choose from."""
    default: FormValue | None = None


@dataclass(frozen=True, slots=True)
class Elicitation(WireValue):
    """What the tool of a server asks a person while it runs. Its words are the server's; never for secrets."""

    session_id: str
    turn_id: str
    tool_call_id: str
    server: str
    """Who asks: its name in the settings."""
    message: str
    fields: tuple[FormField, ...]


Action = Literal["allow", "ask", "deny"]
"""What a rule wants."""

Scope = Literal["session", "workspace", "settings"]
"""How long a rule holds: for a session, for a folder from now on, as long as the settings say so."""


@dataclass(frozen=True, slots=True)
class PermissionEntry(WireValue):
    """A rule that holds."""

    id: str
    """Its name for `revoke`; stays the same for as long as the rule holds."""
    scope: Scope
    tool: str
    """A tool's name, `NAME__*` for all of an MCP server, or `*`."""
    action: Action
    path: str | None = None
    """A glob, relative to a folder of the workspace."""
    command: str | None = None
    """The words that a command begins with, or the whole line."""
    covers: str = ""
    """One line for people: all that it covers."""
    workspace: str | None = None
    """The folder that it holds for, links resolved; null: for all."""
    session_id: str | None = None
    """The session that it holds for."""


@dataclass(frozen=True, slots=True)
class SandboxState(WireValue):
    """The sandbox for commands, as it is on this machine for these roots."""

    setting: Literal["auto", "off", "required"]
    """`commands.sandbox`."""
    works: bool
    note: str
    """What it is made with, or why it does not work; a sentence for people."""


CommandSource = Literal["built-in", "user", "workspace"]
"""Where a slash command comes from: chatls, the folder of your `config.toml`, a folder of the workspace."""


@dataclass(frozen=True, slots=True)
class CellText(WireValue):
    """What becomes of a cell's text."""

    uri: str
    """Of the cell's text document."""
    version: int
    """The one that the edits are for."""
    edits: tuple[TextEdit, ...]
    """All by the positions of the text as it is."""


@dataclass(frozen=True, slots=True)
class NewCell(WireValue):
    """A cell that is put in."""

    kind: Literal["code", "markdown", "raw"]
    """Code is in the notebook's own language."""
    text: str
    id: str | None = None
    """What the file is to call it, where its format has such names."""


@dataclass(frozen=True, slots=True)
class CellSplice(WireValue):
    """Cells that go, and such that stand in their place."""

    start: int
    """The number of the first one, from 0, as the cells are before any change."""
    delete_count: int
    cells: tuple[NewCell, ...]


@dataclass(frozen=True, slots=True)
class EditCellsRequest(WireValue):
    """A change of an open notebook: all of it, or nothing, and one step of its undo."""

    label: str
    """What the undo list calls it."""
    uri: str
    version: int
    """The notebook's, that it is for."""
    texts: tuple[CellText, ...]
    splices: tuple[CellSplice, ...]
    """In their order, apart from each other."""


LanguageKind = Literal[
    "definition",
    "references",
    "implementation",
    "hover",
    "documentSymbols",
    "workspaceSymbols",
    "callers",
    "rename",
]
"""What is asked."""


@dataclass(frozen=True, slots=True)
class LanguageRequest(WireValue):
    """A question for the language servers of the editor."""

    kind: LanguageKind
    uri: str | None = None
    """Of the document, which need not be open. Not with `workspaceSymbols`."""
    position: Position | None = None
    """Where the symbol's name begins. Not with `documentSymbols` and `workspaceSymbols`."""
    symbol: str | None = None
    """With `workspaceSymbols`: what is looked for."""
    new_name: str | None = None
    """With `rename`."""


@dataclass(frozen=True, slots=True)
class LanguagePlace(WireValue):
    """A place that a language server names."""

    uri: str
    range: Range
    """Of the name, or of the call (`callers`)."""
    name: str | None = None
    """Of the symbol; of the one that calls (`callers`)."""
    symbol_kind: int | None = None
    """LSP's `SymbolKind`."""
    container: str | None = None
    """What the symbol is in."""
    level: int | None = None
    """With `documentSymbols`: how deep it lies in others, from 0. Those inside stand behind the one that holds them."""
    whole: Range | None = None
    """With `documentSymbols`: from its first line to its last."""


@dataclass(frozen=True, slots=True)
class DocumentEdits(WireValue):
    """What a renaming does to one document."""

    uri: str
    edits: tuple[TextEdit, ...]
    """All by the positions of the text as it is, apart from each other."""
    version: int | None = None
    """Of the document that they are for, where it is open."""


@dataclass(frozen=True, slots=True)
class PromptResult(WireValue):
    """How a turn ended. A turn that was accepted always ends with this, cancelled and failed ones included."""

    session_id: str
    turn_id: str
    stop_reason: StopReason
    usage: Usage | None
    """The sum over the turn; null if the provider did not say."""
    steps: int
    """Model replies begun."""
    chunks: int
    """Text and thinking deltas as the provider sent them."""
    tools: dict[str, int]
    """Calls that ran, by tool."""
    duration_ms: int
    """From the moment the prompt was read."""
    time_to_first_chunk_ms: int | None
    """The same to the first text or thinking; null if there was none."""
    text: str | None = None
    """Only without a partialResultToken: the last reply's text."""
    error: TurnError | None = None
    """Only with the stop reason `error`."""
    unsent: tuple[ContentBlock, ...] | None = None
    """What `chat/steer` queued and the model was not sent, because the turn ended before."""
    title: str | None = None
    """What the session is called."""
    model: str | None = None
    """The one that answered, the last of several; not there where the turn ended before one was known."""


@dataclass(frozen=True, slots=True)
class CancelResult(WireValue):
    """What became of a cancel."""

    state: Literal["cancelling", "idle", "not_found"]
    """`idle`: no such turn runs. `not_found`: no such session, or no such open call."""


@dataclass(frozen=True, slots=True)
class CommandResult(WireValue):
    """What became of `chatls.cancel` and `chatls.cancelAll`."""

    cancelled: int
    """The turns that this call cancelled."""


@dataclass(frozen=True, slots=True)
class ModelEntry(WireValue):
    """A model that can be asked for."""

    id: str
    """"provider/model"."""
    provider: str
    name: str
    """For people."""
    local: bool
    """Runs on this machine."""
    context_window: int | None = None
    """Tokens."""


@dataclass(frozen=True, slots=True)
class ModelsResult(WireValue):
    """The models that are known by now."""

    models: tuple[ModelEntry, ...]
    default: str | None
    """The id of the model that a prompt without one gets, one of `models`; null while that is not known."""


@dataclass(frozen=True, slots=True)
class ToolEntry(WireValue):
    """A tool that models are offered."""

    name: str
    description: str
    """What the model is told."""
    kind: ToolKind
    read_only: bool
    """It changes nothing, so it may run early and unasked."""
    input_schema: JsonObject
    """JSON Schema of the arguments."""


@dataclass(frozen=True, slots=True)
class ServerEntry(WireValue):
    """An MCP server, whose tools are called `NAME__tool`."""

    name: str
    state: Literal["starting", "ready", "failed"]
    tools: int
    """How many it has."""
    where: str
    """The command that starts it, or its address."""
    why: str | None = None
    """Why it is not ready, or has no tools; for people."""
    calls_itself: str | None = None
    """Its own name and version."""
    version: str | None = None
    """Of the Model Context Protocol, as it was agreed on."""


@dataclass(frozen=True, slots=True)
class ToolsResult(WireValue):
    """All tools that are not disabled and that the client can use."""

    tools: tuple[ToolEntry, ...]
    sandbox: SandboxState | None = None
    """Whether commands can run in a sandbox here."""
    servers: tuple[ServerEntry, ...] | None = None
    """The MCP servers of the settings; not there where there are none."""


@dataclass(frozen=True, slots=True)
class PermissionsResult(WireValue):
    """What counts by now, in no particular order."""

    permissions: tuple[PermissionEntry, ...]


@dataclass(frozen=True, slots=True)
class DiagnosticsRequest(WireValue):
    """Which problems are wanted."""

    uri: str | None = None
    """Of this document only, and under this very address; without it, of all that the editor knows of."""
    changed: bool | None = None
    """True: the document was changed a moment ago. The client waits a little (a second or two) until whoever finds the
    problems has seen the change, and answers with what there is by then."""


@dataclass(frozen=True, slots=True)
class ReloadRequest(WireValue):
    """Which documents are to be read anew."""

    uris: tuple[str, ...]
    """Open documents that the client told no change of since their files were changed. One that has changes by now must
    not be touched."""


@dataclass(frozen=True, slots=True)
class SaveRequest(WireValue):
    """Which documents are to be written to the disk."""

    uris: tuple[str, ...]
    """Open documents. One whose file was changed by somebody else must not be written."""


AskedFor = Literal["explain", "document", "test", "fix", "send"]
"""`send`: what stands in a file that this command has opened, below its last line of ours; the session of that file
goes on.
"""


@dataclass(frozen=True, slots=True)
class AskResult(WireValue):
    """What was begun. The answer to come is shown, not given."""

    session_id: str
    turn_id: str | None
    """Null where a file was opened to write in."""


@dataclass(frozen=True, slots=True)
class CommandEntry(WireValue):
    """A slash command."""

    name: str
    """Without the slash."""
    description: str
    """For people, one line."""
    source: CommandSource
    hint: str | None = None
    """What may stand behind its name: "[commit, branch or files]"."""


@dataclass(frozen=True, slots=True)
class MentionEntry(WireValue):
    """Something that a block `mention` may name."""

    name: MentionName
    description: str
    """For people."""
    hint: str | None = None
    """What its `argument` is; in brackets where it may be missing. None: it takes none."""


@dataclass(frozen=True, slots=True)
class CommandsResult(WireValue):
    """What a client may offer behind `/` and `@`."""

    commands: tuple[CommandEntry, ...]
    mentions: tuple[MentionEntry, ...]


@dataclass(frozen=True, slots=True)
class SteerResult(WireValue):
    """What became of the words."""

    state: Literal["queued", "idle"]
    """`queued`: the event `steered` says when the model is told. `idle`: no such turn runs here, nothing was kept."""


@dataclass(frozen=True, slots=True)
class CompactResult(WireValue):
    """What came of a compaction."""

    before: int
    """Tokens of what the model is sent."""
    after: int
    """By the same measure; as before where nothing was changed."""
    usage: Usage | None
    """What the summary cost; null if the provider did not say."""
    error: TurnError | None = None
    """Why there is no summary. Nothing was changed then."""


RunningWhere = Literal["here", "elsewhere"]
"""Which daemon runs a turn: this one, or another one."""

Came = Literal["restored", "would_restore", "conflict", "gone", "not_kept"]
"""What a rewind made of a file. `restored`: it is as it was before. `would_restore`: it would be (`dryRun`). Else it
stays as it is. `conflict`: somebody else changed it; `gone`: it is no more; `not_kept`: what it was is not known.
"""

ExportForm = Literal["markdown", "json"]
"""Markdown for people, JSON for programs."""


@dataclass(frozen=True, slots=True)
class ParentTurn(WireValue):
    """Where a session was forked."""

    session_id: str
    turn_id: str | None = None
    """The last turn that both share; none where they share nothing."""


@dataclass(frozen=True, slots=True)
class SessionEntry(WireValue):
    """A session in a list."""

    session_id: str
    title: str
    folders: tuple[str, ...]
    """Addresses of the folders that were open at its last prompt."""
    created_at: str
    """ISO 8601, UTC."""
    updated_at: str
    turns: int
    model: str
    """The one that answered last."""
    mode: str
    running: RunningWhere | None = None
    """A turn of it runs."""
    parent: ParentTurn | None = None
    """It is a fork."""
    branch: bool | None = None
    """True: what a rewind took away lives on in it."""
    snippet: str | None = None
    """The words around what was searched for."""


@dataclass(frozen=True, slots=True)
class TurnEntry(WireValue):
    """A turn of a session."""

    turn_id: str
    prompt: str
    """Its words, the first 500 characters."""
    at: str
    """ISO 8601, UTC."""
    files: int
    """Files that its tools changed."""
    commands: int
    """Commands that ran in it."""
    stop_reason: str | None = None
    """As in a prompt's result; `interrupted`: chatls ended before it did. None while it runs."""


@dataclass(frozen=True, slots=True)
class RewoundFile(WireValue):
    """A file that tools changed in turns that go."""

    uri: str
    state: Came
    diff: Diff | None = None
    """From what it is to what it was before; none where nothing is put back."""


@dataclass(frozen=True, slots=True)
class ListResult(WireValue):
    """Sessions, the one that was changed last first."""

    sessions: tuple[SessionEntry, ...]
    next_cursor: str | None = None
    """There are more behind it."""


@dataclass(frozen=True, slots=True)
class LoadResult(WireValue):
    """A session and its turns."""

    session_id: str
    title: str
    folders: tuple[str, ...]
    """Addresses of the folders that were open at its last prompt."""
    created_at: str
    """ISO 8601, UTC."""
    updated_at: str
    model: str
    """The one that answered last."""
    mode: str
    turns: tuple[TurnEntry, ...]
    usage: Usage
    """The sum over all turns."""
    context_tokens: int | None = None
    """How full the model's window is: as in the last `contextUsage`, or behind the last compaction."""
    context_window: int | None = None
    """As in the last `contextUsage`; not there where nobody knows it."""
    running: RunningWhere | None = None
    """A turn of it runs."""
    parent: ParentTurn | None = None
    """It is a fork."""
    branch: bool | None = None
    """True: what a rewind took away lives on in it."""


@dataclass(frozen=True, slots=True)
class ForkResult(WireValue):
    """The new session."""

    session_id: str


@dataclass(frozen=True, slots=True)
class RewindResult(WireValue):
    """What became of a session and of files."""

    prompt: tuple[ContentBlock, ...]
    """What the person said in the turn that went, to be edited and asked again."""
    files: tuple[RewoundFile, ...]
    commands: tuple[str, ...]
    """Titles of the commands that ran in the turns that go: what they changed is not known."""
    branch: str | None = None
    """The session in which all of it lives on. None in a dry run."""


@dataclass(frozen=True, slots=True)
class DoneResult(WireValue):
    """It is done. An object without members."""


@dataclass(frozen=True, slots=True)
class ExportResult(WireValue):
    """All of a session."""

    text: str


event_from_wire: Callable[[JsonObject], Event | None] = tagged(Event, "kind")
"""Read a `$/progress` value; None for a kind that this client does not know."""
