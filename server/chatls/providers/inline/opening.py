"""Where a reply begins, and where it goes on behind a call or thinking. Pure; knows the words alone.

More counts here than anywhere else: calls with no marker, words of the template that a server handed on.
"""

import re
from collections.abc import Generator, Iterable

from chatls.providers.inline import words as words
from chatls.providers.inline.call import NotACallError
from chatls.providers.inline.marks import HEADED, THINKING, WRAPS
from chatls.providers.inline.reading import Reading
from chatls.providers.inline.source import Wait

_THOUGHT = re.compile(r"(?:We|The|User|I|Let|Need|Okay|Ok|So|It|They|This|First|Now|Just)\b")
"""How gpt-oss begins to think: right behind the name of the channel, where its marks are left out."""
_LONGEST_THOUGHT = 6
_TOOL_CODE = "tool_code"


class Opening:
    """Reads what is first."""

    def __init__(self, reading: Reading, tools: Iterable[str]) -> None:
        self._reading = reading
        self._names = words.names_first(tools)

    def read(self, lead: list[str]) -> Generator[None, None, str]:
        """The next thing behind the blanks that were held back; a word of the answer is left to whoever asked."""
        reading, source = self._reading, self._reading.source
        text, place = source.text, source.at
        while place < len(text) and text[place].isspace():
            place += 1
        lead.append(source.take(place - source.at))
        if not source.left():
            return ""
        if reading.closers:
            yield from self._think()
            return ""
        word = yield from reading.opening.wait(source)
        if not word and reading.is_piece(reading.opening):
            return ""
        if self._says_nothing(word):
            self._drop(word)
        elif word in words.LAST:
            reading.hold(word, lead)
        elif word in words.EVERYWHERE or word in words.LINE_OPENERS:
            return word
        elif not (yield from self._first(word)):
            reading.begun()
            reading.line = True
        return ""

    def _says_nothing(self, word: str) -> bool:
        reading = self._reading
        if word in WRAPS and reading.opens_answer():
            reading.wrap = WRAPS[word]
            return True
        return word in (words.DROPPED_BEHIND if reading.behind else words.DROPPED_FIRST)

    def _drop(self, word: str) -> None:
        self._reading.source.take(len(word))
        if word in words.UNBEGUN:
            self._reading.end_unbegun()
        self._reading.begin()

    def _think(self) -> Wait:
        """Thinking is under way; some models open again what the prompt opened."""
        reading = self._reading
        word = yield from words.THINK_FIRST.wait(reading.source)
        reading.source.take(len(word))
        reading.opened = reading.opened and word not in THINKING
        reading.behind = True
        reading.begun()

    def read_spelled(self, word: str) -> Generator[None, None, bool]:
        """A message of gpt-oss whose marks the server left out; whether it was one."""
        reading, source = self._reading, self._reading.source
        if (yield from reading.attempt(reading.calls.harmony.read_spelled(), bare=True)):
            return True
        thinks = word.endswith("analysis")
        if word == "analysis" or not reading.spelled:
            ahead = yield from source.upcoming(len(word) + _LONGEST_THOUGHT)
            if not thinks or not _THOUGHT.match(ahead, len(word)):
                return False
        reading.spelled = True
        source.take(len(word))
        reading.begin(words.SPELLED if thinks else frozenset())
        return True

    def _first(self, word: str) -> Generator[None, None, bool]:
        """What counts at the beginning alone; whether that was it."""
        reading = self._reading
        if not word or word in WRAPS:
            return (yield from reading.unmarked((yield from reading.on_a_line.wait(reading.source))))
        if word in words.SPELLED_FIRST:
            return (yield from self.read_spelled(word))
        if word == words.ALL:
            return (yield from self._addressed())
        if word == words.STEPS:
            reading.source.take(len(word))
            reading.begin(frozenset((THINKING[words.STEPS],)))
            return True
        if word in words.FENCES:
            return (yield from reading.attempt(self._fenced(), bare=True))
        if word == words.RECIPIENT_FIRST:
            return (yield from reading.attempt(reading.calls.read_recipient(), bare=True))
        if word.endswith(HEADED):
            return (yield from reading.attempt(reading.calls.read_headed(self._names[word])))
        if word.endswith("\n"):
            return (yield from reading.attempt(reading.calls.read_named(self._names[word]), bare=True))
        return (yield from reading.attempt(reading.calls.read_names(), bare=True))

    def _addressed(self) -> Generator[None, None, bool]:
        """Whether the answer begins with whom it is for: a sentence that begins so goes on in lower case."""
        source = self._reading.source
        ahead = yield from source.upcoming(len(words.ALL) + 1)
        if ahead[len(words.ALL) :].islower() or ahead == words.ALL:
            return False
        source.take(len(words.ALL))
        self._reading.begin()
        return True

    def _fenced(self) -> Wait:
        """Code fences with nothing but calls in them."""
        source, fence = self._reading.source, self._reading.fence
        while True:
            language = yield from fence.wrap()
            yield from self._inside(python=language == _TOOL_CODE)
            yield from source.skip_blanks()
            source.forget()
            if (yield from words.FENCE.wait(source)) == "":
                return

    def _inside(self, *, python: bool) -> Wait:
        reading, source = self._reading, self._reading.source
        while True:
            if word := (yield from words.CALL.wait(source)):
                yield from reading.calls.read(word)
            elif (yield from source.peek()) in "{[":
                yield from reading.calls.read_bare()
            elif python:
                yield from reading.calls.read_code_calls()
            else:
                raise NotACallError
            yield from source.skip_blanks()
            while word := (yield from words.CLOSER.wait(source)):
                source.take(len(word))
                yield from source.skip_blanks()
            if (yield from reading.fence.unwrap()):
                return
