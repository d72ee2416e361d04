"""How a response of the Messages API is read, streamed or whole. Pure; knows no socket.

Reference: Anthropic's API, POST /v1/messages with `stream`. A reply is a list of blocks, and comes back as one: all of
them are kept as they came, also those that nobody here understands.
"""

from typing import Any

from chatls.content import JsonObject, Usage
from chatls.events import Notice, StepStopReason
from chatls.jsontext import Halves
from chatls.message import Replay
from chatls.providers.anthropic_request import KIND
from chatls.providers.arguments import parse_object
from chatls.providers.delta import CallStart, Delta, Finished, TextDelta, ThinkingDelta
from chatls.providers.http.complaint import visible
from chatls.providers.http.faults import given_up, interrupted
from chatls.providers.http.framing import SseEvent
from chatls.providers.http.status import Origin, parsed, stream_error
from chatls.providers.toolcalls import ToolCallAssembler
from chatls.shapes import as_count, as_object, as_objects, as_text

_STOPS: dict[str, StepStopReason] = {
    "max_tokens": "max_tokens",
    "model_context_window_exceeded": "max_tokens",
    "length": "max_tokens",
    "refusal": "refusal",
    "content_filter": "refusal",
    "content_filtered": "refusal",
    "sensitive": "refusal",
}
"""Labels of a reply that did not end of itself."""

_GOOD = frozenset(["end_turn", "tool_use", "stop_sequence", "pause_turn", "stop", "tool_calls", "compaction"])
"""Labels of a reply that said, or called, what it wanted. One with any other was given up."""

_SERVER_CALLS = ("server_tool_use", "mcp_tool_use")
"""Calls that the server itself answers, in a block further on."""


class _Block:
    """One block of a reply."""

    __slots__ = ("call", "fed", "kind", "parts", "start")

    def __init__(self, kind: str, start: JsonObject) -> None:
        self.kind = kind
        self.start = start
        """As it began; what is added whole stands here, too."""
        self.parts: list[str] = []
        """What was added in pieces: text, thinking, or the arguments of a server's own call."""
        self.call: int | None = None
        """Its number, if it is a call for us."""
        self.fed = False
        """Arguments came in pieces."""

    def whole(self) -> JsonObject:
        """The block as it goes back. A call has our id, and its arguments stand in the history."""
        said = "".join(self.parts)
        if self.kind in ("text", "thinking"):
            return {**self.start, self.kind: said}
        if self.call is None and said:
            return {**self.start, "input": parse_object(said) or {}}
        return self.start


