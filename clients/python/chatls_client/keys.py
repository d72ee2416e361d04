"""Keys from a terminal, one at a time and without Enter. The one file here that knows how a terminal is set.

Where that cannot be done, the only character of a line is its key.
"""

import codecs
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any

import anyio

if sys.platform != "win32":
    import termios

ESCAPE = "\x1b"
ENTER = "\n"
NO_KEY = ""
"""What cannot be meant as an answer: a pasted text, an arrow, a key that writes nothing."""

_READ_SIZE = 4096
_ERASE, _ERASE_LINE, _ERASE_WORD, _END = "\x7f\x08", "\x15", "\x17", "\x04\r\n"


class Keys:
    """The keyboard of one terminal."""

    def __init__(self, descriptor: int, *, single: bool) -> None:
        """`single`: without waiting for Enter, where the terminal can be set so."""
        self._descriptor = descriptor
        self._single = single and sys.platform != "win32"
        self._before: list[Any] | None = None
        """The terminal as it was, while keys come one by one."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @contextmanager
    def listening(self) -> Generator[None]:
        """Keys come one by one and are not shown; Ctrl-C stays a signal. What was typed before counts for nothing."""
        if sys.platform == "win32" or not self._single:
            yield
            return
        try:
            before = termios.tcgetattr(self._descriptor)
        except termios.error:
            self._single = False
            yield
            return
        mode = list(before)
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        mode[6] = list(before[6])
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, mode)
        self._before = before
        try:
            yield
        finally:
            self._before = None
            with suppress(termios.error):  # the terminal may have gone
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, before)

    @contextmanager
    def lent(self) -> Generator[None]:
        """While keys are listened for: another program has the terminal, as it was before."""
        if sys.platform == "win32" or self._before is None:
            yield
            return
        with suppress(termios.error):
            ours = termios.tcgetattr(self._descriptor)
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)
            try:
                yield
            finally:
                termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, ours)

    async def quiet(self, seconds: float) -> None:
        """Wait until no key was pressed for a while; those that were count for nothing.

        So neither a key that repeats by itself nor one pressed a moment too late answers what it was not meant for.
        """
        read = True
        while read:
            read = False
            with anyio.move_on_after(seconds):
                await self._read()
                read = True

    async def press(self) -> str:
        """The next key: one character. Raises `EOFError` when nobody can press any more."""
        text = await self._read()
        if not self._single:
            text = text.strip() or ENTER
        return text if len(text) == 1 else NO_KEY

    async def line(self, shown: Callable[[str], None]) -> str | None:
        """A line of words, `shown` after each change; None if it was given up with Escape. Raises `EOFError`."""
        line = ""
        while True:
            text = await self._read()
            if text.rstrip(_END) == ESCAPE:
                return None
            for character in "" if text.startswith(ESCAPE) else text:
                if character in _END:
                    return line
                line = _edited(line, character)
            shown(line)

    async def _read(self) -> str:
        await anyio.wait_readable(self._descriptor)
        try:
            data = os.read(self._descriptor, _READ_SIZE)
        except OSError as error:
            raise EOFError from error
        if not data:
            raise EOFError
        return self._decoder.decode(data)


def _edited(line: str, character: str) -> str:
    if character in _ERASE:
        return line[:-1]
    if character == _ERASE_LINE:
        return ""
    if character == _ERASE_WORD:
        head, space, _ = line.rstrip().rpartition(" ")
        return head + space
    return line + (" " if character == "\t" else character if character.isprintable() else "")
