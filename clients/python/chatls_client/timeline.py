"""When things happened in a turn's first reply, as bars one above the other. Knows events and their times only."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from rich.text import Text

from chatls_client.drawing.rows import crop, listing, paragraph
from chatls_client.harmless import one_line
from chatls_client.protocol import Event, StepEnd, ToolCallEnd, ToolCallStart, ToolRunEnd, ToolRunStart, TurnStart

_NAME_WIDTH = 14


@dataclass(frozen=True, slots=True)
class Span:
    """A call's times, in seconds since the turn began. None for what has not happened."""

    name: str
    begun: float
    closed: float | None = None
    """The arguments were complete."""
    started: float | None = None
    """The tool ran."""
    ended: float | None = None


class Timeline:
    """Notes the times of a turn's first reply."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._zero = clock()
        self._spans: dict[str, Span] = {}
        self._reply_ended: float | None = None

    def note(self, event: Event) -> None:
        """Take an event, as soon as it is there."""
        now = self._clock() - self._zero
        match event:
            case TurnStart():
                self._zero += now
            case StepEnd() if self._reply_ended is None:
                self._reply_ended = now
            case ToolCallStart() if self._reply_ended is None:
                self._spans[event.tool_call_id] = Span(event.name, now)
            case ToolCallEnd() | ToolRunStart() | ToolRunEnd() if event.tool_call_id in self._spans:
                span = self._spans[event.tool_call_id]
                self._spans[event.tool_call_id] = _noted(span, event, now)
            case _:
                pass

    def rows(self, width: int) -> list[Text]:
        """The bars, a legend, and what they prove."""
        if self._reply_ended is None or not self._spans:
            return [Text("No reply with tool calls came to its end.", "dim")]
        end = max([self._reply_ended, *(span.ended or 0 for span in self._spans.values())])
        room = max(width - _NAME_WIDTH - 2, 10)
        scale = (room - 1) / end if end else 0.0
        bars = [_bar("the reply", scale, [("━", "cyan", 0, self._reply_ended)])]
        bars += [_bar(span.name, scale, _stretches(span)) for span in self._spans.values()]
        axis = Text(" " * _NAME_WIDTH + "0 s" + f"{end:.1f} s".rjust(room - 2), "dim")
        return [*bars, axis, *_legend(width), Text(), *self._proof(self._reply_ended, width)]

    def _proof(self, reply_ended: float, width: int) -> list[Text]:
        spans = list(self._spans.values())
        rows = [row for span in spans for row in paragraph(_sentence(span), "", width, sign="·")]
        runs = [(span.started, span.ended) for span in spans if span.started is not None and span.ended is not None]
        early = sum(begin < reply_ended for begin, _ in runs)
        ready = sum(end < reply_ended for _, end in runs)
        most = max((sum(begin <= start < end for begin, end in runs) for start, _ in runs), default=0)
        proof = (
            f"The reply ended at {reply_ended:.2f} s: {early} of {len(spans)} calls had started by then, {ready} had "
        )
        together = f" {most} of them ran at the same time." if most > 1 else ""
        return [*rows, *paragraph(f"{proof}ended.{together}", "bold", width)]


def _noted(span: Span, event: ToolCallEnd | ToolRunStart | ToolRunEnd, now: float) -> Span:
    match event:
        case ToolCallEnd():
            return replace(span, closed=now)
        case ToolRunStart():
            return replace(span, started=now)
        case ToolRunEnd():
            return replace(span, ended=now)


def _stretches(span: Span) -> list[tuple[str, str, float, float]]:
    closed = span.closed or span.ended or span.begun
    stretches = [("░", "yellow", span.begun, closed)]
    if span.started is not None and span.ended is not None:
        stretches.append(("█", "green", span.started, span.ended))
    return stretches


def _bar(name: str, scale: float, stretches: list[tuple[str, str, float, float]]) -> Text:
    """Later stretches cover earlier ones; none is narrower than one cell."""
    row = Text(crop(one_line(name), _NAME_WIDTH - 1).ljust(_NAME_WIDTH), "bold")
    cells: dict[int, tuple[str, str]] = {}
    for sign, style, begin, end in stretches:
        first = int(begin * scale)
        cells |= dict.fromkeys(range(first, max(int(end * scale), first + 1)), (sign, style))
    for at in range(max(cells) + 1):
        sign, style = cells.get(at, (" ", ""))
        row.append(sign, f"not bold {style}")
    return row


def _legend(width: int) -> list[Text]:
    signs = ["━ the model writes", "░ it writes a call's arguments", "█ the tool runs"]
    lead = " " * _NAME_WIDTH
    return [Text(lead + line, "dim") for line in listing(signs, "   ", width - _NAME_WIDTH)]


def _sentence(span: Span) -> str:
    if span.closed is None or span.started is None or span.ended is None:
        return f"{one_line(span.name)} never ran"
    wait = (span.started - span.closed) * 1000
    return (
        f"{one_line(span.name)}: arguments closed at {span.closed:.2f} s, running {wait:.0f} ms later, "
        f"ended at {span.ended:.2f} s"
    )
