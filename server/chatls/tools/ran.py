"""What the model is told of a command that ran: its end, what ended with it, its output. Knows no process."""

import re
from collections.abc import Sequence
from pathlib import Path

from chatls.children.programs import elsewhere
from chatls.content import TextContent
from chatls.tools.running import Running
from chatls.tools.tool import ToolOutput
from chatls.visible import visible_line

_MOST_NAMED = 3
_QUOTE = "['\"\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}]?"
_NAME = rf"(?:^|: ){_QUOTE}([^\s:'\"/]+?){_QUOTE}: "
_MISSING = re.compile(rf"{_NAME}(?:(?:command )?not found|No such file)", re.MULTILINE)
"""What shells, and `env`, say of a program that is not there."""


def output_of(running: Running, head: str, *, timed_out: bool = False) -> ToolOutput:
    """The result: a line of ours, then the output as far as it was kept."""
    first, left, last = running.kept.parts()
    if left:
        note = f"[... {left} bytes left out here; {_whole(running)} ...]"
        first = "\n".join((first.removesuffix("\n"), note, ""))
    text = f"{first}{last}{running.line}".rstrip("\n") or "(no output)"
    words = "" if timed_out or running.child.code is None else ended_with_it(running.child.left)
    content = (TextContent(f"{head}{words}\n{text}"),)
    return ToolOutput(content, truncated=bool(left), status="timed_out" if timed_out else "completed")


def ended_with_it(left: Sequence[str]) -> str:
    """Words on what a command had left running.

    >>> ended_with_it(["sleep 60"])
    '; what it had left running was ended with it (sleep 60): for servers and watchers, use background=true'
    """
    if not left:
        return ""
    names = [visible_line(name) for name in dict.fromkeys(left) if name]
    more = f", and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    named = f" ({', '.join(names[:_MOST_NAMED])}{more})" if names else ""
    return f"; what it had left running was ended with it{named}: for servers and watchers, use background=true"


def in_background(running: Running, how: str) -> str:
    """Words on a command that goes on."""
    pid = running.child.pid
    return (
        f'still running{how} as process group {pid}; {_place(running)}. To end it, call run_command with stop="{pid}" '
        "alone. It ends with the editor at the latest. Its output so far:"
    )


def missing_program(running: Running, folder: Path, roots: Sequence[Path], home: Path) -> str:
    """Where a program is that no search path leads to; nothing if it is nowhere, or cannot be told from the output.
    Looks at the disk."""
    first, _, last = running.kept.parts()
    found = _MISSING.search(f"{last or first}{running.line}")
    places = elsewhere(found[1], folder, roots, home) if found else []
    shown = " or ".join(visible_line(_relative(place, folder)) for place in places)
    return f"; {visible_line(found[1])} is not on PATH, but there is {shown}" if found and shown else ""


def _relative(place: Path, folder: Path) -> str:
    return f"./{place.relative_to(folder)}" if place.is_relative_to(folder) else str(place)


def _place(running: Running) -> str:
    if running.file is None or running.trouble:
        return f"what it writes from now on is not kept ({running.trouble})"
    return f"its output goes into {running.file.path}, which read_file shows and which says so when it has ended"


def _whole(running: Running) -> str:
    if running.file is None:
        return f"the whole output could not be kept ({running.trouble})"
    if running.trouble:
        return f"the beginning of it is in {running.file.path}; the rest could not be kept ({running.trouble})"
    how_much = "the beginning of it" if running.file.cut else "the whole output"
    return f"{how_much} is in {running.file.path}"
