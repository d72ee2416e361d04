"""Whether a simple command only reads, and which places it names; pure, but for what `readers` and `git_readers`
say."""

import re

from chatls.agent.permission.git_readers import GIT_READERS, GLOBAL_FLAGS, LOOKS_AT_FILES, PATCHES, SETTINGS
from chatls.agent.permission.options import NotListedError, Places, fitted
from chatls.agent.permission.readers import FIND_ALONE, FIND_PLACES, FIND_WITH, READERS, ReaderRow
from chatls.agent.permission.shell import Words
from chatls.values import dataclass
from chatls.workspace.secret_files import CANDIDATES, EXCLUDED

_JQ_TRAPS = re.compile(
    r"env\b|\$ENV|\$__|\binputs?\b|\binput_|\binclude\b|\bimport\b|\bdebug\b|\bgetpath/|\bhalt|\bmodulemeta\b|\$[A-Z_]{3,}"
)


@dataclass(frozen=True, slots=True)
class Readout:
    """What a command that only reads would do."""

    words: Words
    """What is run, with what leaves secrets out and runs no other program; the program first."""
    places: Words
    """Each place that it reads, as it is written."""
    whole: bool = False
    """What lies in the places is read as well."""
    git: Words | None = None
    """Of git: the command that lists the files whose text would be shown; empty: none is."""
    objects: Words = ()
    """What must not be a text without a name, as a tag may be."""
    files: bool = False
    """Of git: it reads the files of the working tree."""
    folder: str | None = None
    """Of `git -C FOLDER`."""


def reading_of(words: Words) -> Readout:
    """What a command would read. Raises `NotListedError` where it could do more than that."""
    program, *arguments = words
    if program not in READERS:
        raise NotListedError(program)
    rest = tuple(arguments)
    match program:
        case "find":
            return Readout(words, _found(rest))
        case "git":
            return _git(rest)
        case "printf" if rest and rest[0].startswith("-"):
            raise NotListedError(rest[0])
        case "echo" | "true" | "false":
            return Readout(words, ())
        case _:
            return _reading(program, rest, READERS[program])


def _reading(program: str, rest: Words, reader: ReaderRow) -> Readout:
    places = fitted(rest, reader.shape)
    if program == "sed" and not places.options & {"-n", "--quiet", "--silent"}:
        raise NotListedError("no -n")
    if program == "jq" and _JQ_TRAPS.search(places.operands[0]):
        raise NotListedError(places.operands[0])
    read = places.read
    if reader.apart & places.options:
        read = (*places.operands[:1], *read)
    if not reader.recursive & {"always", *places.options}:
        return Readout((program, *rest), read)
    globs = EXCLUDED if program == "grep" else ("--no-config", *(f"--iglob=!{glob}" for glob in CANDIDATES))
    end = rest.index("--") if "--" in rest else len(rest)
    return Readout((program, *rest[:end], *globs, *rest[end:]), read or (".",), whole=True)  # the last glob counts


def _found(rest: Words) -> Words:
    """The places that `find` names."""
    begin = next((at for at, word in enumerate(rest) if word.startswith("-") or word in "!()"), len(rest))
    places, left = list(rest[:begin]), list(rest[begin:])
    while left:
        word = left.pop(0)
        if word in FIND_ALONE:
            continue
        if word not in FIND_WITH | FIND_PLACES or not left:
            raise NotListedError(word)
        value = left.pop(0)
        if word in FIND_PLACES:
            places.append(value)
    return tuple(places)


def _git(rest: Words) -> Readout:
    left, folder = _behind_options(rest)
    if left == ("--version",):
        return Readout(("git", *left), ())
    if not left or left[0] not in GIT_READERS:
        raise NotListedError(left[0] if left else "git")
    name, *arguments = left
    known, given = GIT_READERS[name], tuple(arguments)
    places = fitted(given, known.shape)
    if places.operands and known.only_with and not known.only_with & places.options:
        raise NotListedError(places.operands[0])
    ours = (word for setting in SETTINGS for word in ("-c", setting))
    head = ("git", "--no-pager", *ours, *(("-C", folder) if folder is not None else ()), name)
    if name == "version":
        return Readout(("git", *left), ())
    if name in ("stash", "reflog", "worktree"):
        return _topic(head, given, places, folder)
    shows = known.shows or bool(known.shows_with & places.options)
    listed = _listing(head, name, given) if shows else ()
    objects = tuple(word for word in places.operands if shows and ":" not in word)
    words, named = (*head, *known.careful, *given), _named(places, name)
    return Readout(words, named, git=listed, objects=objects, files=name in LOOKS_AT_FILES, folder=folder)


def _behind_options(rest: Words) -> tuple[Words, str | None]:
    """What stands behind the options of git itself, and the folder that they name."""
    left, folder = list(rest), None
    while left and left[0].startswith("-") and left != ["--version"]:
        word = left.pop(0)
        if word == "-C" and left and folder is None:
            folder = left.pop(0)
        elif word not in GLOBAL_FLAGS:
            raise NotListedError(word)
    return tuple(left), folder


def _topic(head: Words, given: Words, places: Places, folder: str | None) -> Readout:
    """`stash list`, `stash show`, `reflog`, `worktree list`."""
    if places.operands[:1] != given[:1] and places.operands:
        raise NotListedError(given[0])
    if (head[-1], *given[:1]) == ("stash", "show"):
        which = (word for word in given[1:] if not word.startswith("-"))
        untracked = ("--include-untracked",) if "-u" in places.options else ()
        listed = (*head, "show", "--name-only", "-z", *untracked, *which)
        return Readout((*head, "show", "--no-ext-diff", "--no-textconv", *given[1:]), (), git=listed, folder=folder)
    if shown := places.options & PATCHES:
        raise NotListedError(min(shown))
    return Readout((*head, *given), (), git=(), folder=folder)


def _named(places: Places, name: str) -> Words:
    """Which of its words may be places: of what stands behind a colon in a commit, that as well."""
    words = list(places.read)
    if name == "grep" and {"-e"} & places.options:
        words = [*places.operands]
    if name in ("branch", "tag"):
        words = []
    behind = [word.rpartition(":")[2] for word in words if ":" in word and not word.startswith(":(")]
    return tuple(dict.fromkeys((*words, *(word for word in behind if word))))


def _listing(head: Words, name: str, given: Words) -> Words:
    """The command that names the files whose text would be shown."""
    match name:
        case "grep":
            return (*head, "--no-textconv", "-l", "-z", *given)
        case "diff":
            return (*head, "--no-ext-diff", "--name-only", "--no-renames", "-z", *_unshown(given))
        case _:
            return (*head, "--no-ext-diff", "--name-only", "--no-renames", "-z", "--format=", *_unshown(given))


def _unshown(given: Words) -> Words:
    """The same without the options that say in which form it is shown."""
    end = given.index("--") if "--" in given else len(given)
    forms = re.compile(
        r"-[pusRz]+|-U.*|--(patch|no-patch|raw|stat|numstat|shortstat|summary|patch-with-stat|name-only|name-status|"
        r"compact-summary|dirstat|oneline|format|pretty|graph|unified|word-diff|color-words|check|quiet|exit-code|binary|cc)"
        r"(=.*)?"
    )
    kept, left = list[str](), list(given[:end])
    while left:
        word = left.pop(0)
        if word in ("-U", "--unified", "--format"):
            del left[:1]
        elif not forms.fullmatch(word):
            kept.append(word)
    return (*kept, *given[end:])
