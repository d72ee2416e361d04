r"""The head of a skill's or a command's file, between two lines of `---`: the part of YAML that such files use. Pure.

Read are `key: value` at the left margin, with values plain (also over several indented lines), in quotes, or as a block
(`|`, `>`). What stands in brackets is taken as it is written, as in `argument-hint: [file] [line]`. Lists and tables
under a key are passed over: nothing here needs them. What cannot be read is told, never guessed at.

    >>> parse("---\nname: pdf\ndescription: 'Fill forms'\n---\nHow to.").fields
    {'name': 'pdf', 'description': 'Fill forms'}
"""

import re
import sys
from collections.abc import Iterator, Mapping

from chatls.values import dataclass

_KEY = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*))?$", re.DOTALL)
_BLOCK = re.compile(r"([|>])(?:[+-]?[1-9]?|[1-9][+-])[ \t]*(?:#.*)?")
_COMMENT = re.compile(r"(?<![ \t])[ \t]+#.*$|^#.*$")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t]*(?:#.*)?', re.DOTALL)
_SINGLE = re.compile(r"'((?:[^']|'')*)'[ \t]*(?:#.*)?", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_LETTERS = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    " ": " ",
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "v": "\v",
    "N": "\x85",
    "_": "\xa0",
}
_STRANGE = ("&", "*", "!", "%", "@", "`", "{")
"""How values begin that mean something of their own in YAML."""


@dataclass(frozen=True, slots=True)
class Frontmatter:
    """What stands in such a file."""

    fields: Mapping[str, str]
    body: str
    """What is behind the head: all of it where there is none."""
    problems: tuple[str, ...] = ()
    """What of the head could not be read, in words for people."""


class _UnclearError(ValueError):
    """A value that is none of ours; says why."""


def parse(text: str) -> Frontmatter:
    """Take a file apart. Raises nothing: what cannot be read is among the problems."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != "---":
        return Frontmatter({}, text)
    end = next((at for at, line in enumerate(lines) if at and line.rstrip() in ("---", "...")), None)
    if end is None:
        return Frontmatter({}, text, ("the second line of --- is missing, which ends the head",))
    fields, problems = dict[str, str](), list[str]()
    for number, line, below in _entries(lines[1:end]):
        match = _KEY.match(line)
        if match is None:
            problems.append(f"line {number}: it is no `key: value`")
            continue
        try:
            value = _value((match[2] or "").strip(), below)
        except _UnclearError as error:
            problems.append(f"line {number}: {error}")
        else:
            fields |= {} if value is None else {match[1]: value}
    return Frontmatter(fields, "\n".join(lines[end + 1 :]).strip("\n"), tuple(problems))


def _entries(lines: list[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Each line at the left margin, with its number in the file and the lines that belong to it."""
    at = 0
    while at < len(lines):
        first, start = lines[at], at
        at += 1
        if not first.strip() or first.startswith("#"):
            continue
        while at < len(lines) and (not lines[at].strip() or lines[at][0] in " \t" or lines[at].startswith("- ")):
            at += 1
        yield start + 2, first, lines[start + 1 : at]


def _value(given: str, below: list[str]) -> str | None:
    """A value; None where it is a list or a table. Raises `_UnclearError`."""
    if block := _BLOCK.fullmatch(given):
        return _literal(below) if block[1] == "|" else _folded(_literal(below))
    if given[:1] in ('"', "'"):
        return _quoted(" ".join((given, *(line.strip() for line in below if line.strip()))))
    if given.startswith(_STRANGE):
        raise _UnclearError(f"a value that begins with {given[0]} has to stand in quotes")
    given = _COMMENT.sub("", given).strip()
    inner = [text for line in below if (text := _COMMENT.sub("", line).strip())]
    return " ".join((given, *inner)) if given else None if inner else ""


def _literal(below: list[str]) -> str:
    """A block, without the indentation of its first line and without blank lines around it."""
    first = next((line for line in below if line.strip()), "")
    margin = first[: len(first) - len(first.lstrip(" \t"))]
    lines = (line.removeprefix(margin) if line.strip() else "" for line in below)
    return "\n".join(lines).strip("\n")


def _folded(text: str) -> str:
    """A block whose lines are one, but for the blank ones between them.

    >>> _folded("a\\nb\\n\\nc")
    'a b\\nc'
    """
    return re.sub(r"\n(\n*)", lambda match: match[1] or " ", text)


def _quoted(text: str) -> str:
    """A value in quotes. Raises `_UnclearError`."""
    match = _DOUBLE.fullmatch(text) if text[0] == '"' else _SINGLE.fullmatch(text)
    if match is None:
        raise _UnclearError("the quotes do not end, or something stands behind them")
    return _ESCAPE.sub(_letter, match[1]) if text[0] == '"' else match[1].replace("''", "'")


def _letter(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is None and match[4] not in _LETTERS:
        raise _UnclearError(f"\\{match[4]} means nothing between double quotes")
    if code is not None and int(code, 16) > sys.maxunicode:
        raise _UnclearError(f"{match[0]} is no character")
    return _LETTERS[match[4]] if code is None else chr(int(code, 16))
