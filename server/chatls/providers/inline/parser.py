"""Tool calls and thinking written inside plain text, as it streams: text in, deltas out. Pure.

Knows no provider and no family: the families are one table (`families.py`). Text goes out as soon as it cannot
be part of a marker. What begins like a call but names no offered tool, or is not written like one, stays text, and so
does everything inside a code fence.

The readers are generators that yield where they need more text; `feed` gives it the next piece.
"""

import re
from collections.abc import Generator, Mapping

from chatls.content import JsonObject
from chatls.providers.delta import Delta, TextDelta, ThinkingDelta
from chatls.providers.inline import words as words
from chatls.providers.inline.marks import ENVELOPES, SPOKEN, THINKING
from chatls.providers.inline.opening import Opening
from chatls.providers.inline.output import Pieces
from chatls.providers.inline.reading import IsKnown, Reading
from chatls.providers.inline.source import Wait
from chatls.providers.inline.span import closes
from chatls.providers.inline.thinking import closes_thinking, read_thinking
from chatls.providers.inline.watch import NOTHING_PASSES, Watched, begins_line

_BLANKS = re.compile(r"[ \t\r\f\v]*")


class InlineParser:
    """Text with tool calls and thinking written inside it, as it comes; deltas out.

    `tools`: the offered tools' names and the JSON schemas of their arguments. `thinking_open`: the prompt's template
    had opened a think block, so the reply begins inside it; `thought`: it thought elsewhere. `known`: calls (name and
    arguments) that were told already: only these are taken out of the text, and not told again.
    """

    def __init__(
        self,
        tools: Mapping[str, JsonObject],
        *,
        thinking_open: bool = False,
        thought: bool = False,
        known: IsKnown | None = None,
    ) -> None:
        self._reading = Reading(tools, known, words.ENDS if thinking_open else frozenset(), thought=thought)
        self._source, self._out, self._fence = self._reading.source, self._reading.out, self._reading.fence
        self._opening = Opening(self._reading, tools)
        self._watched: re.Pattern[str] | None = None
        """Nothing is held back, and a piece without this means nothing but itself; None: it may mean anything."""
        self._patterns: Watched = NOTHING_PASSES
        """The same inside of a line, and at the beginning of one."""
        self._at_line = True
        """The next piece begins a line, blanks aside; in the answer."""
        self._passed = ""
        """The last piece that passed, if it was the last of all."""
        self._pieces = Pieces()
        self._run = self._read()
        next(self._run)

    @property
    def any_call(self) -> bool:
        """Whether a complete call was found."""
        return self._reading.calls.any_call

    @property
    def in_opened(self) -> bool:
        """Whether the thinking that the prompt opened goes on."""
        return self._reading.opened

    @property
    def unbegun(self) -> bool:
        """Whether thinking ended that the prompt had opened."""
        return self._reading.unbegun

    @property
    def thought(self) -> bool:
        """Whether there was thinking."""
        return self._reading.thought

    def thinks_elsewhere(self) -> None:
        """The server tells thinking apart: what ends some in the text is text."""
        self._reading.thought = True

    def feed(self, text: str) -> list[Delta]:
        """Take the next piece of the reply."""
        passed = self.passed(TextDelta(text))
        return [passed] if passed else self.read(text)

    def passed(self, delta: TextDelta) -> Delta | None:
        """Take the next piece, if it means nothing but itself, as nearly every one does; None: it is to be read."""
        text = delta.text
        if not self._watched or not text or self._watched.search(text):
            return None
        self._passed = text
        if self._out.thinking:
            return ThinkingDelta(text)
        if self._at_line or "\n" in text:
            self._at_line = begins_line(text)
            self._watched = self._patterns[self._at_line]
            self._reading.pass_line(begins=self._at_line)
        if "`" in text:
            self._out.span.pieces += " ", text  # It goes on no run of backquotes: such pieces are read.
        return delta

    def read(self, text: str) -> list[Delta]:
        """Take the next piece, which did not pass."""
        if self._passed:
            self._out.said = self._passed[-1]
            self._passed = ""
        self._source.add(text)
        return self._pieces.restore(text, self._advance())

    def finish(self, *, cut: bool = False, followed: bool = False) -> list[Delta]:
        """The reply is over. `cut`: because no more was allowed, or what follows (`followed`) is no text; a call that
        is not closed is then never ready.
        """
        if self._source.ended:
            return []
        self._source.end(cut=cut, followed=followed)
        return self._pieces.restore("", self._advance())

    def _watch(self) -> None:
        """All that is here was read: what the next piece must not hold if it is to pass."""
        self._patterns = self._reading.watch()
        self._at_line = self._reading.at_line()
        self._watched = self._patterns[self._at_line] if not self._source.suffix.held else None

    def _advance(self) -> list[Delta]:
        next(self._run, None)
        return self._out.take()

    def _read(self) -> Wait:
        """The whole reply, one state after the other."""
        yield
        source, reading = self._source, self._reading
        while source.left() or not source.ended:
            if source.at == len(source.text):
                self._watch()
                yield
                self._watched = None
            elif reading.lead is not None:
                if word := (yield from self._opening.read(reading.lead)):
                    yield from self._marker(word)
            elif reading.closers:
                yield from read_thinking(reading)
            elif self._fence.mark:
                yield from self._fence.read()
            elif reading.line:
                yield from self._beginning_line()
            else:
                yield from self._anywhere()
        reading.over()

    def _marker(self, word: str) -> Wait:
        """A word of the table that stands here in the answer."""
        reading, source = self._reading, self._source
        on_its_own = reading.calls.on_its_own = reading.lead is not None or self._out.said == "\n"
        if word in words.FENCES:
            yield from self._fence.open_inside(word[0])
        elif (word in SPOKEN and not on_its_own) or (yield from self._quoted()):
            self._out.say(source.take(1))
        elif word in words.UNBEGUN and (yield from self._ends_thinking(word)):
            source.take(len(word))
            reading.end_unbegun()
            reading.begin()
        elif word in words.LAST or word == reading.wrap:
            reading.hold(word, [])
        elif word in ENVELOPES and on_its_own:
            source.take(len(word))
            reading.begin()
        elif word in THINKING:
            source.take(len(word))
            reading.begin(frozenset((THINKING[word],)))
        elif not (yield from self._call(word)):
            reading.begun()
            self._out.say(source.take(1))

    def _ends_thinking(self, word: str) -> Generator[None, None, bool]:
        said = self._out.said
        return not self._reading.thought and (yield from closes_thinking(self._source, word, said))

    def _call(self, word: str) -> Generator[None, None, bool]:
        if word in words.SPELLED:
            return (yield from self._opening.read_spelled(word))
        if word not in words.CALLS and word not in words.LINE_OPENERS:
            return False
        return (yield from self._reading.attempt(self._reading.calls.read(word)))

    def _quoted(self) -> Generator[None, None, bool]:
        """Whether what stands here is code inside a line. At its beginning, nothing is."""
        quotes = self._out.span.opened_by() if self._reading.lead is None else 0
        return quotes > 0 and (self._out.said == "`" or (yield from closes(self._source, quotes)))

    def _anywhere(self) -> Wait:
        """Inside a line of the answer."""
        source, reading = self._source, self._reading
        looked_for, trigger = words.in_a_line(spelled=reading.spelled)
        while not reading.line and (found := trigger.search(source.text, source.at)):
            self._out.say(source.take(found.start() - source.at))
            while (word := looked_for.here(source)) is None:
                yield
            if word:
                yield from self._marker(word)
                return
            if reading.is_piece(looked_for):
                return
            reading.line = source.text[source.at] == "\n"
            self._out.say(source.take(1))
        if not reading.line:
            self._out.say(source.take_all())

    def _beginning_line(self) -> Wait:
        source, reading = self._source, self._reading
        if found := _BLANKS.match(source.text, source.at):
            self._out.say(source.take(found.end() - source.at))
        if not source.left():
            return
        looked_for, _ = words.in_a_line(spelled=reading.spelled)
        word = yield from looked_for.wait(source)
        if word and word not in words.FENCES:
            reading.line = False
            yield from self._marker(word)
            return
        if reading.is_piece(looked_for):
            return
        word = yield from reading.on_a_line.wait(source)
        reading.line = False
        if word in words.FENCES:
            yield from self._fence.open(word[0])
        elif not (yield from reading.unmarked(word)) and word:
            self._out.say(source.take(1))
