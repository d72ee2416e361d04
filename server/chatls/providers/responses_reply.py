"""How an OpenAI Responses server's response is read, streamed or whole. Pure; knows no socket.

Reference: OpenAI's API, POST /responses with `stream`. A reply is a list of items (messages, reasoning, calls), each
streamed under its `output_index`; ids of items may change from event to event and are not relied on. Everything comes
twice or three times: in deltas, when a part or an item is done, in the last event; servers leave out what they like, so
each time only what is still missing is passed on.
"""

from operator import itemgetter
from typing import Any

from chatls.content import JsonObject, Usage
from chatls.events import StepStopReason
from chatls.jsontext import Halves
from chatls.message import Replay
from chatls.providers.delta import Delta, Finished, TextDelta, ThinkingDelta
from chatls.providers.http.complaint import visible
from chatls.providers.http.faults import given_up, interrupted
from chatls.providers.http.framing import SseEvent
from chatls.providers.http.status import Origin, parsed, stream_error
from chatls.providers.responses_replay import CALL_TYPES, KIND
from chatls.providers.toolcalls import ToolCallAssembler
from chatls.shapes import as_count, as_object, as_objects, as_text

_PIECES: dict[str, tuple[str, str]] = {
    "response.output_text.delta": ("output_text", "content_index"),
    "response.refusal.delta": ("refusal", "content_index"),
    "response.reasoning_text.delta": ("reasoning_text", "content_index"),
    "response.reasoning_summary_text.delta": ("summary_text", "summary_index"),
}
"""Events that bring a piece of text: the type of its part, and the member that numbers the parts of an item."""

_WHOLES = {name.replace(".delta", ".done"): part for name, part in _PIECES.items()}
"""Events that bring the whole text of a part."""

_ANSWER = ("output_text", "refusal")
_THINKING = ("reasoning_text", "summary_text")
"""Types of parts."""

_CUT = ("max_output_tokens", "max_tokens", "content_filter")
"""Why a response is incomplete, where that is no mistake."""

_Part = tuple[int, str, int]
"""One text: the item's place, the part's type and number."""


