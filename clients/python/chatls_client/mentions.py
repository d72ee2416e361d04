"""What a prompt names with `@`: files and folders that are there, and what the daemon looks up; pictures are read."""

import base64
import re
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from chatls_client.protocol import ContentBlock, Image, Mention, MentionName, TextContent

MOST_PICTURE = 5_000_000
"""Bytes of a picture that is sent."""

_WORD = re.compile(r'(?:^|(?<=[\s(]))@(?:"([^"\n]+)"|([^\s"]+))')
_END = re.compile(r"(?<!\.)\.$|[,;:!?)]+\.?$")
_LINES = re.compile(r"#L\d+(?:-L?\d+)?$")
_PICTURES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".webp": "webp"}
_PLACES = ("file", "folder")


def content(text: str, folders: Sequence[Path]) -> str | list[ContentBlock]:
    """A prompt as it is sent: the words as they are, and behind them a block for each thing that they name.

    `@diff`, `@diff:main`, `@diagnostics:src`: what the daemon looks up; `@src/a.py`, `@src/a.py#L3-9`, `@src`: a file
    or a folder of these folders. A word behind an `@` that names nothing stays a word.
    """
    words = (match[1] or match[2] for match in _WORD.finditer(text))
    found = dict.fromkeys(block for word in words if (block := _meant(word, folders)) is not None)
    return [TextContent(text), *found] if found else text


def _meant(word: str, folders: Sequence[Path]) -> Mention | Image | None:
    plain = _END.sub("", word)  # a sentence may end behind it
    return _named(plain) or _placed(word, folders) or _placed(plain, folders)


def _named(word: str) -> Mention | None:
    """
    >>> _named("diff:main"), _named("diff:"), _named("file")
    (Mention(name='diff', argument='main', type='mention'), None, None)
    """
    name, colon, argument = word.partition(":")
    known: MentionName | None = next((one for one in get_args(MentionName) if one == name), None)
    if known is None or (colon and not argument) or (name in _PLACES and not argument):
        return None
    return Mention(known, argument or None)


def _placed(word: str, folders: Sequence[Path]) -> Mention | Image | None:
    inner = _LINES.sub("", word)
    for folder in folders if inner else ():
        path = folder / inner
        try:
            if path.is_dir():
                return Mention("folder", path.absolute().as_uri())
            if path.is_file():
                lines = word[len(inner) :]
                return _picture(path) or Mention("file", f"{path.absolute().as_uri()}{lines}")
        except (OSError, ValueError):  # no path of this system
            continue
    return None


def _picture(path: Path) -> Image | None:
    """A picture that a model may see; None for another file."""
    kind = _PICTURES.get(path.suffix.lower())
    if kind is None or path.stat().st_size > MOST_PICTURE:
        return None
    return Image(f"image/{kind}", base64.b64encode(path.read_bytes()).decode("ascii"))
