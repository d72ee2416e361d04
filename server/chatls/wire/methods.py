"""What can be said: every method of our own once, with its parameters and its result (docs/protocol.md, 3 and 8).

The reference part of docs/protocol.md, the JSON schema and the clients' types are generated from here and events.py.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

from chatls.content import ContentBlock, JsonObject, Range, TurnError, Usage
from chatls.editor import Elicitation, Question
from chatls.errors import INVALID_PARAMS, RequestError
from chatls.events import StopReason, ToolKind, WorkingMode
from chatls.settings.permissions import PermissionEntry, SandboxState
from chatls.values import dataclass
from chatls.wire.cells import EDIT_CELLS
from chatls.wire.commands import COMMANDS
from chatls.wire.params import Method, NoParams, Params, RequestToClient, Token, given
from chatls.wire.sessions import SESSION_METHODS
from chatls.wire.steering import COMPACT, STEER
from chatls.wire.symbols import LANGUAGE


class PromptParams(Params):
    """A person's prompt, and where its events go."""

    session_id: StrictStr | None = None
    """Continue this session; unknown: error 1001."""
    new_session_id: Annotated[StrictStr, Field(min_length=1, max_length=200)] | None = None
    """Begin a session under this name; taken: error 1007. With neither, a session is begun under a name of the
    daemon's own; with both: error -32602."""
    content: (
        Annotated[StrictStr, Field(min_length=1)]
        | Annotated[list[Annotated[ContentBlock, Discriminator("type")]], Field(min_length=1)]
    )
    """What the person says."""
    model: StrictStr | None = None
    """"provider/model", split at the first slash; default from the settings."""
    tool_choice: Literal["auto", "none", "required"] = "auto"
    """`required`: for the first step only."""
    tools: list[StrictStr] | None = None
    """Only these tools; unknown: error 1006."""
    keep: StrictBool = True
    """False: nothing of a session that begins is on the disk or in lists, and it ends with this client."""
    mode: WorkingMode | None = None
    """How the session works from now on, until another is given; a new session begins with `ask`."""
    work_done_token: Token | None = None
    """LSP work-done progress goes here."""
    partial_result_token: Token | None = None
    """The turn's events go here. Without it the result carries the last reply's text."""

    @model_validator(mode="after")
    def _one_session(self) -> "PromptParams":
        if self.session_id is not None and self.new_session_id is not None:
            raise ValueError("sessionId and newSessionId exclude each other")
        return self


class ToolsParams(Params):
    """What to wait for."""

    settled: StrictBool = False
    """Answer when no MCP server is starting any more, or after two minutes."""


class CancelParams(Params):
    """Which turn, or which call of it, is to end."""

    session_id: StrictStr
    turn_id: StrictStr | None = None
    """Only if this very turn runs."""
    tool_call_id: StrictStr | None = None
    """Only this call: the model is told, the turn goes on."""


class CancelCommand(Params):
    """The argument of the command `chatls.cancel`."""

    session_id: StrictStr | None = None
    """The turn of this session; without it, the turn that started last."""


class CommandParams(Params):
    """LSP's `ExecuteCommandParams`."""

    command: StrictStr
    arguments: list[Any] = Field(default_factory=list[Any])
    work_done_token: Token | None = None

    @property
    def argument(self) -> Any:
        """The first argument: all that a command of ours takes."""
        return self.arguments[0] if self.arguments else None


class PermissionsParams(Params):
    """What to list, and what to forget before."""

    session_id: StrictStr | None = None
    """Of the answers that sessions remember only this one's; without it those of all."""
    revoke: list[StrictStr] = Field(default_factory=list[str])
    """Ids of remembered answers to forget. Unknown ids and those of settings are passed over."""


@dataclass(frozen=True, slots=True)
class PromptResult:
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
class CancelResult:
    """What became of a cancel."""

    state: Literal["cancelling", "idle", "not_found"]
    """`idle`: no such turn runs. `not_found`: no such session, or no such open call."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What became of `chatls.cancel` and `chatls.cancelAll`."""

    cancelled: int
    """The turns that this call cancelled."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
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
class ModelsResult:
    """The models that are known by now."""

    models: tuple[ModelEntry, ...]
    default: str | None
    """The id of the model that a prompt without one gets, one of `models`; null while that is not known."""


@dataclass(frozen=True, slots=True)
class ToolEntry:
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
class ServerEntry:
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
class ToolsResult:
    """All tools that are not disabled and that the client can use."""

    tools: tuple[ToolEntry, ...]
    sandbox: SandboxState | None = None
    """Whether commands can run in a sandbox here."""
    servers: tuple[ServerEntry, ...] | None = None
    """The MCP servers of the settings; not there where there are none."""


@dataclass(frozen=True, slots=True)
class PermissionsResult:
    """What counts by now, in no particular order."""

    permissions: tuple[PermissionEntry, ...]


class PermissionAnswer(Params):
    """A person's word."""

    outcome: Literal["selected", "cancelled"]
    """`cancelled`: the question was closed without a choice. Anything else counts as a no."""
    option_id: StrictStr | None = None
    """With `selected`: the id of the option."""
    feedback: StrictStr | None = None
    """With `selected`: words for the model, what to do instead. At most 10,000 characters count."""
    arguments: JsonObject | None = None
    """With an option that allows: the call's arguments as the person wants them. It is carried out so, once, if it is
    still about the same file, or a command."""


