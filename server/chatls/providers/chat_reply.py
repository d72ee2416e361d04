"""How a chat completions server's response is read, streamed or whole. Pure; knows no socket.

Reference: OpenAI's API, POST /chat/completions with `stream`. What other servers do differently has a case each in
tests/providers/cases.py.
"""

from typing import Any

from chatls.content import JsonObject, Usage
from chatls.events import StepStopReason
from chatls.jsontext import Halves
from chatls.message import Replay
from chatls.providers.chat_request import EXTRAS, KIND, THINK
from chatls.providers.delta import Delta, Finished, TextDelta, ThinkingDelta
from chatls.providers.http.complaint import visible
from chatls.providers.http.faults import given_up, interrupted
from chatls.providers.http.framing import SseEvent
from chatls.providers.http.status import Origin, parsed, stream_error
from chatls.providers.toolcalls import ToolCallAssembler
from chatls.shapes import as_count, as_object, as_objects, object_or_none

_STOPS: dict[str, StepStopReason] = {
    "length": "max_tokens",
    "max_tokens": "max_tokens",
    "model_length": "max_tokens",
    "max_output_tokens": "max_tokens",
    "model_context_window_exceeded": "max_tokens",
    "content_filter": "refusal",
    "refusal": "refusal",
    "safety": "refusal",
    "sensitive": "refusal",
    "recitation": "refusal",
    "prohibited_content": "refusal",
    "blocklist": "refusal",
    "spii": "refusal",
}
"""Labels, in lower case, of a reply that did not end of itself."""

_GOOD = frozenset(
    {
        "stop",
        "stop_sequence",
        "end_turn",
        "eos",
        "eos_token",
        "complete",
        "completed",
        "done",
        "tool_calls",
        "tool_call",
        "tool_use",
        "function_call",
    }
)
"""Labels of a reply that said, or called, what it wanted. One with any other was given up: "error", "abort", ..."""

_USUAL = 3
"""Members of a fragment of a call that only adds to its arguments."""

_OLD_STYLE = -1
"""The index under which `function_call`, the forerunner of `tool_calls`, is collected."""


