"""Thinking inside the text, and the calls in it: meant, or only thought of; and what stands behind it, or behind a
call, and decides what they were. Pure; knows the words alone.
"""

from collections.abc import Container, Generator

from chatls.providers.delta import Delta
from chatls.providers.inline import words as words
from chatls.providers.inline.reading import Reading
from chatls.providers.inline.source import EndedError, Source, Wait, Words

_QUOTES = tuple("`'\"(")


def read_thinking(reading: Reading) -> Wait:
    """Some of the thinking that is under way, or what ends it."""
    source, out = reading.source, reading.out
    size, word = reading.think_words.certain(source)
    out.say(source.take(size))
    if not word:
        if source.left():
            yield
        return
    if (yield from is_mention(source, word, out.said)):
        out.say(source.take(1))
    elif word in reading.closers:
        if word not in words.HARMONY and word not in words.SPELLED:
            source.take(len(word))
            reading.unbegun |= reading.opened
        reading.begin()
    elif word in words.HARMONY:
        yield from reading.attempt(reading.calls.read(word))
    elif word in words.LAST:
        out.say((yield from unless_last(source, word)))
    else:
        yield from _call(reading, word)


def _call(reading: Reading, word: str) -> Wait:
    """A call before the thinking was closed: meant if nothing but calls follows, else only thought of."""
    source, calls, any_call = reading.source, reading.calls, reading.calls.any_call
    raw: list[str] = []
    source.record, source.keep, source.thought = raw, True, True
    held: list[Delta] = []
    calls.emit = held.append
    meant = True
    while word and meant:
        meant = yield from reading.attempt(calls.read(word))
        word = "" if not meant else (yield from next_call(source))
    source.record, source.keep, source.thought = None, False, False
    calls.emit = reading.out.add
    closed = meant and (yield from end_of_thinking(source, reading.think_words, reading.closers))
    if meant and not source.left() and reading.told(held):
        for delta in held if reading.known is None else ():
            reading.out.add(delta)
        reading.begin()
        return
    calls.any_call = any_call
    reading.out.say("".join(raw))
    if closed:
        reading.unbegun |= reading.opened
        reading.begin()


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
