"""Where a value between tags ends, as it comes. Pure.

A tag closes it only where what follows can follow: a parameter, or the call's end. Where the call ends behind it, all
that follows is held until it is over or calls again: if the same tag comes once more, the first one stood in the value
(vllm#44060).
"""

from collections.abc import Callable, Collection, Generator
from dataclasses import replace

from chatls.providers.inline.nested import LONGEST_TAG, Keys, Marks, ValueSoFar, begins_call
from chatls.providers.inline.source import EndedError, Source, Wait
from chatls.providers.inline.words import CALLS

_END = ""
"""What follows a value, if it is no parameter: the end of the call."""


class Value:
    """Reads one value, up to what closes it, which is consumed, or to where it must be over although nothing does."""

    def __init__(
        self, source: Source, marks: Marks, keys: Keys, names: Collection[str], add: Callable[[str], None]
    ) -> None:
        self._source = source
        self._marks = marks
        self._keys = keys
        self._names = names
        self._add = add
        self._scalar = False
        self._seen: ValueSoFar = ValueSoFar()
        self._held: list[str] = []
        """A tag that closes it if the call ends there, and what came behind it; or, if `_forgot`, the newline before
        another parameter, and that. """
        self._forgot = False
        self._before: ValueSoFar = ValueSoFar()
        """What it held before that."""

    def read(self, *, scalar: bool) -> Wait:
        """Pass it on. `scalar`: it can hold no tags. Raises `EndedError` where it was not written to its end."""
        source, marks, self._scalar = self._source, self._marks, scalar
        while True:
            size, word = (marks.behind if self._held else marks.inside).certain(source)
            if size:
                self._pass(size)
            if word in marks.closes:
                over = yield from self._closes(word)
            elif word:
                over = yield from self._ends(word)
            else:
                over = source.ended and self._close_held()
                if source.ended and not over:
                    raise EndedError
            if over:
                self._keys.doubts |= self._seen.doubtful
                return
            if not word:
                yield

    def _ahead(self, size: int) -> str:
        """What is here behind so many characters, as long as a tag may be."""
        start = self._source.at + size
        return self._source.text[start : start + LONGEST_TAG]

    def _pass(self, size: int) -> None:
        """So much belongs to the value, or to what is behind it."""
        text = self._source.take(size)
        if self._held:
            self._held.append(text)
        else:
            self._add(text)

    def _hold(self, size: int, *, forgot: bool) -> None:
        """The value may have ended here, before so many characters."""
        self._before, self._forgot = self._seen, forgot
        self._held.append(self._source.take(size))

    def _close_held(self) -> bool:
        """Whether the value ended where it is held; what is behind that is not consumed then."""
        source = self._source
        if not self._held or (source.cut and (self._forgot or not source.followed)):
            return False
        source.put_back("".join(self._held[1:]))
        self._seen = self._before
        self._keys.unsure |= not self._seen.whole
        return True

    def _closes(self, word: str) -> Generator[None, None, bool]:
        """Whether this tag, which would close the value, does."""
        if self._held:
            self._keys.resumed |= not self._forgot
            self._add("".join(self._held))
            self._held.clear()
        key = yield from self._following(len(word))
        seen = self._seen
        if key == _END:
            self._hold(len(word), forgot=False)
            self._seen = seen.close()
            return self._source.thought and self._close_held()
        if key and not seen.opened and self._keys.can_come(key):
            self._source.take(len(word))
            return True
        if key:
            self._keys.unsure |= not seen.opened
            self._seen = seen.close_before(key if self._keys.can_come(key) else "")
        else:
            self._seen = seen.close()
        self._pass(len(word))
        return False

    def _following(self, size: int) -> Generator[None, None, str | None]:
        """What follows these characters: the name of a parameter, or `_END`. None: what cannot follow a value."""
        source, marks = self._source, self._marks
        while True:
            window = self._ahead(size)
            text = window.lstrip()
            if found := marks.opening.match(text):
                return found["key"]
            if marks.call_end.match(text) or (source.ended and not text):
                return _END
            if source.ended or len(window) == LONGEST_TAG or not marks.may_follow(text):
                return None
            yield

    def _ends(self, word: str) -> Generator[None, None, bool]:
        """Whether the value is over at another tag, although none closed it, or at a call behind it."""
        tag = word.lstrip("\r\n")
        blanks = len(word) - len(tag)
        over = False
        if self._held and tag in CALLS:
            over = yield from self._calls()
        elif not self._held and tag in self._marks.ends:
            over = yield from self._call_is_over(blanks)
        elif tag.startswith(self._marks.tags.begin):
            over = yield from self._begins(blanks)
            blanks = self._source.text.find(tag, self._source.at) - self._source.at
        if over:
            return True
        opened = yield from self._opens(blanks)
        self._seen = self._seen.open() if opened else replace(self._seen, plain=False)
        if tag in self._marks.calls:
            self._seen = replace(self._seen, call=True)
        self._pass(blanks + 1)
        return False

    def _calls(self) -> Generator[None, None, bool]:
        """Whether the next call begins here, behind a tag that closed the value and its call."""
        source = self._source
        if self._forgot:
            return False
        while (call := begins_call(self._ahead(0), self._names)) is None:
            if source.ended or source.left() >= LONGEST_TAG:
                return False
            yield
        if call and self._before.opened:
            self._seen = replace(self._seen, passed=True)
            return False
        return call and self._close_held()

    def _begins(self, blanks: int) -> Generator[None, None, bool]:
        """Whether another parameter begins here, so that the value must be over."""
        source, keys = self._source, self._keys
        while not (found := self._marks.opening.match(text := self._ahead(blanks))):
            if source.ended or len(text) == LONGEST_TAG:
                return False
            yield
        key = found["key"] if keys.is_offered(found["key"]) else ""
        if key and not self._held and not self._seen.opened:
            if self._scalar or (self._seen.plain and keys.must_come(key)):
                source.take(blanks)
                return True
            if self._seen.plain:
                self._hold(blanks, forgot=True)
        self._seen = replace(self._seen, key=key)
        return False

    def _opens(self, blanks: int) -> Generator[None, None, bool]:
        """Whether the value opens here what is closed as it is itself."""
        source = self._source
        while (opens := self._marks.is_opened(text := self._ahead(blanks))) is None:
            if source.ended or len(text) == LONGEST_TAG:
                return False
            yield
        return opens

    def _call_is_over(self, blanks: int) -> Generator[None, None, bool]:
        """Whether the call ends here and the value with it, although nothing closed it: at the end of all, if it held
        no tags."""
        source = self._source
        while (over := self._is_over(text := self._ahead(blanks))) is None:
            if len(text) == LONGEST_TAG:
                return False
            yield
        if over:
            source.take(blanks)
        return over

    def _is_over(self, text: str) -> bool | None:
        """Whether all ends with this text, or the call where no value can hold it; None: that is not decided yet."""
        marks, source = self._marks, self._source
        if self._scalar and marks.end_inside.match(text):
            return True
        found = marks.only_ends.match(text)
        rest = text[found.end() :] if found else text
        if source.ended:
            return not rest and not source.cut and self._seen.plain
        return False if rest and not any(end.startswith(rest) for end in marks.ends) else None
