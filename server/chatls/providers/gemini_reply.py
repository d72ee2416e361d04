"""How Gemini's response is read, streamed or whole. Pure; knows no socket.

Reference: Google's Gemini API, GenerateContentResponse. There is no terminator; a reply without a finishReason broke
off. What proxies do differently has a test each in tests/providers/test_gemini_reply.py.
"""

import re
from typing import Any

from chatls.content import JsonObject, Usage
from chatls.events import Notice, StepStopReason
from chatls.jsontext import Halves
from chatls.message import Replay
from chatls.providers.delta import Delta, Finished, TextDelta, ThinkingDelta
from chatls.providers.gemini_parts import Calls, Parts
from chatls.providers.gemini_request import KIND
from chatls.providers.http.complaint import visible
from chatls.providers.http.faults import given_up, interrupted
from chatls.providers.http.framing import SseEvent
from chatls.providers.http.status import Origin, parsed, stream_error
from chatls.shapes import as_count, as_object, as_objects, as_text, object_or_none

_FILTERED = re.compile(r"(IMAGE_)?(SAFETY|RECITATION|PROHIBITED_CONTENT)|LANGUAGE|BLOCKLIST|SPII|MODEL_ARMOR")
"""Labels of a reply that was withheld."""

_BROKEN = re.compile(r"MALFORMED_\w+|UNEXPECTED_TOOL_CALL|TOO_MANY_TOOL_CALLS|MISSING_THOUGHT_SIGNATURE")
"""Labels of a reply that the server could not read itself. The next try mostly succeeds."""


class GeminiDecoder:
    """Reads one reply: events or one whole answer in, deltas out. `model`: who was asked."""

    def __init__(self, source: Origin, model: str = "") -> None:
        self.ending = False
        self.ended = False
        self._source = source
        self._model = model
        self._halves: Halves = {}
        self._calls = Calls()
        self._parts = Parts()
        self._label = ""
        self._label_text = ""
        self._labels_early = False
        self._blocked = ""
        self._whole = False
        self._usage: JsonObject = {}

    def feed(self, event: SseEvent) -> list[Delta]:
        """Take one event. Raises `ProviderError` for an error object, and for an event that cannot be read."""
        data = event.data.strip()
        if event.event == "error":
            raise stream_error(self._source, parsed(self._source, data) if data[:1] in ("{", "[") else data)
        self.ended = data == "[DONE]"  # Google sends none, some proxies do.
        return (
            self._answers(parsed(self._source, data, self._halves)) if data[:1] in ("{", "[") and not self.ended else []
        )

    def feed_json(self, value: Any) -> list[Delta]:
        """Take a whole answer, or the list of events that is sent without `alt=sse`. Raises `ProviderError`."""
        deltas = self._answers(value)
        if not (self._parts.begun or self._label or self._blocked):
            raise self._source.error("bad_response", f"sent no answer but {visible(str(value), 100)}")
        self.ending = self._whole = True
        return deltas

    def finish(self) -> list[Delta]:
        """The last deltas. Raises `ProviderError` if no end was seen."""
        if not (self._label or self._blocked or self._whole or self.ended):
            raise interrupted(self._source)
        if _BROKEN.fullmatch(self._label):
            what = f"could not make sense of what the model wrote ({self._label}). {visible(self._label_text)}"
            raise self._source.error("bad_response", what.strip(), retryable=True)
        if self._label not in ("", "STOP", "MAX_TOKENS") and not _FILTERED.fullmatch(self._label):
            raise given_up(self._source, self._label)
        stop, deltas = self._stop()
        return [*deltas, Finished(stop, _usage(self._usage), self.replay())]

    def _stop(self) -> tuple[StepStopReason, list[Delta]]:
        """What the label means; calls mask no limit and no filter."""
        if self._blocked or _FILTERED.fullmatch(self._label):
            what = "the prompt" if self._blocked else "the reply"
            text = f"{self._source.name} withholds {what} ({visible(self._blocked or self._label, 40)})"
            return "refusal", [Notice(text, "warning")]
        if self._label == "MAX_TOKENS":
            return "max_tokens", []
        deltas = self._calls.finish()
        return ("tool_calls" if self._calls.any_ready else "end_turn"), deltas

    def _answers(self, value: Any) -> list[Delta]:
        items = as_objects(value) if isinstance(value, list) else [as_object(value)]
        return [delta for item in items for delta in self._answer(item)]

    def _answer(self, answer: JsonObject) -> list[Delta]:
        if answer.get("error"):
            raise stream_error(self._source, answer)
        self._usage |= object_or_none(answer.get("usageMetadata")) or {}
        if reason := as_object(answer.get("promptFeedback")).get("blockReason"):
            self._blocked = str(reason)
            self.ending = True
        return [delta for candidate in as_objects(answer.get("candidates")) for delta in self._candidate(candidate)]

    def _candidate(self, candidate: JsonObject) -> list[Delta]:
        deltas: list[Delta] = []
        for part in as_objects(as_object(candidate.get("content")).get("parts")):
            deltas += self._part(part)
        # Proxies label the first event, or every one: then the label says nothing of the end, and nobody is hurried.
        self._labels_early = self._labels_early or bool(self._label and deltas)
        if reason := as_text(candidate.get("finishReason")).removeprefix("FINISH_REASON_UNSPECIFIED"):
            self._label = reason.upper()
            self._label_text = as_text(candidate.get("finishMessage"))
        self.ending = bool(self._label) and self._parts.begun and not self._labels_early
        return deltas

    def _part(self, part: JsonObject) -> list[Delta]:
        if (call := object_or_none(part.get("functionCall"))) is not None:
            return self._calls.add(call, self._parts.call(part))
        self._parts.add(part)
        text = as_text(part.get("text"))
        if not text:
            return []
        return [ThinkingDelta(text)] if part.get("thought") else [TextDelta(text)]

    def replay(self) -> Replay | None:
        """See `Decoder`."""
        parts = self._parts.close()
        data = {"server": self._source.name, "model": self._model, "parts": parts, "calls": self._calls.ours}
        return Replay(KIND, self._calls.call_ids(), data) if parts else None


def _usage(usage: JsonObject) -> Usage | None:
    """The counts repeat with each event; the last ones hold. Thinking counts as output."""
    if not (as_count(usage, "promptTokenCount", "totalTokenCount")):
        return None
    return Usage(
        input_tokens=as_count(usage, "promptTokenCount"),
        output_tokens=as_count(usage, "candidatesTokenCount") + as_count(usage, "thoughtsTokenCount"),
        cache_read_tokens=as_count(usage, "cachedContentTokenCount"),
    )
