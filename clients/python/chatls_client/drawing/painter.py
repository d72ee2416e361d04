"""A view as rows of a terminal: what is final goes up into the scrollback once, the rest is drawn again and again.

Knows nothing of the wire, and writes nowhere.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from rich.text import Text

from chatls_client.drawing.markdown import MarkdownFlow
from chatls_client.drawing.rows import Flow, listing, paragraph
from chatls_client.drawing.toolrows import ASCII, Glyphs, duration, spin, tool_rows
from chatls_client.harmless import harmless, one_line
from chatls_client.protocol import StopReason, TurnError
from chatls_client.view import (
    OPEN,
    Block,
    CompactionBlock,
    Fill,
    NoticeBlock,
    RetryBlock,
    SteeredBlock,
    TextBlock,
    ThinkingBlock,
    ToolBlock,
    View,
)

Rows = list[Text]

_MINUTE = 60_000
PATIENCE = 2.0
"""Seconds without a word, in the middle of a text, after which it is said that the model is waited for."""

_ENDINGS: dict[StopReason, tuple[str, str, str]] = {
    "end_turn": ("green", "done", ""),
    "cancelled": ("yellow", "cancelled", ""),
    "max_tokens": ("yellow", "cut", ": the reply is as long as one may be"),
    "max_turn_requests": ("yellow", "stopped", ": as many steps as one turn may have"),
    "refusal": ("yellow", "refused", ": the model would not answer"),
    "error": ("red", "failed", ""),
}
"""How each is drawn: its style, a word, and what that means."""


@dataclass(slots=True)
class _Front:
    """The first block that is not wholly in the scrollback."""

    flow: Flow | MarkdownFlow
    kind: type[Block]
    begun: bool = False
    """Some of its rows are there."""


class Painter:
    """Draws one turn. Every `paint` gets the newest view."""

    def __init__(self, glyphs: Glyphs, clock: Callable[[], float] = time.monotonic) -> None:
        self._glyphs = glyphs
        self._clock = clock
        self._painted = 0
        """Blocks that are wholly in the scrollback."""
        self._front: _Front | None = None
        self._above: type[Block] | None = None
        """The kind of the block that stands last in the scrollback."""
        self._tools: dict[str, ToolBlock] = {}
        """Calls in the scrollback, as they stand there."""
        self._since: dict[str, float] = {}
        """When a call was first seen running."""
        self._quiet_since = clock()
        self._blocks: tuple[Block, ...] = ()
        self._begun = self._ended = False
        self.doing = "starting the daemon"
        """What is waited for before the turn starts."""
        self.cancelling = False
        """Somebody has asked for the end of the turn."""

    def paint(self, view: View, width: int) -> tuple[Rows, Rows]:
        """Rows that became final since the last call, and rows that are not final yet."""
        head = self._head(view, width)
        again, live = self._tools_again(view, width)
        final, rest = self._body(view, width)
        foot = self._foot(view, width)
        live += rest
        return head + again + final + foot, live + self._pulse(view, width, alone=not live)

    def _head(self, view: View, width: int) -> Rows:
        if self._begun or view.model is None:
            return []
        self._begun = True
        return paragraph(one_line(view.model), "bold", width, sign=self._glyphs.model)

    def _body(self, view: View, width: int) -> tuple[Rows, Rows]:
        final: Rows = []
        live: Rows = []
        above = self._above
        for at in range(self._painted, len(view.blocks)):
            block = view.blocks[at]
            if live:
                rows = self._all(block, width)
                live += _gap(above, block, rows) + rows
            else:
                done, live = self._advance(block, width, whole=_whole(view, at))
                final += done
            above = type(block)
        return final, live

    def _advance(self, block: Block, width: int, *, whole: bool) -> tuple[Rows, Rows]:
        """Bring the first unfinished block as far as it goes: its new final rows, and the others."""
        front = self._front = self._front or _Front(self._flow(block), type(block))
        if isinstance(block, TextBlock | ThinkingBlock):
            done, rest = front.flow.take(harmless(block.text), width, whole=whole)
        else:
            rows = self._all(block, width)
            done, rest = (rows, []) if whole else ([], rows)
        if not front.begun:
            gap = _gap(self._above, block, done + rest)
            done, rest = (gap + done, rest) if done else (done, gap + rest)
        front.begun = front.begun or bool(done)
        if whole and front.begun and front.kind is not type(block):
            done += paragraph("that was thinking", "dim", width, sign=self._glyphs.dot)
        if whole:
            self._leave(block, front)
        return done, rest

    def _leave(self, block: Block, front: _Front) -> None:
        self._painted += 1
        self._front = None
        if front.begun:
            self._above = type(block)
        if isinstance(block, ToolBlock):
            self._tools[block.id] = block

    def _tools_again(self, view: View, width: int) -> tuple[Rows, Rows]:
        """Calls whose end is painted already and that run once more, because the provider changed its mind."""
        final: Rows = []
        live: Rows = []
        for block in view.blocks[: self._painted]:
            if isinstance(block, ToolBlock) and self._tools.get(block.id) is not block:
                if block.status in OPEN:
                    live += self._all(block, width)
                else:
                    self._tools[block.id] = block
                    final += self._all(block, width)
        return final, live

    def _all(self, block: Block, width: int) -> Rows:
        """All rows of a block, from the first to the last."""
        match block:
            case TextBlock() | ThinkingBlock():
                return self._flow(block).take(harmless(block.text), width, whole=True)[0]
            case ToolBlock():
                return tool_rows(block, width, self._glyphs, self._running(block))
            case NoticeBlock():
                sign, style = ("!", "yellow") if block.level == "warning" else (self._glyphs.dot, "dim")
                return paragraph(one_line(block.text), style, width, sign=sign)
            case CompactionBlock():
                return paragraph(_compaction(block), "dim", width, sign=self._glyphs.dot)
            case SteeredBlock():
                return paragraph(one_line(block.text), "bold", width, sign=">")
            case RetryBlock():
                text = f"try {block.attempt + 1} in {duration(block.delay_ms)}: {one_line(block.text)}"
                return paragraph(text, "yellow", width, sign=self._glyphs.retry)
            case _:
                assert_never(block)

    def _flow(self, block: Block) -> Flow | MarkdownFlow:
        if isinstance(block, TextBlock) and self._glyphs is not ASCII:  # what draws Markdown has signs of its own
            return MarkdownFlow(self._glyphs)
        return Flow(_style(block))

    def _running(self, block: ToolBlock) -> float:
        if block.status != "running":
            self._since.pop(block.id, None)
            return 0
        return self._clock() - self._since.setdefault(block.id, self._clock())

    def _pulse(self, view: View, width: int, *, alone: bool) -> Rows:
        """What is waited for, where nothing else moves."""
        if view.blocks is not self._blocks:
            self._blocks, self._quiet_since = view.blocks, self._clock()
        quiet = self._clock() - self._quiet_since
        still = alone or (quiet >= PATIENCE and not _any_open(view))
        if view.status == "ended" or not (still or self.cancelling):
            return []
        text = "waiting for the model" if view.status == "running" else self.doing
        if self.cancelling:
            text = "cancelling; Ctrl-C again leaves at once"
        elif quiet >= 1:
            text += f" {self._glyphs.dot} {duration(quiet * 1000)}"
        style = "yellow" if self.cancelling else "dim"
        return paragraph(text, style, width, sign=spin(self._glyphs, quiet))

    def _foot(self, view: View, width: int) -> Rows:
        if self._ended or view.status != "ended":
            return []
        self._ended = True
        complaint = [] if view.error is None else [Text(), *_complaint(view.error, self._glyphs, width)]
        return [*complaint, Text(), *self._summary(view, width)]

    def _summary(self, view: View, width: int) -> Rows:
        stop = view.stop_reason or "error"
        style, word, meaning = _ENDINGS.get(stop, ("yellow", one_line(stop), ""))
        lead = f"{self._glyphs.rule} "
        lines = listing([word + meaning, *_facts(view)], ", ", width - len(lead))
        signs = [self._glyphs.rule] + [" " * len(self._glyphs.rule)] * (len(lines) - 1)
        rows = [
            row for sign, line in zip(signs, lines, strict=True) for row in paragraph(line, "dim", width, sign=sign)
        ]
        rows[0].stylize(f"not dim {style}", len(lead), len(lead) + len(word))
        return rows


def _facts(view: View) -> list[str]:
    """What a person wants to know: how much was done, and how long it took. A prompt that was refused has neither."""
    if view.duration_ms is None:
        return []
    runs = sum(view.tools.values())
    ran = [f"{runs} tool{'' if runs == 1 else 's'}"] if runs else []
    took = duration(view.duration_ms) if view.duration_ms >= _MINUTE else f"{view.duration_ms / 1000:.1f} s"
    return [*ran, took, *_fill(view.context)]


def _fill(fill: Fill | None) -> list[str]:
    """A word on the context, where the model's window is known."""
    return [f"context {fill.tokens * 100 // fill.window}% full"] if fill and fill.window else []


