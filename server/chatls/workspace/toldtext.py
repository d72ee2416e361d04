"""Texts that people keep for the model (instructions, skills, commands): read with bounds, never by a link that leads
out of their folder, and with all that a person reading them could not see spelled out."""

from io import FileIO
from pathlib import Path
from typing import NamedTuple

from chatls.errors import ToolError
from chatls.jsontext import printable
from chatls.visible import escaped, is_hidden
from chatls.workspace.openfile import encoding_of, open_beneath
from chatls.workspace.pathtext import quoted
from chatls.workspace.secret_files import holds_secrets
from chatls.workspace.workspace import Workspace, real_path


class ToldText(NamedTuple):
    """One of them."""

    name: str
    """Of its file, for people and for the model."""
    text: str
    cut: bool = False
    """There is more in the file."""


def read_told(top: Path, path: Path, workspace: Workspace, most: int) -> ToldText | None:
    """What a file says, an open document first; None where it says nothing, or leads out of `top`. Looks at the disk.

    `most`: bytes that are read.
    """
    try:
        real, within = real_path(path), real_path(top)
    except ToolError:
        return None
    if not real.is_relative_to(within) or holds_secrets(real):
        return None
    text, cut = workspace.open_text(real), False
    if text is None:
        try:
            with open_beneath(within, real) as file:
                text, cut = _decoded(file, most)
        except (OSError, ToolError):
            return None
    elif len(text) > most:
        text, cut = text[:most], True
    text = plain(text).strip()
    return ToldText(called(path, workspace), text, cut) if text else None


def called(path: Path, workspace: Workspace) -> str:
    """What such a file is called: as tools call it if it is inside, else by its whole path."""
    return quoted(workspace.display(path) if workspace.root_of(path) else str(path))[1:-1]


def plain(text: str) -> str:
    r"""With all that a person reading it could not see spelled out, for the model not to be told it in secret.

    >>> print(plain("be nice\u200b\x1b[8m"))
    be nice\u{200B}\u{001B}[8m
    """
    text = printable(text.replace("\r\n", "\n"))
    return "".join(escaped(letter) if letter not in "\n\t" and is_hidden(letter) else letter for letter in text)


def _decoded(file: FileIO, most: int) -> tuple[str, bool]:
    data = file.read(most + 1) or b""
    text = data[:most].decode(encoding_of(data[:4]), "replace").removeprefix("\ufeff")
    return text, len(data) > most
