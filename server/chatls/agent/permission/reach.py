"""How far an answer reaches: values, and the words for people. Pure."""

import shlex
from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from chatls.agent.permission.shell import Words
from chatls.jsontext import printable
from chatls.values import dataclass
from chatls.visible import visible_line

ReachKind = Literal["edits", "file", "name", "tool", "run", "checks", "changes", "line", "sandbox", "server"]
_LONGEST = 100
"""Characters of a line that is named."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What an answer covers, in one root."""

    kind: ReachKind
    words: Words = ()
    """`run`: the words of a runner. `file`: a path relative to the root. `name`: the last part of one. `server`: an MCP
    server."""
    line: str = ""
    """`line`: all of it."""
    folder: str = "."
    """`run`, `line`: the folder, relative to the root."""
    needs: tuple[str, ...] = ()
    """`line`: what it needs beyond the sandbox."""
    bound: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    """`run`, `line`: what decided what it runs when it was answered, as in `Command.deciding`."""
    pending: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    """Which of that the agent has changed since, and what it was before."""

    def named(self) -> str:
        """What it is about, in a label or a list."""
        match self.kind:
            case "run":
                return f"`{_short(shlex.join(self.words))}`{_place(self.folder)}"
            case "line":
                needs = f" ({', '.join(self.needs)})" if self.needs else ""
                return f"exactly `{_short(self.line)}`{_place(self.folder)}{needs}"
            case "file":
                return f"edits of {_short(self.words[0])}"
            case "server":
                return f"all tools of {_short(self.words[0])}"
            case "name":
                return f"edits of all files named {_short(self.words[0])}"
            case _:
                return _NAMED[self.kind]

    def covers(self) -> str:
        """One line for people: all that it covers."""
        match self.kind:
            case "run":
                return f"{self.named()} with its usual options; it runs the project's code"
            case "line":
                return f"{self.named()}, and nothing else"
            case "server":
                return f"{self.named()}, also those that it may have later"
            case "file" | "name":
                return f"{self.named()}, by all edit tools"
            case _:
                return _COVERS[self.kind]


_NAMED: Mapping[ReachKind, str] = {
    "edits": "edits of files",
    "tool": "calls of this tool",
    "checks": "tests, builds and checks of this project",
    "changes": "changes that are easily undone",
    "sandbox": "all commands inside the sandbox",
}
_COVERS: Mapping[ReachKind, str] = {
    "edits": "edits of the files in this folder, by all edit tools and by `>`; not of those that decide what runs",
    "tool": "all calls of this tool in this folder; not of files that decide what runs",
    "checks": "tests, builds and checks of this project, in all its folders: runs the project's code, also "
    "what the agent has written",
    "changes": "git add, commit -m, switch -c, stash, mv; mkdir, touch, cp and mv that overwrite nothing: in "
    "this folder",
    "sandbox": "all commands inside the sandbox, but for what is never remembered",
}


def _place(folder: str) -> str:
    return "" if folder == "." else f" in {_short(folder)}"


def _short(text: str) -> str:
    return visible_line(printable(text), _LONGEST)
