"""Which protected files a line of git would change by moving to other commits: inside they are read-only, and git would
end with half the work done and the code 0. Asks git what the difference is; changes nothing. Blocks.
"""

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from chatls.children.wall.lists import is_fixed
from chatls.values import dataclass

_MOVERS = frozenset(
    {
        "switch",
        "checkout",
        "merge",
        "rebase",
        "pull",
        "reset",
        "stash",
        "cherry-pick",
        "revert",
        "restore",
        "bisect",
        "am",
    }
)
_SUSPECT = re.compile(rf"\bgit\b[^;&|\n]*\b({'|'.join(sorted(_MOVERS))})\b")
_OPERATORS = re.compile(r"[;&|()<>\n]+")
_OPEN = re.compile(r"[$`*?\[{~]")
_MAKES = frozenset({"-c", "-C", "-b", "-B", "--create", "--force-create", "--orphan"})
_RESUMES = frozenset({"--continue", "--abort", "--skip", "--quit"})
_PATIENCE = 10.0
UNKNOWN = "files that cannot be told beforehand"


@dataclass(frozen=True, slots=True)
class _Git:
    """Asks git in one folder."""

    program: Path
    folder: Path
    environment: Mapping[str, str]

    def names(self, *words: str) -> set[str] | None:
        """What it lists, divided by NULs; None where it fails."""
        try:
            done = subprocess.run(
                (str(self.program), "--no-pager", *words),
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode:
            return None
        return {name for name in done.stdout.decode("utf-8", "surrogateescape").split("\0") if name.strip()}

    def is_commit(self, word: str) -> bool:
        """Whether a word names a commit."""
        return self.names("rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}") is not None


def moved_by(
    command: str | Sequence[str], folder: Path, program: Path | None, environment: Mapping[str, str]
) -> tuple[str, ...]:
    """The protected files that it would change, as git names them, or `UNKNOWN`; nothing where it moves nowhere.
    `program`: git, None where there is none."""
    if program is None or (isinstance(command, str) and not _SUSPECT.search(command)):
        return ()
    found = set[str]()
    for words, place in _parts(command, folder):
        if words is None:
            return (UNKNOWN,)
        if words and PurePath(words[0]).name == "git":
            found |= _changed(words[1:], _Git(program, place, environment))
    return tuple(sorted(name for name in found if name == UNKNOWN or is_fixed(PurePath(name))))


def _parts(command: str | Sequence[str], folder: Path) -> Iterator[tuple[list[str] | None, Path]]:
    """The simple commands, as far as they can be told, and where each runs."""
    if not isinstance(command, str):
        yield list(command), folder
        return
    try:
        lexer = shlex.shlex(command.replace("\n", " ; "), posix=True, punctuation_chars=";&|()<>")
        lexer.whitespace_split = True
        tokens = list(lexer)
    except ValueError:
        yield None, folder
        return
    part = list[str]()
    for token in (*tokens, ";"):
        if not _OPERATORS.fullmatch(token):
            part.append(token)
            continue
        while part and re.fullmatch(r"\w+=.*", part[0]):
            part.pop(0)
        if part[:1] == ["cd"] and len(part) == 2:
            folder = folder / part[1]
        yield part, folder
        part = []


def _changed(words: list[str], git: _Git) -> set[str]:
    """The files that one command of git changes in the working tree."""
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option == "-C" and words:
            git = replace(git, folder=git.folder / words.pop(0))
        elif option in ("-c", "--git-dir", "--work-tree", "--namespace"):
            return {UNKNOWN} if set(words) & _MOVERS else set()
    if not words or words[0] not in _MOVERS:
        return set()
    verb, arguments = words[0], words[1:]
    if verb in ("pull", "bisect", "am") or any(_OPEN.search(word) for word in arguments):
        return {UNKNOWN}
    return set() if git.names("rev-parse", "--git-dir") is None else _moved(git, verb, arguments)


def _moved(git: _Git, verb: str, arguments: list[str]) -> set[str]:
    if verb == "stash":
        return _of_stash(git, arguments)
    if verb == "reset" and not {"--hard", "--merge", "--keep"} & set(arguments):
        return set()
    if _RESUMES & set(arguments):
        return _or_unknown(git.names("diff", "--name-only", "-z", "HEAD", "ORIG_HEAD"))
    return _of_commits(git, verb, arguments)


def _of_stash(git: _Git, arguments: list[str]) -> set[str]:
    if not arguments or arguments[0] in ("push", "save", "-u", "--include-untracked", "-m"):
        return _or_unknown(git.names("diff", "--name-only", "-z", "HEAD"))
    if arguments[0] not in ("pop", "apply", "branch"):
        return set()
    which = [word for word in arguments[1:] if not word.startswith("-")][-1:]
    return _or_unknown(git.names("stash", "show", "--name-only", "-z", "--include-untracked", *which))


def _of_commits(git: _Git, verb: str, arguments: list[str]) -> set[str]:
    before, after = _divided(arguments)
    made = bool(_MAKES & set(before))
    plain = [word for word in before if not word.startswith("-") or word == "-"]
    commits, paths = list[str](), list(after)
    for word in plain[1:] if made else plain:
        name = "@{-1}" if word == "-" else word
        if ".." in name or git.is_commit(name):
            commits.append(name)
        elif guessed := git.names("for-each-ref", "--format=%(refname)%00", f"refs/remotes/*/{name}"):
            commits += [one.strip() for one in guessed]
        else:
            paths.append(word)
    if not commits and not paths and not made:
        commits = ["HEAD" if verb in ("reset", "restore", "checkout", "switch") else "@{upstream}"]
    names = set[str]()
    for commit in commits:
        limits = ("--", *paths) if paths else ()
        names |= _or_unknown(git.names("diff", "--name-only", "-z", *_ends(commit), *limits))
        if verb in ("rebase", "cherry-pick", "revert"):
            span = commit if ".." in commit else f"HEAD...{commit}" if verb == "rebase" else f"-1 {commit}"
            names |= _or_unknown(git.names("log", "--name-only", "--format=", "-z", *span.split()))
    if verb in ("reset", "restore") or paths:
        names |= _or_unknown(git.names("diff", "--name-only", "-z", "HEAD", "--", *paths))
    return names


def _divided(arguments: list[str]) -> tuple[list[str], list[str]]:
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1 :]


def _ends(commit: str) -> tuple[str, ...]:
    """What a difference is asked between."""
    return (commit,) if ".." in commit else ("HEAD", commit)


def _or_unknown(names: set[str] | None) -> set[str]:
    return {UNKNOWN} if names is None else names
