"""Places that language servers name, as lines for a model: with their text where it may read that, within bounds."""

from collections.abc import Iterable, Iterator
from dataclasses import field
from functools import partial
from pathlib import Path

from anyio import to_thread

from chatls.content import TextContent
from chatls.errors import ToolError
from chatls.language import LanguageFindings, LanguagePlace
from chatls.tools.language.asking import lines_of
from chatls.tools.tool import ToolContext, ToolOutput
from chatls.values import dataclass
from chatls.visible import visible_line
from chatls.workspace.pathtext import local_path
from chatls.workspace.workspace import Workspace

_MOST_LINES = 200
_MOST_BYTES = 40_000
_LONGEST_LINE = 300
_MOST_NAMED = 20
"""Files of which no text is shown."""
_LONGEST_NAME = 200
_SECRET, _HIDDEN = "such files usually hold secrets", "a rule of the user's does not let you read it unasked"
_KINDS = (
    "file",
    "module",
    "namespace",
    "package",
    "class",
    "method",
    "property",
    "field",
    "constructor",
    "enum",
    "interface",
    "function",
    "variable",
    "constant",
    "string",
    "number",
    "boolean",
    "array",
    "object",
    "key",
    "null",
    "enum-member",
    "struct",
    "event",
    "operator",
    "type-parameter",
)
"""LSP's `SymbolKind`, from 1."""


def kind_of(place: LanguagePlace) -> str:
    """What kind of symbol it is, in a word; empty where that is not told."""
    number = place.symbol_kind or 0
    return _KINDS[number - 1] if 1 <= number <= len(_KINDS) else ""


