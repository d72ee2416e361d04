"""Between a decoder and the rest: calls and thinking that a model wrote inside its text become what they mean.

For servers that may hand on what a model wrote as it is. Pure; knows no protocol, and no dialect: inline.py reads
those.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chatls.content import JsonObject
from chatls.message import Replay
from chatls.providers.delta import CallArguments, CallReady, CallStart, Delta, Finished, TextDelta, ThinkingDelta
from chatls.providers.http.body import Decoder
from chatls.providers.http.framing import SseEvent
from chatls.providers.inline.parser import InlineParser
from chatls.providers.inline.twice import CallDelta, Twice
from chatls.providers.known.refused import Learnt
from chatls.providers.provider import ModelRequest

log = logging.getLogger(__name__)

_OPEN, _CLOSE = "<think>", "</think>"
_QUOTES = frozenset("`'\"(")


def read_inline(decoder: Decoder, request: ModelRequest, learnt: Learnt) -> "InlineDecoder":
    """The decoder of a reply to that request, as it was made: with its tools, however they reach the model."""
    tools = () if request.tool_choice == "none" else request.tools
    return InlineDecoder(decoder, {tool.name: tool.input_schema for tool in tools}, learnt, request.model)


class InlineDecoder:
    """A `Decoder` around a decoder, and a `Holder`. What the server parsed itself passes; behind its calls, text holds
    no others.
    """

    def __init__(self, decoder: Decoder, tools: Mapping[str, JsonObject], learnt: Learnt, title: str) -> None:
        """`tools`: schemas by name, none if no call is expected; `title`: who answers, for the log."""
        self.ending = decoder.ending
        self.ended = decoder.ended
        self._decoder = decoder
        self._tools = tools
        self._learnt = learnt
        self._title = title
        self._parser = InlineParser(tools, thinking_open=learnt.thinking_open)
        self._thinking = _Thinking(opened=learnt.thinking_open)
        self._native = False
        self._called = False
        self._twice = Twice()
        self._written: list[str] | None = [] if log.isEnabledFor(logging.DEBUG) else None

    def feed(self, event: SseEvent) -> list[Delta]:
        """See `Decoder`."""
        deltas = self._decoder.feed(event)
        self.ending, self.ended = self._decoder.ending, self._decoder.ended
        # Nearly every event of a reply is that: a word.
        if len(deltas) == 1 and isinstance(deltas[0], TextDelta):
            return self._text(deltas[0])
        return self._read(deltas)

    def feed_json(self, value: Any) -> list[Delta]:
        """See `Decoder`. Of a whole answer all is known at once: whether it has calls, and how it began."""
        deltas = self._decoder.feed_json(value)
        if _Thinking.closed_in("".join(delta.text for delta in deltas if isinstance(delta, TextDelta))):
            self._thinking = _Thinking(opened=True)
            self._parser = self._new_parser(thinking_open=True)
        calls = [delta for delta in deltas if isinstance(delta, CallDelta)]
        for delta in calls:
            self._twice.note(delta)
        before = self._leave_calls() if calls else []
        return before + self._read(deltas)

    def finish(self) -> list[Delta]:
        """See `Decoder`. The stop reason is what the calls say, unless the reply was cut off."""
        try:
            return self._read(self._decoder.finish())
        finally:
            self._tell()

    def broken_off(self) -> list[Delta]:
        """See `Holder`."""
        self._tell()
        twice, self._twice = self._twice, Twice()
        return [*self._parser.finish(cut=True), *twice.finish()]

    def _tell(self) -> None:
        if self._written is not None:
            log.debug("%s wrote: %s", self._title, "".join(self._written))
            self._written = None

    def _read(self, deltas: list[Delta]) -> list[Delta]:
        self.ending, self.ended = self._decoder.ending, self._decoder.ended
        read: list[Delta] = []
        for delta in deltas:
            read += self._text(delta) if isinstance(delta, TextDelta) else self._other(delta)
        return read

    def _text(self, delta: TextDelta) -> list[Delta]:
        if self._written is not None:
            self._written.append(delta.text)
        if self._thinking.attentive or "<" in delta.text:
            self._thinking.note(delta.text)
        else:
            self._thinking.before = delta.text
        if passed := self._parser.passed(delta):
            return [passed]
        return self._written_calls(self._parser.read(delta.text))

    def _other(self, delta: Delta) -> list[Delta]:
        match delta:
            case CallStart() | CallArguments() | CallReady():
                told = self._twice.report(delta)
                return [*self._leave_calls(), *told] if told else []
            case ThinkingDelta():
                return [*self._leave_thinking(), delta]
            case Finished():
                return self._finished(delta)
            case _:
                return [delta]

    def _leave_calls(self) -> list[Delta]:
        """The server parses calls itself: whatever looks like one in the text is text."""
        if self._native:
            return []
        self._native = True
        return self._restart(thinking_open=False)

    def _leave_thinking(self) -> list[Delta]:
        """The server parses thinking itself: no think block is open in the text."""
        self._learnt.thinking_open = False
        if not self._thinking.lasts:
            return []
        self._thinking = _Thinking(opened=False)
        return self._restart(thinking_open=False)

    def _restart(self, *, thinking_open: bool) -> list[Delta]:
        last = self._written_calls(self._parser.finish(cut=True, followed=True))
        self._called |= self._parser.any_call
        self._parser = self._new_parser(thinking_open=thinking_open)
        return last

    def _new_parser(self, *, thinking_open: bool) -> InlineParser:
        known = self._twice.reported if self._native else None
        return InlineParser(self._tools, thinking_open=thinking_open, known=known)

    def _written_calls(self, deltas: list[Delta]) -> list[Delta]:
        """The deltas as they are; which of them are calls is remembered."""
        if not (len(deltas) == 1 and isinstance(deltas[0], TextDelta)):
            self._twice.write(deltas)
        return deltas

    def _finished(self, finished: Finished) -> list[Delta]:
        cut = finished.stop not in ("end_turn", "tool_calls")
        deltas = [*self._written_calls(self._parser.finish(cut=cut)), *self._twice.finish()]
        self._called |= self._parser.any_call
        self._thinking.end()
        if self._thinking.lasts and not cut and not self._called:
            deltas += self._again(self._thinking.text)
        self._learnt.thinking_open = self._thinking.opens if not cut else self._learnt.thinking_open
        if self._called and finished.stop == "end_turn":
            finished = replace(finished, stop="tool_calls")
        return [*deltas, replace(finished, replay=self._replay(finished.replay))]

    def replay(self) -> Replay | None:
        """See `Decoder`."""
        return self._replay(self._decoder.replay())

    def _replay(self, replay: Replay | None) -> Replay | None:
        """With the server's own ids of calls that were found in the text first."""
        if replay is None or not self._twice.same:
            return replay
        ids = {self._twice.same.get(ours, ours): theirs for ours, theirs in replay.call_ids.items()}
        return replace(replay, call_ids=ids)

    def _again(self, text: str) -> list[Delta]:
        """What was taken for thinking, because earlier replies began so, and never ended, was the answer."""
        self._parser = self._new_parser(thinking_open=False)
        deltas = [*self._parser.feed(text), *self._parser.finish()]
        self._called |= self._parser.any_call
        return deltas


