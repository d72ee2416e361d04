"""Reads the call behind an opener, whatever the family. Pure; knows the table, but nothing of what is around a call."""

import re
from collections.abc import Callable, Generator, Mapping, Sequence

from chatls.content import JsonObject
from chatls.providers.delta import Delta
from chatls.providers.inline.arguments import read_code, read_gemma, read_python
from chatls.providers.inline.call import CallsInDoubt, NotACallError, OpenCall
from chatls.providers.inline.dialect import Family
from chatls.providers.inline.families import OPENERS
from chatls.providers.inline.harmony import Harmony
from chatls.providers.inline.jsoncalls import JsonCalls, read_value
from chatls.providers.inline.marks import CODE_TOOLS, HEADED
from chatls.providers.inline.source import EndedError, Source, Wait, Words
from chatls.providers.inline.tags import read_tags

_INNER = Words(opener for opener in OPENERS if OPENERS[opener][0].place == "anywhere")
_MOST_OPENERS = 8
_LONGEST_GAP = 120
_LONGEST_HEADER = 300
_GAP = re.compile(r"""["'\s>]*(?:[]<{(\[`:.].*|[a-z\s]*(?:[<=].*)?)""", re.DOTALL)
"""What can follow a name, as far as it is there: signs, words in small letters, or an attribute."""
_SKIPPED = re.compile(r"[^<>{(\[]*")
"""What can stand in front of a word that a name follows, as far as it is there."""

_MARKLESS = Family("no marks", ())
_BEFORE_NAMES = Words(("functions.",))
_RIGHT_BEHIND = re.compile(r"(?::\d+)?(?=\{\s*[\"}])")
_FENCE = re.compile(r"```[a-z_]*+(?:\s*+(?=[{\[])|[ \t\r]*\n\s*+(?=\w))")
_FENCE_SO_FAR = re.compile(r"`{1,3}[a-z_]*\s*")
_FENCE_END = Words(("```",))
_PRINT = Words(("print(",))

_LIST_ITEM = re.compile(r"\s*\(")
_CODE_END = Words(("<|eom_id|>", "<|eot_id|>"))
_PYTHON_TAG = "<|python_tag|>"


