"""Has a person change a text in the editor of their choice."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_USUAL = ("nano", "vim", "vi") if sys.platform != "win32" else ("notepad",)
_LONGEST_NAME = 100


class NoEditorError(Exception):
    """There is none, or it ended with an error; the words are for a person."""


def edited(name: str, text: str) -> str | None:
    """The text as it was saved; None if it was not. Blocks until the editor ends. `name`: what the file is called.

    Raises `NoEditorError`.
    """
    command = editor()
    with tempfile.TemporaryDirectory(prefix="chatls-") as folder:
        path = Path(folder) / _plain(name)
        path.write_bytes(text.encode("utf-8", "replace"))
        os.utime(path, ns=(0, 0))  # so that any saving shows, also of the same text within the same tick of the clock
        try:
            code = subprocess.call([*command, str(path)])
        except OSError as error:
            raise NoEditorError(f"{command[0]} cannot be started: {error.strerror}") from error
        if code:
            raise NoEditorError(f"{command[0]} ended with an error ({code}), so nothing was taken")
        try:
            saved = path.stat().st_mtime_ns != 0
            return path.read_bytes().decode("utf-8", "replace") if saved else None
        except OSError as error:
            raise NoEditorError(f"{command[0]} left no file: {error.strerror}") from error


def editor() -> list[str]:
    """The command of `VISUAL`, else of `EDITOR`, else a usual one. Raises `NoEditorError`."""
    for variable in ("VISUAL", "EDITOR"):
        try:
            words = shlex.split(os.environ.get(variable, ""))
        except ValueError as error:
            raise NoEditorError(f"the variable {variable} is no command: {str(error).lower()}") from error
        if words:
            return words
    found = next((name for name in _USUAL if shutil.which(name)), None)
    if found is None:
        raise NoEditorError("there is no editor: the variable VISUAL or EDITOR names one")
    return [found]


def _plain(name: str) -> str:
    r"""A file's name in which nothing is odd; its ending stays.

    >>> _plain("a b\n.py"), _plain("..")
    ('a_b_.py', 'text')
    """
    kept = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)[-_LONGEST_NAME:]
    return kept if kept.strip("._-") else "text"