class _Thinking:
    """Whether the model's template opens a think block before the reply: then its end comes without a beginning."""

    def __init__(self, *, opened: bool) -> None:
        self.opens = False
        """What to expect of the next reply. One that never ends such a block is not expected to."""
        self._opened = opened
        self._clear = False
        self._parts: list[str] = []
        self.attentive = opened
        """Every piece is to be noted, not only those with a bracket."""
        self.before = ""
        """The end of what came before, at least a character of it."""

    @classmethod
    def closed_in(cls, reply: str) -> bool:
        """Whether this whole reply begins inside a think block."""
        thinking = cls(opened=False)
        thinking.note(reply)
        thinking.end()
        return thinking.opens

    @property
    def lasts(self) -> bool:
        """A block that was expected to be open has not ended yet."""
        return self._opened and not self._clear

    @property
    def text(self) -> str:
        """All of a reply whose block lasts."""
        return "".join(self._parts)

    def note(self, text: str) -> None:
        """Look at a piece of the reply."""
        if self._clear:
            return
        if self._opened:
            self._parts.append(text)
        seen = self.before + text
        self.before = seen[-len(_CLOSE) - 1 :]
        if "<" in seen:
            self._look(seen)
        self.attentive = not self._clear and (self._opened or "<" in self.before)

    def end(self) -> None:
        """The reply is whole."""
        if not self._clear:
            self._look(self.before, over=True)

    def _look(self, seen: str, *, over: bool = False) -> None:
        begin, end = seen.find(_OPEN), seen.find(_CLOSE)
        if begin < 0 and end < 0:
            return
        before, behind = seen[:end], seen[end + len(_CLOSE) :]
        alone = end >= 0 and not 0 <= begin < end
        self._clear = not alone or self._opened or bool(behind) or over
        self.opens = alone and self._clear and (self._opened or _closes(before, behind))


def _closes(before: str, behind: str) -> bool:
    """Whether a mark closes something: in prose it has blanks or quotes around it."""
    return (before[-1:] in ("", "\n") and behind[:1] in ("", "\n", "\r")) or (
        not before[-1:].isspace() and before[-1:] not in _QUOTES and behind[:1] not in ("", " ", "\t", *_QUOTES)
    )
