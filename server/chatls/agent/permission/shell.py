"""Cuts a shell's line into simple commands and their words, or gives up; pure.

What it accepts means the same in every shell: a line that could mean anything more than its words is not judged at all.
A single `&` is more: it leaves a command behind.
"""

import re
import unicodedata

from chatls.agent.permission.known_commands import words

Words = tuple[str, ...]

_LONGEST = 20_000
_UNIT = r"""'[^']*'|"[^"$`\\!]*"|[^\s'"$`\\!;&|(){}<>*?\[\]~#^]"""
_TOKEN = re.compile(rf"(?P<blank>[ \t]+)|(?P<end>;|&&|\|\||\||\n)|(?P<word>(?:{_UNIT})+)")
_QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")
_KEYWORDS = words(
    """if then elif else fi for while until do done case esac in select function time coproc repeat foreach nocorrect
    noglob builtin command exec eval source alias unalias export set unset shift trap declare typeset local readonly let
    return break continue exit logout cd pushd popd enable hash bind ulimit umask disown wait fg bg jobs kill suspend
    shopt setopt unsetopt autoload zmodload emulate getopts read mapfile readarray history fc . : - [ [["""
)
_CRUDE_END = re.compile(r"[;&|\n\r(){}`<>]+")
_CRUDE_BLANK = re.compile(r"[\s'\"\\$]+")
_QUOTING = re.compile(r"['\"\\]|\$@")


def segments(line: str) -> tuple[Words, ...] | None:
    """The simple commands of a line, each as its words; None where that cannot be told for certain.

    >>> segments("git add . && git commit -m 'a; b'")
    (('git', 'add', '.'), ('git', 'commit', '-m', 'a; b'))
    >>> segments("git status > f")
    """
    if len(line) > _LONGEST or any(_odd(letter) for letter in line):
        return None
    commands = _commands(line.strip(" \t\n"))
    if not commands or not all(_is_plain(command[0]) for command in commands):
        return None
    return None if any(word.startswith("=") for command in commands for word in command) else tuple(commands)


def crude_segments(line: str) -> tuple[Words, ...]:
    """What could be commands in a line that cannot be judged. Good enough to find what is forbidden, for no more.

    >>> crude_segments("x=$(rm -rf y)")
    (('x=',), ('rm', '-rf', 'y'))
    """
    lines = dict.fromkeys((line, _QUOTING.sub("", line)))  # r"m" is rm
    parts = (_CRUDE_BLANK.split(part) for text in lines for part in _CRUDE_END.split(text))
    found = (tuple(word for word in part if word) for part in parts)
    return tuple(part for part in found if part)


def _commands(line: str) -> list[Words] | None:
    commands, now, at = list[Words](), list[str](), 0
    while at < len(line):
        token = _TOKEN.match(line, at)
        if token is None:
            return None
        at = token.end()
        match token.lastgroup:
            case "word":
                now.append(_QUOTED.sub(lambda quote: quote[1] or quote[2] or "", token[0]))
            case "end" if now:
                commands.append(tuple(now))
                now = []
            case "end":
                return None  # an operator with nothing before it; also `;;` and blank lines
            case _:
                pass
    if not now and not line.endswith(";"):
        return None  # `a |`, `a &&`: the line goes on
    return [*commands, tuple(now)] if now else commands


def _is_plain(program: str) -> bool:
    """Whether a first word is a program, and neither an assignment nor a word of the shell itself."""
    return bool(program) and "=" not in program and program not in _KEYWORDS and program[0] not in "-+%@,"


def _odd(letter: str) -> bool:
    """Characters that a terminal or a shell may take for something else than they look."""
    if letter in "\t\n" or " " <= letter <= "~":
        return False
    return unicodedata.category(letter)[0] in "CZ"
