"""Thinking inside the text, and the calls in it: meant, or only thought of. Pure; knows the words alone."""

from chatls.providers.delta import Delta
from chatls.providers.inline import words as words
from chatls.providers.inline.behind import end_of_thinking, is_mention, next_call, unless_last
from chatls.providers.inline.reading import Reading
from chatls.providers.inline.source import Wait


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
