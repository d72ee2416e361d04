"""Calls that are written as JSON: objects that name a tool, or lists of them. Pure.

The names of the members differ from model to model; the arguments are passed on as they are written.
"""

import re
from collections.abc import Callable, Container, Generator

from chatls import jsontext
from chatls.providers.inline_call import NotACallError, OpenCall, quoted
from chatls.providers.inline_source import Source, Wait

_NAMES = frozenset({"name", "tool_name", "function", "tool", "function_name"})
_ARGUMENTS = frozenset({"arguments", "parameters", "args", "input", "tool_input"})
_WRAPPERS = frozenset({"tool_call", "tool_calls", "function", "function_call", "tool_uses"})
_HARMLESS = frozenset({"id", "type", "tool_call_id", "call_id", "index", "thought"})
_OUTSIDE = re.compile(r'["{}\[\]]')
_INSIDE = re.compile(r'["\\]')
_SCALAR = re.compile(r"[^,}\]\s]*")
_LONGEST_WORD = 200
_DEEPEST = 6

Start = Callable[[str], OpenCall]
"""Begins a call of the tool with this name."""


class JsonCalls:
    """Reads one JSON value with calls in it."""

    def __init__(self, source: Source, tools: Container[str], start: Start, *, bare: bool) -> None:
        self._source = source
        self._tools = tools
        self._start = start
        self._bare = bare
        """No marker said that this is a call: it is one only with an offered tool's name and then arguments."""
        self._started = False

    def read(self, depth: int = 0) -> Wait:
        """A call, or a list of calls. Raises `NotACallError` as soon as it can be neither."""
        source = self._source
        yield from source.skip_blanks()
        opening = yield from source.peek()
        if depth > _DEEPEST or opening not in "{[":
            raise NotACallError
        if opening == "{":
            yield from self._object(depth)
            return
        source.take(1)
        while True:
            yield from source.skip_blanks()
            match (yield from source.peek()):
                case "]":
                    source.take(1)
                    break
                case ",":
                    source.take(1)
                case _:
                    yield from self.read(depth + 1)
        if depth == 0 and not self._started:
            raise NotACallError

    def _object(self, depth: int) -> Wait:
        source = self._source
        source.take(1)
        call = _Member()
        while True:
            yield from source.skip_blanks()
            match (yield from source.peek()):
                case "}":
                    source.take(1)
                    break
                case ",":
                    source.take(1)
                case '"':
                    yield from self._member(call, depth)
                case _:
                    raise NotACallError
        if call.inner:
            return
        if not call.name or (self._bare and not call.opened):
            raise NotACallError
        opened = call.opened or self._open(call.name)
        if not opened.settled:
            opened.ready()
        self._source.forget()

    def _member(self, call: "_Member", depth: int) -> Wait:
        source = self._source
        key = yield from self.word()
        yield from source.skip_blanks()
        if (yield from source.peek()) != ":":
            raise NotACallError
        source.take(1)
        yield from source.skip_blanks()
        opening = yield from source.peek()
        if key in _NAMES and opening == '"' and not call.name:
            yield from self._named(call)
        elif key in _ARGUMENTS and not call.filled:
            call.filled = True
            yield from self._arguments(call)
        elif key in _WRAPPERS and opening in "{[":
            call.inner = True
            yield from self.read(depth + 1)
        elif key in self._tools and opening == "{" and not call.name and not self._bare:
            call.name, call.filled = key, True
            yield from self._arguments(call)
        elif self._bare and not call.name and key not in _HARMLESS:
            raise NotACallError
        else:
            yield from self.value(_ignore)

    def _named(self, call: "_Member") -> Wait:
        call.name = (yield from self.word()).removeprefix("functions.")
        if call.name not in self._tools:
            raise NotACallError
        if call.early:
            call.opened = self._open(call.name)
            call.opened.add("".join(call.early))
        elif not self._bare:
            call.opened = self._open(call.name)

    def _arguments(self, call: "_Member") -> Wait:
        if not call.name:
            if self._bare:
                raise NotACallError
            yield from self.value(call.early.append)
            return
        call.opened = opened = call.opened or self._open(call.name)
        opened.whole = False
        if (yield from self._source.peek()) == '"':
            texts: list[str] = []
            yield from self.value(texts.append)
            opened.add(_unwrapped("".join(texts)))
        else:
            yield from self.value(opened.add)
        opened.ready()

    def _open(self, name: str) -> OpenCall:
        self._started = True
        return self._start(name)

    def word(self) -> Generator[None, None, str]:
        """A short JSON string."""
        texts: list[str] = []
        yield from self.value(texts.append, longest=_LONGEST_WORD)
        try:
            value = jsontext.loads_leniently("".join(texts))
        except ValueError as error:
            raise NotACallError from error
        return value if isinstance(value, str) else ""

    def value(self, sink: Callable[[str], None], longest: int | None = None) -> Wait:
        """Any JSON value, passed on as it comes."""
        source = self._source
        if (yield from source.peek()) not in '{["':
            yield from self._scalar(sink)
            return
        extent, size = _Extent(), 0
        while True:
            length = extent.of(source.text, source.at) - source.at
            size += length
            if longest is not None and size > longest:
                raise NotACallError
            if length:
                sink(source.take(length))
            if extent.over:
                return
            yield from source.need()

    def _scalar(self, sink: Callable[[str], None]) -> Wait:
        source = self._source
        while True:
            found = _SCALAR.match(source.text, source.at)
            size = (found.end() if found else source.at) - source.at
            if size:
                sink(source.take(size))
            if source.left():
                return
            yield from source.need()


class _Member:
    """What is known of one object."""

    __slots__ = ("early", "filled", "inner", "name", "opened")

    def __init__(self) -> None:
        self.name = ""
        self.early: list[str] = []
        """Arguments that came before the name."""
        self.opened: OpenCall | None = None
        self.filled = False
        """The arguments were there."""
        self.inner = False
        """It only wraps calls."""


class _Extent:
    """Follows an object, a list or a string to its end."""

    __slots__ = ("_depth", "_inside", "over")

    def __init__(self) -> None:
        self._depth = 0
        self._inside = False
        self.over = False

    def of(self, text: str, place: int) -> int:
        """Where the value ends in this text, or where to go on once more of it is there."""
        while found := (_INSIDE if self._inside else _OUTSIDE).search(text, place):
            place, mark = found.end(), found.group()
            if mark == "\\":
                if place == len(text):
                    return place - 1
                place += 1
                continue
            if mark == '"':
                self._inside = not self._inside
            else:
                self._depth += 1 if mark in "{[" else -1
            if self._depth <= 0 and not self._inside:
                self.over = True
                return place
        return len(text)


def _unwrapped(text: str) -> str:
    """Arguments that were written as JSON inside a JSON string."""
    try:
        value = jsontext.loads_leniently(text)
    except ValueError:
        return text
    return value if isinstance(value, str) and value.lstrip()[:1] == "{" else quoted(str(value))


def _ignore(_: str) -> None:
    """What is not wanted."""
