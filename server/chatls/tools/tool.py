"""What a tool is: a function with a name, a docstring and a signature, and what it may see while it runs.

    @tool(kind="read", title=lambda arguments: f"read_file {arguments['path']}")
    def read_file(context: ToolContext, path: Annotated[str, Field(description="...")]) -> str:
        '''Read a file.'''

The name, the docstring and the signature are what the model is told; the first parameter is hidden from it. A plain
function runs in a worker thread, a coroutine function on the event loop. `ToolError` is a failure for the model to
read; anything else that is raised is a bug, and is told to the model as one.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import field
from functools import cache, partial
from pathlib import Path
from threading import Event as ThreadFlag
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic_core import ErrorDetails

from chatls.children.commands import Commands
from chatls.content import ContentBlock, JsonObject, Location, MentionName, ToolContent
from chatls.editor import Editor
from chatls.errors import ToolError
from chatls.events import ToolKind
from chatls.message import ToolSpec
from chatls.settings.config import Save
from chatls.tools.fitting import fitted
from chatls.tools.schema import Argument, arguments_of, schema_of
from chatls.values import dataclass
from chatls.workspace.seen import Seen
from chatls.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a tool found."""

    content: tuple[ToolContent, ...]
    truncated: bool = False
    """Something was left out; the text says what and how to get it."""
    status: Literal["completed", "timed_out"] = "completed"
    """A tool that keeps its own time limit says so where it was reached."""


@dataclass(frozen=True, slots=True)
class FileSubject:
    """A plan changes files, all of one root. What rules are asked about."""

    path: Path
    """Absolute, links resolved."""
    more: tuple[Path, ...] = ()
    """The other ones."""


@dataclass(frozen=True, slots=True)
class CommandSubject:
    """A plan runs a command. What rules are asked about."""

    command: str | tuple[str, ...]
    """A line for a shell, or a program and its arguments."""
    folder: Path
    """Where it runs: absolute, links resolved."""
    needs: tuple[str, ...] = ()
    """What it needs that the sandbox does not give, in words for people: it is asked about, with them."""
    ends: int | None = None
    """It does no more than to end a command in the background, this process group, that was permitted before."""


@dataclass(frozen=True, slots=True)
class ForeignSubject:
    """A plan calls a tool that is not ours. Rules are asked about its name alone."""

    server: str
    """Who offers it."""


Subject = FileSubject | CommandSubject | ForeignSubject
"""What a plan is about."""


@dataclass(frozen=True, slots=True)
class Exact:
    """A command of which nothing is left to be found out: what was judged is what runs."""

    command: str | tuple[str, ...]
    """A line for a shell, or a program and its arguments: each program by its absolute path, globs spelt out."""
    environment: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    """Over the environment of other commands. None: without this variable."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a call would do. Made without doing any of it; carried out once it is permitted."""

    subject: Subject | None
    """What rules are asked about. None: nothing has to be changed, as it turned out; it is weighed as reading is."""
    preview: tuple[ToolContent, ...]
    """All of it, for a person's eyes: a diff, a whole command."""
    carry_out: Callable[[], Awaitable[ToolOutput]]
    """Do just that, and nothing if what it was planned for has changed meanwhile. Raises `ToolError`."""
    inside: Callable[[], Awaitable[ToolOutput]] | None = None
    """`carry_out` in the sandbox, for what nobody was asked about; None where there is none, or it would not do. The
    very same as `carry_out` where everything has to run in it."""
    exactly: Callable[[Exact], "Plan"] | None = None
    """The same plan for a command in another spelling, whose programs and places were looked up before; it has the same
    `needs`, limits and folder. None: it is no command."""
    time_limit: float | None = None
    """Seconds, instead of `limits.toolTimeout`; 0 means none."""


ReadSkill = Callable[[str, str | None], Awaitable[str]]


Hides = Callable[[str, Workspace, Iterable[Path]], frozenset[Path]]
"""Which of these files a person's rules keep from being read unasked, by a tool of this name or by `read_file`."""


async def _no_skills(_name: str, _file: str | None) -> str:
    raise ToolError("there are no skills here")


@dataclass(frozen=True, slots=True)
class ForeignCall:
    """How a server of somebody else's is asked."""

    method: str
    version: str
    """Of the protocol."""
    transport: Literal["pipe", "tcp"]


Traced = Callable[[tuple[str, str, str], ForeignCall], str | None]


def untraced(_ids: tuple[str, str, str], _about: ForeignCall) -> None:
    """There is no trace."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool may see and do: the workspace as it is now, the editor, and of the session only what was read."""

    workspace: Workspace
    """Roots, containment and text; open documents as they were when the call began."""
    editor: Editor
    """To be asked on the event loop: in coroutine functions only."""
    seen: Seen
    """The texts that the model knows."""
    commands: Commands
    """What commands need."""
    output: Callable[[str], None]
    """Show output while the tool still runs. May be called from the tool's thread."""
    cancelled: ThreadFlag
    """Set when nobody waits for the result any more: a tool in a thread looks at it inside its loops."""
    time_limit: float = 60.0
    """`limits.toolTimeout`, in seconds (0: none), for a tool that keeps its own time limit."""
    result_bytes: int = 51200
    """`limits.toolResultBytes`, for a tool that keeps what matters of a long result."""
    save: Save = "agent"
    """`edits.save`."""
    sandbox: Literal["auto", "off", "required"] = "off"
    """`commands.sandbox`."""
    notify: Callable[[str], None] = lambda _: None
    """Tell a person something that is no result. On the event loop: in coroutine functions only."""
    skill: ReadSkill = _no_skills
    """The text of a skill, or of another file of its folder. Raises `ToolError`."""
    hides: Hides = lambda _tool, _workspace, _paths: frozenset()
    """For what shows text of files that its arguments do not name. On the event loop: in coroutine functions only."""
    denies: Hides = lambda _tool, _workspace, _paths: frozenset()
    """The same, but for what a rule with a `path` denies alone: for what goes through whole folders."""
    by_person: bool = False
    """A person wrote the arguments: what the model has read of the files does not matter."""
    ids: tuple[str, str, str] = ("", "", "")
    """Of the session, the turn and the call."""
    traced: Traced = untraced
    """What others are told of the trace that the call with these `ids` is part of (W3C's `traceparent`)."""

    def check(self) -> None:
        """Raise `ToolError` if the call was cancelled."""
        if self.cancelled.is_set():
            raise ToolError("cancelled")