class ChatDecoder:
    """Reads one reply: events or one whole answer in, deltas out. `model`: who was asked."""

    def __init__(self, source: Origin, model: str = "") -> None:
        self.ending = False
        self.ended = False
        self._source = source
        self._model = model
        self._halves: Halves = {}
        self._calls = ToolCallAssembler()
        self._label = ""
        self._refused = False
        self._usage: JsonObject = {}
        self._thinking_field = ""
        self._details: list[JsonObject] = []
        self._extras: dict[str, JsonObject] = {}
        """What stood beside calls, by our ids of them, and has to come back there."""
        self._begun: str | None = ""
        """The beginning of the text, as long as it may be a mark that opens thinking; None: known."""
        self._said = False

    def feed(self, event: SseEvent) -> list[Delta]:
        """Take one event. Raises `ProviderError` for an error object, and for an event that cannot be read."""
        data = event.data
        if data[:1] != "{" or event.event == "error":
            return self._unusual(event)
        return self._chunk(parsed(self._source, data, self._halves))

    def feed_json(self, value: Any) -> list[Delta]:
        """Take a whole answer. Raises `ProviderError` if it is none."""
        answer = as_object(value)
        if not as_objects(answer.get("choices")):
            self._without_choices(answer)
            raise self._source.error("bad_response", f"sent no answer but {visible(str(value), 100)}")
        self.ending = True
        return self._chunk(answer)

    def finish(self) -> list[Delta]:
        """The last deltas. Raises `ProviderError` if no end was seen."""
        if not (self.ending or self.ended):
            raise interrupted(self._source)
        if self._label and self._label not in _GOOD and self._label not in _STOPS:
            raise given_up(self._source, self._label)
        stop = _STOPS.get(self._label, "refusal" if self._refused else "end_turn")
        deltas = self._calls.finish() if stop == "end_turn" else []
        if stop == "end_turn" and self._calls.any_ready:
            stop = "tool_calls"
        return [*deltas, Finished(stop, _usage(self._usage), self.replay())]

    def _chunk(self, chunk: JsonObject) -> list[Delta]:
        choices = chunk.get("choices")
        if "error" in chunk or not choices:
            self._without_choices(chunk)
        if usage := chunk.get("usage"):
            self._note_usage(usage)
        objects = as_objects(choices)
        if len(objects) == 1:
            return self._choice(objects[0])
        return [delta for choice in objects for delta in self._choice(choice)]

    def _choice(self, choice: JsonObject) -> list[Delta]:
        # Text and calls may come in different choices of one chunk (GitHub Models); all are one reply.
        delta = object_or_none(choice.get("delta"))
        deltas = self._delta(delta) if delta else []
        if deltas:
            self._said = True
        if "message" in choice:
            deltas += self._whole(as_object(choice["message"]))
        if label := choice.get("finish_reason"):
            self._label = str(label).lower().replace("-", "_")
            self.ending = True
        if "usage" in choice:
            self._note_usage(choice["usage"])
        if choice.get("error"):
            raise stream_error(self._source, choice)
        return deltas

    def _whole(self, message: JsonObject) -> list[Delta]:
        """A whole message. Perplexity sends all so far beside each piece: then only calls can be news."""
        if not self._said:
            return self._delta(message, whole=True)
        calls = as_objects(message.get("tool_calls"))
        return [] if self._calls.newest_id() else self._called(calls, whole=True)

    def _delta(self, delta: JsonObject, *, whole: bool = False) -> list[Delta]:
        deltas: list[Delta] = []
        if thinking := delta.get("reasoning_content") or delta.get("reasoning"):
            deltas += self._thought(delta, thinking)
        if content := delta.get("content"):
            deltas += [TextDelta(content)] if isinstance(content, str) else _parts(content)
            if self._begun is not None:
                self._note_beginning(deltas)
        if calls := delta.get("tool_calls"):
            deltas += self._called(as_objects(calls), whole=whole)
        if len(delta) > 1 or not deltas:
            deltas += self._rare(delta)
        return deltas

    def _thought(self, delta: JsonObject, thinking: Any) -> list[Delta]:
        if not isinstance(thinking, str):
            return []
        # Its own server wants it back under the name that it used (DeepSeek refuses the next request otherwise).
        self._thinking_field = "reasoning_content" if delta.get("reasoning_content") else "reasoning"
        return [ThinkingDelta(thinking)]

    def _note_beginning(self, deltas: list[Delta]) -> None:
        """Whether the text itself begins with thinking (MiniMax): then that goes back in the text."""
        self._begun = (self._begun or "") + "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
        begun = self._begun.lstrip()[: len(THINK)]
        if begun == THINK:
            self._thinking_field = self._thinking_field or THINK
        if not THINK.startswith(begun) or begun == THINK:
            self._begun = None

    def _called(self, calls: list[JsonObject], *, whole: bool) -> list[Delta]:
        deltas: list[Delta] = []
        for position, call in enumerate(calls):
            function = as_object(call.get("function"))
            index = call.get("index")
            if whole or (index is None and len(calls) > 1):
                index = position
            deltas += self._calls.add(
                index=index,
                call_id=call.get("id"),
                name=function.get("name"),
                arguments=function.get("arguments"),
            )
            if len(call) > _USUAL:
                self._note_extras(call)
        return deltas

    def _note_extras(self, call: JsonObject) -> None:
        """Google's signatures, and what routers make of them, stand beside the function."""
        if extras := {name: call[name] for name in EXTRAS if object_or_none(call.get(name))}:
            self._extras.setdefault(self._calls.newest_id(), {}).update(extras)

    def _rare(self, delta: JsonObject) -> list[Delta]:
        deltas: list[Delta] = []
        if isinstance(refusal := delta.get("refusal"), str) and refusal:
            self._refused = True
            deltas.append(TextDelta(refusal))
        if details := delta.get("reasoning_details"):
            _merge_details(self._details, as_objects(details))
        if (old := object_or_none(delta.get("function_call"))) is not None:
            deltas += self._calls.add(index=_OLD_STYLE, name=old.get("name"), arguments=old.get("arguments"))
        return deltas

    def _unusual(self, event: SseEvent) -> list[Delta]:
        """An event that is no plain chunk: the terminator, an error, a list, a heartbeat."""
        data = event.data.strip()
        if event.event == "error":
            raise stream_error(self._source, parsed(self._source, data) if data[:1] in ("{", "[") else data)
        if data == "[DONE]":
            self.ended = True
        elif data[:1] in ("{", "["):
            return self._chunk(as_object(parsed(self._source, data, self._halves)))
        return []

    def _without_choices(self, chunk: JsonObject) -> None:
        """Errors are raised; numbers are noted; what else servers send (filters, heartbeats) says nothing."""
        error = chunk.get("error") or chunk.get("object") == "error" or chunk.get("type") == "error"
        if error or (not chunk.get("choices") and chunk.get("detail")):
            raise stream_error(self._source, chunk)
        self._note_usage(as_object(chunk.get("x_groq")).get("usage"))

    def _note_usage(self, usage: Any) -> None:
        self._usage = object_or_none(usage) or self._usage

    def replay(self) -> Replay | None:
        """See `Decoder`."""
        data: JsonObject = {}
        call_ids = self._calls.call_ids()
        # In the text it is wanted back by servers that read the calls out of the text themselves.
        if self._thinking_field != THINK or self._calls.any_ready:
            data |= {"thinking": self._thinking_field} if self._thinking_field else {}
        if self._details:
            data["reasoning_details"] = self._details
        if self._extras:
            data["extras"] = self._extras
        stamp = {"server": self._source.name, "model": self._model}
        return Replay(KIND, call_ids, {**stamp, **data}) if call_ids or data else None


