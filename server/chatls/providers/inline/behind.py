"""What stands behind a call or behind thinking, and decides what they were. Pure; tells nothing."""

from collections.abc import Container, Generator

from chatls.providers.inline import words as words
from chatls.providers.inline.source import EndedError, Source, Words

_QUOTES = tuple("`'\"(")


def next_call(source: Source) -> Generator[None, None, str]:
    """The opener behind a call and what closes it, which is consumed; "" where something else stands, or nothing."""
    try:
        while True:
            yield from source.skip_blanks()
            closer = yield from words.CLOSER.wait(source)
            if not closer:
                return (yield from words.CALL.wait(source))
            source.take(len(closer))
    except EndedError:
        return ""


def end_of_thinking(source: Source, looked_for: Words, closers: Container[str]) -> Generator[None, None, bool]:
    """Whether thinking is closed here; what closes it is then consumed, with the blanks behind it."""
    word = yield from looked_for.wait(source)
    if word not in closers or word in words.HARMONY:
        return False
    source.take(len(word))
    try:
        yield from source.skip_blanks()
    except EndedError:
        return True
    return True


def unless_last(source: Source, word: str) -> Generator[None, None, str]:
    """The word that stands here and may end a reply, with the blanks behind it; "" where nothing follows them."""
    source.take(len(word))
    blanks: list[str] = []
    while True:
        blanks.append(source.take_blanks())
        if source.left():
            return word + "".join(blanks)
        if source.ended:
            return ""
        yield


def closes_thinking(source: Source, word: str, said: str) -> Generator[None, None, bool]:
    """Whether what closes thinking, with no beginning before it, closes some: in prose such a tag has blanks or quotes
    around it, and some words end an answer as well. `said` is the character before it, "" at the beginning.
    """
    if word in words.LAST:
        size = len(word)
        while not (ahead := (yield from source.upcoming(size + 1))[size:]).strip():
            if not ahead:
                return False
            size += 1
        return True
    behind = (yield from source.upcoming(len(word) + 1))[len(word) :]
    if word not in words.SPOKEN_ENDS:
        return said not in _QUOTES
    if behind in (" ", "\t", *_QUOTES):
        return False
    return said in ("", "\n") or (bool(behind) and not said.isspace() and said not in _QUOTES)


def is_mention(source: Source, word: str, said: str) -> Generator[None, None, bool]:
    """Whether the word that stands here is only spoken of: in backquotes.

    `said` is the character before it. Thinking can end right behind code, so what closes it needs both quotes.
    """
    if said != "`":
        return False
    return word in words.CALLS or (yield from source.upcoming(len(word) + 1)) == word + "`"
