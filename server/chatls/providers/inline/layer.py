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
        self._opened: list[str] | None = [] if learnt.thinking_open else None
        """All of a reply that is expected to begin inside a think block, as long as it is there."""
        self._native = False
        self._called = self._unbegun = False
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
        trial = self._new_parser()
        trial.feed("".join(delta.text for delta in deltas if isinstance(delta, TextDelta)))
        trial.finish()
        if trial.unbegun:
            self._opened, self._parser = [], self._new_parser(thinking_open=True)
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
        if self._opened is not None:
            self._opened.append(delta.text)
        if passed := self._parser.passed(delta):
            return [passed]
        deltas = self._written_calls(self._parser.read(delta.text))
        self._opened = self._opened if self._parser.in_opened else None
        return deltas

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
        return self._restart()

    def _leave_thinking(self) -> list[Delta]:
        """The server parses thinking itself: no think block is open in the text."""
        self._learnt.thinking_open = False
        last = self._restart() if self._opened is not None else []
        self._parser.thinks_elsewhere()
        return last

    def _restart(self) -> list[Delta]:
        last = self._written_calls(self._parser.finish(cut=True, followed=True))
        self._note_parser()
        self._opened, self._parser = None, self._new_parser(thought=self._parser.thought)
        return last

    def _note_parser(self) -> None:
        self._called |= self._parser.any_call
        self._unbegun |= self._parser.unbegun

    def _new_parser(self, *, thinking_open: bool = False, thought: bool = False) -> InlineParser:
        known = self._twice.reported if self._native else None
        return InlineParser(self._tools, thinking_open=thinking_open, thought=thought, known=known)

    def _written_calls(self, deltas: list[Delta]) -> list[Delta]:
        """The deltas as they are; which of them are calls is remembered."""
        if not (len(deltas) == 1 and isinstance(deltas[0], TextDelta)):
            self._twice.write(deltas)
        return deltas

    def _finished(self, finished: Finished) -> list[Delta]:
        cut = finished.stop not in ("end_turn", "tool_calls")
        deltas = [*self._written_calls(self._parser.finish(cut=cut)), *self._twice.finish()]
        self._note_parser()
        if self._opened is not None and self._parser.in_opened and not cut and not self._called:
            deltas += self._again("".join(self._opened))
        self._learnt.thinking_open = self._unbegun if not cut else self._learnt.thinking_open
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
        self._parser = self._new_parser(thought=True)
        deltas = [*self._parser.feed(text), *self._parser.finish()]
        self._called |= self._parser.any_call
        return deltas