class ElicitAnswer(Params):
    """What a person made of a form."""

    action: Literal["accept", "decline", "cancel"]
    """`decline`: they do not want to say it. `cancel`: the form was closed."""
    values: dict[str, StrictBool | StrictInt | StrictFloat | StrictStr] | None = None
    """With `accept`: by the names of the fields. What does not fit its field cancels it all."""


@dataclass(frozen=True, slots=True)
class DiagnosticsRequest:
    """Which problems are wanted."""

    uri: str | None = None
    """Of this document only, and under this very address; without it, of all that the editor knows of."""
    changed: bool | None = None
    """True: the document was changed a moment ago. The client waits a little (a second or two) until whoever finds the
    problems has seen the change, and answers with what there is by then."""


class Diagnostic(Params):
    """LSP's `Diagnostic`, of which these members are read."""

    range: Range
    message: StrictStr
    severity: StrictInt | None = None
    """1 error, 2 warning, 3 information, 4 hint; an error where it is missing."""
    source: StrictStr | None = None
    """Who found it: "pyright"."""
    code: Any = None
    """A number or a string."""


class DocumentDiagnostics(Params):
    """The problems of one document."""

    uri: StrictStr
    diagnostics: list[Diagnostic]


class DiagnosticsAnswer(Params):
    """The problems that the editor shows. What does not fit is passed over; at most a thousand are read."""

    items: list[DocumentDiagnostics]


@dataclass(frozen=True, slots=True)
class ReloadRequest:
    """Which documents are to be read anew."""

    uris: tuple[str, ...]
    """Open documents that the client told no change of since their files were changed. One that has changes by now must
    not be touched."""


class ReloadAnswer(Params):
    """Which documents were read anew. Their `didChange` comes before this answer."""

    reloaded: list[StrictStr] = Field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """Which documents are to be written to the disk."""

    uris: tuple[str, ...]
    """Open documents. One whose file was changed by somebody else must not be written."""


class SaveAnswer(Params):
    """Which documents are on the disk now. Their `didChange`, if saving formats, and their `didSave` come before this
    answer."""

    saved: list[StrictStr] = Field(default_factory=list[str])


PROMPT = Method("chat/prompt", PromptParams, PromptResult, "Ask, and stream what comes back.")
CANCEL = Method("chat/cancel", CancelParams, CancelResult, "End a turn or one call; answered at once.")
MODELS = Method("chat/models", NoParams, ModelsResult, "The models there are; answered within two seconds.")
TOOLS = Method("chat/tools", ToolsParams, ToolsResult, "The tools there are, for this client.")
PERMISSIONS = Method(
    "chat/permissions",
    PermissionsParams,
    PermissionsResult,
    "The rules and the answers that are remembered; forget some.",
)

METHODS = (PROMPT, STEER, CANCEL, MODELS, TOOLS, COMMANDS, PERMISSIONS, *SESSION_METHODS, COMPACT)

REQUEST_PERMISSION = RequestToClient(
    "chat/requestPermission", "permission", Question, PermissionAnswer, "May this call run? Waits for a person's word."
)
ELICIT = RequestToClient(
    "chat/elicit",
    "elicit",
    Elicitation,
    ElicitAnswer,
    "A server's tool asks a person. Waits for their word.",
)
DIAGNOSTICS = RequestToClient(
    "chat/diagnostics", "diagnostics", DiagnosticsRequest, DiagnosticsAnswer, "Which problems does the editor show?"
)
RELOAD = RequestToClient(
    "chat/reload", "reload", ReloadRequest, ReloadAnswer, "Read unchanged documents anew whose files were changed."
)

SAVE = RequestToClient("chat/save", "save", SaveRequest, SaveAnswer, "Write open documents to the disk.")

REQUESTS_TO_CLIENT = (REQUEST_PERMISSION, ELICIT, DIAGNOSTICS, RELOAD, SAVE, EDIT_CELLS, LANGUAGE)


ParamsT = TypeVar("ParamsT", bound=Params)


def read(model: type[ParamsT], params: object) -> ParamsT:
    """Check parameters; absent ones count as `{}`, and a member that is null as absent.

    Raises `RequestError` (-32602), which names the member.
    """
    if not isinstance(params, Mapping | None):
        raise invalid("params: must be an object")
    try:
        return model.model_validate(given({} if params is None else params))
    except ValidationError as error:
        raise invalid(_complaint(error)) from error


def invalid(text: str) -> RequestError:
    """The error for parameters that do not fit."""
    return RequestError(INVALID_PARAMS, text)


def _complaint(error: ValidationError) -> str:
    """The first problem, at its deepest place: "content.0.image.mimeType: Field required"."""
    mismatch = ("string_type", "list_type")  # of the branch of a union that was not meant
    problem = max(error.errors(), key=lambda item: (len(item["loc"]), item["type"] not in mismatch))
    parts = [str(part) for part in problem["loc"] if str(part).isidentifier() or isinstance(part, int)]
    text = problem["msg"].removeprefix("Value error, ")
    return f"{'.'.join(parts)}: {text}" if parts else text
