"""Digests of the files that decide what a command runs, those that are not there yet included. Looks at the disk."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from chatls.agent.permission.digest import digest
from chatls.agent.permission.look import Look
from chatls.agent.permission.never import plain_program, unwrapped
from chatls.agent.permission.runners import DECIDERS
from chatls.agent.permission.shell import Words
from chatls.workspace.workspace import real_path

_MOST = 200
_MAKE_INCLUDES = 20


def digests(commands: Iterable[Words], folder: Path, places: Sequence[Path], look: Look) -> dict[str, str]:
    """What decides, in the folders from these places up to the root, by its name relative to the root."""
    root = look.workspace.root_of(folder)
    if root is None:
        return {}
    names = list[str]()
    for words in commands:
        for one in unwrapped(words):
            for word in (one[0], *one[1:3]):
                names += DECIDERS.get(plain_program(word), ())
    folders = dict.fromkeys(place for start in (folder, *map(_folder_of, places)) for place in _up(start, root))
    found = {place / name: None for place in folders for name in dict.fromkeys(names)}
    if "Makefile" in names:
        found |= dict.fromkeys(sorted(folder.glob("*.mk"))[:_MAKE_INCLUDES])
    return {path.relative_to(root).as_posix(): digest(path) for path in list(found)[:_MOST]}


def own_scripts(commands: Iterable[Words], folder: Path, look: Look) -> dict[str, str]:
    """Files of the workspace that these commands name: the scripts themselves, and what they are given."""
    root = look.workspace.root_of(folder)
    found = dict[str, str]()
    for words in commands:
        for word in words:
            for text in {word, word.partition("=")[2], word.split("::")[0]}:
                if text and len(text) < 1000 and "\0" not in text and len(found) < _MOST:
                    path = real_path(folder / text)
                    if root is not None and path.is_relative_to(root) and path.is_file():
                        found[path.relative_to(root).as_posix()] = digest(path)
    return found


def changed(before: Mapping[str, str], root: Path) -> dict[str, str]:
    """Which of these files are another than they were, and what they were."""
    return {name: was for name, was in before.items() if digest(root / name) != was}


def _folder_of(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def _up(place: Path, root: Path) -> list[Path]:
    return [one for one in (place, *place.parents) if one.is_relative_to(root)]
