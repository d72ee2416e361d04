"""What a tool is: a function with a name, a docstring and a signature, and what it may see while it runs.

    @tool(kind="read", title=lambda arguments: f"read_file {arguments['path']}")
    def read_file(context: ToolContext, path: Annotated[str, Field(description="...")]) -> str:
        '''Read a file.'''

The name, the docstring and the signature are what the model is told; the first parameter is hidden from it. A plain
function runs in a worker thread, a coroutine function on the event loop. `ToolError` is a failure for the model to
read; anything else that is raised is a bug, and is told to the model as one.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from threading import Event as ThreadFlag
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic_core import ErrorDetails

from chatls.content import JsonObject, Location, ToolContent
from chatls.errors import ToolError
from chatls.events import ToolKind
from chatls.message import ToolSpec
from chatls.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a tool found."""

    content: tuple[ToolContent, ...]
    truncated: bool = False
    """Something was left out; the text says what and how to get it."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool may see and do: the workspace as it is now, and nothing of the session."""

    workspace: Workspace
    """Roots, containment and text; open documents as they were when the call began."""
    output: Callable[[str], None]
    """Show output while the tool still runs. May be called from the tool's thread."""
    cancelled: ThreadFlag
    """Set when nobody waits for the result any more: a tool in a thread looks at it inside its loops."""

    def check(self) -> None:
        """Raise `ToolError` if the call was cancelled."""
        if self.cancelled.is_set():
            raise ToolError("cancelled")


Run = Callable[..., "str | ToolOutput | Awaitable[str | ToolOutput]"]
Title = Callable[[JsonObject], str]
Locate = Callable[[Workspace, JsonObject], tuple[Location, ...]]


@dataclass(frozen=True, slots=True)
class Tool:
    """A function offered to the model."""

    spec: ToolSpec
    kind: ToolKind
    read_only: bool
    """Nothing changes when it runs, so it may run early and unasked."""
    run: Run
    title: Title
    """One line for people, from arguments that fit."""
    locate: Locate
    """The files that a call is about, from arguments that fit."""
    arguments: type[BaseModel]

    @property
    def name(self) -> str:
        """The name under which models and people call it."""
        return self.spec.name

    def validate(self, arguments: JsonObject) -> JsonObject:
        """The arguments with their defaults filled in. Raises `ToolError` where they do not fit the schema.

        A null stands for "not given": many models write it for what is optional.
        """
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            return dict(self.arguments.model_validate(given))
        except ValidationError as error:
            raise ToolError(f"{self.name}: {_complaint(error, list(self.arguments.model_fields))}") from error


def tool(
    *, kind: ToolKind, read_only: bool = True, title: Title | None = None, locate: Locate | None = None
) -> Callable[[Run], Tool]:
    """Declare a tool (this module's docstring shows how)."""

    def declare(run: Run) -> Tool:
        name = getattr(run, "__name__", "tool")
        arguments = _arguments_model(name, run)
        spec = ToolSpec(name, inspect.cleandoc(run.__doc__ or ""), _schema(arguments))
        return Tool(spec, kind, read_only, run, title or (lambda _: name), locate or _nowhere, arguments)

    return declare


def _nowhere(_workspace: Workspace, _arguments: JsonObject) -> tuple[Location, ...]:
    return ()


def _arguments_model(name: str, run: Run) -> type[BaseModel]:
    parameters = list(inspect.signature(run).parameters.values())[1:]
    fields: dict[str, Any] = {
        item.name: (item.annotation, ... if item.default is item.empty else item.default) for item in parameters
    }
    return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)


def _schema(arguments: type[BaseModel]) -> JsonObject:
    """The JSON Schema that models are shown: no titles, and an optional value is simply not required."""
    schema = _plain(arguments.model_json_schema())
    return {"type": "object", "properties": {}, **schema}


def _plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_plain(item) for item in cast(list[Any], schema)]
    if not isinstance(schema, dict):
        return schema
    members = cast(JsonObject, schema)
    choices = [item for item in members.get("anyOf", []) if item != {"type": "null"}]
    if len(choices) == 1:
        members = {**{key: value for key, value in members.items() if key not in ("anyOf", "default")}, **choices[0]}
    return {
        key: {name: _plain(item) for name, item in value.items()} if key == "properties" else _plain(value)
        for key, value in members.items()
        if key != "title"
    }


def _complaint(error: ValidationError, known: list[str]) -> str:
    return "; ".join(_problem(item, known) for item in error.errors(include_url=False))


def _problem(item: ErrorDetails, known: list[str]) -> str:
    place = ".".join(map(str, item["loc"])) or "arguments"
    match item["type"]:
        case "extra_forbidden":
            return f"{place}: no such argument; there are {', '.join(known)}"
        case "missing":
            return f"{place}: required"
        case _:
            return f"{place}: {item['msg']}"
