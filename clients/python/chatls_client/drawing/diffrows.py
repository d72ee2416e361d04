"""A change of a file as styled lines: a unified diff, whole. Writes nowhere."""

from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from chatls_client.drawing.diffs import counted, unified
from chatls_client.harmless import visible
from chatls_client.protocol import Diff

STYLES = {"+": "green", "-": "red", " ": "dim", "@": "cyan"}


def diff_head(diff: Diff) -> str:
    """Which file, what becomes of it, and how much of it: "src/app.py +3 -1", "old.py deleted +0 -9"."""
    new, gone = counted(diff.old_text, diff.new_text)
    words = {"new": " new", "deleted": " deleted", "moved": f" moved from {place(diff.from_ or '')}"}
    return f"{place(diff.uri)}{words.get(diff.change, '')} +{new} -{gone}"


@lru_cache(maxsize=16)
def diff_lines(diff: Diff) -> tuple[tuple[str, str], ...]:
    """Its lines, each with its style; none if nothing changes."""
    lines = unified(diff.old_text, diff.new_text)
    return tuple(
        (line.text if line.sign == "@" else line.sign + visible(line.text), STYLES[line.sign]) for line in lines
    )


def place(uri: str) -> str:
    """A file's path, relative to this folder if it lies there; any other URI as it is.

    >>> place("file:///no/such%20folder/a.py"), place("untitled:one")
    ('/no/such folder/a.py', 'untitled:one')
    """
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return visible(uri)
    path, here = Path(unquote(parts.path)), Path.cwd()
    return visible(str(path.relative_to(here) if path.is_relative_to(here) else path))
