"""A trace as one page of HTML, with a picture of each turn. It needs nothing from outside, and runs nothing.

Whatever stands in a trace is shown as text, with what cannot be seen escaped (`visible`).
"""

import json
from collections.abc import Iterable, Iterator
from html import escape

from chatls.seen.commands.trace.recording import PassedMessage
from chatls.seen.commands.trace.timeline import TimelineRow, joined
from chatls.seen.commands.trace.turns import StretchKind, TracedTurn, TurnStretch, turns
from chatls.seen.commands.words import seconds
from chatls.visible import visible, visible_line

_WIDTH, _LEFT, _ROW, _TOP = 960, 10, 24, 26
"""Pixels of a picture: its width, what is free at its sides, a row, the clock above."""
_LETTER = 6.7
"""Pixels of one, about."""
_MOST_ROWS = 300
"""In one picture."""
_MOST_MESSAGES = 5000
_LONGEST = 20_000
"""Characters of one message."""
_TICKS = 8

_KINDS: dict[StretchKind, str] = {
    "waits": "the model was asked, nothing came",
    "writes": "the model wrote",
    "pause": "a pause before it was asked again",
    "tool": "a tool ran",
    "person": "a person was asked",
    "shortening": "the conversation was made shorter",
}

_STYLE = """
:root { color-scheme: light dark; --back: #fff; --fore: #1b1b1f; --faint: #6b6b76; --line: #e2e2e8; --bad: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --back: #17171b; --fore: #e7e7ea; --faint: #9a9aa6; --line: #33333b; --bad: #ff8a80 }
}
body { background: var(--back); color: var(--fore); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 980px; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin: 2.2rem 0 .2rem } p { margin: .2rem 0 }
.faint { color: var(--faint) } .bad { color: var(--bad) }
svg { display: block; margin: .6rem 0; max-width: 100%; height: auto; font: 12px system-ui, sans-serif }
svg text { fill: var(--fore) } svg .clock { fill: var(--faint) } svg .tick { stroke: var(--line) }
.waits { fill: #b9c6e8 } .writes { fill: #5b8def } .pause { fill: #e0a341 } .tool { fill: #4cae7f }
.person { fill: #b98be0 } .shortening { fill: #9c8f80 } .failed { stroke: var(--bad); stroke-width: 2 }
.legend span { white-space: nowrap; margin-right: 1.2rem } .legend svg { display: inline; margin: 0 .3rem 0 0 }
details { border-bottom: 1px solid var(--line) } summary { cursor: pointer; overflow-wrap: anywhere; padding: .15rem 0 }
summary, pre { font: 12px/1.5 ui-monospace, monospace }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere }
"""


def page(trace: list[PassedMessage], title: str) -> Iterator[str]:
    """The page, piece by piece."""
    name = escape(visible_line(title))
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    yield '<meta name="viewport" content="width=device-width">\n'
    yield f"<title>{name}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{name}</h1>\n"
    lasted = seconds(trace[-1].ms - trace[0].ms) if trace else "0 ms"
    said = f"{len(trace):,} messages in {lasted}. Keys were blotted out; what was said stands here."
    yield f'<p class="faint">{said}</p>\n'
    found = list(turns(trace))
    if found:
        yield f'<p class="legend">{"".join(map(_legend, _KINDS))}</p>\n'
    for number, turn in enumerate(found, 1):
        yield from _turn(number, turn)
    yield "<h2>All messages</h2>\n"
    for at, row in enumerate(joined(trace)):
        if at == _MOST_MESSAGES:
            yield "<p>... and more: chatls trace show tells them all.</p>\n"
            break
        yield _message(row)
    yield "</body>\n</html>\n"


def _legend(kind: StretchKind) -> str:
    patch = f'<svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" class="{kind}"/></svg>'
    return f"<span>{patch}{_KINDS[kind]}</span> "


def _turn(number: int, turn: TracedTurn) -> Iterator[str]:
    answered = f", {escape(visible_line(turn.model))}" if turn.model else ""
    yield f"<h2>Turn {number}: {seconds(turn.ended - turn.began)}{answered}, {escape(visible_line(turn.stop))}</h2>\n"
    yield f'<p class="faint">{escape(visible_line(turn.prompt, 200))}</p>\n'
    if turn.error:
        yield f'<p class="bad">{escape(visible_line(turn.error, 1000))}</p>\n'
    if spent := _spent(turn.stretches):
        yield f"<p>{spent}</p>\n"
    if turn.stretches:
        yield from _picture(turn)


def _spent(stretches: Iterable[TurnStretch]) -> str:
    """What took how long, the most first."""
    took: dict[StretchKind, float] = {}
    for one in stretches:
        took[one.kind] = took.get(one.kind, 0) + one.ended - one.began
    most = sorted(took.items(), key=lambda item: -item[1])
    return "; ".join(f"{_KINDS[kind]}: {seconds(ms)}" for kind, ms in most)


def _picture(turn: TracedTurn) -> Iterator[str]:
    """A row for each stretch, below a clock."""
    shown, lasted = turn.stretches[:_MOST_ROWS], max(turn.ended - turn.began, 1)
    height, scale = _TOP + _ROW * len(shown) + 4, (_WIDTH - 2 * _LEFT) / lasted
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    yield f'<svg {size} role="img" aria-label="what took how long">\n'
    for tick in range(_TICKS + 1):
        x = _LEFT + (_WIDTH - 2 * _LEFT) * tick / _TICKS
        anchor = "start" if tick == 0 else "end" if tick == _TICKS else "middle"
        yield f'<line class="tick" x1="{x:.1f}" y1="{_TOP - 6}" x2="{x:.1f}" y2="{height}"/>'
        clock = seconds(lasted * tick / _TICKS)
        yield f'<text class="clock" x="{x:.1f}" y="14" text-anchor="{anchor}">{clock}</text>\n'
    for place, one in enumerate(shown):
        yield _bar(one, _LEFT + (one.began - turn.began) * scale, (one.ended - one.began) * scale, _TOP + _ROW * place)
    yield "</svg>\n"
    if more := len(turn.stretches) - len(shown):
        yield f"<p>... and {more:,} more</p>\n"


def _bar(one: TurnStretch, x: float, width: float, y: int) -> str:
    """Its words stand where there is room: behind it, before it, or inside."""
    words = visible_line(f"{one.label}, {seconds(one.ended - one.began)}", 100)
    room, length, end = _WIDTH - _LEFT, len(words) * _LETTER, x + max(width, 2)
    at, anchor = (
        (end + 6, "start") if end + 6 + length < room else (x - 6, "end") if x - 6 > length else (_LEFT + 6, "start")
    )
    failed = "" if one.well else " failed"
    return (
        f"<g><title>{escape(visible_line(one.label, 400))}</title>"
        f'<rect class="{one.kind}{failed}" x="{x:.1f}" y="{y + 3}" '
        f'width="{max(width, 2):.1f}" height="{_ROW - 7}" rx="2"/>'
        f'<text x="{at:.1f}" y="{y + 16}" text-anchor="{anchor}">{escape(words)}</text></g>\n'
    )


def _message(row: TimelineRow) -> str:
    whole = json.dumps(row.said.message, ensure_ascii=False, indent=1)
    more = f"\n... and {len(whole) - _LONGEST:,} more characters" if len(whole) > _LONGEST else ""
    lines = "\n".join(visible(line) for line in whole[:_LONGEST].split("\n"))
    return f"<details><summary>{escape(row.drawn())}</summary><pre>{escape(lines + more)}</pre></details>\n"
