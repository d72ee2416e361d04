"""A tool call as rows of a terminal, at every point of its life. Knows no turn."""

import re
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from chatls_client.drawing.diffrows import diff_head, diff_lines
from chatls_client.drawing.rows import crop, crop_front
from chatls_client.harmless import harmless, one_line
from chatls_client.protocol import Diff, Image, ResourceLink, TextContent, ToolContent
from chatls_client.view import ToolBlock

FOUND_LINES = 6
"""Shown of what a tool found."""
CHANGED_LINES = 20
"""Shown of a change that nobody was asked about."""
OUTPUT_LINES = 5
"""Shown of what a running tool writes."""
_TAIL = 4000
"""Characters in which these are looked for."""
_COLOUR = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


Line = tuple[str, str]
"""A line and its style."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs that are drawn with."""

    spinner: str
    model: str
    open: str
    waiting: str
    done: str
    failed: str
    stopped: str
    bar: str
    rule: str
    dot: str
    retry: str
    more: str
    answer: str


UNICODE = Glyphs("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "◆", "○", "?", "✓", "✗", "■", "│", "──", "·", "↻", "…", "→")
ASCII = Glyphs("|/-\\", "*", "o", "?", "+", "x", "#", "|", "--", "-", "~", "...", "->")


def duration(milliseconds: float) -> str:
    """For people.

    >>> duration(12), duration(1240), duration(125000)
    ('12 ms', '1.2 s', '2 min 5 s')
    """
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 60000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds // 60000:.0f} min {milliseconds % 60000 // 1000:.0f} s"


def tool_rows(block: ToolBlock, width: int, glyphs: Glyphs, running: float) -> list[Text]:
    """`running`: seconds for which it has been seen running."""
    match block.status:
        case "streaming":
            return [_streaming(block, width, glyphs)]
        case "ready":
            return [_head(glyphs.open, "yellow", block, [], width, glyphs)]
        case "awaiting_permission":
            return [_head(glyphs.waiting, "yellow", block, ["waits for your word"], width, glyphs)]
        case "running":
            sign = spin(glyphs, running)
            facts = ["running", *([duration(running * 1000)] if running >= 1 else []), *_early(block)]
            return [_head(sign, "cyan", block, facts, width, glyphs), *_lines(_tail(block.output), width, glyphs)]
        case _:
            return _ended(block, width, glyphs)


def spin(glyphs: Glyphs, seconds: float) -> str:
    """The spinner as it looks after so many seconds."""
    return glyphs.spinner[int(seconds * 10) % len(glyphs.spinner)]


def _streaming(block: ToolBlock, width: int, glyphs: Glyphs) -> Text:
    """The end of the arguments is what moves, so that is what is shown of long ones."""
    row = Text.assemble((f"{glyphs.open} ", "yellow"))
    row.append(crop(one_line(block.name), width - 3), "bold yellow")
    text = harmless(block.arguments_text).replace("\n", " ")
    return row.append(" " + crop_front(text, width - row.cell_len - 1), "dim")


def _early(block: ToolBlock) -> list[str]:
    return ["started early"] if block.started_early else []


def _head(sign: str, style: str, block: ToolBlock, facts: list[str], width: int, glyphs: Glyphs) -> Text:
    """The title and what is known of the call; a narrow terminal gets fewer facts, the last ones least."""
    title = one_line(block.title or block.name)
    suffixes = ["".join(f" {glyphs.dot} {fact}" for fact in facts[:count]) for count in range(len(facts), -1, -1)]
    room = width - 2 - min(cell_len(title), width // 2)
    suffix = next(suffix for suffix in suffixes if cell_len(suffix) <= room or not suffix)
    row = Text.assemble((f"{sign} ", style))
    row.append(crop(title, width - 2 - cell_len(suffix)), "bold")
    return row.append(suffix, "dim")


def _ended(block: ToolBlock, width: int, glyphs: Glyphs) -> list[Text]:
    sign, style = _SIGNS.get(block.status, ("stopped", "yellow"))
    facts = [] if block.status == "completed" else [block.status.replace("_", " ")]
    facts += [duration(block.duration_ms)] if block.duration_ms is not None and facts != ["denied"] else []
    head = _head(getattr(glyphs, sign), style, block, facts + _early(block), width, glyphs)
    style = "red" if style == "red" else "dim"
    found = [line for item in block.content for line in _found(item, style, block) if line[0].strip()]
    rows = _lines(_few(found, block, glyphs), width, glyphs)
    return [head, *rows]


_SIGNS = {"completed": ("done", "green"), "failed": ("failed", "red"), "timed_out": ("failed", "red")}


def _few(found: list[Line], block: ToolBlock, glyphs: Glyphs) -> list[Line]:
    """The beginning; of a command how it ended, and the end."""
    changed = any(isinstance(item, Diff) for item in block.content)
    most = CHANGED_LINES if changed else FOUND_LINES
    left_out = len(found) - most
    if left_out <= 0:
        return found
    more = [(f"{glyphs.more} {left_out} more lines", "dim italic")]
    if block.kind == "execute":
        return [found[0], *more, *found[1 - most :]]
    return [*found[:most], *more]


def _found(item: ToolContent, style: str, block: ToolBlock) -> list[Line]:
    match item:
        case TextContent():
            lines = _plain(item.text).split("\n")
            shown = _without_diff(lines) if any(isinstance(other, Diff) for other in block.content) else lines
            return [(line, style) for line in shown]
        case ResourceLink():
            return [(item.uri, style)]
        case Image():
            return []  # the text beside it says what it is
        case Diff() if (block.permission or "").startswith("allow"):
            return []  # all of it was shown when it was asked for
        case Diff():
            return [(diff_head(item), style), *diff_lines(item)]


def _without_diff(lines: list[str]) -> list[str]:
    """What the model reads as a diff stands beside it as a `Diff`, which is shown better."""
    start = next((at for at, line in enumerate(lines) if line.startswith("--- ")), len(lines))
    rest = range(start, len(lines))
    end = next((at for at in rest if not lines[at].startswith(("-", "+", "@@", " ", "\\"))), len(lines))
    return lines[:start] + lines[end:]


def _tail(output: str) -> list[Line]:
    lines = [line for line in _plain(output[-_TAIL:]).splitlines() if line.strip()]
    return [(line, "dim") for line in lines[-OUTPUT_LINES:]]


def _plain(text: str) -> str:
    """Without a program's colours: what is left of them, once they are harmless, is hard to read."""
    return _COLOUR.sub("", text)


def _lines(lines: list[Line], width: int, glyphs: Glyphs) -> list[Text]:
    lead = f"  {glyphs.bar} "
    return [
        Text.assemble((lead, "dim"), (crop(harmless(line).rstrip(), width - len(lead)), style)) for line, style in lines
    ]