def _parts(content: Any) -> list[Delta]:
    """A list of parts (Mistral): texts, and thinking that is a list of texts itself."""
    deltas: list[Delta] = []
    for part in as_objects(content):
        thinking = part.get("thinking")
        for inner in [{"text": thinking}] if isinstance(thinking, str) else as_objects(thinking):
            deltas += [ThinkingDelta(text)] if isinstance(text := inner.get("text"), str) and text else []
        deltas += [TextDelta(text)] if isinstance(text := part.get("text"), str) and text else []
    return deltas


def _merge_details(known: list[JsonObject], details: list[JsonObject]) -> None:
    """Join the fragments of OpenRouter's `reasoning_details`: texts grow, what is opaque stays as it came."""
    for detail in details:
        index, kind = detail.get("index"), detail.get("type")
        same = [one for one in known if index is not None and (one.get("index"), one.get("type")) == (index, kind)]
        if not same or detail.get("data"):
            known.append(dict(detail))
            continue
        for name, value in detail.items():
            grows = name in ("text", "summary") and isinstance(same[-1].get(name), str) and isinstance(value, str)
            same[-1][name] = same[-1][name] + value if grows else (same[-1].get(name) if value is None else value)


def _usage(usage: JsonObject) -> Usage | None:
    if not usage:
        return None
    details = as_object(usage.get("prompt_tokens_details"))
    cached = as_count(details, "cached_tokens") or as_count(usage, "prompt_cache_hit_tokens", "cached_tokens")
    return Usage(
        input_tokens=as_count(usage, "prompt_tokens", "input_tokens"),
        output_tokens=as_count(usage, "completion_tokens", "output_tokens"),
        cache_read_tokens=cached,
        cache_write_tokens=as_count(details, "cache_write_tokens", "cache_creation_tokens"),
    )
