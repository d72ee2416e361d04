"""Whether replies are streamed: what the settings wish, and what a server refused. Pure; knows no protocol.

Some servers stream no reply to a request with tools, a few none at all. They say so in many words; a refusal that was
misread costs one request more, and is forgotten.
"""

import re
from typing import Literal

from chatls.errors import ProviderError
from chatls.events import Notice
from chatls.message import ToolMessage
from chatls.providers.provider import ModelRequest
from chatls.values import dataclass

Mode = Literal["always", "without_tools", "never"]
"""When a model's replies can be streamed."""

_STREAM = re.compile(r"\bstream(s|ed|ing)?\b", re.IGNORECASE)
_TOOL = re.compile(r"\b(tools?|functions?|tool_\w+|function_\w+)\b", re.IGNORECASE)
_CANNOT = re.compile(
    r"\b(cannot|can not|not|only|must|requires?|without|disable|incompatible|unsupported|unavailable|false)(?![a-z])"
    r"|n['\u2019]t\b|\bnon-?stream",
    re.IGNORECASE,
)
_FIELD = re.compile(r"\b(tools|functions)(\[|\.\d)", re.IGNORECASE)
"""It is about one tool's description, in which the word may well stand."""

_WITH_TOOLS = (None, 400, 405, 422, 424, 500, 501)
"""With these statuses servers refuse to stream tools; None: inside a stream."""
_AT_ALL = (400, 405, 422, 501)
"""With these, to stream: where a server fails, it may complain of a stream that broke."""


@dataclass(slots=True)
class Streaming:
    """What is known of one model at one server."""

    mode: Mode = "always"


class Streams:
    """Whether one request is streamed, and what a refusal of it teaches. `tools`: whether any are sent with it."""

    def __init__(self, known: Streaming, request: ModelRequest, *, wanted: bool) -> None:
        """`wanted`: the settings allow it."""
        self._known = known
        self._wanted = wanted
        self._before: Mode | None = None
        self._streamed = self._tools = False
        self._announce = not (request.messages and isinstance(request.messages[-1], ToolMessage))
        """At the beginning of a turn, not again with every step."""

    def start(self, *, tools: bool) -> bool:
        """Whether it is streamed; it is sent so."""
        # A refusal is about what was sent: another request may have taught something meanwhile.
        self._tools, self._streamed = tools, self._can(tools=tools)
        return self._streamed

    def notices(self, *, tools: bool) -> list[Notice]:
        """That no text will come for a while, and why."""
        if not self._announce or self._can(tools=tools):
            return []
        return [_not_streamed(self._known.mode if self._wanted else None)]

    def amend(self, error: ProviderError) -> bool:
        """Ask for a whole answer, if that is what a refusal is about. If that does not help, it was about something
        else.
        """
        if not self._streamed:
            if self._before is not None and not error.retryable:
                self._known.mode, self._before = self._before, None
            return False
        refused = _refused(error, tools=self._tools)
        if refused is None:
            return False
        self._before = self._before or self._known.mode
        self._known.mode = "never" if "never" in (refused, self._known.mode) else refused
        self._announce = True
        return True

    def _can(self, *, tools: bool) -> bool:
        return self._wanted and (self._known.mode == "always" or (self._known.mode == "without_tools" and not tools))


def _refused(error: ProviderError, *, tools: bool) -> Mode | None:
    """What a model's replies can be streamed for, by a refusal; None if it is about something else."""
    said = _said(error)
    if not _STREAM.search(said) or not _CANNOT.search(said) or _FIELD.search(said):
        return None
    if tools and _TOOL.search(said):
        return "without_tools" if error.http_status in _WITH_TOOLS else None
    return "never" if error.http_status in _AT_ALL else None


def _said(error: ProviderError) -> str:
    """The server's own words, without ours around them (status.py)."""
    return str(error).partition(': "')[2]


def _not_streamed(mode: Mode | None) -> Notice:
    match mode:
        case None:
            why = "the settings say so"
        case "never":
            why = "the provider does not stream this model"
        case _:
            why = "the provider cannot stream with tools"
    return Notice(f"answered without streaming: {why}")
