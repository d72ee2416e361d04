"""What the log is told of turns: a line when one begins, for each request to a model, each call, and the end."""

from typing import Any, Protocol

from chatls.content import Usage, to_wire
from chatls.seen.logs.log import Level
from chatls.seen.telemetry.facts import CallFacts, CompactionFacts, StepFacts, TurnFacts


class Notebook(Protocol):
    """Where facts are written down."""

    @property
    def everything(self) -> bool:
        """Whether also the words of servers may be."""
        ...

    def note(self, what: str, level: Level = "info", **facts: Any) -> None:
        """Write some down."""
        ...


class Notes:
    """A `Sink`."""

    def __init__(self, book: Notebook) -> None:
        self._book = book

    def turn_begins(self, turn: TurnFacts) -> None:
        """`Sink.turn_begins`."""
        self._book.note("turn_begins", model=turn.model, mode=turn.mode, chosenMs=_ms(turn.chosen - turn.began))

    def model_called(self, turn: TurnFacts, call: StepFacts) -> None:
        """`Sink.model_called`."""
        self._book.note(
            "model_called",
            "info" if call.error in (None, "cancelled") else "warning",
            step=call.step,
            model=call.model,
            atMs=_ms(call.began - turn.began),
            ms=_ms(call.ended - call.began),
            firstChunkMs=_ms(call.first_chunk - call.began) if call.first_chunk else None,
            chunks=call.chunks,
            textLength=call.text,
            thinkingLength=call.thinking or None,
            calls=[one.name for one in call.calls] or None,
            messages=len(call.request.messages),
            offered=len(call.request.tools),
            stop=call.stop,
            error=call.error,
            usage=_used(call.usage),
            retries=[
                {"atMs": _ms(again.at - call.began), "reason": again.reason, "delayMs": again.delay_ms}
                for again in call.retries
            ]
            or None,
        )

    def tool_called(self, turn: TurnFacts, call: CallFacts) -> None:
        """`Sink.tool_called`."""
        self._book.note(
            "tool_called",
            step=call.step,
            call=call.id,
            name=call.name,
            atMs=_ms((call.began or call.written) - turn.began),
            ms=_ms(call.ended - call.began) if call.began else None,
            status=call.status,
            early=call.early or None,
            waitedMs=_ms(call.waited) if call.asked else None,
            outcome=call.outcome,
            resultLength=call.length,
            truncated=call.truncated or None,
        )

    def shortened(self, turn: TurnFacts, change: CompactionFacts) -> None:
        """`Sink.shortened`."""
        self._book.note(
            "shortened",
            reason=change.reason,
            atMs=_ms(change.began - turn.began),
            ms=_ms(change.ended - change.began),
            tokensBefore=change.before,
            tokensAfter=change.after,
            usage=_used(change.usage),
        )

    def turn_ended(self, turn: TurnFacts) -> None:
        """`Sink.turn_ended`."""
        error = turn.error
        self._book.note(
            "turn_ended",
            "info" if error is None else "warning",
            stop=turn.stop,
            ms=turn.duration_ms,
            steps=turn.steps,
            chunks=turn.chunks,
            tools=turn.tools or None,
            usage=_used(turn.usage),
            spentMs={what: _ms(spent) for what, spent in turn.spent.items()} or None,
            error=error and error.kind,
            httpStatus=error and error.http_status,
            providerRequest=error and error.request_id,
            text=error.message if error and self._book.everything else None,
        )


def _ms(nanoseconds: float) -> float:
    return round(nanoseconds / 1e6, 1)


def _used(usage: Usage | None) -> Any:
    return None if usage is None else {name: count for name, count in to_wire(usage).items() if count}
