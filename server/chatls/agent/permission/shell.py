"""Reads a shell's line word by word, or gives up; pure.

What it accepts means the same to bash and to dash: simple commands in pipelines and lists, with quotes, backslashes,
assignments, redirections, patterns for names, and here-documents whose delimiter is quoted. Whatever expands to
something that the line does not show, or groups, branches, or leaves a command behind, is not read at all.
"""

import re
import shlex
import unicodedata
from typing import Literal

from chatls.values import dataclass

Words = tuple[str, ...]

_LONGEST = 20_000
_GRAMMAR = frozenset(
    [
        "if",
        "then",
        "elif",
        "else",
        "fi",
        "for",
        "while",
        "until",
        "do",
        "done",
        "case",
        "esac",
        "in",
        "select",
        "function",
        "time",
        "coproc",
        "repeat",
        "foreach",
        "nocorrect",
        "noglob",
        "{",
        "}",
        "!",
        "[",
        "[[",
        "]]",
        "end",
    ]
)
"""Words of the shell's grammar: whoever begins with one is no simple command."""
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_REDIRECTION = re.compile(r"(\d?)(>>|>&|<<|>|<)(?![>&|<(])")
_JOINTS = re.compile(r"&&|\|\||\||;|\n")
_BRACES = re.compile(r"\{\}(?=[\s;&|]|$)")
_UPSTREAM = re.compile(r"\{[A-Za-z0-9-]+\}")
_BASH_ASSIGNS = re.compile(r"[A-Za-z_]\w*(\+=|\[)")
_BLANK = " \t"
_ENDS = " \t\n;&|()<>"
_GLOB = "*?["
_CRUDE_END = re.compile(r"[;&|\n\r(){}`<>]+")
_CRUDE_BLANK = re.compile(r"[\s'\"\\$]+")
_QUOTING = re.compile(r"['\"\\]|\$@")

