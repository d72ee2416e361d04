"""Judges a simple command: which kind it is, what it would run, and what of it is listed nowhere. Looks at the disk."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePath

from chatls.agent.permission.changers import CHANGERS
from chatls.agent.permission.look import Look
from chatls.agent.permission.matter import Naming, Part
from chatls.agent.permission.options import NotListedError, fitted
from chatls.agent.permission.readers import BUILT_IN, FOLDERLESS, READERS
from chatls.agent.permission.reading import reading_of
from chatls.agent.permission.runners import AS_SHOWN, DECIDERS, HARMLESS, OF_PYTHON, PREFIXES, PYTHON, RUNNERS
from chatls.agent.permission.shell import Simple, Words
from chatls.values import dataclass
from chatls.workspace.deciding_files import deciding


@dataclass(frozen=True, slots=True)
class Judged:
    """A part, and how it is run."""

    part: Part
    run: Words
    """Its words, the program by its path."""
    listing: Naming | None = None
    writes: tuple[Path, ...] = ()
    git: bool = False
    """It is git that only reads: it needs settings of ours."""
    places: tuple[Path, ...] = ()
    """What it was told to run: of a runner."""
    touches: tuple[Path, ...] = ()
    """What it would make, move or copy: of a changer."""
    moves: tuple[Path, ...] = ()
    """Of these: what is there already."""


def judged(simple: Simple, folder: Path | None, look: Look) -> Judged:
    """What a command is, run in this folder. None: where it runs cannot be told."""
    why = "it is in no table"
    try:
        words = look.names(simple.words, folder)
        own, writes = _assigned(simple, folder, look), _written(simple, folder, look)
    except NotListedError as error:
        return Judged(Part(simple.texts, why=str(error), bare=False), simple.texts)
    for kind in (_reader, _runner, _changer):
        try:
            found = kind(words, folder, look)
        except NotListedError as error:
            why = str(error) or why
            continue
        if found is None:
            continue
        if own and found.part.kind != "runner":  # only to a runner they belong
            why = own[0]
            continue
        part = found.part
        if own:
            part = replace(part, key=(*own, *part.key), wide=False)
        return replace(found, part=part, writes=writes)
    return Judged(Part(words, why=why, bare=folder is not None and not own), words, writes=writes)


def _assigned(simple: Simple, folder: Path | None, look: Look) -> Words:
    """What is set before it and belongs to its name."""
    own = list[str]()
    for name, value in simple.assignments:
        known = HARMLESS.get(name)
        if known is not None and known.fullmatch(value.text):
            continue
        if name != AS_SHOWN or not value.text:
            raise NotListedError(name)
        for entry in value.text.split(os.pathsep):
            look.place(entry or ".", folder)
        own.append(f"{name}={value.text}")
    return tuple(own)


def _written(simple: Simple, folder: Path | None, look: Look) -> tuple[Path, ...]:
    """The files that it writes by redirection."""
    found = list[Path]()
    for one in simple.redirections:
        target = one.target.text
        if one.operator == ">&" or target == "/dev/null":
            continue
        if one.operator not in (">", ">>") or one.stream not in ("", "1", "2"):
            raise NotListedError(f"{one.stream}{one.operator}")
        path = look.place(target, folder)
        if path is None or path.is_dir() or look.workspace.is_beside(path):
            raise NotListedError(target)
        found.append(path)
    return tuple(found)


def _reader(words: Words, folder: Path | None, look: Look) -> Judged | None:
    name = Path(words[0]).name
    if name not in READERS:
        return None
    reading = reading_of((name, *words[1:]))
    program = (words[0],) if words[0] in BUILT_IN else (str(look.outside_program(words[0], folder)),)
    if reading.folder is not None:
        folder = look.place(reading.folder, folder)
    for word in reading.places:
        path = look.place(word, folder, whole=reading.whole)
        if name in FOLDERLESS and path is not None and path.is_dir():
            raise NotListedError(f"{word}, which is a folder")
    run = (*program, *reading.words[1:])
    if reading.git is None:
        return Judged(Part(words, "reader"), run)
    if folder is None:
        raise NotListedError("git")
    look.repository(folder)
    listed: Words = (*program, *reading.git[1:]) if reading.git else ()
    objects = tuple(word for word in reading.objects if not os.path.lexists(folder / word))
    listing = Naming(program[0], listed, folder, words, objects, files=reading.files)
    asks = listed or objects or reading.files
    return Judged(Part(words, "reader"), run, listing if asks else None, git=True)


def _runner(words: Words, folder: Path | None, look: Look) -> Judged | None:
    known = _known_runner(words)
    if known is None:
        return None
    if folder is None:
        raise NotListedError(words[0])
    begin, lead = known
    row, rest = RUNNERS[lead], words[begin:]
    places = fitted(rest, row.shape)
    if any(word.startswith("@") for word in places.operands):
        raise NotListedError(next(word for word in places.operands if word.startswith("@")))
    read = tuple(path for word in places.read if (path := look.place(word.split("::")[0], folder)) is not None)
    named = _values_of("-e", rest) if lead == "tox" else places.operands if row.keyed else ()
    key = (*words[:begin], *named)
    program = str(look.own_program(words[0], folder))
    deciders = DECIDERS.get(lead.split()[0], ())
    home = look.inner(_home(folder, deciders, look))
    brought = deciding(PurePath(home)) is not None  # node_modules and its kin: nobody's own tests
    part = Part(words, "runner", key, home, wide=not brought)
    return Judged(part, (program, *words[1:]), places=read)


def _known_runner(words: Words) -> tuple[int, str] | None:
    """How many of the words name a row of the table, and which."""
    prefix = next((len(one) for one in PREFIXES if words[: len(one)] == one), 0)
    plain = list(words[prefix:])
    if not plain:
        return None
    name = Path(plain[0]).name
    plain[0] = "python" if PYTHON.fullmatch(name) else name
    if prefix and plain[0] not in OF_PYTHON:
        return None
    if "/" in words[prefix] and plain[0] not in OF_PYTHON and not words[0].startswith("/"):
        return None
    for count in (4, 3, 2, 1):
        lead = " ".join(plain[:count])
        if lead in RUNNERS and len(plain) >= count:
            return prefix + count, lead
    return None


def _home(folder: Path, deciders: Words, look: Look) -> Path:
    """The nearest folder with a file that decides what is run: what is run in its other folders is the same."""
    root = look.workspace.root_of(folder) or folder
    for place in (folder, *folder.parents):
        if place == root or any((place / name).exists() for name in deciders):
            return place
    return root


def _changer(words: Words, folder: Path | None, look: Look) -> Judged | None:
    count = 2 if words[:1] == ("git",) else 1
    known = CHANGERS.get(" ".join((Path(words[0]).name, *words[1:count])))
    if known is None:
        return None
    if folder is None:
        raise NotListedError(words[0])
    places = fitted(words[count:], known.shape)
    if known.needs and not known.needs & places.options:
        raise NotListedError(words[0])
    program, listing = str(look.outside_program(words[0], folder)), None
    if words[0] == "git":
        look.require_own_hooks(look.repository(folder))
    if words[:2] == ("git", "stash"):
        changed = (program, "--no-pager", "diff", "--no-ext-diff", "--name-only", "--no-renames", "-z", "HEAD")
        listing = Naming(program, changed, folder, words, files=True, changes=True)
    check: dict[str, Callable[[Words, Path, Look], tuple[Path, ...]]] = {
        "named": _named,
        "new": _named,
        "moved": _moved,
    }
    touches = check[known.places](places.operands, folder, look) if known.places in check else ()
    run = (program, *words[1:count], *known.careful, *words[count:])
    if known.places != "moved":
        return Judged(Part(words, "changer"), run, listing, touches=() if words[:2] == ("git", "add") else touches)
    return Judged(Part(words, "changer"), run, touches=touches, moves=touches[: len(touches) // 2])


def _named(words: Words, folder: Path, look: Look) -> tuple[Path, ...]:
    return tuple(look.changeable(word, folder) for word in words)


def _moved(words: Words, folder: Path, look: Look) -> tuple[Path, ...]:
    """The last word is a new name, or a folder in which these names are new. Gives what is moved, then where to."""
    *sources, last = words
    old, new = list[Path](), list[Path]()
    goal = look.changeable(last, folder)
    if len(sources) > 1 and not goal.is_dir():
        raise NotListedError(last)
    for word in sources:
        source = folder / word
        made = goal / source.name if goal.is_dir() else goal
        if os.path.lexists(made):
            raise NotListedError(f"{last}, which is there already")
        old.append(look.changeable(word, folder))
        new.append(made)
        for place in {made, goal / source.name}:  # it may have become a folder until then
            look.require_movable(source, place)
    return (*old, *new)


def _values_of(option: str, words: Words) -> Words:
    """All values of a short option, joined or not."""
    pairs = zip(words, (*words[1:], ""), strict=True)
    found = (value if word == option else word[2:] for word, value in pairs if word.startswith(option))
    return tuple(part for value in found for part in (option, value))
