"""Between a decoder and the rest: calls and thinking that a model wrote inside its text become what they mean.

For servers that may hand on what a model wrote as it is. Pure; knows no protocol, and no dialect: inline.py reads
those.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chatls.content import JsonObject
from chatls.providers.body import Decoder
from chatls.providers.delta import CallStart, Delta, Finished, TextDelta, ThinkingDelta
from chatls.providers.framing import SseEvent
from chatls.providers.inline import InlineParser
from chatls.providers.learnt import Learnt
from chatls.providers.provider import ModelRequest

log = logging.getLogger(__name__)

_OPEN, _CLOSE = "<think>", "</think>"


def read_inline(decoder: Decoder, request: ModelRequest, learnt: Learnt) -> Decoder:
    """The decoder of a reply to that request, as it was made: with its tools, however they reach the model.

    The decoder itself where there are none: what is there to mistake is text.
    """
    if not request.tools:
        return decoder
    tools = () if request.tool_choice == "none" else request.tools
    return InlineDecoder(decoder, {tool.name: tool.input_schema for tool in tools}, learnt, request.model)


class InlineDecoder:
    """A `Decoder` around a decoder. What the server parsed itself passes, and behind its calls text holds no calls."""

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
        self._written: list[str] | None = [] if log.isEnabledFor(logging.DEBUG) else None

    def feed(self, event: SseEvent) -> list[Delta]:
        """See `Decoder`."""
        return self._read(self._decoder.feed(event))

    def feed_json(self, value: Any) -> list[Delta]:
        """See `Decoder`. Of a whole answer it is known at once whether the server parsed its calls."""
        deltas = self._decoder.feed_json(value)
        before = self._leave_calls() if any(isinstance(delta, CallStart) for delta in deltas) else []
        return before + self._read(deltas)

    def finish(self) -> list[Delta]:
        """See `Decoder`. The stop reason is what the calls say, unless the reply was cut off."""
        try:
            return self._read(self._decoder.finish())
        finally:
            if self._written is not None:
                log.debug("%s wrote: %s", self._title, "".join(self._written))

    def _read(self, deltas: list[Delta]) -> list[Delta]:
        self.ending, self.ended = self._decoder.ending, self._decoder.ended
        read: list[Delta] = []
        for delta in deltas:
            read += self._text(delta.text) if isinstance(delta, TextDelta) else self._other(delta)
        return read

    def _text(self, text: str) -> list[Delta]:
        if self._written is not None:
            self._written.append(text)
        self._thinking.note(text)
        return self._parser.feed(text)

    def _other(self, delta: Delta) -> list[Delta]:
        match delta:
            case CallStart():
                return [*self._leave_calls(), delta]
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
        last = self._parser.finish(cut=True)
        self._called |= self._parser.any_call
        self._parser = InlineParser({} if self._native else self._tools, thinking_open=thinking_open)
        return last

    def _finished(self, finished: Finished) -> list[Delta]:
        cut = finished.stop not in ("end_turn", "tool_calls")
        deltas = self._parser.finish(cut=cut)
        self._called |= self._parser.any_call
        if self._thinking.lasts and not cut and not self._called:
            deltas += self._again(self._thinking.text)
        self._learnt.thinking_open = self._thinking.opens if not cut else self._learnt.thinking_open
        if self._called and finished.stop == "end_turn":
            finished = replace(finished, stop="tool_calls")
        return [*deltas, finished]

    def _again(self, text: str) -> list[Delta]:
        """What was taken for thinking, because earlier replies began so, and never ended, was the answer."""
        self._parser = InlineParser({} if self._native else self._tools)
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
        self._tail = ""

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
        seen = self._tail + text
        self._tail = seen[-len(_CLOSE) :]
        if "<" in seen:
            self._look(seen)

    def _look(self, seen: str) -> None:
        begin, end = seen.find(_OPEN), seen.find(_CLOSE)
        if begin < 0 and end < 0:
            return
        self._clear = True
        alone = end >= 0 and not 0 <= begin < end
        self.opens = alone and (self._opened or _is_line(seen[:end], seen[end + len(_CLOSE) :]))


def _is_line(before: str, behind: str) -> bool:
    """Whether a mark stands on a line of its own: in prose and code it mostly stands inside of one."""
    return (not before or before.endswith("\n")) and behind.lstrip(" ")[:1] in ("", "\n")
