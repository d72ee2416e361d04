"""Calls that are written as JSON: objects that name a tool, or lists of them. Pure.

The names of the members differ from model to model; the arguments are passed on as they are written.
"""

import re
from collections.abc import Callable, Container, Generator

from chatls import jsontext
from chatls.providers.inline.call import NotACallError, OpenCall, quoted
from chatls.providers.inline.source import Source, Wait, Words
from chatls.providers.inline.values import read_literal

_NAMES = frozenset({"name", "tool_name", "function", "tool", "function_name"})
_ARGUMENTS = frozenset({"arguments", "parameters", "args", "input", "tool_input"})
_WRAPPERS = frozenset({"tool_call", "tool_calls", "function", "function_call", "tool_uses"})
_HARMLESS = frozenset({"id", "type", "tool_call_id", "call_id", "index", "thought"})
_BARE = Words(f'"{key}"' for key in _NAMES | _ARGUMENTS | _WRAPPERS | _HARMLESS)
"""What can be the first members of a call that no marker announces."""

_OUTSIDE = re.compile(r"""["'{}\[\]]""")
_INSIDE = {'"': re.compile(r'["\\]'), "'": re.compile(r"['\\]")}
_LITERAL = re.compile(r"\s*(.?)", re.DOTALL)
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
        while (mark := (yield from self._next_mark())) != "]":
            if mark not in "{[" and self._started:
                return  # What closes the list was forgotten.
            yield from self.read(depth + 1)
        source.take(1)
        if depth == 0 and not self._started:
            raise NotACallError

    def _next_mark(self) -> Generator[None, None, str]:
        """What stands behind blanks and commas, not consumed."""
        source = self._source
        while True:
            yield from source.skip_blanks()
            if (mark := (yield from source.peek())) != ",":
                return mark
            source.take(1)

    def _object(self, depth: int) -> Wait:
        source = self._source
        source.take(1)
        call = _Member()
        while (mark := (yield from self._next_mark())) != "}":
            if mark == '"' or (mark == "'" and not self._bare):
                yield from self._member(call, depth)
            elif mark == "{" and not self._bare and not call.name:
                call.inner = True
                yield from self.read(depth + 1)
            elif call.opened and call.opened.settled:
                return  # What closes the object was forgotten.
            else:
                raise NotACallError
        source.take(1)
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
        if self._bare and not call.name and not (yield from _BARE.wait(source)):
            raise NotACallError
        key = yield from self.word()
        yield from source.skip_blanks()
        if (yield from source.peek()) != ":":
            raise NotACallError
        source.take(1)
        yield from source.skip_blanks()
        opening = yield from source.peek()
        if key in _NAMES and opening in "\"'" and not call.name:
            yield from self._named(call)
        elif key in _ARGUMENTS and not call.filled:
            call.filled = True
            yield from self._arguments(call)
        elif self._bare and key == "description" and not call.opened:
            raise NotACallError  # So tools are listed.
        elif key in _WRAPPERS and opening in "{[":
            call.inner = True
            yield from self.read(depth + 1)
        elif key in self._tools and opening == "{" and not call.name and not self._bare:
            call.name, call.filled = key, True
            yield from self._arguments(call)
        else:
            yield from _value(source, _ignore)

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
        if self._bare and (not call.name or (yield from self._source.peek()) not in '{"'):
            raise NotACallError
        if not call.name:
            yield from _value(self._source, call.early.append)
            return
        call.opened = opened = call.opened or self._open(call.name)
        if (yield from self._is_json()):
            yield from _value(self._source, opened.add)
        else:
            texts: list[str] = []
            yield from _value(self._source, texts.append)
            opened.add(_unwrapped("".join(texts)))
        opened.ready()
        self._source.forget()

    def _is_json(self) -> Generator[None, None, bool]:
        """Whether the arguments that begin here can be passed on as they are written: not what stands in a string, and
        no Python."""
        source = self._source
        if (yield from source.peek()) != "{":
            return source.text[source.at] not in "\"'"
        while not (found := _LITERAL.match(source.text, source.at + 1)) or not found[1]:
            yield from source.need()
        return found[1] != "'"

    def _open(self, name: str) -> OpenCall:
        self._started = True
        return self._start(name)

    def word(self) -> Generator[None, None, str]:
        """A short JSON string."""
        texts: list[str] = []
        yield from _value(self._source, texts.append, longest=_LONGEST_WORD)
        try:
            value = jsontext.loads_leniently("".join(texts))
        except ValueError as error:
            if self._bare or texts[0][0] != "'":
                raise NotACallError from error
            value = read_literal("".join(texts))
        return value if isinstance(value, str) else ""


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
        self._inside = ""
        """The quotation mark of the string that is open. Between apostrophes is Python's."""
        self.over = False

    def of(self, text: str, place: int) -> int:
        """Where the value ends in this text, or where to go on once more of it is there."""
        while found := (_INSIDE[self._inside] if self._inside else _OUTSIDE).search(text, place):
            place, mark = found.end(), found.group()
            if mark == "\\":
                if place == len(text):
                    return place - 1
                place += 1
                continue
            if mark in "\"'":
                self._inside = "" if self._inside else mark
            else:
                self._depth += 1 if mark in "{[" else -1
            if self._depth <= 0 and not self._inside:
                self.over = True
                return place
        return len(text)


def _unwrapped(text: str) -> str:
    """Arguments that were written as JSON inside a JSON string, or as Python."""
    value = read_literal(text)
    if value == text:
        return text
    if isinstance(value, str):
        return value if value.lstrip()[:1] == "{" else quoted(value)
    return jsontext.dumps(value).decode()


def _ignore(_: str) -> None:
    """What is not wanted."""


def read_value(source: Source, call: OpenCall) -> Wait:
    """The arguments of a call as a JSON object, up to its end."""
    yield from _value(source, call.add)
    call.ready()


def _value(source: Source, sink: Callable[[str], None], longest: int | None = None) -> Wait:
    """Any JSON value, passed on as it comes."""
    if (yield from source.peek()) not in "{[\"'":
        yield from _scalar(source, sink)
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


def _scalar(source: Source, sink: Callable[[str], None]) -> Wait:
    while True:
        found = _SCALAR.match(source.text, source.at)
        size = (found.end() if found else source.at) - source.at
        if size:
            sink(source.take(size))
        if source.left():
            return
        yield from source.need()