class CallReader:
    """Reads calls; says what it finds by `emit`."""

    def __init__(self, source: Source, tools: Mapping[str, JsonObject], emit: Callable[[Delta], None]) -> None:
        self._source = source
        self._tools = tools
        self.emit = emit
        self._names = sorted(tools, key=len, reverse=True)
        self.harmony = Harmony(source, tools, self._start)
        self._code_tool = next((name for name in CODE_TOOLS if name in tools), "")
        self.open: OpenCall | None = None
        """The newest call of the attempt that is under way."""
        self.any_call = False
        self.waiting = CallsInDoubt()
        self.on_its_own = False
        """Whether the opener begins a line: bare code is a call only there, because prose looks the same."""
        self.started = False
        """Whether the attempt that is under way said anything."""
        self.channel: str | None = None
        """What the opener turned out to begin instead of a call: a message of gpt-oss."""

    def read(self, opener: str) -> Wait:
        """What the opener, which is not consumed, begins. Raises `NotACallError` as long as nothing was said."""
        self._source.take(len(opener))
        families: Sequence[Family] = OPENERS[opener]
        for _ in range(_MOST_OPENERS):
            if families[0].body == "harmony":
                self.channel = yield from self.harmony.read()
                return
            yield from self._source.skip_blanks()
            inner = yield from self._word(_INNER)
            if not inner:
                fence = yield from self._open_fence()
                yield from self._body(opener, families)
                if fence:
                    yield from self._close_fence()
                return
            opener, families = inner, OPENERS[inner]
            self._source.take(len(inner))
        raise NotACallError

    def read_bare(self) -> Wait:
        """JSON or a list of Python calls, with no marker."""
        if (yield from self._source.peek()) == "[" and (yield from self._lists_names()):
            yield from self._list()
            return
        while True:
            yield from JsonCalls(self._source, self._tools, self._start, bare=True).read()
            between = yield from self._source.separator(",")
            if between.strip() != "," or self._source.text[self._source.at] != "{":
                self._source.put_back(between)
                return

    def read_named(self, name: str) -> Wait:
        """A call whose name stands on a line before it: JSON, or code for a tool that takes some."""
        self._source.take(len(name) + 1)
        yield from self._source.skip_blanks()
        if (yield from self._source.peek()) == "{":
            yield from read_value(self._source, self._start(name))
        elif name in CODE_TOOLS:
            yield from read_code(self._source, self._start(name), self._tools[name], Words((">>>",)))
        else:
            raise NotACallError

    def read_names(self) -> Wait:
        """Calls whose marks the server left out: a name, and right behind it the arguments."""
        first = True
        while True:
            before = yield from self._source.separator("")
            before += self._source.take(len((yield from self._word(_BEFORE_NAMES))))
            try:
                name, _, _ = yield from self._name([(_MARKLESS, _RIGHT_BEHIND)])
            except NotACallError:
                if first:
                    raise
                self._source.put_back(before)
                return
            first = False
            yield from read_value(self._source, self._start(name))
            self._source.forget()

    def read_code_calls(self) -> Wait:
        """Python calls, printed or not."""
        printed = yield from self._word(_PRINT)
        self._source.take(len(printed))
        gaps = [(_MARKLESS, _LIST_ITEM)]
        name, _, _ = yield from self._name(gaps)
        yield from read_python(self._source, self._start(name), self._tools[name])
        self._source.forget()
        if printed and (yield from self._source.separator("")) == "" and self._source.text[self._source.at] == ")":
            self._source.take(1)
        yield from self._more(gaps)

    def read_recipient(self) -> Wait:
        """A message of gpt-oss whose beginning was part of the prompt: the header begins with the recipient."""
        try:
            yield from self.harmony.read_spelled()
        except NotACallError:
            self.channel = yield from self.harmony.read()

    def read_headed(self, name: str) -> Wait:
        """A call of Inkling whose first mark was part of the prompt."""
        self._source.take(len(name))
        yield from self.read(HEADED)

    def begin(self) -> None:
        """A new attempt."""
        self.open, self.started, self.channel = None, False, None

    def end(self) -> None:
        """The attempt is over, by itself or with the text: a call that is still open is complete, or never will be."""
        call, self.open = self.open, None
        if call is None or call.settled or self._source.cut:
            self.any_call = self.any_call or (call is not None and call.settled and not call.waits)
            return
        self.any_call = True
        call.broken_off()

    def _start(self, name: str) -> OpenCall:
        self.any_call = self.any_call or (self.open is not None and not self.open.waits)
        self.started = True
        self.open = OpenCall(name, self.emit, self._source.suffix, None if self._source.keep else self.waiting)
        return self.open

    def _word(self, words: Words) -> Generator[None, None, str]:
        """The word that stands here, not consumed, or "". Raises `EndedError` where one was cut off."""
        word = yield from words.wait(self._source)
        if not word and words.cut_off(self._source):
            raise EndedError
        return word

    def _body(self, opener: str, families: Sequence[Family]) -> Wait:
        opening = yield from self._source.peek()
        if opening == "[" and (yield from self._lists_names()):
            yield from self._list()
        elif opening in "{[":
            yield from JsonCalls(self._source, self._tools, self._start, bare=False).read()
        else:
            yield from self._named(opener, families)

    def _named(self, opener: str, families: Sequence[Family]) -> Wait:
        if (yield from self._before(families)):
            if (yield from self._source.peek()) in "{[":
                yield from JsonCalls(self._source, self._tools, self._start, bare=False).read()
                return
            inner = yield from self._word(_INNER)
            if inner and OPENERS[inner][0].tags:
                self._source.take(len(inner))
                families = OPENERS[inner]
        gaps = [(family, re.compile(family.after)) for family in families if family.after is not None]
        try:
            name, family, gap = yield from self._name(gaps)
        except NotACallError:
            if opener != _PYTHON_TAG or not self._code_tool or not self.on_its_own:
                raise
            name = self._code_tool
            yield from read_code(self._source, self._start(name), self._tools[name], _CODE_END)
            return
        yield from self._arguments(name, family)
        if family.body == "json" and "```" in gap:
            yield from self._close_fence()
        elif family.body == "python":
            yield from self._more(gaps)

    def _arguments(self, name: str, family: Family) -> Wait:
        """What follows the name, as the family writes it."""
        source, schema, call = self._source, self._tools[name], self._start(name)
        match family.body:
            case "tags":
                yield from read_tags(source, call, family, schema, self._names)
            case "gemma":
                yield from read_gemma(source, call, family.quote, schema)
            case "code":
                yield from read_code(source, call, schema, Words(family.closers))
            case "python":
                yield from read_python(source, call, schema)
            case _:
                yield from read_value(source, call)

    def _before(self, families: Sequence[Family]) -> Generator[None, None, bool]:
        """Whether a word that a name follows was there; it is consumed, with what stands around it."""
        source = self._source
        for family in families:
            words = Words(family.before)
            while family.before:
                size, word = words.certain(source, _LONGEST_GAP)
                skipped = source.text[source.at : source.at + size]
                skipped = skipped[: words.piece(skipped)]
                if word and re.fullmatch(family.skip, source.text[source.at : source.at + size]):
                    source.take(size + len(word))
                    yield from source.skip_blanks()
                    return True
                if word or size >= _LONGEST_GAP or not (_SKIPPED.fullmatch(skipped) if family.skip else not skipped):
                    break
                yield from source.need()
        return False

    def _more(self, gaps: Sequence[tuple[Family, re.Pattern[str]]]) -> Wait:
        """Further Python calls, one behind the other."""
        while True:
            between = yield from self._source.separator(",;")
            try:
                name, _, _ = yield from self._name(gaps)
            except NotACallError:
                self._source.put_back(between)
                return
            yield from read_python(self._source, self._start(name), self._tools[name])
            self._source.forget()

    def _name(self, gaps: Sequence[tuple[Family, re.Pattern[str]]]) -> Generator[None, None, tuple[str, Family, str]]:
        """An offered tool's name and what follows it, by family and as it was written; both are consumed."""
        source = self._source
        while True:
            for name in self._names:
                if source.text.startswith(name, source.at):
                    for family, gap in gaps:
                        if found := gap.match(source.text, source.at + len(name)):
                            source.take(found.end() - source.at)
                            return name, family, found.group()
            if not self._can_name():
                raise NotACallError
            yield from source.need()

    def _can_name(self) -> bool:
        """Whether what is here may still become an offered tool's name and what follows it."""
        text = self._source.text[self._source.at : self._source.at + _LONGEST_HEADER]
        for name in self._names:
            if name.startswith(text):
                return True
            if text.startswith(name):
                gap = text[len(name) :]
                if len(gap) < _LONGEST_GAP and _GAP.fullmatch(gap):
                    return True
        return False

    def _open_fence(self) -> Generator[None, None, str]:
        """What begins a code fence around the call, consumed; "" where there is none."""
        if (yield from self._source.peek()) != "`":
            return ""
        source = self._source
        while not (found := _FENCE.match(text := source.text[source.at : source.at + _LONGEST_GAP])):
            if len(text) == _LONGEST_GAP or not _FENCE_SO_FAR.fullmatch(text):
                raise NotACallError
            yield from source.need()
        return source.take(found.end())

    def _close_fence(self) -> Wait:
        yield from self._source.skip_blanks()
        self._source.take(len((yield from self._word(_FENCE_END))))

    def _lists_names(self) -> Generator[None, None, bool]:
        """Whether the bracket that stands here begins a list of Python calls rather than JSON."""
        source = self._source
        while True:
            inside = source.text[source.at + 1 : source.at + _LONGEST_GAP].lstrip()
            if inside or source.left() >= _LONGEST_GAP:
                return inside[:1].isalpha() or inside[:1] == "_"
            yield from source.need()

    def _list(self) -> Wait:
        source = self._source
        source.take(1)
        family = OPENERS[_PYTHON_TAG][0]
        started = False
        while True:
            yield from source.skip_blanks()
            opening = yield from source.peek()
            if opening == "]" or (opening == "," and started):
                source.take(1)
                if opening == "]":
                    return
                continue
            name, _, _ = yield from self._name([(family, _LIST_ITEM)])
            started = True
            yield from read_python(source, self._start(name), self._tools[name])
            source.forget()
