"""Text that arrives in pieces, for readers that are generators: they yield when they need more. Knows no dialect."""

import re
from collections.abc import Generator, Iterable, Sequence
from functools import cached_property

from chatls.providers.inline.suffix import Suffix

Wait = Generator[None, None, None]
"""A reader: yields where the text so far does not decide."""

_BLANKS = re.compile(r"\s*")


class EndedError(Exception):
    """The text ended where a reader needed more of it."""


class Source:
    """What has arrived and is not consumed yet. Each character is copied a bounded number of times, because readers
    consume what they have decided about."""

    __slots__ = ("at", "cut", "ended", "followed", "keep", "record", "suffix", "text", "thought")

    def __init__(self) -> None:
        self.text = ""
        """As the table has it: without the suffix of its marks."""
        self.at = 0
        self.suffix = Suffix()
        self.ended = False
        self.cut = False
        """Whether it ended because no more was allowed, not of itself."""
        self.followed = False
        """Whether it ended because something else than text followed."""
        self.thought = False
        """Whether this is thinking: a call is meant there only where nothing follows."""
        self.record: list[str] | None = None
        """What was taken since this was set: to be given back as text where it was no call after all."""

        self.keep = False
        """Whether all of the record is needed."""

    def add(self, text: str) -> None:
        """The next piece."""
        self.text = self.suffix.take(self.text[self.at :], text)
        self.at = 0

    def end(self, *, cut: bool, followed: bool) -> None:
        """No more comes."""
        self.ended, self.cut, self.followed = True, cut, followed
        if cut and not followed:
            self.suffix.held = ""
        self._show_held()

    def _show_held(self) -> None:
        self.text += self.suffix.held
        self.suffix.held = ""

    def take(self, length: int) -> str:
        """Consume so many characters."""
        taken = self.text[self.at : self.at + length]
        self.at += len(taken)
        if self.record is not None:
            self.record.append(taken)
        return taken

    def take_all(self) -> str:
        """Consume all that is here."""
        return self.take(len(self.text) - self.at)

    def put_back(self, text: str) -> None:
        """What was just taken is not consumed after all."""
        self.text = self.suffix.take(text + self.text[self.at :], "")
        self.at = 0
        if self.ended:
            self._show_held()
        size = len(text)
        while self.record and size > 0:
            last = self.record.pop()
            if len(last) > size:
                self.record.append(last[:-size])
            size -= len(last)

    def separator(self, marks: str) -> Generator[None, None, str]:
        """Consume blanks, with one of these marks among them or none, up to something else."""
        taken: list[str] = []
        while True:
            taken.append(self.take_blanks())
            mark = yield from self.peek()
            if mark in marks:
                taken.append(self.take(1))
                marks = ""
            elif not mark.isspace():
                return "".join(taken)

    def forget(self) -> None:
        """What was taken so far stays taken."""
        if self.record and not self.keep:
            self.record.clear()

    def left(self) -> int:
        """How many characters are here."""
        return len(self.text) - self.at

    def need(self) -> Wait:
        """Wait for a further piece. Raises `EndedError` where none can come."""
        if self.ended:
            raise EndedError
        yield

    def peek(self) -> Generator[None, None, str]:
        """The next character, which is not consumed."""
        while self.at == len(self.text):
            yield from self.need()
        return self.text[self.at]

    def take_blanks(self) -> str:
        """Consume the blanks that are here."""
        found = _BLANKS.match(self.text, self.at)
        return self.take((found.end() if found else self.at) - self.at)

    def skip_blanks(self) -> Wait:
        """Consume blanks up to something else."""
        while True:
            self.take_blanks()
            if self.at < len(self.text):
                return
            yield from self.need()

    def upcoming(self, length: int) -> Generator[None, None, str]:
        """The next characters, fewer only at the end."""
        while self.left() < length and not self.ended:
            yield
        return self.text[self.at : self.at + length]


class Words:
    """A set of literal words, found although they arrive in pieces. What finds them is made when it is first needed."""

    def __init__(self, words: Iterable[str]) -> None:
        self._ordered = sorted(set(words), key=len, reverse=True)
        self._longest = max(map(len, self._ordered), default=0)

    @cached_property
    def beginning(self) -> re.Pattern[str]:
        """Where this is not found, no word begins."""
        return re.compile(_beginning(self._ordered))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, self._ordered)) if self._ordered else r"(?!)")

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        return frozenset(word[:size] for word in self._ordered for size in range(len(word)))

    def here(self, source: Source) -> str | None:
        """The word that stands here; "" if none does; None if that is not decided yet."""
        if not source.ended and source.left() < self._longest and source.text[source.at :] in self._beginnings:
            return None
        found = self._pattern.match(source.text, source.at)
        return found.group() if found else ""

    def wait(self, source: Source) -> Generator[None, None, str]:
        """The word that stands here, not consumed, or ""."""
        while (word := self.here(source)) is None:
            yield
        return word

    def cut_off(self, source: Source) -> bool:
        """Whether the text is over in the midst of a word that begins here."""
        return source.ended and source.left() < self._longest and self.begin_with(source.text[source.at :])

    def piece(self, text: str) -> int:
        """Where the text ends in a piece of a word; its length, if it does not."""
        places = range(max(0, len(text) - self._longest), len(text))
        return next((place for place in places if text[place:] in self._beginnings), len(text))

    def begin_with(self, text: str) -> bool:
        """Whether some word, not whole, begins with this text."""
        return text in self._beginnings

    def certain(self, source: Source, within: int | None = None) -> tuple[int, str]:
        """How many characters from here on are before any word, and the word behind them, if it is there already.

        `within`: look at so many characters only; without it, whoever looks must consume what is before the word.
        """
        size = len(source.text) if within is None else min(len(source.text), source.at + within)
        if found := self._pattern.search(source.text, source.at, size):
            longer = found.end() == len(source.text) and not source.ended and found.group() in self._beginnings
            return found.start() - source.at, "" if longer else found.group()
        if not source.ended:
            for place in range(max(source.at, size - self._longest + 1), size):
                if source.text[place:size] in self._beginnings:
                    return place - source.at, ""
        return size - source.at, ""


def _beginning(words: Sequence[str]) -> str:
    """Matches the first two characters of every word, and the first one where the text ends behind it."""
    seconds: dict[str, set[str]] = {}
    for word in words:
        seconds.setdefault(word[0], set()).add(word[1:2])
    begins = [
        re.escape(first) + ("" if "" in found else rf"(?:[{re.escape(''.join(sorted(found)))}]|\Z)")
        for first, found in seconds.items()
    ]
    return "|".join(begins) or "(?!)"
