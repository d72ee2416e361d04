"""What the model is told of a command that ran: its end, what ended with it, its output. Knows no process."""

import re
from collections.abc import Sequence
from pathlib import Path

from chatls.children.programs import elsewhere
from chatls.children.wall.bubblewrap import is_first
from chatls.children.wall.traces import Altered
from chatls.children.wall.wall import Stay
from chatls.content import Diff, TextContent
from chatls.jsontext import printable
from chatls.tools.execution.running import Running
from chatls.tools.tool import ToolOutput
from chatls.visible import visible, visible_line

_MOST_NAMED = 3
_MOST_SHOWN = 10
"""Files whose change is shown."""
_QUOTE = "['\"\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}]?"
_NAME = rf"(?:^|: ){_QUOTE}([^\s:'\"/]+?){_QUOTE}: "
_MISSING = re.compile(rf"{_NAME}(?:(?:command )?not found|No such file)", re.MULTILINE)
"""What shells, and `env`, say of a program that is not there."""


def output_of(running: Running, head: str, stay: Stay | None = None, *, timed_out: bool = False) -> ToolOutput:
    """The result: a line of ours, what is to be said of the sandbox, then the output as far as it was kept; behind it
    what a command in the sandbox changed of the files that decide what runs."""
    first, left, last = running.kept.parts()
    if left:
        note = f"[... {left} bytes left out here; {_whole(running)} ...]"
        first = "\n".join((first.removesuffix("\n"), note, ""))
    text = f"{first}{last}{running.line}".rstrip("\n")
    words = "" if timed_out or running.child.code is None else ended_with_it(running.child.left)
    lines = [f"{head}{words}", *(_of_sandbox(running, stay, text) if stay else ()), text or "(no output)"]
    diffs = [_diff(altered) for altered in running.aftermath.altered[:_MOST_SHOWN]]
    return ToolOutput(
        (TextContent("\n".join(lines)), *diffs), truncated=bool(left), status="timed_out" if timed_out else "completed"
    )


def _of_sandbox(running: Running, stay: Stay, text: str) -> list[str]:
    told = list(running.aftermath.words)
    if altered := running.aftermath.altered:
        names = ", ".join(visible_line(str(one.path)) for one in altered[:_MOST_SHOWN])
        more = f" and {len(altered) - _MOST_SHOWN} more" if len(altered) > _MOST_SHOWN else ""
        told.append(f"it changed files that decide what runs: {names}{more}")
    if caused := stay.caused(text):
        ask = 'network=true, or outside="why", asks the user for it'
        told.append(f"if that is why it failed, {ask}: {'; '.join(caused)}")
    return [f"[sandbox: {visible(words)}]" for words in told]


def _diff(altered: Altered) -> Diff:
    change = "new" if altered.old is None else "deleted" if altered.new is None else "changed"
    old, new = printable(altered.old or ""), printable(altered.new or "")
    return Diff(altered.path.as_uri(), old, new, change)


def ended_with_it(left: Sequence[str]) -> str:
    """Words on what a command had left running.

    >>> ended_with_it(["sleep 60"])
    '; what it had left running was ended with it (sleep 60): for servers and watchers, use background=true'
    """
    if not left:
        return ""
    names = [visible_line(name) for name in dict.fromkeys(left) if name and not is_first(name)]
    if left and not names and all(left):
        return ""
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
