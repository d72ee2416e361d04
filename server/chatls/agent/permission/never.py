"""What is never remembered, and asked about in the sandbox too: a short list with reasons; pure.

It looks through what runs other commands (`env`, `xargs`, `bash -c`, `find -exec`), rather once too often than too
seldom."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from chatls.agent.permission.shell import Simple, Words, crude_segments

UNDONE = "it destroys what cannot be brought back"
RIGHTS = "it raises rights"
FETCHED = "it runs what it fetched"

_RAISING = frozenset(["sudo", "su", "doas", "pkexec", "run0", "gosu", "setpriv", "runas"])
_SHELLS = frozenset(
    [
        "sh",
        "bash",
        "dash",
        "zsh",
        "ksh",
        "mksh",
        "fish",
        "csh",
        "tcsh",
        "ash",
        "busybox",
        "toybox",
        "pwsh",
        "powershell",
        "cmd",
        "eval",
        "ssh",
    ]
)
_WRAPPERS = frozenset(
    [
        "env",
        "nice",
        "nohup",
        "ionice",
        "setsid",
        "time",
        "timeout",
        "gtimeout",
        "command",
        "builtin",
        "exec",
        "xargs",
        "parallel",
        "stdbuf",
        "unbuffer",
        "watch",
        "entr",
        "chroot",
        "unshare",
        "nsenter",
        "bwrap",
        "firejail",
        "strace",
        "ltrace",
        "script",
        "flock",
        "chronic",
        "docker",
        "podman",
        "nix-shell",
        "direnv",
        "mise",
    ]
)
"""Any of their words may begin another command."""
_MANAGERS = frozenset(
    ["npx", "pnpx", "bunx", "uvx", "pipx", "uv", "poetry", "pipenv", "pdm", "hatch", "npm", "pnpm", "yarn", "bun"]
)
"""One of their first words may."""
_RUNS = {
    **dict.fromkeys(("find", "gfind"), ("-exec", "-execdir", "-ok", "-okdir")),
    **dict.fromkeys(("fd", "fdfind"), ("-x", "-X", "--exec", "--exec-batch")),
    "git": ("foreach", "run", "--exec", "-x"),
}
"""What stands behind one of these begins another."""
_FETCHING = frozenset(
    [
        "curl",
        "wget",
        "wget2",
        "http",
        "https",
        "xh",
        "fetch",
        "aria2c",
        "lynx",
        "w3m",
        "nc",
        "ncat",
        "socat",
        "ftp",
        "scp",
        "ssh",
    ]
)
_RUNNING = re.compile(
    r"python|pypy|node|deno|bun|ruby|perl|php|lua|osascript|tclsh|rscript|r|java|groovy|psql|mysql|sqlite3?"
)
_DESTROYING = frozenset(["shred", "truncate", "dd", "wipefs", "fdisk", "parted", "blkdiscard", "srm"])
_VERSION = re.compile(r"(?<=[a-z+])[-.]?[0-9][0-9.]*$")
_SUFFIX = re.compile(r"\.(exe|com|bat|cmd|ps1)$")
_GIT_VALUED = frozenset(
    {"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env", "--super-prefix"}
)
_PATHLIKE = re.compile(r"\.|.*[*?]|.*\.[A-Za-z0-9]{1,6}|.*/")


def never(commands: Sequence[Words]) -> str | None:
    """Why commands of one line may not be remembered; None: they may.

    >>> never([("rm", "-rf", "build")])
    'it destroys what cannot be brought back'
    >>> never([("rm", "a.txt")])
    """
    return next((why for words in commands for one in unwrapped(words) if (why := _alone(one))), None)


def fetched(line: Sequence[Simple]) -> str | None:
    """Whether a pipeline hands what was fetched to something that runs it."""
    fetching = False
    for simple in line:
        names = {plain_program(words[0]) for words in unwrapped(simple.texts)}
        fetching = fetching and simple.joint == "|"
        if fetching and any(name in _SHELLS | _RAISING or _RUNNING.fullmatch(name) for name in names):
            return FETCHED
        fetching = fetching or bool(names & _FETCHING)
    return None


def unwrapped(words: Words, depth: int = 4) -> tuple[Words, ...]:
    """A command, and those that it may run: what stands behind a wrapper's words, what a shell is given as text.

    >>> ("rm", "-r", "y") in unwrapped(("nice", "bash", "-c", "cd x && rm -r y"))
    True
    """
    if not words or not depth:
        return (words,) if words else ()
    inner = [part for one in _inside(plain_program(words[0]), words) for part in unwrapped(one, depth - 1)]
    return tuple(dict.fromkeys((words, *inner)))


def _inside(program: str, words: Words) -> list[Words]:
    if program in _SHELLS:
        texts = [part for word in words[1:] if re.search(r"\s", word) for part in crude_segments(word)]
        return [*texts, *_tails(words, 1)]
    if program in _WRAPPERS | _RAISING:
        return _tails(words, 1)
    if program in _MANAGERS:
        return _tails(words, 1)[:2]
    begins = [at + 1 for at, word in enumerate(words) if word in _RUNS.get(program, ())]
    return [
        tail for at in begins for tail in (*_tails(words, at)[:1], *(p for w in words[at:] for p in crude_segments(w)))
    ]


def _tails(words: Words, begin: int) -> list[Words]:
    return [words[at:] for at in range(begin, len(words)) if not words[at].startswith("-")]


def without_git_options(words: Words) -> Words:
    """The same without the options that stand before git's subcommand.

    >>> without_git_options(("git", "-C", "sub", "--no-pager", "push"))
    ('git', 'push')
    """
    if not words or plain_program(words[0]) != "git":
        return words
    at = 1
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in _GIT_VALUED else 1
    return (words[0], *words[at:])


def plain_program(word: str) -> str:
    """A program's name without folder, letter case and version.

    >>> plain_program("/usr/bin/Python3.11")
    'python'
    """
    name = _SUFFIX.sub("", PurePosixPath(word.replace("\\", "/")).name.casefold())
    return _VERSION.sub("", name)


def _alone(words: Words) -> str | None:
    program = plain_program(words[0])
    rest = words[1:]
    if program in _RAISING:
        return RIGHTS
    if program in _DESTROYING or program.startswith("mkfs"):
        return UNDONE
    if program in ("rm", "grm", "del", "rd") and (_has(rest, "rR", "--recursive") or "/s" in map(str.lower, rest)):
        return UNDONE
    if program in ("find", "fd", "fdfind", "rsync") and any(word.startswith(("-delete", "--del")) for word in rest):
        return UNDONE
    if program == "git":
        return UNDONE if _git_destroys(without_git_options(words)[1:]) else None
    return None


def _git_destroys(words: Words) -> bool:
    name, rest = (words[0], words[1:]) if words else ("", ())
    plain = tuple(word for word in rest if not word.startswith("-"))
    if name in _GIT_ALWAYS:
        return True
    if name == "checkout":
        return _checks_out_files(rest, plain)
    if name == "push" and any(word[:1] in ("+", ":") for word in plain):
        return True
    if plain[:1] and (name, plain[0]) in _GIT_TOPICS:
        return True
    letters, options = _GIT_WITH.get(name, ("", ()))
    return _has(rest, letters, *options) and (name != "worktree" or plain[:1] == ("remove",))


_GIT_ALWAYS = frozenset(
    ["clean", "restore", "filter-branch", "filter-repo", "prune", "update-ref", "checkout-index", "read-tree"]
)
_GIT_TOPICS = frozenset(
    {("stash", "drop"), ("stash", "clear"), ("reflog", "expire"), ("reflog", "delete"), ("reflog", "drop")}
)
_GIT_WITH: Mapping[str, tuple[str, Words]] = {
    "gc": ("", ("--prune",)),
    "switch": ("fC", ("--force", "--discard-changes", "--force-create")),
    "reset": ("", ("--hard", "--merge", "--keep")),
    "branch": ("DMCf", ("--force",)),
    "tag": ("df", ("--delete", "--force")),
    "worktree": ("f", ("--force",)),
    "push": ("fd", ("--force", "--force-with-lease", "--delete", "--mirror", "--prune")),
    "rm": ("f", ("--force",)),
}
"""Options with which a subcommand destroys: letters, long ones."""


def _checks_out_files(rest: Words, plain: Words) -> bool:
    if _has(rest, "fpB", "--force", "--patch", "--ours", "--theirs") or "--" in rest:
        return True
    return not _has(rest, "b", "--orphan") and (len(plain) > 1 or any(map(_PATHLIKE.fullmatch, plain)))


def _has(words: Words, letters: str, *names: str) -> bool:
    """Whether one of these options is there: a letter among others, or a long one, abbreviated or with a value."""
    for word in words:
        if word.startswith("--") and len(word) > 3:
            given = word.split("=")[0]
            if any(name.startswith(given) or given == name for name in names):
                return True
        elif word.startswith("-") and not word.startswith("--") and any(letter in letters for letter in word[1:]):
            return True
    return False
