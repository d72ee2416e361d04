"""The lists of files that a sandbox knows, as quick questions about a name: secrets, protected, deciding."""

from pathlib import PurePath

from chatls.children.wall.names import NameGlobs
from chatls.workspace.deciding_files import DECIDING, deciding
from chatls.workspace.protected_files import FILES, FOLDERS, protected
from chatls.workspace.secret_files import CANDIDATES
from chatls.workspace.secret_look import is_secret_file


def _last(globs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(glob.rpartition("/")[2] for glob in globs)


is_secret = is_secret_file
SECRET = NameGlobs(glob.removeprefix("**/") for glob in CANDIDATES if glob.count("/") == 1)
SECRET_IN = {glob.split("/")[-2].casefold() for glob in CANDIDATES if glob.count("/") > 1}
"""Folders of which files with any name may be secrets."""
_LOADED = [name for one in DECIDING if one.loaded for name in one.names if not name.endswith("/")]
_DECIDING = NameGlobs(name for one in DECIDING for name in one.names if not name.endswith("/"))
_FIXED = NameGlobs((*FILES, *_last(FOLDERS), *_LOADED))


def is_fixed(path: PurePath) -> bool:
    """Whether a file of this name is read-only inside: it is protected, or editors load it by themselves."""
    found = deciding(PurePath(path.name))
    return protected(path) is not None or (found is not None and found.loaded)


def is_fixed_name(folder: str, name: str) -> bool:
    """The same of an entry of a folder, whose other parents were asked before."""
    return _FIXED.may_match(name) and is_fixed(PurePath(folder, name))


def is_deciding(name: str) -> bool:
    """Whether a file of the second list has this name."""
    return _DECIDING.may_match(name) and deciding(PurePath(name)) is not None
