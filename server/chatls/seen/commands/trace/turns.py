"""What went on in the turns of a trace, as stretches of time: the model, tools, a person's word, a summary. Pure.

Of this daemon's own protocol (docs/protocol.md), and of the Agent Client Protocol in its words.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import Any, ClassVar, Literal, cast

from chatls.content import JsonObject
from chatls.seen.commands.trace.acpwords import REPLY_OVER, translated
from chatls.seen.commands.trace.recording import PassedMessage
from chatls.seen.commands.words import seconds
from chatls.values import dataclass

StretchKind = Literal["waits", "writes", "pause", "tool", "person", "shortening"]
"""The model was asked and said nothing yet; it wrote; it was to be asked again; a tool ran; a person was asked; a
history was made shorter."""

_LONGEST_PAUSE = 10**9
"""Milliseconds."""


@dataclass(slots=True, eq=False)
class TurnStretch:
    """Something that took time. Milliseconds since the recording began."""

    kind: StretchKind
    began: float
    ended: float
    label: str
    well: bool = True
    """It did not fail."""


@dataclass(slots=True, eq=False)
class TracedTurn:
    """One turn, from its prompt to its answer."""

    began: float
    ended: float
    prompt: str
    model: str = ""
    stop: str = "no answer yet"
    error: str = ""
    """What the daemon said went wrong."""
    stretches: list[TurnStretch] = field(default_factory=list[TurnStretch])


def turns(trace: Iterable[PassedMessage]) -> Iterator[TracedTurn]:
    """All of them, in the order of their ends; those without an answer last."""
    by_token: dict[str, _TracedTurnReader] = {}
    by_request: dict[str, _TracedTurnReader] = {}
    for said in translated(trace):
        match said.side, said.message:
            case "client", {"id": number, "method": "chat/prompt", "params": {**params}}:
                reader = _TracedTurnReader(said.ms, params)
                by_request[json.dumps(number)] = reader
                by_token[json.dumps(params.get("partialResultToken"))] = reader
            case "server", {"method": "$/progress", "params": {"token": token, "value": {"kind": str(kind), **value}}}:
                if reader := by_token.get(json.dumps(token)):
                    reader.hear(said.ms, kind, value)
            case "server", {"id": number, **answer} if "method" not in answer:
                if reader := by_request.pop(json.dumps(number), None):
                    yield reader.end(said.ms, answer)
            case _:
                pass
    for reader in by_request.values():
        yield reader.end(None, {})


class _TracedTurnReader:
    """Reads one turn."""

    def __init__(self, ms: float, params: JsonObject) -> None:
        self._turn = TracedTurn(ms, ms, _words(params.get("content")))
        self._model: TurnStretch | None = None
        """The request that is under way."""
        self._calls: dict[str, TurnStretch] = {}
        self._asked: dict[str, TurnStretch] = {}
        self._names: dict[str, str] = {}
        self._shortening: TurnStretch | None = None

    def hear(self, ms: float, kind: str, value: JsonObject) -> None:
        """An event."""
        self._turn.ended = ms
        if (heard := self._HEARD.get(kind)) is not None:
            heard(self, ms, value)

    def end(self, ms: float | None, answer: JsonObject) -> TracedTurn:
        """Its answer; none: the recording ended first."""
        turn = self._turn
        turn.ended = turn.ended if ms is None else ms
        running = [*self._calls.values(), *self._asked.values(), self._shortening, self._model]
        for stretch in running:
            if stretch is not None and stretch.ended == stretch.began:
                stretch.ended = turn.ended
        match answer:
            case {"result": {"stopReason": stop, **result}}:
                turn.stop, turn.model = str(stop), str(result.get("model", turn.model))
                match result.get("error"):
                    case {"message": message}:
                        turn.error = str(message)
                    case _:
                        pass
            case {"error": {"message": message}}:
                turn.stop, turn.error = "refused", str(message)
            case _:
                pass
        if turn.error and self._model is not None:
            self._model.well = False
        for stretch in turn.stretches:
            stretch.ended = min(stretch.ended, turn.ended)
        turn.stretches = [one for one in turn.stretches if one.ended > one.began or one.kind == "tool"]
        return turn

    def _begins(self, ms: float, value: JsonObject) -> None:
        self._turn.model = str(value.get("model", ""))
        self._asks(ms)

    def _retried(self, ms: float, value: JsonObject) -> None:
        self._told(ms)
        pause = _milliseconds(value.get("delayMs"))
        why = value.get("text") or value.get("reason")
        self._put(TurnStretch("pause", ms, ms + pause, f"asked again in {seconds(pause)}: {why}", well=False))
        self._asks(ms + pause)

    def _replied(self, ms: float, _value: JsonObject) -> None:
        self._told(ms)

    def _left_off(self, _ms: float, _value: JsonObject) -> None:
        if self._model is not None and self._model.kind == "writes":
            self._model = None

    def _runs(self, ms: float, value: JsonObject) -> None:
        self._unasks()
        call = _call(value)
        self._calls[call] = self._put(TurnStretch("tool", ms, ms, self._names.get(call, call)))

    def _ran(self, ms: float, value: JsonObject) -> None:
        if run := self._calls.pop(_call(value), None):
            run.ended, run.well = ms, value.get("status") == "completed"
            run.label += "" if run.well else f" ({value.get('status')})"
        self._asks(ms)

    def _asked_for(self, ms: float, value: JsonObject) -> None:
        self._unasks()
        call = _call(value)
        label = f"a person is asked about {self._names.get(call, call)}"
        self._asked[call] = self._put(TurnStretch("person", ms, ms, label))

    def _answered(self, ms: float, value: JsonObject) -> None:
        if question := self._asked.pop(_call(value), None):
            question.ended, question.label = ms, f"{question.label}: {value.get('outcome')}"
        self._asks(ms)

    def _shortens(self, ms: float, _value: JsonObject) -> None:
        self._told(ms)
        self._shortening = self._put(TurnStretch("shortening", ms, ms, "the conversation is made shorter"))

    def _shortened(self, ms: float, _value: JsonObject) -> None:
        if self._shortening is not None:
            self._shortening.ended = ms
        self._asks(ms)

    def _names_call(self, ms: float, value: JsonObject) -> None:
        self._names[_call(value)] = str(value.get("title") or value.get("name"))
        self._writes(ms, value)

    def _writes(self, ms: float, _value: JsonObject) -> None:
        model = self._model
        if model is not None:
            model.ended = ms
        if model is None or model.kind == "waits":
            self._model = self._put(TurnStretch("writes", ms, ms, "the model writes"))

    def _asks(self, ms: float) -> None:
        """The model is asked at this time at the earliest."""
        if self._calls or self._asked:
            return
        if self._model is None:
            self._model = self._put(TurnStretch("waits", ms, ms, "nothing came from the model yet"))
        elif self._model.kind == "waits":
            self._model.began = self._model.ended = ms

    def _unasks(self) -> None:
        """It is not asked yet: there is something to do first."""
        if self._model is not None and self._model.kind == "waits":
            self._turn.stretches.remove(self._model)
            self._model = None

    def _told(self, ms: float) -> None:
        """The model's reply is over."""
        if self._model is not None:
            self._model.ended, self._model = max(ms, self._model.began), None

    def _put(self, stretch: TurnStretch) -> TurnStretch:
        self._turn.stretches.append(stretch)
        return stretch

    _HEARD: ClassVar[dict[str, Callable[..., None]]] = {
        "turnStart": _begins,
        "retry": _retried,
        "textChunk": _writes,
        "thinkingChunk": _writes,
        "toolCallStart": _names_call,
        "toolCallDelta": _writes,
        "toolCallEnd": _names_call,
        "stepEnd": _replied,
        REPLY_OVER: _left_off,
        "toolRunStart": _runs,
        "toolRunEnd": _ran,
        "permissionRequested": _asked_for,
        "permissionResolved": _answered,
        "compactStart": _shortens,
        "compactEnd": _shortened,
    }


def _call(value: JsonObject) -> str:
    return str(value.get("toolCallId"))


def _milliseconds(value: Any) -> float:
    return float(min(max(value, 0), _LONGEST_PAUSE)) if isinstance(value, int | float) and value == value else 0.0


def _words(content: Any) -> str:
    """The text of a prompt."""
    if isinstance(content, str):
        return content
    parts = cast("list[Any]", content) if isinstance(content, list) else []
    return " ".join(
        str(cast("JsonObject", part)["text"]) for part in parts if isinstance(part, dict) and "text" in part
    )
