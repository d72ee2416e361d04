"""A trace's file: one JSON object a line, `{"ms", "from": "client" | "server", "message"}`. Nobody else may read it.

What looks like a key is blotted out, wherever it stands; so are the values of headers and of children's environments,
and the arguments of programs that an editor names.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, cast

from chatls.content import JsonObject
from chatls.seen.commands.bundle import without_secrets
from chatls.seen.secrets import REMOVED
from chatls.values import dataclass

Side = Literal["client", "server"]

_HIDDEN = re.compile(r"(?i)(x-)?api[-_]?key|authorization|password|secret|cookie")
_HIDDEN_INSIDE = ("headers", "env")
_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,15})", re.IGNORECASE)
_LONGEST = 10**12
"""Milliseconds of a recording."""
_MOST_WAITING = 256 * 2**20
_TOO_DEEP = "nested too deeply to be recorded"


@dataclass(frozen=True, slots=True)
class PassedMessage:
    """One message."""

    ms: float
    """Since the recording began."""
    side: Side
    """Who said it."""
    message: Any
    """A JSON value; text where it was none."""


class Cutter:
    """Cuts bytes into messages: frames with a length (LSP), else lines (ACP). The bytes themselves pass by."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """Messages that are whole now.

        >>> cutter = Cutter()
        >>> [*cutter.feed(b'Content-Length: 2\\r\\n\\r\\n{'), *cutter.feed(b'}{"a":1}\\n')]
        [{}, {'a': 1}]
        """
        self._data += data
        while (end := self._end()) is not None:
            start, stop = end
            body = bytes(self._data[start:stop])
            del self._data[:stop]
            if body.strip():
                yield _value(body)
        if len(self._data) > _MOST_WAITING:
            self._data.clear()

    def _end(self) -> tuple[int, int] | None:
        """Where the body of the next message begins and ends."""
        while self._data.startswith((b"\r", b"\n")):
            del self._data[:1]
        if self._data.startswith((b"{", b"[")):
            stop = self._data.find(b"\n")
            return None if stop < 0 else (0, stop + 1)
        head = self._data.find(b"\r\n\r\n")
        if head < 0:
            return None
        found = _LENGTH.search(self._data[:head])
        stop = head + 4 + (int(found[1]) if found else 0)
        return None if len(self._data) < stop else (head + 4, stop)


class TraceFile:
    """Writes a trace. Raises `OSError` where the file is there already, or cannot be made."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

    def note(self, said: PassedMessage) -> None:
        """Put it behind the others. One write, so that lines of two threads do not mix. A full disk stops no editor."""
        try:
            message = blotted(said.message)
        except RecursionError:
            message = _TOO_DEEP
        value = {"ms": round(said.ms, 1), "from": said.side, "message": message}
        with suppress(OSError):
            os.write(self._file, json.dumps(value, separators=(",", ":")).encode() + b"\n")


def read(path: Path) -> list[PassedMessage]:
    """A whole trace. Raises `OSError`, `ValueError` for a file that is none."""
    found: list[PassedMessage] = []
    for line in path.read_text("utf-8").rstrip("\n").split("\n"):
        try:
            value = json.loads(line)
        except RecursionError as error:
            raise ValueError("a line is nested too deeply") from error
        match value:
            case {"ms": int() | float() as ms, "from": "client" | "server" as side, "message": message} if (
                0 <= ms <= _LONGEST
            ):
                found.append(PassedMessage(float(ms), side, message))
            case _:
                raise ValueError("a line is no message")
    return found


def blotted(value: Any) -> Any:
    """A JSON value without keys.

    >>> blotted({"apiKey": "x", "headers": {"a": "b"}, "token": "t1", "text": "Bearer abcdefgh12345"})
    {'apiKey': '[removed]', 'headers': {'a': '[removed]'}, 'token': 't1', 'text': 'Bearer [removed]'}
    >>> blotted({"command": "notes", "args": ["--key", "k"], "env": [{"name": "A", "value": "b"}]})
    {'command': 'notes', 'args': ['[removed]'], 'env': [{'name': 'A', 'value': '[removed]'}]}
    """
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, list):
        return [blotted(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        members = cast("JsonObject", value)
        return {name: _member(name, item, program="command" in members) for name, item in members.items()}
    return value


def _member(name: str, value: Any, *, program: bool) -> Any:
    if isinstance(value, str) and _HIDDEN.fullmatch(name):
        return REMOVED
    if isinstance(value, list) and name == "args" and program and value:
        return [REMOVED]
    if name in _HIDDEN_INSIDE:
        return _hidden(value)
    return blotted(value)


def _hidden(value: Any) -> Any:
    """Values by name, as our settings have them, or a list of names and values, as ACP has them."""
    if isinstance(value, dict):
        return dict.fromkeys(cast("JsonObject", value), REMOVED)
    if isinstance(value, list):
        pairs = map(blotted, cast("list[Any]", value))
        return [{**pair, "value": REMOVED} if isinstance(pair, dict) else pair for pair in pairs]
    return blotted(value)


def _value(body: bytes) -> Any:
    try:
        return json.loads(body)
    except RecursionError:
        return _TOO_DEEP
    except ValueError:
        return body.decode("utf-8", "replace")
