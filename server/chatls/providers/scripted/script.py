"""The script that the `scripted` provider (a mock) plays: what a JSON file may say (docs/protocol.md, section 9).

{"replies": [[{"text": "Let me look."}, {"toolCall": {"name": "search", "arguments": {"pattern": "x"}}}],
             [{"text": "Found."}, {"usage": {"inputTokens": 9, "outputTokens": 2}}]],
 "chunkChars": 4, "chunkDelay": 0.01}
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from chatls import jsontext
from chatls.content import JsonObject, Usage, camel
from chatls.errors import ErrorKind, ProviderError
from chatls.events import StepStopReason

_KEYS = ("text", "thinking", "toolCall", "delay", "until", "hang", "error", "usage", "finish")


class _Scripted(BaseModel):
    model_config = ConfigDict(alias_generator=camel, populate_by_name=True, extra="forbid", frozen=True)


class Say(_Scripted):
    """Stream text, in pieces."""

    text: str


class Think(_Scripted):
    """Stream thinking, in pieces."""

    thinking: str


class ScriptedCall(_Scripted):
    """What is called, and with what."""

    name: str = Field(min_length=1)
    arguments: JsonObject | None = None
    """Written as JSON text. Without both: `{}`."""
    arguments_text: str | None = None
    """The raw text instead, which need not be JSON."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.arguments is not None and self.arguments_text is not None:
            raise ValueError("arguments and argumentsText exclude each other")
        return self

    @property
    def written(self) -> str:
        """The arguments as the model writes them."""
        if self.arguments_text is not None:
            return self.arguments_text
        return jsontext.dumps(self.arguments or {}).decode()


class CallTool(_Scripted):
    """ScriptedCall a tool, its arguments in pieces."""

    tool_call: ScriptedCall


class Delay(_Scripted):
    """Say nothing for a while."""

    delay: float = Field(ge=0)
    """Seconds."""


class Until(_Scripted):
    """Say nothing before this file is there."""

    until: Path
    """Relative to the working directory."""


class Hang(_Scripted):
    """Say nothing for ever."""

    hang: Literal[True]


class Fault(_Scripted):
    """What goes wrong."""

    kind: ErrorKind
    text: str


class Fail(_Scripted):
    """Break off. What follows is not played."""

    error: Fault


class Counts(_Scripted):
    """Tokens."""

    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cache_read_tokens: int = Field(default=0, ge=0)
    cache_write_tokens: int = Field(default=0, ge=0)


class Count(_Scripted):
    """Report tokens with the end of the reply; the last report wins."""

    usage: Counts

    @property
    def value(self) -> Usage:
        """The same as a value."""
        return Usage(**self.usage.model_dump())


class Finish(_Scripted):
    """End the reply for this reason. What follows is not played."""

    finish: StepStopReason


def _key(action: Any) -> str | None:
    if isinstance(action, _Scripted):
        return camel(next(iter(type(action).model_fields)))
    return next((key for key in _KEYS if key in action), None) if isinstance(action, dict) else None


ScriptAction = Annotated[
    Annotated[Say, Tag("text")]
    | Annotated[Think, Tag("thinking")]
    | Annotated[CallTool, Tag("toolCall")]
    | Annotated[Delay, Tag("delay")]
    | Annotated[Until, Tag("until")]
    | Annotated[Hang, Tag("hang")]
    | Annotated[Fail, Tag("error")]
    | Annotated[Count, Tag("usage")]
    | Annotated[Finish, Tag("finish")],
    Discriminator(
        _key,
        custom_error_type="action",
        custom_error_message=f"an action is an object with one of the keys {', '.join(_KEYS)}",
    ),
]


class Script(_Scripted):
    """Replies to model requests, one after the other, and over again."""

    replies: tuple[tuple[ScriptAction, ...], ...] = Field(min_length=1)
    chunk_chars: int = Field(default=4, ge=1)
    """Characters of a piece."""
    chunk_delay: float = Field(default=0.01, ge=0)
    """Seconds between two pieces."""


def read_script(path: Path) -> Script:
    """Read a script; blocks. Raises `ProviderError` (bad_response), which names the file and the place in it."""
    try:
        return Script.model_validate(jsontext.loads(path.read_bytes()))
    except ValidationError as error:
        problem = error.errors()[0]
        raise _bad(path, f"{_place(problem['loc'])}: {problem['msg']}") from error
    except OSError as error:
        raise _bad(path, error.strerror or "cannot be read") from error
    except ValueError as error:
        raise _bad(path, f"no JSON: {error}") from error


def _bad(path: Path, what: str) -> ProviderError:
    return ProviderError("bad_response", f"the script {path} cannot be played: {what}")


def _place(location: tuple[int | str, ...]) -> str:
    """Where in the script, without the tags that pydantic adds.

    >>> _place(("replies", 0, 1, "toolCall", "toolCall", "name"))
    'replies[0][1].toolCall.name'
    """
    place = ""
    for index, part in enumerate(location):
        if isinstance(part, int):
            place += f"[{part}]"
        elif index == 0 or part != location[index - 1]:
            place += f".{part}" if place else part
    return place or "script"
