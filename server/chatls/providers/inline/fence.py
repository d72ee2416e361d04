"""Code fences in an answer: inside one, everything is text. Pure; knows no dialect."""

import re
from collections.abc import Callable, Generator

from chatls.providers.inline.call import NotACallError
from chatls.providers.inline.source import Source, Wait

_BLANKS = re.compile(r"[ \t\r\f\v]*")
_WRAPPER = re.compile(r"(?:```|~~~)(?P<language>json|xml|tool_call|tool_code|)[ \t]*\n\s*(?=\S)")
_WRAPPER_SO_FAR = re.compile(r"(?:```|~~~)[a-z_]{0,9}[ \t]*(?:\n\s*)?")
_LONGEST_WRAPPER = 300
_INFO = re.compile(r"[^`\n]*")
_LANGUAGE = re.compile(r"[\w+#-]{0,20}[ \t]*\r?\n")
_LANGUAGE_SO_FAR = re.compile(r"[\w+#-]{0,20}[ \t]*\r?")


class Fence:
    """The fence that is open, if one is."""

    __slots__ = ("_say", "_source", "begun", "line", "mark")

    def __init__(self, source: Source, say: Callable[[str], None]) -> None:
        self._source = source
        self._say = say
        self.line = False
        """At the beginning of a line, blanks aside."""
        self.mark = ""
        """What opened it; "" outside."""
        self.begun = False
        """On the line that opens it: backquotes there close a code span, and it is no fence."""

    def wrap(self) -> Generator[None, None, str]:
        """The beginning of a fence that may hold nothing but calls; its language. Raises `NotACallError` if it cannot
        be that."""
        source = self._source
        while not (found := _WRAPPER.match(source.text, source.at, source.at + _LONGEST_WRAPPER)):
            text = source.text[source.at : source.at + _LONGEST_WRAPPER]
            if not _WRAPPER_SO_FAR.fullmatch(text) or len(text) == _LONGEST_WRAPPER:
                raise NotACallError
            yield from source.need()
        self.mark = found.group()[:3]
        source.take(found.end() - found.start())
        return found["language"]

    def unwrap(self) -> Generator[None, None, bool]:
        """Consume what closes such a fence; whether it stood here."""
        closed = (yield from self._source.upcoming(len(self.mark))) == self.mark
        if closed:
            yield from self._run_of(self.mark[0])
            self.mark = ""
        return closed

    def resume(self, inside: str) -> None:
        """It held no call: so much of it has been said."""
        self.line = not inside.rpartition("\n")[2].strip()

    def open(self, character: str) -> Wait:
        """A line begins with a fence of these characters."""
        self.mark = yield from self._run_of(character)
        self.line, self.begun = False, character == "`"
        self._say(self.mark)

    def open_inside(self, character: str) -> Wait:
        """The same inside of a line: there it is one only where nothing but the name of a language follows."""
        run = yield from self._run_of(character)
        self._say(run)
        source = self._source
        while not (found := _LANGUAGE.match(source.text, source.at)) and not source.ended:
            if not _LANGUAGE_SO_FAR.fullmatch(source.text, source.at):
                return
            yield
        if found:
            self.mark, self.line = run, False

    def read(self) -> Wait:
        """Some of what is inside, or what closes it."""
        source = self._source
        if self.line:
            yield from self._beginning()
            return
        if self.begun:
            self._info()
            return
        end = source.text.find("\n", source.at)
        self.line = end >= 0
        self._say(source.take(end + 1 - source.at) if end >= 0 else source.take_all())

    def _info(self) -> None:
        """What follows on the line that opens it."""
        source = self._source
        found = _INFO.match(source.text, source.at)
        size = found.end() - source.at if found else 0
        if size < source.left():
            self.begun = False
            self.line = source.text[source.at + size] == "\n"
            self.mark, size = (self.mark, size + 1) if self.line else ("", size)
        self._say(source.take(size))

    def _beginning(self) -> Wait:
        source = self._source
        if found := _BLANKS.match(source.text, source.at):
            self._say(source.take(found.end() - source.at))
        if not source.left():
            return
        self.line = False
        run = yield from self._run_of(self.mark[0])
        self._say(run)
        following = (yield from source.upcoming(1)) if len(run) >= len(self.mark) else "x"
        if not following.isalnum():
            self.mark = ""

    def _run_of(self, character: str) -> Generator[None, None, str]:
        texts: list[str] = []
        source = self._source
        while True:
            place = source.at
            while place < len(source.text) and source.text[place] == character:
                place += 1
            texts.append(source.take(place - source.at))
            if source.left() or source.ended:
                return "".join(texts)
            yield
