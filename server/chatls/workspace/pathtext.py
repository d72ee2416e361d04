"""The path that a text spells: checked, decoded, normalised. Pure; it knows neither roots nor disk."""

import os
import re
import unicodedata
from urllib.parse import unquote_to_bytes

from chatls.errors import ToolError

_LONGEST_PATH = 4096
_LONGEST_NAME = 255
_LONGEST_SHOWN = 200
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):(//)?", re.IGNORECASE)


def quoted(text: str) -> str:
    r"""A name as messages show it: in quotes, on one line, not too long.

    >>> quoted("a\nb")
    '"a�b"'
    """
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:_LONGEST_SHOWN])
    return f'"{shown}..."' if len(text) > _LONGEST_SHOWN else f'"{shown}"'


def local_path(text: str) -> str:
    """The path that `text`, a path or a `file:` URI, spells on this machine; `..` and `//` are folded away.

    Raises `ToolError` where it spells none.

    >>> local_path("file:///a%20b/./c")
    '/a b/c'
    """
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise ToolError(f"{quoted(text)} holds a control character or half a character; give one plain path")
    match = _SCHEME.match(text)
    if match and match[1].lower() == "file":
        path = _from_uri(text)
    elif match and match[2]:
        raise ToolError(f"{quoted(text)} is no file on this machine; give a path, or a file: URI")
    else:
        path = text
    _require_usable(path)
    return re.sub("^//", "/", os.path.normpath(path))


def _from_uri(uri: str) -> str:
    """Decoded exactly once: %2561 is the name %61, not a."""
    path = uri.partition(":")[2]
    if path.startswith("//"):
        host, slash, rest = path[2:].partition("/")
        if host.lower() not in ("", "localhost"):
            raise ToolError(f"{quoted(uri)} is on another machine; only files on this one can be read")
        path = slash + rest
    if not path.startswith("/"):
        raise ToolError(f"{quoted(uri)} is no file: URI; it should look like file:///folder/name")
    return os.fsdecode(unquote_to_bytes(path))


def _require_usable(path: str) -> None:
    if not path.strip():
        raise ToolError('the path is empty; "." is the workspace itself')
    if "\0" in path:
        raise ToolError(f"{quoted(path)} holds a NUL character; give one plain path")
    if len(path) > _LONGEST_PATH or any(len(os.fsencode(name)) > _LONGEST_NAME for name in path.split("/")):
        raise ToolError(f"the path is too long ({len(path)} characters): {quoted(path)}")
