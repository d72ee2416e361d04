"""The file of a session as it grows: by edits, once a second, where the editor shows documents and takes edits; else it
is written, and shown when the answer is whole.
"""

from pathlib import Path

from anyio import Event, move_on_after

from chatls.lsp.bare.screen import Screen
from chatls.lsp.bare.written import WrittenAnswer, draft
from chatls.workspace.textedits import common
from chatls.workspace.textfile import plain

GROWING = 1.0
"""Seconds between two edits."""


class Sheet:
    """One file, for one turn."""

    def __init__(self, screen: Screen, path: Path, before: str, answer: WrittenAnswer, *, there: str | None) -> None:
        """`before`: what stands above the answer. `there`: what the file holds; None: there is none yet."""
        self._screen = screen
        self._path = path
        self._before = before
        self._answer = answer
        self._there = there
        self._grows = screen.shows and screen.applies
        self._shown = ""
        """What the editor should have by now, without the last line's end; `_former` as well."""
        self._former = ""
        """What it had before the last edit: it may not have told that one yet."""

    async def grow(self, over: Event) -> None:
        """Show it and let it grow, until the answer is whole; then all of it is to be seen. Raises `OSError`."""
        if self._there is None:
            await self._screen.write(self._path, self._before)
        self._shown = self._former = plain(self._before if self._there is None else self._there).removesuffix("\n")
        self._grows = self._grows and await self._screen.show(self._path)
        while self._grows and not over.is_set():
            await self._put(self._before + self._answer.text)
            with move_on_after(GROWING):
                await over.wait()
        await over.wait()
        await self._put(whole := draft(self._before + self._answer.text))
        if not self._grows:
            await self._screen.write(self._path, whole)
            if not await self._screen.show(self._path):
                self._screen.tell(self._path, self._answer.text)

    async def _put(self, text: str) -> None:
        """Have the editor change what it shows. What a person wrote meanwhile stays.

        The last line's end is never touched: editors put one there, and differ about what lies behind it.
        """
        wanted = plain(text).removesuffix("\n")
        if not self._grows or wanted == self._shown:
            return
        keep = common(self._shown, wanted, min(len(self._shown), len(wanted)))
        told = await self._screen.open_text(self._path)
        now = None if told is None else plain(told).removesuffix("\n")
        if now is None or now in (self._shown, self._former):
            self._grows = await self._screen.edit(self._path, self._shown, keep, wanted[keep:])
        else:
            self._grows = await self._screen.edit(self._path, now, len(now), f"\n{wanted[keep:]}")
        self._former, self._shown = self._shown, wanted
