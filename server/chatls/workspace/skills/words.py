"""A slash command in a person's words, and what its text becomes with what stands behind its name. Pure."""

import re
import shlex
from typing import NamedTuple

_GIVEN = re.compile(r"\s*/([^\s/]+)(?:\s+(.*))?", re.DOTALL)
_PLACES = re.compile(r"\\\$|\$(ARGUMENTS(?![A-Za-z0-9_])|[1-9](?![0-9]))")
_MENTIONED = re.compile(r'(?:(?<=\s)|^|(?<=\())@(?:"([^"\n]+)"|([^\s"]+))')


class GivenCommand(NamedTuple):
    """What a person wrote behind a slash."""

    name: str
    arguments: str


def given_command(text: str) -> GivenCommand | None:
    """The command that a prompt may begin with; None where it begins with something else, a path for one.

    >>> given_command("/review  the last commit"), given_command("/usr/bin/env is missing")
    (GivenCommand(name='review', arguments='the last commit'), None)
    """
    match = _GIVEN.fullmatch(text)
    return GivenCommand(match[1], (match[2] or "").strip()) if match else None


def filled(text: str, arguments: str) -> str:
    r"""The text of a command with its arguments: `$ARGUMENTS` is all of them, `$1` to `$9` are single ones, words or
    what stands in quotes; `\$` is a dollar. Where it asks for none, they stand at its end.

    >>> filled("Look at $1 and $2.", "a 'b c'")
    'Look at a and b c.'
    >>> filled("Look.", "at this")
    'Look.\n\nArguments: at this'
    """
    single, asked = _single(arguments), False

    def fill(match: re.Match[str]) -> str:
        nonlocal asked
        name = match[1]
        if name is None:
            return "$"
        asked = True
        if name == "ARGUMENTS":
            return arguments
        return single[int(name) - 1] if int(name) <= len(single) else ""

    text = _PLACES.sub(fill, text)
    return text if asked or not arguments else f"{text}\n\nArguments: {arguments}"


def mentioned(text: str) -> tuple[str, ...]:
    """What stands behind an `@` in a command's text, each once.

    >>> mentioned('See @diff, @src/a.py and @"b c.md" (@buffers), not me@home')
    ('diff', 'src/a.py', 'b c.md', 'buffers')
    """
    words = (match[1] or match[2].rstrip(".,;:!?)") for match in _MENTIONED.finditer(text))
    return tuple(dict.fromkeys(word for word in words if word))


def _single(arguments: str) -> list[str]:
    try:
        return shlex.split(arguments)
    except ValueError:  # a quote that does not end is an apostrophe
        return arguments.split()