ToolFunction = Callable[..., "str | ToolOutput | Plan | Awaitable[str | ToolOutput | Plan]"]
Title = Callable[[JsonObject], str]
Locate = Callable[[Workspace, JsonObject], tuple[Location, ...]]
Serial = Callable[[Workspace, JsonObject], str | None]
Tidy = Callable[[JsonObject], JsonObject]
Check = Callable[[JsonObject], JsonObject]
Need = Literal["diagnostics", "skills", "language"]
"""What must be there for a tool to be of use: an editor that tells its problems, or asks its language servers; skills,
of which the model was told.
All that change something need an editor that asks people."""

EVERYTHING = "*"
"""What a `Serial` says of a call that may touch anything: it waits for all changes before it, and is waited for."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function offered to the model."""

    spec: ToolSpec
    kind: ToolKind
    read_only: bool
    """Nothing changes when it runs, so it may run early and unasked. All others give a `Plan`."""
    run: ToolFunction
    title: Title
    """One line for people, from arguments that fit."""
    locate: Locate
    """The files that a call is about, from arguments that fit."""
    validate: Check
    """The arguments of a call, with their defaults filled in. Raises `ToolError` where they do not fit the schema."""
    serial: Serial
    """Calls with the same word here, that are not None, run one after the other, in the order in which they were
    written; what says `EVERYTHING` runs alone among the changes of its turn. Of a tool that only reads: changes with
    this word wait until it has read. Without a look at the disk."""
    needs: Need | None = None
    tidied: Tidy = dict
    """Arguments as the model wrote them -> by their own names and in the form of the schema, as far as that is clear,
    for people and clients that read them."""
    early: bool = False
    """It is not ours, and says of itself that it only reads: it begins while the reply still streams, where a rule
    allows it."""

    @property
    def name(self) -> str:
        """The name under which models and people call it."""
        return self.spec.name


@dataclass(frozen=True, slots=True)
class Mentionable:
    """Something that a person may mention in a prompt."""

    name: MentionName
    description: str
    """For people, in a list."""
    expand: Callable[[ToolContext, str | None], Awaitable[tuple[ContentBlock, ...]]]
    """What stands for it in the prompt, for an argument. Raises `ToolError`."""
    hint: str = ""
    """What the argument is; "[...]" where it may be missing, empty where there is none."""


def tool(
    *,
    kind: ToolKind,
    read_only: bool = True,
    title: Title | None = None,
    locate: Locate | None = None,
    serial: Serial | None = None,
    needs: Need | None = None,
    tidy: Tidy | None = None,
) -> Callable[[ToolFunction], Tool]:
    """Declare a tool (this module's docstring shows how). `tidy`: arguments as models write them by habit -> as the
    schema tells them."""

    def declare(run: ToolFunction) -> Tool:
        name = getattr(run, "__name__", "tool")
        arguments = arguments_of(run)
        spec = ToolSpec(name, inspect.cleandoc(run.__doc__ or ""), schema_of(arguments))
        places, order = locate or _nowhere, serial or _unordered
        tidied = partial(_tidied, spec.input_schema, tidy)
        model = cache(partial(_model, name, arguments))  # made for the first call of this tool
        check = partial(_validated, model, tidied)
        return Tool(spec, kind, read_only, run, title or (lambda _: name), places, check, order, needs, tidied)

    return declare


def _nowhere(_workspace: Workspace, _arguments: JsonObject) -> tuple[Location, ...]:
    return ()


def _unordered(_workspace: Workspace, _arguments: JsonObject) -> None:
    return None


def _tidied(schema: JsonObject, tidy: Tidy | None, arguments: JsonObject) -> JsonObject:
    """`Tool.tidied`. A null stands for "not given": many models write it for what is optional."""
    given = {name: value for name, value in arguments.items() if value is not None}
    return fitted(schema, tidy(given) if tidy else given)


def _validated(made: Callable[[], type[BaseModel]], tidied: Tidy, arguments: JsonObject) -> JsonObject:
    """`Tool.validate`."""
    model = made()
    try:
        return dict(model.model_validate(tidied(arguments)))
    except ValidationError as error:
        raise ToolError(f"{model.__name__}: {_complaint(error, list(model.model_fields))}") from error


def _model(name: str, arguments: Mapping[str, Argument]) -> type[BaseModel]:
    fields: dict[str, Any] = {key: (one.annotation, one.default) for key, one in arguments.items()}
    return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)


def _complaint(error: ValidationError, known: list[str]) -> str:
    return "; ".join(_problem(item, known) for item in error.errors(include_url=False))


def _problem(item: ErrorDetails, known: list[str]) -> str:
    place = ".".join(map(str, item["loc"])) or "arguments"
    match item["type"]:
        case "unexpected_keyword_argument" | "extra_forbidden" if len(item["loc"]) > 1:
            return f"{place}: no such argument"
        case "extra_forbidden":
            return f"{place}: no such argument; there are {', '.join(known)}"
        case "missing":
            return f"{place}: required"
        case _:
            return f"{place}: {item['msg']}"