Joint = Literal["", "&&", "||", "|", ";", "\n"]
_JOINT_OF: dict[str, Joint] = {"&&": "&&", "||": "||", "|": "|", ";": ";", "\n": "\n"}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command."""

    text: str
    """As the program gets it, or as it is written where it is a pattern."""
    pattern: str | None = None
    """What names have to match, where it stands for names; characters that were quoted stand in brackets."""
    raw: str = ""
    """As it is written."""


@dataclass(frozen=True, slots=True)
class Redirection:
    """Where a stream of a command goes, or comes from."""

    stream: str
    """Its number; empty: the usual one."""
    operator: str
    """`>`, `>>`, `<`, `>&`, `<<`."""
    target: Word
    body: str = ""
    """Of a here-document."""


@dataclass(frozen=True, slots=True)
class Simple:
    """One simple command."""

    joint: Joint
    """What stands between it and the one before."""
    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...]

    @property
    def texts(self) -> Words:
        """Its words, patterns as they are written."""
        return tuple(word.text for word in self.words)


class _UnreadableError(Exception):
    """The line could mean more than its words."""


def read_line(line: str) -> tuple[Simple, ...] | None:
    """The simple commands of a line; None where they cannot be told for certain.

    >>> [simple.texts for simple in read_line("git add . && git commit -m 'a; b'")]
    [('git', 'add', '.'), ('git', 'commit', '-m', 'a; b')]
    >>> read_line("echo $HOME")
    """
    if len(line) > _LONGEST or any(_odd(letter) for letter in line):
        return None
    try:
        return _LineReader(line).read()
    except _UnreadableError:
        return None


def crude_segments(line: str) -> tuple[Words, ...]:
    """What could be commands in a line that cannot be read. Good enough to find what is forbidden, for no more.

    >>> crude_segments("x=$(rm -rf y)")
    (('x=',), ('rm', '-rf', 'y'))
    """
    lines = dict.fromkeys((line, _QUOTING.sub("", line)))  # r"m" is rm
    parts = (_CRUDE_BLANK.split(part) for text in lines for part in _CRUDE_END.split(text))
    found = (tuple(word for word in part if word) for part in parts)
    return tuple(part for part in found if part)


def written(simple: Simple, words: Words) -> str:
    """A command with these words instead of its own, as a shell reads it; of here-documents only the delimiter.

    >>> written(read_line("CI=1 npm test 2>&1")[0], ("/usr/bin/npm", "test"))
    'CI=1 /usr/bin/npm test 2>&1'
    """
    before = (f"{name}={shlex.quote(value.text)}" for name, value in simple.assignments)
    behind = (f"{one.stream}{one.operator}{_target(one)}" for one in simple.redirections)
    return " ".join((*before, *(_quoted(word, first=at == 0) for at, word in enumerate(words)), *behind))


def _quoted(word: str, *, first: bool) -> str:
    """What shells would take for more than a word is quoted as well: `=name` (zsh), `A=1` before a program."""
    return f"'{word}'" if word == shlex.quote(word) and "=" in (word if first else word[:1]) else shlex.quote(word)


def _target(one: Redirection) -> str:
    return one.target.text if one.operator == ">&" else shlex.quote(one.target.text)


class _LineReader:
    """Reads one line."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0
        self._found: list[Simple] = []
        self._joint: Joint = ""
        self._assignments: list[tuple[str, Word]] = []
        self._words: list[Word] = []
        self._redirections: list[Redirection] = []
        self._bodies: list[int] = []
        """Which of the redirections wait for their here-document."""

    def read(self) -> tuple[Simple, ...]:
        line = self._line
        while self._at < len(line):
            letter = line[self._at]
            if letter in _BLANK:
                self._at += 1
            elif line.startswith("\\\n", self._at):
                self._at += 2
            elif joint := _JOINTS.match(line, self._at):
                self._at = joint.end()
                self._end(joint[0])
            elif redirection := _REDIRECTION.match(line, self._at):
                self._at = redirection.end()
                self._redirect(redirection[1], redirection[2])
            else:
                word = self._word()
                if word.raw.isdigit() and line[self._at : self._at + 1] in ("<", ">"):
                    raise _UnreadableError  # a stream of bash's, a word of dash's
                self._take(word)
        if self._bodies:
            raise _UnreadableError
        self._finish()
        if not self._found or self._joint in ("&&", "||", "|"):
            raise _UnreadableError
        return tuple(self._found)

    def _end(self, joint: str) -> None:
        """An operator; a line's end may be one."""
        empty = not (self._words or self._assignments or self._redirections)
        if joint == "\n":
            if empty:
                return  # a blank line, or one that goes on behind an operator
            self._here_documents()
        elif empty or self._bodies:
            raise _UnreadableError
        self._finish()
        self._joint = _JOINT_OF[joint]

    def _finish(self) -> None:
        if not (self._words or self._assignments or self._redirections):
            return
        if not self._words or self._words[0].pattern is not None or not _is_program(self._words[0]):
            raise _UnreadableError
        if any(word.raw.startswith("=") for word in self._words):
            raise _UnreadableError
        parts = tuple(self._assignments), tuple(self._words), tuple(self._redirections)
        self._found.append(Simple(self._joint, *parts))
        self._joint = ""
        self._assignments, self._words, self._redirections = [], [], []

    def _take(self, word: Word) -> None:
        assignment = _ASSIGNMENT.match(word.raw)
        if self._words or assignment is None:
            self._words.append(word)
            return
        if word.pattern is not None:
            word = Word(word.text, None, word.raw)  # no names are looked for in what is assigned
        self._assignments.append((assignment[1], Word(word.text[assignment.end() :], None, word.raw)))

    def _redirect(self, stream: str, operator: str) -> None:
        while self._at < len(self._line) and self._line[self._at] in _BLANK:
            self._at += 1
        target = self._word()
        if target.pattern is not None or (operator == ">&" and target.raw not in ("1", "2")):
            raise _UnreadableError
        if operator == "<<":
            if target.raw == target.text or target.text.startswith("-") or not target.text or "\n" in target.text:
                raise _UnreadableError
            self._bodies.append(len(self._redirections))
        self._redirections.append(Redirection(stream, operator, target))

    def _here_documents(self) -> None:
        """Take the texts that begin with this line."""
        for number in self._bodies:
            one = self._redirections[number]
            end = re.compile(rf"^{re.escape(one.target.text)}$", re.MULTILINE).search(self._line, self._at)
            if end is None:
                raise _UnreadableError
            body = self._line[self._at : end.start()]
            self._at = end.end() + 1
            self._redirections[number] = Redirection(one.stream, one.operator, one.target, body)
        self._bodies = []

    def _word(self) -> Word:
        line, begin = self._line, self._at
        text, pattern, is_pattern = list[str](), list[str](), False
        while self._at < len(line) and line[self._at] not in _ENDS:
            letter = line[self._at]
            if letter == "'":
                quoted = self._single()
            elif letter == '"':
                quoted = self._double()
            elif letter == "\\":
                quoted = self._escaped()
            else:
                self._require_plain(begin)
                self._at += 1
                is_pattern = is_pattern or letter in _GLOB
                text.append(letter)
                pattern.append(letter)
                continue
            text.append(quoted)
            pattern += [f"[{one}]" if one in _GLOB else one for one in quoted]
        if self._at == begin:
            raise _UnreadableError
        raw = line[begin : self._at]
        if is_pattern and re.search(r"\[[\^:.=!]|\[\[|\\", "".join(pattern)):
            raise _UnreadableError
        return Word("".join(text), "".join(pattern) if is_pattern else None, raw)

    def _require_plain(self, begin: int) -> None:
        """A character outside of quotes has to mean itself, or any name."""
        line, at = self._line, self._at
        letter, before = line[at], line[at - 1] if at > begin else ""
        if letter in "$`" or (letter == "~" and before in ("", "=", ":")) or (letter == "#" and not before):
            raise _UnreadableError
        if letter == "{" and not _BRACES.match(line, at) and not (before == "@" and _UPSTREAM.match(line, at)):
            raise _UnreadableError
        if letter == "}" and "{" not in line[begin:at]:
            raise _UnreadableError

    def _single(self) -> str:
        end = self._line.find("'", self._at + 1)
        if end < 0:
            raise _UnreadableError
        text, self._at = self._line[self._at + 1 : end], end + 1
        return text

    def _double(self) -> str:
        line, text = self._line, list[str]()
        self._at += 1
        while (letter := line[self._at : self._at + 1]) != '"':
            behind = line[self._at + 1 : self._at + 2]
            if not letter or letter == "`" or (letter == "$" and (not behind or behind not in '" |')):
                raise _UnreadableError
            if letter == "\\" and behind in tuple('$`"\\\n'):
                text.append("" if behind == "\n" else behind)
                self._at += 2
            else:
                text.append(letter)
                self._at += 1
        self._at += 1
        return "".join(text)

    def _escaped(self) -> str:
        letter = self._line[self._at + 1 : self._at + 2]
        if not letter:
            raise _UnreadableError
        self._at += 2
        return "" if letter == "\n" else letter


def _is_program(word: Word) -> bool:
    if not word.text or word.text in _GRAMMAR or word.text[0] in "-+%@,":
        return False
    return _BASH_ASSIGNS.match(word.raw) is None


def _odd(letter: str) -> bool:
    """Characters that a terminal or a shell may take for something else than they look."""
    if letter in "\t\n" or " " <= letter <= "~":
        return False
    return unicodedata.category(letter)[0] in "CZ"
