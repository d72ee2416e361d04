"""What a search found, and how a model is told."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chatls.content import TextContent
from chatls.errors import ToolError
from chatls.tools.matches import Line, Matches
from chatls.tools.ripgrep import Exit
from chatls.tools.tool import ToolOutput
from chatls.workspace.workspace import Workspace

_MOST_BYTES = 49_000
"""Of lines; the rest of 50 KB is for the words around them."""
_NAMED = 5
_LONGEST_COMPLAINT = 400
_OF_A_FILE = ("rg: ./", "rg: /")
"""How a complaint begins that is no refusal: it is about one file, and the others were searched."""


@dataclass(slots=True)
class Findings:
    """The matches of all places that were searched."""

    limit: int
    """Matches that are wanted."""
    context: int
    """Lines shown before and after each."""
    unsaved: set[Path]
    """Open documents whose text is searched in place of their files."""
    secret: list[Path]
    """Files that are not searched."""
    files: dict[Path, list[Line]] = field(default_factory=dict[Path, list[Line]])
    count: int = 0
    """Matches in `files`."""
    cut: bool = False
    """There are more."""
    complaints: list[str] = field(default_factory=list[str])

    @property
    def room(self) -> int:
        """How many more matches are wanted."""
        return self.limit - self.count

    def leave_out(self, path: Path) -> None:
        """Say that a file was not searched."""
        if path not in self.secret:
            self.secret.append(path)

    def add(self, matches: Matches, ended: Exit) -> None:
        """Put in what one run found. Raises `ToolError` where it could not search at all."""
        failed = ended.code not in (None, 0, 1)
        if failed and not matches.files and not ended.complaints.startswith(_OF_A_FILE):
            raise ToolError(_refusal(ended))
        self.files.update(matches.files)
        self.count += matches.count
        self.cut = self.cut or matches.cut
        if failed:
            self.complaints.append(ended.complaints or f"ripgrep ended early, with code {ended.code}")

    def output(self, workspace: Workspace) -> ToolOutput:
        """The answer; there is at least one match."""
        files = sorted((workspace.display(path), lines) for path, lines in self.files.items())
        shown, room = list[str](), _MOST_BYTES
        for line in _lines(files):
            room -= len(line.encode()) + 1
            if room < 0:
                self.cut = True
                break
            shown.append(line)
        text = "\n".join((self._summary(), *self.notes(workspace), "", *shown))
        return ToolOutput((TextContent(text),), truncated=self.cut)

    def notes(self, workspace: Workspace) -> Iterator[str]:
        """What was searched otherwise than one may think."""
        if unsaved := sorted(self.unsaved & self.files.keys()):
            yield f"unsaved text from the editor: {_named(workspace, unsaved)}"
        if self.secret:
            yield f"not searched, because such files usually hold secrets: {_named(workspace, self.secret)}"
        for complaint in self.complaints[:1]:
            yield f"not everything could be searched: {complaint.splitlines()[0][:_LONGEST_COMPLAINT]}"

    def _summary(self) -> str:
        matches = "1 match" if self.count == 1 else f"{self.count} matches"
        files = "1 file" if len(self.files) == 1 else f"{len(self.files)} files"
        if not self.cut:
            return f"{matches} in {files}"
        return f"{matches} in {files}, and there are more: give a narrower path or glob, or a larger max_results"


def _lines(files: list[tuple[str, list[Line]]]) -> Iterator[str]:
    for index, (name, lines) in enumerate(files):
        if index:
            yield ""
        before: int | None = None
        for line in lines:
            has_context = not all(line.is_match for line in lines)
            if has_context and before is not None and line.number != before + 1:
                yield "--"
            before = line.number
            yield _line(name, line)


def _line(name: str, line: Line) -> str:
    if line.text is None:
        return f"{name}: line {line.number} {'matches, but ' if line.is_match else ''}is too long to show"
    mark = ":" if line.is_match else "-"
    return f"{name}{mark}{line.number}{mark} {line.text}"


def _named(workspace: Workspace, paths: list[Path]) -> str:
    names = ", ".join(workspace.display(path) for path in paths[:_NAMED])
    return names + (f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else "")


def _refusal(ended: Exit) -> str:
    complaint = ended.complaints.removeprefix("rg: ")[:_LONGEST_COMPLAINT]
    if ended.code == 2 and ("regex" in complaint or "literal" in complaint):
        return f"the pattern is no regular expression: {complaint}\nSet literal=true to search for it as it stands"
    return f"ripgrep could not search: {complaint or f'it ended with code {ended.code}'}"
