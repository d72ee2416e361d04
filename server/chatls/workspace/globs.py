"""Which files a glob means: .gitignore's rules plus `{a,b}`, the same for files and for unsaved documents; pure.

ripgrep's own `--glob` will not do: a file that it wants is found even if .gitignore hides it. Nor will one regular
expression for a whole path: a few `*` more, and it tries for minutes, on the event loop.
"""

import fnmatch
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import PurePosixPath

from chatls.errors import ToolError
from chatls.values import dataclass
from chatls.workspace.pathtext import quoted

_MOST_ALTERNATIVES = 100
_LONGEST = 300
_TOKEN = re.compile(r"\\.|\[!?\]?[^]/]*\]|[{},]")
"""What braces are made of, and what hides them: an escaped character, a set."""
_SPECIAL = re.compile(r"[*?\[\\]")
_FOREIGN = re.compile(r"\\(.)|\[\^")
"""What fnmatch does not know: an escaped character, and a set's other sign for "not"."""


@dataclass(frozen=True, slots=True)
class Glob:
    """A glob without braces: what each part of a path must look like; None stands for any number of folders."""

    parts: tuple[re.Pattern[str] | None, ...]
    only_folders: bool

    def matches(self, names: Sequence[str]) -> bool:
        """Whether it matches a path or a folder that the path is in."""
        places = self._open({0})
        for left, name in zip(range(len(names), 0, -1), names, strict=True):
            places = self._open({after for at in places if (after := self._step(at, name)) is not None})
            if len(self.parts) in places and (left > 1 or not self.only_folders):
                return True
            places.discard(len(self.parts))
        return False

    def _step(self, at: int, name: str) -> int | None:
        part = self.parts[at]
        if part is None:
            return at
        return at + 1 if part.match(name) else None

    def _open(self, places: set[int]) -> set[int]:
        """The same places, and those behind "any number" where that is none."""
        return places | {at + 1 for at in places if at < len(self.parts) and self.parts[at] is None}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The files of one root that a glob asks for."""

    patterns: tuple[Glob, ...]
    """Any of them; without one, all files are wanted."""
    unwanted: tuple[Glob, ...]
    """None of them."""
    arguments: tuple[str, ...]
    """For ripgrep, running in that folder, so that it does not look at all too many others; it may still find some."""

    def includes(self, path: str) -> bool:
        """Whether a file is wanted; `path` is relative to the root, with slashes."""
        names = path.split("/")
        if any(one.matches(names) for one in self.unwanted):
            return False
        return not self.patterns or any(one.matches(names) for one in self.patterns)


def wanted(glob: str | None, folder: str = ".") -> Wanted:
    """The files that a glob asks for below a folder. With a slash inside it counts from there or from the root.

    Raises `ToolError` where it is no glob.

    >>> wanted("*.{py,md}").includes("docs/a.md"), wanted("!docs/").includes("docs/a.md")
    (True, False)
    """
    return _wanted([(glob or "").strip()], folder)


def wanted_of(globs: str | None, folder: str = ".") -> Wanted:
    """The same for globs with commas between them: the files that any asks for, without those that any `!glob` names;
    a `!` in front of all stands for each. A name with a comma in it is found as well.

    Raises `ToolError` where one is no glob.

    >>> [wanted_of("*.py, *.md, !test_*").includes(name) for name in ("a.py", "b.md", "test_a.py", "c.js")]
    [True, True, False, False]
    """
    text = (globs or "").strip()
    parts = [part.strip() for part in _parts(text)]
    if text.startswith("!") and text.count("!") == 1:  # all but these
        parts = [f"!{part.removeprefix('!')}" for part in parts if part]
    has_name = len(parts) > 1 and "!" not in text and len(text) <= _LONGEST
    return _wanted([*filter(None, parts), *([text] if has_name else [])], folder)


def _wanted(globs: list[str], folder: str) -> Wanted:
    lines = {"": list[str](), "!": list[str]()}
    near, all_wanted = {"": list[str](), "!": list[str]()}, False
    for glob in (one.removeprefix("./") for one in globs):
        if glob in ("", "!", "."):
            all_wanted = all_wanted or glob != "!"
            continue
        sign = "!" if glob.startswith("!") else ""
        for one in _checked(glob.removeprefix(sign)):
            lines[sign] += _lines(one, folder)
            near[sign] += [one] if not sign else _lines(one, ".")
    if all_wanted:
        lines[""], near[""] = [], []
    arguments = [*_types(near[""]), *(f"--glob=!{line}" for line in near["!"])]
    return Wanted(tuple(map(_pattern, lines[""])), tuple(map(_pattern, lines["!"])), tuple(arguments))


def _checked(glob: str) -> list[str]:
    """Its alternatives."""
    if not glob.isprintable() or len(glob) > _LONGEST:
        raise ToolError(f"glob {quoted(glob)} is too long, or holds characters that cannot be printed")
    globs = [one for one in _alternatives(glob) if one.strip(" /")]
    if not globs:
        raise ToolError(f"glob {quoted(glob)} names no file")
    return globs


def _parts(text: str) -> list[str]:
    """What stands between the commas that are in no brace and no set."""
    parts, depth, start = list[str](), 0, 0
    for token in _TOKEN.finditer(text):
        if token[0] == "," and not depth:
            parts.append(text[start : token.start()])
            start = token.end()
        depth = max(0, depth + {"{": 1, "}": -1}.get(token[0], 0))
    return [*parts, text[start:]]


def escaped(path: str) -> str:
    r"""A glob that matches a path and nothing else.

    >>> escaped("a[1]*")
    'a\\[1]\\*'
    """
    return _SPECIAL.sub(r"\\\g<0>", path)


def ignore_rules(text: str) -> Iterator[tuple[bool, Glob]]:
    """The lines of a .gitignore: whether each hides what it matches, or shows it again. What is no glob is passed over.

    >>> [(hides, glob.matches(["a", "b"])) for hides, glob in ignore_rules("# all\\na/*\\n!b")]
    [(True, True), (False, True)]
    """
    for line in text.splitlines():
        rule = line.rstrip()
        if not rule or rule.startswith("#") or len(rule) > _LONGEST:
            continue
        shows = rule.startswith("!")
        with suppress(re.error, IndexError):
            yield not shows, _pattern(rule.removeprefix("!").removeprefix("\\"))


def _lines(glob: str, folder: str) -> list[str]:
    """The glob as lines of a .gitignore in the root."""
    first = f"\\{glob}" if glob.startswith(("#", "!")) else glob
    if folder == "." or "/" not in glob.rstrip("/"):
        return [first]
    return [first, f"/{escaped(folder)}/{glob.removeprefix('/')}"]


def _pattern(line: str) -> Glob:
    inner = line.rstrip("/")
    names = ["**"] if "/" not in inner else []
    names += [name for name in inner.split("/") if name]
    names = [name for name, after in itertools.zip_longest(names, names[1:]) if not name == after == "**"]
    parts = [None if name == "**" else _compiled(name) for name in names[:-1]]
    return Glob((*parts, _compiled(names[-1])), only_folders=inner != line)


def _compiled(name: str) -> re.Pattern[str]:
    """fnmatch's expressions never try a `*` twice."""
    return re.compile(fnmatch.translate(_FOREIGN.sub(_native, name)))