def name_of(place: LanguagePlace) -> str:
    """The name that goes with a place, in one line."""
    return visible_line(place.name or "", _LONGEST_NAME)


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Places by whose they are."""

    inside: dict[Path, list[LanguagePlace]] = field(default_factory=dict[Path, list[LanguagePlace]])
    secret: dict[Path, list[LanguagePlace]] = field(default_factory=dict[Path, list[LanguagePlace]])
    outside: dict[Path, list[LanguagePlace]] = field(default_factory=dict[Path, list[LanguagePlace]])
    elsewhere: list[LanguagePlace] = field(default_factory=list[LanguagePlace])
    """In what is no file."""

    def group(self, workspace: Workspace, uri: str) -> list[LanguagePlace]:
        """Where places of this address belong. Looks at the disk."""
        if not uri.lower().startswith("file:"):
            return self.elsewhere  # "untitled:x" would be a file of that name
        try:
            path = workspace.resolve(uri)
        except ToolError:
            return self._beyond(uri)
        return (self.secret if workspace.is_secret(path) else self.inside).setdefault(path, [])

    def _beyond(self, uri: str) -> list[LanguagePlace]:
        try:
            return self.outside.setdefault(Path(local_path(uri)), [])
        except ToolError:
            return self.elsewhere


@dataclass(frozen=True, slots=True)
class ToldPlaces:
    """Places as they are told."""

    lines: tuple[str, ...]
    """One for each line of a file that may be shown."""
    notes: tuple[str, ...]
    """What is not shown, and why."""
    files: int
    """That may be shown."""
    left_out: int
    """Lines that did not fit."""
    blocked: bool
    """Some stand in files whose text is not shown, but for those outside."""

    def output(self, head: str, *more: str) -> ToolOutput:
        """The answer."""
        over = (f"{self.left_out} more are left out: search finds them by their text",) if self.left_out else ()
        parts = ("\n".join((head, *self.notes, *over)), "\n".join(self.lines), *more)
        return ToolOutput((TextContent("\n\n".join(filter(None, parts))),), truncated=bool(self.left_out))


async def told(context: ToolContext, tool: str, findings: LanguageFindings, *, labels: bool = False) -> ToldPlaces:
    """What to tell of places. Lines that are shown count as read. `labels`: with the names that go with them."""
    found = await to_thread.run_sync(_sorted, context.workspace, findings.places, abandon_on_cancel=True)
    hidden = context.hides(tool, context.workspace, found.inside)
    work = partial(_told, context, found, hidden, findings.left_out, labels=labels)
    return await to_thread.run_sync(work, abandon_on_cancel=True)


def _sorted(workspace: Workspace, places: Iterable[LanguagePlace]) -> _Sorted:
    found, groups = _Sorted(), dict[str, list[LanguagePlace]]()
    for place in places:
        if place.uri not in groups:
            groups[place.uri] = found.group(workspace, place.uri)
        groups[place.uri].append(place)
    return found


def _told(context: ToolContext, found: _Sorted, hidden: frozenset[Path], left_out: int, *, labels: bool) -> ToldPlaces:
    workspace, lines, room = context.workspace, list[str](), _MOST_BYTES
    shown = sorted((workspace.display(path), path) for path in found.inside.keys() - hidden)
    for name, path in shown:
        context.check()
        for text, line in _lines(workspace, path, name, found.inside[path], labels=labels):
            room -= len(line.encode("utf-8", "replace")) + 1
            if room < 0 or len(lines) == _MOST_LINES:
                left_out, room = left_out + 1, -1
                continue
            lines.append(line)
            if len(text) <= _LONGEST_LINE:
                context.seen.note_lines(path, (text,))
    blocked = {**dict.fromkeys(found.secret, _SECRET), **dict.fromkeys(hidden & found.inside.keys(), _HIDDEN)}
    notes = tuple(_notes(workspace, found, blocked))
    return ToldPlaces(tuple(lines), notes, len(shown), left_out, bool(blocked))


def _lines(
    workspace: Workspace, path: Path, name: str, places: Iterable[LanguagePlace], *, labels: bool
) -> Iterator[tuple[str, str]]:
    """Each line on which a place is, once: the text of it, and what is told."""
    try:
        texts = lines_of(workspace, path)
    except ToolError:
        texts = []
    by_line = dict[int, list[LanguagePlace]]()
    for place in sorted(places, key=lambda place: (place.range.start.line, place.range.start.character)):
        by_line.setdefault(place.range.start.line, []).append(place)
    for at, those in by_line.items():
        text = texts[at] if at < len(texts) else None
        short = "[no such line: the language server knows an older text]" if text is None else _short(text)
        label = ", ".join(dict.fromkeys(text for one in those if (text := _label(one)))) if labels else ""
        yield text or "", f"{name}:{at + 1}: {short}{f'  [{label}]' if label else ''}"


def _short(text: str) -> str:
    return text.rstrip() if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]} [line cut]"


def _label(place: LanguagePlace) -> str:
    """Its name, what kind it is, and where in."""
    container = f"in {visible_line(place.container, _LONGEST_NAME)}" if place.container else ""
    return " ".join(filter(None, (kind_of(place), name_of(place), container)))


def _notes(workspace: Workspace, found: _Sorted, blocked: dict[Path, str]) -> Iterator[str]:
    for path, places in sorted(found.outside.items())[:_MOST_NAMED]:
        number = min(place.range.start.line for place in places) + 1
        more = f" and {len(places) - 1} more there" if len(places) > 1 else ""
        yield f"outside the workspace, so its text is not shown: {visible_line(str(path), 500)}:{number}{more}"
    for path, why in sorted(blocked.items())[:_MOST_NAMED]:
        count = len((*found.secret.get(path, ()), *found.inside.get(path, ())))
        yield f"not shown, because {why}: {_count(count, 'place')} in {workspace.display(path)}"
    if beyond := max(0, len(found.outside) - _MOST_NAMED) + max(0, len(blocked) - _MOST_NAMED):
        yield f"and such places in {_count(beyond, 'more file')}"
    if found.elsewhere:
        yield f"{_count(len(found.elsewhere), 'place')} in what is no file"


def _count(number: int, word: str) -> str:
    return f"1 {word}" if number == 1 else f"{number} {word}s"