def _compaction(block: CompactionBlock) -> str:
    if block.after is None:
        return "the conversation is long: its earlier part is being summarised"
    return f"the earlier part of the conversation was summarised: {block.before:,} tokens are {block.after:,} now"


def _any_open(view: View) -> bool:
    return any(isinstance(block, ToolBlock) and block.status in OPEN for block in view.blocks)


def _whole(view: View, at: int) -> bool:
    """Whether nothing can change this block any more (but a provider that changes its mind)."""
    block = view.blocks[at]
    if isinstance(block, ToolBlock):
        return block.status not in OPEN
    if isinstance(block, CompactionBlock):
        return view.status == "ended" or block.after is not None
    return view.status == "ended" or at < len(view.blocks) - 1


def _style(block: Block) -> str | None:
    return "dim italic" if isinstance(block, ThinkingBlock) else None


def _gap(above: type[Block] | None, block: Block, rows: Rows) -> Rows:
    """An empty row where there is something to part: lists of calls and of notices are not."""
    header = above is None and isinstance(block, NoticeBlock)
    listed = above is type(block) and not isinstance(block, TextBlock | ThinkingBlock)
    return [] if not rows or header or listed else [Text()]


def _complaint(error: TurnError, glyphs: Glyphs, width: int) -> Rows:
    first, *rest = harmless(complaint(error)).split("\n")
    rows = paragraph(first, "red", width, sign=glyphs.failed)
    return rows + [row for line in rest for row in paragraph(line, "dim", width, sign=" ")]


def complaint(error: TurnError) -> str:
    """What went wrong and what may help: the daemon's own words, and whether asking again may."""
    text = f"{error.kind.replace('_', ' ')}: {error.message}"
    if not error.retryable:
        return text
    when = "" if error.retry_after_ms is None else f" in {duration(error.retry_after_ms)}"
    return f"{text}\nAsking again{when} may help."
