"""Whether ignore files hide all that a folder holds, by rules about the folder and not about names in it; reads files.

ripgrep searches a folder that it is run in even if a rule hides the folder, but not its files if a rule hides these:
`scripts/*` in the root, `*` in the folder itself. Git's `core.excludesFile` counts like a file of the repository.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from chatls.workspace.globs import ignore_rules
from chatls.workspace.openfile import open_beneath

_FILES = (".gitignore", ".ignore", ".rgignore")
_EXCLUDES = re.compile(r'^\s*(?:\[core\]\s*)?excludesfile\s*=\s*"?\s*(\S+?)\s*"?\s*$', re.IGNORECASE | re.MULTILINE)
"""As ripgrep reads it."""
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
    above = [_of_the_user(os.environ), _text(top, top / ".git/info/exclude")] if (top / ".git").exists() else []
    hidden = False
    for depth in range(len(path)):
        place = top.joinpath(*path[:depth])
        for rules in (*([] if depth else above), *(_text(top, place / name) for name in _FILES)):
            for hides, glob in ignore_rules(rules):
                if glob.matches(path[depth:]):
                    hidden = hides
    return hidden


def _of_the_user(environment: Mapping[str, str]) -> str:
    """What the user ignores in all repositories: the file that git's own configuration names, else `git/ignore`."""
    home = Path(environment.get("HOME") or "~").expanduser()
    own = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "git"
    for configuration in (home / ".gitconfig", own / "config"):
        if named := _EXCLUDES.search(_own_text(configuration)):
            return _own_text(home / named[1].removeprefix("~/"))
    return _own_text(own / "ignore")


def _own_text(path: Path) -> str:
    """A file of the user's own, which may be a link."""
    place = Path(os.path.realpath(path))
    return _text(place.parent, place)


def _text(top: Path, path: Path) -> str:
    try:
        with open_beneath(top, path) as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
