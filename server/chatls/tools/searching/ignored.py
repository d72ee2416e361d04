"""Whether ignore files hide all that a folder holds, by rules about the folder and not about names in it; reads files.

ripgrep searches a folder that it is run in even if a rule hides the folder, but not its files if a rule hides these:
`scripts/*` in the root, `*` in the folder itself.
"""

from pathlib import Path

from chatls.workspace.globs import ignore_rules
from chatls.workspace.openfile import open_beneath

_FILES = (".gitignore", ".ignore", ".rgignore")
_MOST_BYTES = 200_000
_ANY_NAME = "\ue000"
"""A name that no rule about names matches: what hides it hides everything."""


def hides_all(root: Path, folder: Path) -> bool:
    """Whether a file of any name in `folder`, which lies at or below `root`, would be hidden. Rules of the repository
    that the root lies in count as well. The last one that matches decides, one in a deeper folder before one above.

    >>> hides_all(Path("/nowhere"), Path("/nowhere/else"))
    False
    """
    top = next((place for place in (root, *root.parents) if (place / ".git").exists()), root)
    path = (*folder.relative_to(top).parts, _ANY_NAME)
    hidden = False
    for depth in range(len(path)):
        place = top.joinpath(*path[:depth])
        for source in (*([] if depth else [place / ".git/info/exclude"]), *(place / name for name in _FILES)):
            for hides, glob in ignore_rules(_text(top, source)):
                if glob.matches(path[depth:]):
                    hidden = hides
    return hidden


def _text(top: Path, path: Path) -> str:
    try:
        with open_beneath(top, path) as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