class AnthropicDecoder:
    """Reads one reply: events or one whole answer in, deltas out. `model`: who was asked."""

    def __init__(self, source: Origin, model: str = "") -> None:
        self.ending = False
        self.ended = False
        self._source = source
        self._model = model
        self._halves: Halves = {}
        self._calls = ToolCallAssembler()
        self._ids: set[str] = set()
        self._blocks: list[_Block] = []
        self._by_index: dict[int, _Block] = {}
        self._streaming: list[_Block] = []
        """Calls whose arguments may not be complete."""
        self._stopped: list[_Block] = []
        """Those of them that are complete unless the reply was cut off in the last one."""
        self._count = 0
        self._message_id = ""
        self._begun_anew = False
        self._label = self._why = ""
        self._usage: JsonObject = {}

    def feed(self, event: SseEvent) -> list[Delta]:
        """Take one event. Raises `ProviderError` for an error object, and for an event that cannot be read."""
        data = event.data
        if data[:1] != "{" or event.event == "error":
            return self._unusual(event)
        return self._event(parsed(self._source, data, self._halves), event.event)

    def feed_json(self, value: Any) -> list[Delta]:
        """Take a whole answer. Raises `ProviderError` if it is none."""
        answer = as_object(value)
        if answer.get("error") or answer.get("type") == "error":
            raise stream_error(self._source, value)
        if not isinstance(answer.get("content"), list):
            raise self._source.error("bad_response", f"sent no answer but {visible(str(value), 100)}")
        deltas: list[Delta] = []
        for index, block in enumerate(as_objects(answer["content"])):
            deltas += self._begin(index, block)
            self._stop(index)
        self._note_usage(answer.get("usage"))
        self._note_label(answer)
        self.ending = True
        return deltas

    def finish(self) -> list[Delta]:
        """The last deltas. Raises `ProviderError` if no end was seen."""
        if not (self.ending or self.ended):
            raise interrupted(self._source)
        if self._label and self._label not in _GOOD and self._label not in _STOPS:
            raise given_up(self._source, self._label)
        stop = _STOPS.get(self._label, "end_turn")
        told = [Notice(self._why, "warning")] if self._why else []
        deltas = [] if stop != "end_turn" else self._complete(self._streaming)
        if stop == "end_turn" and self._calls.any_ready:
            stop = "tool_calls"
        return [*deltas, *told, Finished(stop, _usage(self._usage), self._kept(cut=stop in _STOPS.values()))]

    def _event(self, value: JsonObject, name: str) -> list[Delta]:
        match value.get("type") or name:
            case "content_block_delta":
                return self._continue(self._place(value), as_object(value.get("delta")))
            case "content_block_start":
                return self._begin(self._place(value), as_object(value.get("content_block")))
            case "content_block_stop":
                self._stop(self._place(value))
            case "message_start":
                self._start(as_object(value.get("message")))
            case "message_delta":
                self._note_usage(value.get("usage"))
                self._note_label(as_object(value.get("delta")))
            case "message_stop":
                self.ended = True
            case kind:
                # Pings, and what may come in future, say nothing.
                if kind == "error" or value.get("error"):
                    raise stream_error(self._source, value)
        return []

    def _place(self, value: JsonObject) -> int:
        """The block that an event is about: the newest, where it does not say."""
        index = value.get("index")
        return index if type(index) is int else max(self._by_index, default=0)

    def _continue(self, index: int, delta: JsonObject) -> list[Delta]:
        match delta.get("type"):
            case "text_delta":
                text = self._added(index, "text", delta)
                return [TextDelta(text)] if text else []
            case "thinking_delta":
                text = self._added(index, "thinking", delta)
                return [ThinkingDelta(text)] if text else []
            case "input_json_delta":
                return self._add_input(self._by_index.get(index), delta.get("partial_json"))
            case _:
                if block := self._by_index.get(index):
                    _merge(block.start, delta)
                return []

    def _added(self, index: int, kind: str, delta: JsonObject) -> str:
        text = delta.get(kind)
        if not isinstance(text, str) or not text:
            return ""
        block = self._by_index.get(index)
        if block is None or block.kind != kind:
            block = self._keep(index, kind, {"type": kind})
        block.parts.append(text)
        return text

    def _add_input(self, block: _Block | None, part: Any) -> list[Delta]:
        if block is None or part in ("", None):
            return []
        block.fed = True
        if block.call is not None:
            return self._noted(block, self._calls.add(index=block.call, arguments=part))
        block.parts.append(as_text(part))
        return []

    def _begin(self, index: int, start: JsonObject) -> list[Delta]:
        if self._begun_anew:
            self._forget_what_was_begun(index)
        deltas = self._complete(self._stopped)
        kind = as_text(start.get("type"))
        block = self._keep(index, kind, dict(start))
        if kind in ("text", "thinking") and (text := as_text(start.get(kind))):
            block.parts.append(text)
            deltas.append(TextDelta(text) if kind == "text" else ThinkingDelta(text))
        elif kind == "tool_use" and (start.get("id") or start.get("name")):
            deltas += self._begin_call(block)
        return deltas

    def _keep(self, index: int, kind: str, start: JsonObject) -> _Block:
        block = self._by_index[index] = _Block(kind, start)
        self._blocks.append(block)
        return block

    def _begin_call(self, block: _Block) -> list[Delta]:
        self._count += 1
        block.call = self._count
        self._streaming.append(block)
        call_id = block.start.get("id")
        # An id that comes twice does not join two calls.
        unused = None if str(call_id) in self._ids else call_id
        self._ids.add(str(call_id))
        return self._noted(block, self._calls.add(index=block.call, call_id=unused, name=block.start.get("name")))

    def _noted(self, block: _Block, deltas: list[Delta]) -> list[Delta]:
        for delta in deltas:
            if isinstance(delta, CallStart):
                block.start["id"] = delta.call_id
        return deltas

    def _stop(self, index: int) -> None:
        block = self._by_index.get(index)
        if block and block in self._streaming:
            self._stopped.append(block)

    def _complete(self, blocks: list[_Block]) -> list[Delta]:
        """These calls have all their arguments."""
        deltas: list[Delta] = []
        for block in [*blocks]:
            assert block.call is not None
            if not block.fed and (arguments := block.start.get("input")):
                deltas += self._noted(block, self._calls.add(index=block.call, arguments=arguments))
            deltas += self._noted(block, self._calls.close(index=block.call))
            self._streaming.remove(block)
        self._stopped.clear()
        return deltas

    def _start(self, message: JsonObject) -> None:
        """A message begins: the only one, or the same once more, or another one because a proxy asked again."""
        message_id = as_text(message.get("id"))
        self._begun_anew = bool(self._blocks) and message_id != self._message_id
        self._message_id = message_id
        self._note_usage(message.get("usage"))

    def _forget_what_was_begun(self, index: int) -> None:
        """What was said stays said, but the blocks of one message go back, and the other's open call is void."""
        self._begun_anew = False
        if index in self._by_index:
            self._streaming = [*self._stopped]
            self._blocks.clear()
            self._by_index.clear()

    def _note_label(self, values: JsonObject) -> None:
        if label := as_text(values.get("stop_reason")):
            self._label = label.lower()
            explained = as_text(as_object(values.get("stop_details")).get("explanation"))
            self._why = f"{self._source.name}: {visible(explained)}" if explained else ""
            self.ending = True

    def _note_usage(self, usage: Any) -> None:
        """Counts are totals: later ones hold."""
        self._usage |= {name: count for name, count in as_object(usage).items() if count is not None}

    def _unusual(self, event: SseEvent) -> list[Delta]:
        """An event that is no plain object: an error, a list, a heartbeat, another protocol's terminator."""
        data = event.data.strip()
        if event.event == "error":
            raise stream_error(self._source, parsed(self._source, data) if data[:1] in ("{", "[") else data)
        if data == "[DONE]":
            self.ended = True
        elif data[:1] in ("{", "["):
            return self._event(as_object(parsed(self._source, data)), event.event)
        return []

    def replay(self) -> Replay | None:
        """See `Decoder`."""
        return self._kept(cut=True)

    def _kept(self, *, cut: bool) -> Replay | None:
        blocks = [block.whole() for block in self._blocks if self._goes_back(block, cut=cut)]
        if len(blocks) < 2 and all(block["type"] == "text" for block in blocks):
            return None
        data = {"server": self._source.name, "model": self._model, "content": blocks}
        return Replay(KIND, self._calls.call_ids(), data)

    def _goes_back(self, block: _Block, *, cut: bool) -> bool:
        """Blank text, thinking that broke off and server calls without a result are refused in a request."""
        match block.kind:
            case "text":
                return bool("".join(block.parts).strip())
            case "thinking":
                whole = not cut or block is not self._blocks[-1]
                return bool(block.start.get("signature") or (block.parts and whole))
            case "tool_use":
                return block.call is not None
            case kind if kind in _SERVER_CALLS and (cut or not self._count):
                return any(block.start.get("id") == other.start.get("tool_use_id") for other in self._blocks)
            case kind:
                return bool(kind)


def _merge(start: JsonObject, delta: JsonObject) -> None:
    """Add what comes in no pieces of text: signatures, citations, and what may come in future."""
    match delta:
        case {"type": "signature_delta", "signature": str(signature)}:
            start["signature"] = signature
        case {"type": "citations_delta", "citation": citation}:
            start["citations"] = [*(start.get("citations") or ()), citation]
        case _:
            for name in delta.keys() - {"type"}:
                known, more = start.get(name), delta[name]
                start[name] = known + more if isinstance(known, str) and isinstance(more, str) else more


def _usage(usage: JsonObject) -> Usage | None:
    if not usage:
        return None
    read, written = as_count(usage, "cache_read_input_tokens"), as_count(usage, "cache_creation_input_tokens")
    return Usage(
        input_tokens=as_count(usage, "input_tokens") + read + written,
        output_tokens=as_count(usage, "output_tokens"),
        cache_read_tokens=read,
        cache_write_tokens=written,
    )
