"""What a search found, and how a model is told."""

from collections.abc import Iterator
from dataclasses import field
from pathlib import Path

from chatls.content import TextContent
from chatls.errors import ToolError
from chatls.tools.searching.matches import Line, Matches
from chatls.tools.searching.query import OutputForm
from chatls.tools.searching.ripgrep import Exit
from chatls.tools.searching.tallies import Tallies
from chatls.tools.tool import ToolOutput
from chatls.values import dataclass
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
    """Matches that are wanted, or files."""
    context: int
    """Lines shown before and after each."""
    unsaved: set[Path]
    """Open documents whose text is searched in place of their files."""
    secret: list[Path]
    """Files that are not searched."""
    outdated: list[Path] = field(default_factory=list[Path])
    """Open documents that the editor shows in an older form: their files are searched."""
    form: OutputForm = "lines"
    crosses_lines: bool = False
    files: dict[Path, list[Line]] = field(default_factory=dict[Path, list[Line]])
    tallies: dict[Path, int] = field(default_factory=dict[Path, int])
    """The matches in each file, where these are what is wanted."""
    count: int = 0
    """Matching lines in `files`, or files in `tallies`."""
    cut: bool = False
    """There are more."""
    complaints: list[str] = field(default_factory=list[str])
    unsteady: list[Path] = field(default_factory=list[Path])
    """Files that were other ones, or held other lines, when they were looked at again."""

    @property
    def room(self) -> int:
        """How many more matches are wanted."""
        return self.limit - self.count

    def leave_out(self, path: Path) -> None:
        """Say that a file was not searched."""
        if path not in self.secret:
            self.secret.append(path)

    def add(self, found: Matches | Tallies, ended: Exit) -> None:
        """Put in what one run found. Raises `ToolError` where it could not search at all."""
        failed = ended.code not in (None, 0, 1)
        if failed and not found.files and not ended.complaints.startswith(_OF_A_FILE):
            raise ToolError(_refusal(ended))
        if isinstance(found, Matches):
            self.files.update(found.files)
            self.count += found.count
        else:
            self.tallies.update(found.files)
            self.count += len(found.files)
        self.cut = self.cut or found.cut
        if failed:
            self.complaints.append(ended.complaints or f"ripgrep ended early, with code {ended.code}")

    def output(self, workspace: Workspace) -> ToolOutput:
        """The answer; there is at least one match."""
        shown, room = list[str](), _MOST_BYTES
        for line in self._lines(workspace):
            room -= len(line.encode()) + 1
            if room < 0:
                self.cut = True
                break
            shown.append(line)
        text = "\n".join((self._summary(), *self.notes(workspace), "", *shown))
        return ToolOutput((TextContent(text),), truncated=self.cut)

    def _lines(self, workspace: Workspace) -> Iterator[str]:
        if self.form == "lines":
            return _lines(sorted((workspace.display(path), lines) for path, lines in self.files.items()))
        tallies = sorted((workspace.display(path), number) for path, number in self.tallies.items())
        return (name if self.form == "files" else f"{name}: {number}" for name, number in tallies)

    def notes(self, workspace: Workspace) -> Iterator[str]:
        """What was searched otherwise than one may think."""
        if unsaved := sorted(self.unsaved & (self.files.keys() | self.tallies.keys())):
            yield f"unsaved text from the editor: {_named(workspace, unsaved)}"
        if self.outdated:
            yield f"newer on the disk than in the editor, and searched there: {_named(workspace, self.outdated)}"
        if self.unsteady:
            yield f"changed while it was searched, and left out: {_named(workspace, sorted(self.unsteady))}"
        if gone := workspace.gone_roots():
            yield f"not searched, because these folders are gone: {_named(workspace, gone)}"
        if self.secret:
            yield f"not searched, because such files usually hold secrets: {_named(workspace, self.secret)}"
        for complaint in self.complaints[:1]:
            yield f"not everything could be searched: {complaint.splitlines()[0][:_LONGEST_COMPLAINT]}"

    def _summary(self) -> str:
        found = len(self.files) + len(self.tallies)
        files = "1 file" if found == 1 else f"{found} files"
        number = sum(self.tallies.values()) or self.count
        matches = ("1 match" if number == 1 else f"{number} matches") + f" in {files}"
        if self.form == "files":
            matches = files
        elif self.form == "lines" and self.crosses_lines:
            matches = f"matches of {'1 line' if number == 1 else f'{number} lines'} in {files}"
        if not self.cut:
            return matches
        return f"{matches}, and there are more: give a narrower path or glob, or a larger max_results"


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
    if ended.code == 2 and "is not allowed in a regex" in complaint:
        return f"{complaint}\nSet multiline=true to match across lines"
    if ended.code == 2 and ("regex" in complaint or "literal" in complaint):
        return f"the pattern is no regular expression: {complaint}\nSet literal=true to search for it as it stands"
    return f"ripgrep could not search: {complaint or f'it ended with code {ended.code}'}"
