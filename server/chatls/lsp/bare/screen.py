"""What an editor without a plugin can show, asked with LSP's own requests; and the files of ours that it shows."""

import os
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import platformdirs
from anyio import move_on_after, to_thread

from chatls.content import JsonObject, Position, Range, to_wire
from chatls.errors import RequestError
from chatls.lsp.handshake import Hello
from chatls.lsp.rpc import Rpc
from chatls.shapes import member, object_or_none, says
from chatls.workspace.beneath import NO_LINK
from chatls.workspace.ownfolder import open_own
from chatls.workspace.positions import position

SHOWING = 10.0
"""Seconds for a client to show a document."""
EDITING = 60.0
"""Seconds for it to change one of ours: some ask a person first."""
OLDEST = 7 * 24 * 3600.0
"""Seconds after which a file of ours is removed."""
LONGEST = 8 * 2**20
"""Characters of a file of ours that are read."""
FIRST_LINES = 400
"""Characters of an answer that a message shows."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | NO_LINK
_OURS = re.compile(r"[\w.-]{1,150}\.(md|diff)", re.ASCII)


class Screen:
    """That of one client."""

    def __init__(self, rpc: Rpc, hello: Hello) -> None:
        capabilities = hello.params.get("capabilities")
        self.is_eglot = member(hello.params.get("clientInfo"), "name") == "Eglot"
        """Emacs, which has habits of its own (docs/guides/editors-without-a-plugin.md)."""
        said = member(member(capabilities, "window"), "showMessage")
        self.chooses = object_or_none(said) is not None or self.is_eglot
        """It has choices in messages: it says so, or is known to (Emacs, up to version 30)."""
        self.shows = says(capabilities, "window", "showDocument", "support")
        self.applies = says(capabilities, "workspace", "applyEdit")
        self.folder = platformdirs.user_cache_path("chatls", appauthor=False) / "answers"
        self._rpc = rpc
        self._encoding = hello.position_encoding
        self._made: set[Path] = set()

    def place(self, name: str) -> Path:
        """The path of a file of ours."""
        return self.folder / name

    def is_ours(self, path: Path) -> bool:
        """Whether it is such a file, and a session's."""
        return os.path.realpath(path.parent) == os.path.realpath(self.folder) and bool(_OURS.fullmatch(path.name))

    async def write(self, path: Path, text: str) -> None:
        """Write a file of ours, for the user alone. Raises `OSError`."""
        self._made.add(path)
        await to_thread.run_sync(_write, path, text)

    async def read(self, path: Path) -> str:
        """Its text: as it is open in the editor, else as it is on the disk; "" where it is neither."""
        told = await self.open_text(path)
        return await to_thread.run_sync(_read, path) if told is None else told

    async def open_text(self, path: Path) -> str | None:
        """Its text as it is open in the editor, if that tells us."""
        place = Path(await to_thread.run_sync(os.path.realpath, path))
        opened = self._rpc.open_documents().get(place)
        return None if opened is None else await to_thread.run_sync(lambda: opened.text)

    async def show(self, path: Path, at: Position | None = None) -> bool:
        """Show it, beside what a person looks at; with `at` there, to write. Whether the client did."""
        if not self.shows:
            return False
        focus: JsonObject = {} if self.is_eglot else {"takeFocus": False}  # Emacs 30 takes false for true
        if at is not None:
            there = to_wire(at)
            focus = {"takeFocus": True, "selection": {"start": there, "end": there}}
        with move_on_after(SHOWING), suppress(RequestError):
            answer = await self._rpc.ask("window/showDocument", {"uri": path.as_uri(), **focus})
            return says(answer, "success")
        return False

    async def show_again(self, name: str) -> None:
        """Show a file of ours that is shown already, if there is one of that name."""
        if self.place(name) in self._made:
            await self.show(self.place(name))

    async def edit(self, path: Path, base: str, keep: int, text: str) -> bool:
        """Let the editor replace all behind the first `keep` characters of what it shows of a file. Whether it did."""
        start, end = (Position(*position(base, at, self._encoding)) for at in (keep, len(base)))
        edit = {"range": to_wire(Range(start, end)), "newText": text}
        params = {"edit": {"changes": {path.as_uri(): [edit]}}}  # a label is a message each time, in Neovim
        with move_on_after(EDITING), suppress(RequestError):
            return says(await self._rpc.ask("workspace/applyEdit", params), "applied")
        return False

    async def choose(self, message: str, titles: Sequence[str]) -> Any:
        """What a person chooses. Raises `RequestError` where the client refuses."""
        return await self._rpc.ask(
            "window/showMessageRequest", {"type": 3, "message": message, "actions": [{"title": one} for one in titles]}
        )

    def tell(self, path: Path, text: str) -> None:
        """The beginning of an answer and where all of it is, for a client that shows no documents."""
        first = " ".join(text.split())
        words = first if len(first) <= FIRST_LINES else f"{first[:FIRST_LINES]} ..."
        self._rpc.notify("window/showMessage", {"type": 3, "message": f"chatls answered in {path}: {words}"})

    def complain(self, words: str) -> None:
        """Tell a person that something is wrong."""
        self._rpc.notify("window/showMessage", {"type": 1, "message": f"chatls: {words}"})

    async def tidy(self) -> None:
        """Remove what was forgotten."""
        await to_thread.run_sync(_tidied, self.folder)

    def forget(self) -> None:
        """Remove what was written here. Blocks."""
        for path in self._made:
            with suppress(OSError):
                path.unlink()

    def remove(self, path: Path) -> None:
        """Remove a file of ours. Blocks."""
        with suppress(OSError):
            path.unlink()
        self._made.discard(path)


def _write(path: Path, text: str) -> None:
    folder = open_own(path.parent, 2)
    try:
        descriptor = os.open(path.name, _NEW, 0o600, dir_fd=folder)
    finally:
        os.close(folder)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as file:
        file.write(text)


def _read(path: Path) -> str:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | NO_LINK), encoding="utf-8", errors="replace") as file:
            return file.read(LONGEST)
    except OSError:
        return ""


def _tidied(folder: Path) -> None:
    with suppress(OSError):
        if folder.is_symlink():
            return
        for path in folder.iterdir():
            if _OURS.fullmatch(path.name) and time.time() - path.lstat().st_mtime > OLDEST:
                path.unlink()
