"""What rules are asked about: files, and commands with their parts. Plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Literal

from chatls.agent.permission.shell import Words
from chatls.tools.tool import Exact, Tool
from chatls.values import dataclass

PartKind = Literal["reader", "runner", "changer", "other"]
"""`reader`: it only reads. `runner`: it runs the project's code in the usual way. `changer`: what it changes is easily
undone."""


@dataclass(frozen=True, slots=True)
class Files:
    """A call that is about files."""

    tool: str
    root: Path | None
    """The root that they lie in; None: outside of all, or unknown."""
    names: tuple[str, ...]
    """Relative to the root, with slashes, links resolved."""
    spelled: tuple[str, ...] = ()
    """The same as they are written, and other names that a rule against them may mean."""
    always: str | None = None
    """Why it is asked whatever the rules; None if it is not."""
    edits: bool = False
    """It edits them."""
    second: tuple[str, ...] = ()
    """Those of them that decide what runs: answers for edits do not cover them."""
    why: str = ""
    """What they decide."""
    server: str = ""
    """It is no call about files: the tool is one of this MCP server's."""
    early: bool = False
    """And says of itself that it only reads."""


def foreign_matter(tool: Tool, server: str, roots: Iterable[Path]) -> Files:
    """A call of a tool that is not ours."""
    return Files(tool.name, next(iter(roots), None), (), server=server, early=tool.early)


@dataclass(frozen=True, slots=True)
class Part:
    """One simple command."""

    words: Words
    kind: PartKind = "other"
    key: Words = ()
    """Of a runner: the words that an answer is for."""
    folder: str = "."
    """Of a runner: the folder whose files decide what it runs, relative to the root."""
    wide: bool = True
    """A runner that "tests, builds and checks" covers."""
    why: str = ""
    """Of other ones: what of it is listed nowhere."""
    bare: bool = True
    """Its words are all that there is: nothing is set before it, nor led elsewhere, in the folder that is known."""


@dataclass(frozen=True, slots=True)
class Naming:
    """What git is to be asked before another command of git's is run: the files whose text it would show, or change."""

    program: str
    words: Words
    """Empty: there is none to be asked."""
    folder: Path
    part: Words = ()
    """The command that it is about."""
    objects: Words = ()
    """What must not be a text without a name."""
    files: bool = False
    """It reads the files of the working tree."""
    changes: bool = False
    """The files would be changed, and not shown."""


@dataclass(frozen=True, slots=True)
class Command:
    """A call that runs a command."""

    tool: str
    root: Path | None
    """The root that it runs in; None: it runs outside of all."""
    line: str = ""
    """All of it."""
    folder: str = "."
    """Where it runs, relative to the root."""
    parts: tuple[Part, ...] = ()
    """Its simple commands; none where it cannot be read."""
    loose: tuple[Words, ...] = ()
    """What may be commands in it."""
    unread: str | None = None
    """Why it cannot be read."""
    never: str | None = None
    """Why it is never remembered."""
    writes: Files | None = None
    """Files that it writes by redirection: an edit like others."""
    touches: Files | None = None
    """Files that its changers would make, move or copy: what a rule against changes of files looks at."""
    needs: tuple[str, ...] = ()
    """What it needs beyond the sandbox."""
    ends: bool = False
    """It only ends a command in the background, that was permitted."""
    deciding: Mapping[str, str] = field(default_factory=dict[str, str])
    """Files that decide what it runs, relative to the root, and what each of them is now (a digest; empty: not
    there)."""
    listings: tuple[Naming, ...] = ()
    """To be asked before it counts as reading."""
    exact: Exact | None = None
    """What is run where no person was asked about it in this form; None: it runs as it is written."""

    @property
    def always(self) -> str | None:
        """Why it is asked about each time; None: it is not."""
        if self.root is None:
            return "it runs outside the workspace"
        return self.unread or self.never or (self.writes.always if self.writes else None)

    @property
    def reads(self) -> bool:
        """Whether it does nothing but read."""
        kinds = {part.kind for part in self.parts}
        return kinds == {"reader"} and not (self.always or self.writes or self.needs)


Matter = Files | Command
"""What rules are asked about."""
