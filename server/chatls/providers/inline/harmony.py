"""Messages of gpt-oss: thinking, an answer or a call, as their header says; with their marks, or without, where some
server left those out. Pure.
"""

import re
from collections.abc import Callable, Generator, Mapping

from chatls.content import JsonObject
from chatls.providers.inline.arguments import read_code
from chatls.providers.inline.call import NotACallError, OpenCall
from chatls.providers.inline.jsoncalls import read_value
from chatls.providers.inline.marks import CODE_TOOLS, HARMONY_ENDS, HARMONY_HEADER, RECIPIENT
from chatls.providers.inline.source import Source, Wait, Words

_LONGEST_HEADER = 300
_MESSAGE = "<|message|>"
_HEADER_END = Words((_MESSAGE,))
_END = Words(HARMONY_ENDS)
_CHANNEL = r"(?:assistant\s?)?(?:analysis|commentary)?\s?"
_TYPE = r"(?:\s|<\|(?:channel|constrain|message)\|>|analysis|commentary|json|code)*"
_SPELLED_SO_FAR = re.compile(rf"{_CHANNEL}(?:t|to|to=[\w.:-]*(?:\s[a-z\s]*)?(?:<[a-z<>|\s]*)?)?")


class Harmony:
    """Reads one message behind what opens it."""

    def __init__(self, source: Source, tools: Mapping[str, JsonObject], start: Callable[[str], OpenCall]) -> None:
        self._source = source
        self._tools = tools
        self._start = start
        names = "|".join(map(re.escape, sorted(tools, key=len, reverse=True))) or "(?!)"
        self._spelled = re.compile(rf"{_CHANNEL}to=(?:functions[.:])?(?P<name>{names}){_TYPE}(?=\{{)")

    def read(self) -> Generator[None, None, str | None]:
        """A call, or the header of another message: its channel. Raises `NotACallError` if it is neither."""
        try:
            header = yield from self._header()
        except NotACallError:
            yield from self.read_spelled()
            return None
        # Some name two channels, the recipient before the second. An answer is for nobody else, whatever came before.
        last = header.rpartition("<|channel|>")[2]
        recipient = RECIPIENT.search(last) or (None if last.lstrip().startswith("final") else RECIPIENT.search(header))
        name = recipient["name"] if recipient else ""
        if name and name not in self._tools and name != "assistant":
            raise NotACallError
        self._source.take(len(header) + len(_MESSAGE))
        if name not in self._tools:
            return "analysis" if "analysis" in last else "final"
        yield from self._call(name)
        return None

    def read_spelled(self) -> Wait:
        """A call some of whose marks are missing: `commentary to=functions.x json{}`. Until it is known to be one,
        nothing is consumed.
        """
        source = self._source
        while not (found := self._spelled.match(source.text, source.at)):
            text = source.text[source.at : source.at + _LONGEST_HEADER]
            if len(text) == _LONGEST_HEADER or not _SPELLED_SO_FAR.fullmatch(text):
                raise NotACallError
            yield from source.need()
        source.take(found.end() - source.at)
        yield from read_value(source, self._start(found["name"]))

    def _header(self) -> Generator[None, None, str]:
        """What stands before the message, not consumed."""
        source = self._source
        while True:
            size, message = _HEADER_END.certain(source, _LONGEST_HEADER + len(_MESSAGE))
            header = source.text[source.at : source.at + min(size, _LONGEST_HEADER)]
            if size >= _LONGEST_HEADER or not HARMONY_HEADER.match(header):
                raise NotACallError
            if message:
                return header
            yield from source.need()

    def _call(self, name: str) -> Wait:
        yield from self._source.skip_blanks()
        if (yield from self._source.peek()) == "{":
            yield from read_value(self._source, self._start(name))
        elif name in CODE_TOOLS:
            yield from read_code(self._source, self._start(name), self._tools[name], _END)
        else:
            raise NotACallError
