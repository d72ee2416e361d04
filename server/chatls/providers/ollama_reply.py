"""How Ollama's response is read, streamed or whole. Pure; knows no socket.

Reference: Ollama's own API, POST /api/chat (docs/api.md, docs/api/errors.mdx). A reply without `"done": true` broke
off, which is also how a runner that died looks. What versions do differently has a test each in
tests/providers/test_ollama_reply.py.
"""

from typing import Any

from chatls import jsontext
from chatls.content import JsonObject, Usage
from chatls.events import StepStopReason
from chatls.message import Replay
from chatls.providers.delta import Delta, Finished, TextDelta, ThinkingDelta
from chatls.providers.http.complaint import visible
from chatls.providers.http.faults import given_up, interrupted
from chatls.providers.http.framing import SseEvent
from chatls.providers.http.status import Origin, stream_error
from chatls.providers.ollama_request import KIND
from chatls.providers.toolcalls import ToolCallAssembler
from chatls.shapes import as_count, as_object, as_objects, as_text

_STOPS: dict[str, StepStopReason] = {"length": "max_tokens"}
"""Labels of a reply that did not end of itself; "stop" stands beside calls, too."""

_GOOD = ("", "stop", "load", "unload", "tool_calls")
"""Labels of a reply that ended of itself. One with any other was given up."""

_BAD_CALL = "error parsing tool call"
"""How Ollama says that the model wrote a call that it cannot read."""


class OllamaDecoder:
    """Reads one reply: events or one whole answer in, deltas out. `model`: who was asked."""

    def __init__(self, source: Origin, model: str = "") -> None:
        self.ending = False
        self.ended = False
        self._source = source
        self._model = model
        self._halves: jsontext.Halves = {}
        self._calls = ToolCallAssembler()
        self._count = 0
        self._thought = False
        self._label = ""
        self._usage: JsonObject = {}

    def feed(self, event: SseEvent) -> list[Delta]:
        """Take one line. Raises `ProviderError` for an error object, and for a line that cannot be read."""
        try:
            value = jsontext.loads_leniently(event.data, halves=self._halves)
        except ValueError as error:
            what = f"sent a line that is no JSON: {visible(event.data, 100)}"
            raise self._source.error("bad_response", what, retryable=True) from error
        return self._answer(as_object(value))

    def feed_json(self, value: Any) -> list[Delta]:
        """Take a whole answer. Raises `ProviderError` if it is none."""
        answer = as_object(value)
        deltas = self._answer(answer)
        if "message" not in answer:
            raise self._source.error("bad_response", f"sent no answer but {visible(str(value), 100)}")
        return deltas

    def finish(self) -> list[Delta]:
        """The last deltas. Raises `ProviderError` if no end was seen."""
        if not self.ended:
            raise interrupted(self._source)
        if self._label not in _GOOD and self._label not in _STOPS:
            raise given_up(self._source, self._label)
        stop = _STOPS.get(self._label, "end_turn")
        deltas = self._calls.finish() if stop == "end_turn" else []
        if stop == "end_turn" and self._calls.any_ready:
            stop = "tool_calls"
        return [*deltas, Finished(stop, _usage(self._usage), self.replay())]

    def _answer(self, answer: JsonObject) -> list[Delta]:
        if error := answer.get("error"):
            if _BAD_CALL in str(error):
                what = f"could not make sense of what the model wrote: {visible(str(error))}"
                raise self._source.error("bad_response", what, retryable=True)
            raise stream_error(self._source, answer)
        deltas = self._message(as_object(answer.get("message")))
        if answer.get("done") is True:
            self.ended = True
            self._label = as_text(answer.get("done_reason"))
            self._usage = answer
        return deltas

    def _message(self, message: JsonObject) -> list[Delta]:
        deltas: list[Delta] = []
        if thinking := as_text(message.get("thinking")):
            self._thought = True
            deltas.append(ThinkingDelta(thinking))
        if content := as_text(message.get("content")):
            deltas.append(TextDelta(content))
        for call in as_objects(message.get("tool_calls")):
            deltas += self._call(call)
        return deltas

    def _call(self, call: JsonObject) -> list[Delta]:
        """Calls come whole. Their own index is not to be trusted: older versions give 0 to each (ollama#15457)."""
        function = as_object(call.get("function"))
        self._count += 1
        arguments = function.get("arguments")
        return self._calls.add(
            index=self._count,
            call_id=call.get("id"),
            name=function.get("name"),
            arguments={} if arguments is None else arguments,
        )

    def replay(self) -> Replay | None:
        """See `Decoder`."""
        call_ids = self._calls.call_ids()
        data = {"server": self._source.name, "model": self._model}
        return Replay(KIND, call_ids, data) if call_ids or self._thought else None


def _usage(numbers: JsonObject) -> Usage | None:
    if "prompt_eval_count" not in numbers and "eval_count" not in numbers:
        return None
    return Usage(as_count(numbers, "prompt_eval_count"), as_count(numbers, "eval_count"))