class ResponsesDecoder:
    """Reads one reply: events or one whole answer in, deltas out. `model`: who was asked."""

    def __init__(self, source: Origin, model: str = "") -> None:
        self.ending = False
        self.ended = False
        self._source = source
        self._model = model
        self._halves: Halves = {}
        self._calls = ToolCallAssembler()
        self._said: dict[_Part, list[str]] = {}
        self._refused = False
        self._place = 0
        self._next_place = 0
        self._places: dict[str, int] = {}
        """Of items, by their ids as they were when the item was added."""
        self._open: dict[int, JsonObject] = {}
        """Calls that are not done yet, as they were added, by their places."""
        self._last: dict[bool, _Part] = {}
        """The part that spoke last, in the thinking (True) and in the answer."""
        self._done: dict[int, JsonObject] = {}
        """The item that was done last at each place."""
        self._items: list[tuple[int, JsonObject]] = []
        """All that are done, with their places."""
        self._response: JsonObject = {}

    def feed(self, event: SseEvent) -> list[Delta]:
        """Take one event. Raises `ProviderError` for an error object, and for an event that cannot be read."""
        if event.data[:1] != "{":
            return self._unusual(event)
        return self._event(parsed(self._source, event.data, self._halves), event.event)

    def feed_json(self, value: Any) -> list[Delta]:
        """Take a whole answer. Raises `ProviderError` if it is none."""
        response = as_object(value)
        if response.get("status") in ("queued", "in_progress", "cancelled"):
            raise interrupted(self._source)
        if not (response.get("error") or response.get("status") == "failed" or _is_answer(response)):
            raise self._source.error("bad_response", f"sent no answer but {visible(str(value), 100)}")
        return self._end(response)

    def finish(self) -> list[Delta]:
        """The last deltas. Raises `ProviderError` if no end was seen."""
        if not self.ended:
            raise interrupted(self._source)
        stop = self._stop()
        deltas = self._calls.finish() if stop == "end_turn" else []
        if stop == "end_turn" and self._calls.any_ready:
            stop = "tool_calls"
        return [*deltas, Finished(stop, _usage(self._response.get("usage")), self.replay())]

    def _event(self, event: JsonObject, name: str) -> list[Delta]:
        kind = as_text(event.get("type")) or name
        if part := _PIECES.get(kind):
            return self._piece(self._part(event, *part), event.get("delta"))
        if part := _WHOLES.get(kind):
            return self._whole(self._part(event, *part), _text_of(event))
        match kind:
            case "response.output_item.added":
                return self._added(event)
            case "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta":
                return self._calls.add(index=self._place_of(event), arguments=event.get("delta"))
            case "response.function_call_arguments.done":
                return self._calls.complete(index=self._place_of(event), arguments=event.get("arguments"))
            case "response.custom_tool_call_input.done":
                return self._calls.complete(index=self._place_of(event), arguments=event.get("input"))
            case "response.output_item.done":
                item = as_object(event.get("item"))
                return self._item(self._place_of(event, item.get("id")), item)
            case _:
                return self._rare(kind, event)

    def _rare(self, kind: str, event: JsonObject) -> list[Delta]:
        """Ends and errors; what else there is (progress, annotations, padding, heartbeats) says nothing."""
        match kind:
            case "response.completed" | "response.incomplete" | "response.done":
                return self._end({"status": kind.removeprefix("response."), **as_object(event.get("response"))})
            case "error" | "response.error" | "response.failed":
                raise stream_error(self._source, event)
            case "response.cancelled":
                raise interrupted(self._source)
            case "message" if _is_answer(event):
                return self.feed_json(event)
            case "message" if event.get("detail"):
                raise stream_error(self._source, event)
            case _:
                if event.get("error") and not kind.startswith("response."):
                    raise stream_error(self._source, event)
                return []

    def _unusual(self, event: SseEvent) -> list[Delta]:
        """An event that is no plain object: a terminator, an error, a list, a heartbeat."""
        data = event.data.strip()
        if data == "[DONE]":
            self.ended = True
        elif data[:1] in ("{", "["):
            return self._event(as_object(parsed(self._source, data)), event.event)
        elif event.event == "error":
            raise stream_error(self._source, data)
        return []

    def _place_of(self, event: JsonObject, item_id: Any = None) -> int:
        """Which item an event is about: by its place, by the item's id where there is none, or the newest one."""
        place = event.get("output_index")
        if type(place) is int:
            return place
        return self._places.get(as_text(item_id or event.get("item_id")), self._place)

    def _part(self, event: JsonObject, kind: str, number: str) -> _Part:
        index = event.get(number)
        return (self._place_of(event), kind, index if type(index) is int else 0)

    def _piece(self, part: _Part, text: Any) -> list[Delta]:
        if not isinstance(text, str) or not text:
            return []
        self._said.setdefault(part, []).append(text)
        self._refused = self._refused or part[1] == "refusal"
        thinking = part[1] in _THINKING
        if (last := self._last.get(thinking)) != part:
            self._last[thinking] = part
            # Neither the parts of a summary nor the messages of one response end with a line break of their own.
            text = f"\n\n{text}" if last and (thinking or last[0] != part[0]) else text
        return [ThinkingDelta(text) if thinking else TextDelta(text)]

    def _whole(self, part: _Part, text: str) -> list[Delta]:
        """What the whole text of a part adds to its pieces. If others of this item were streamed and this one was not,
        it may be numbered otherwise: then the whole item tells.
        """
        if part not in self._said and any(at == part[0] for at, _, _ in self._said):
            return []
        said = "".join(self._said.get(part, ()))
        return self._piece(part, text[len(said) :]) if text.startswith(said) else []

    def _added(self, event: JsonObject) -> list[Delta]:
        item, place = as_object(event.get("item")), event.get("output_index")
        self._place = place = place if type(place) is int else self._new_place()
        self._next_place = max(self._next_place, place + 1)
        self._places[as_text(item.get("id"))] = place
        if self._done.pop(place, None) is not None:
            # Another item at the same place: some servers give all of them the same number.
            self._said = {part: said for part, said in self._said.items() if part[0] != place}
            self._last = dict.fromkeys(self._last, (-1, "", 0))
        if item.get("type") not in CALL_TYPES:
            return []
        self._open[place] = item
        return self._calls.add(index=place, call_id=item.get("call_id"), name=item.get("name"))

    def _item(self, place: int, item: JsonObject) -> list[Delta]:
        """Take a whole item: what it adds to what was streamed of it."""
        if before := self._done.get(place):
            if item.get("id") and item.get("id") == before.get("id"):
                return []
            place = self._new_place()
        self._next_place = max(self._next_place, place + 1)
        self._done[place] = item
        self._items.append((place, _without_probabilities(item)))
        match item.get("type"):
            case "message":
                return self._rest(place, _ANSWER, item.get("content"))
            case "reasoning":
                return self._thought(place, item)
            case kind:
                return self._called(place, item) if kind in CALL_TYPES else []

    def _rest(self, place: int, kinds: tuple[str, ...], parts: Any) -> list[Delta]:
        """What the parts of a whole item add to all that was streamed of it, however that was numbered."""
        known = [part for part in as_objects(parts) if part.get("type") in kinds]
        whole = "".join(_text_of(part) for part in known)
        said = "".join("".join(said) for (at, kind, _), said in self._said.items() if at == place and kind in kinds)
        if not known or not whole.startswith(said):
            return []
        if not said:
            parts = [(place, as_text(part.get("type")), number) for number, part in enumerate(known)]
            return [delta for at, part in zip(parts, known, strict=True) for delta in self._piece(at, _text_of(part))]
        return self._piece((place, as_text(known[-1].get("type")), len(known) - 1), whole[len(said) :])

    def _thought(self, place: int, item: JsonObject) -> list[Delta]:
        """Thinking comes in full or as a summary. Where both are there, what was streamed counts; else the summary."""
        kinds = {kind for at, kind, _ in self._said if at == place and kind in _THINKING}
        if not kinds:
            kinds = {"summary_text" if as_objects(item.get("summary")) else "reasoning_text"}
        deltas: list[Delta] = []
        for kind, member in (("summary_text", "summary"), ("reasoning_text", "content")):
            deltas += self._rest(place, (kind,), item.get(member)) if kind in kinds else []
        return deltas

    def _called(self, place: int, item: JsonObject) -> list[Delta]:
        text = item.get("input" if item.get("type") == "custom_tool_call" else "arguments")
        take = self._calls.add if self._open.pop(place, None) is None else self._calls.complete
        deltas = take(index=place, call_id=item.get("call_id"), name=item.get("name"), arguments=text)
        cut = item.get("status") in ("incomplete", "in_progress")
        return deltas if cut else deltas + self._calls.close(index=place)

    def _end(self, response: JsonObject) -> list[Delta]:
        """The whole answer, or the last event, which holds everything once more: what was not done before is new."""
        if response.get("error") or response.get("status") == "failed":
            raise stream_error(self._source, response)
        self._response, self.ended = response, True
        done = [item.get("type") for _, item in self._items]
        deltas: list[Delta] = []
        for item in as_objects(response.get("output")):
            if item.get("type") in done:
                done.remove(item.get("type"))
            else:
                deltas += self._item(self._begun(item), item)
        return deltas

    def _begun(self, item: JsonObject) -> int:
        """Where an item was streamed that was never done; a new place if it was not."""
        if item.get("type") in CALL_TYPES:
            places = [place for place, begun in self._open.items() if begun.get("call_id") == item.get("call_id")]
        else:
            thought = item.get("type") == "reasoning"
            places = [at for at, kind, _ in self._said if (kind in _THINKING) is thought and at not in self._done]
        return places[0] if places else self._new_place()

    def _new_place(self) -> int:
        return max(self._next_place, *(at + 1 for at, _, _ in self._said), 0)

    def _stop(self) -> StepStopReason:
        reason = as_text(as_object(self._response.get("incomplete_details")).get("reason"))
        if reason and reason not in _CUT:
            raise given_up(self._source, reason)
        if reason or self._response.get("status") == "incomplete":
            return "refusal" if reason == "content_filter" else "max_tokens"
        return "refusal" if self._refused else "end_turn"

    def replay(self) -> Replay | None:
        """See `Decoder`. A call that may have run before its item was done is among them."""
        items = [item for _, item in sorted([*self._items, *self._open.items()], key=itemgetter(0))]
        call_ids = self._calls.call_ids()
        data = {"server": self._source.name, "model": self._model, "items": items}
        return Replay(KIND, call_ids, data) if items or call_ids else None


def _is_answer(response: JsonObject) -> bool:
    return isinstance(response.get("output"), list)


def _text_of(part: JsonObject) -> str:
    """The text of a part, or of the event that says that it is done."""
    return as_text(part.get("text")) or as_text(part.get("refusal"))


def _without_probabilities(item: JsonObject) -> JsonObject:
    """The same without what nobody asks for and nobody needs back: numbers for each token, longer than the text."""
    parts = as_objects(item.get("content"))
    if not any(part.get("logprobs") for part in parts):
        return item
    return {**item, "content": [{**part, "logprobs": []} if "logprobs" in part else part for part in parts]}


def _usage(usage: Any) -> Usage | None:
    numbers = as_object(usage)
    if not numbers:
        return None
    details = as_object(numbers.get("input_tokens_details"))
    return Usage(
        input_tokens=as_count(numbers, "input_tokens", "prompt_tokens"),
        output_tokens=as_count(numbers, "output_tokens", "completion_tokens"),
        cache_read_tokens=as_count(details, "cached_tokens"),
        cache_write_tokens=as_count(details, "cache_write_tokens"),
    )