def _native(match: re.Match[str]) -> str:
    letter = match[1]
    if letter is None:
        return "[!"
    return f"[{letter}]" if letter in "*?[" else letter


def _types(globs: list[str]) -> list[str]:
    """A file type, ripgrep's filter by last name, which leaves .gitignore its say; none where it could hide a file."""
    names = [PurePosixPath(one).name for one in globs]
    if not names or any(one.endswith("/") for one in globs) or not all(map(_tells_a_file, names)):
        return []
    return [*(f"--type-add=wanted:{name}" for name in names), "--type=wanted"]


def _tells_a_file(name: str) -> bool:
    """Whether a last name can hardly be a folder's, whose files would all be wanted."""
    plain = not set("{}:") & set(name)
    return plain and ("." in name.strip("*.") or (name.startswith("*.") and len(name) > 2))


def _alternatives(glob: str) -> list[str]:
    """The globs without braces that one with braces stands for."""
    results, rest = [""], glob
    while brace := next((token for token in _TOKEN.finditer(rest) if token[0] == "{"), None):
        choices, after = _choices(rest, brace.end())
        if choices is None:
            break
        inner = [one for choice in choices for one in _alternatives(choice)]
        results = [f"{result}{rest[: brace.start()]}{one}" for result in results for one in inner]
        rest = rest[after:]
        if len(results) > _MOST_ALTERNATIVES:
            raise ToolError(f"glob {quoted(glob)} has too many alternatives")
    return [result + rest for result in results]


def _choices(glob: str, at: int) -> tuple[list[str] | None, int]:
    """The texts between the commas of a brace that opened before `at`, and where it is closed."""
    depth, choices, start = 0, list[str](), at
    for token in _TOKEN.finditer(glob, at):
        match token[0], depth:
            case ("{", _):
                depth += 1
            case ("," | "}", 0):
                choices.append(glob[start : token.start()])
                start = token.end()
                if token[0] == "}":
                    return choices, start
            case ("}", _):
                depth -= 1
            case _:
                pass
    return None, at
