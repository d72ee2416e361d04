"""Two ways to show a turn: drawn, for eyes, and the bare answer, for a pipe. Knows no daemon."""

import os
import select
import sys
from contextlib import suppress
from typing import Protocol

import anyio
from rich.console import Console
from rich.text import Text

from chatls_client.asked import FormAnswer, PermissionAnswer, PermissionQuestion
from chatls_client.asking import Asking
from chatls_client.drawing.painter import Painter, complaint
from chatls_client.drawing.screen import Screen
from chatls_client.drawing.toolrows import ASCII, UNICODE
from chatls_client.harmless import harmless, plain
from chatls_client.keys import Keys
from chatls_client.protocol import Elicitation
from chatls_client.view import NoticeBlock, RetryBlock, TextBlock, View

FRAME = 0.04
"""Seconds between two drawings, at least."""
BEAT = 0.1
"""Seconds between two drawings, at most: the spinner's step."""


NOBODY = "there is no terminal to ask in, so edits and commands are denied"
THOUGHT = "what was written so far was the model's thinking, which ends here; the answer follows"


class Face(Protocol):
    """Shows one turn."""

    @property
    def fills(self) -> bool:
        """Whether somebody is there to fill in a form."""
        ...

    def show(self, view: View) -> None:
        """This is how things stand. Never waits."""
        ...

    def doing(self, what: str, *, long: bool = False) -> None:
        """What is waited for before the turn starts. `long`: it may take some seconds."""
        ...

    def cancelling(self) -> None:
        """Somebody has asked for the end of the turn."""
        ...

    def say(self, text: str) -> None:
        """Something that is no part of the turn."""
        ...

    async def ask(self, question: PermissionQuestion, *, edits: bool) -> PermissionAnswer:
        """Put a question to whoever looks. Cancelled, it is withdrawn. `edits`: the call may be changed."""
        ...

    async def fill(self, form: Elicitation) -> FormAnswer:
        """Show a form to whoever looks. Cancelled, it is withdrawn."""
        ...

    async def run(self) -> None:
        """Keep showing until the turn has ended and all of it is shown. Raises `OSError` when nobody can see it."""
        ...

    def leave(self) -> None:
        """Stop in the middle."""
        ...


class DrawnFace:
    """For eyes: all that happens, as it happens. Without a live terminal, as soon as it is final."""

    def __init__(self, console: Console, keys: Keys | None = None, *, live: bool) -> None:
        """`keys`: how somebody may answer questions; None if nobody can."""
        glyphs = UNICODE if _can_encode(console, UNICODE.spinner) else ASCII
        self._screen = Screen(console, live=live)
        self._painter = Painter(glyphs)
        self._asking = None if keys is None else Asking(keys, glyphs, self._draw_now, live=live)
        self._view = View()
        self._changed = anyio.Event()
        self._said: list[Text] = []
        self._denied = False

    @property
    def fills(self) -> bool:
        """At a keyboard."""
        return self._asking is not None

    def show(self, view: View) -> None:
        """Draw this next."""
        self._view = view
        self._changed.set()

    def doing(self, what: str, *, long: bool = False) -> None:
        """Beside the spinner."""
        del long
        self._painter.doing = what

    def cancelling(self) -> None:
        """Beside the spinner."""
        self._painter.cancelling = True
        if self._asking is not None:
            self._asking.cancel()
        self._changed.set()

    def say(self, text: str) -> None:
        """Above what is drawn again."""
        self._said += [Text(line, "yellow") for line in harmless(text).split("\n")]
        self._changed.set()

    async def ask(self, question: PermissionQuestion, *, edits: bool) -> PermissionAnswer:
        """Below everything else, while the rest is drawn on."""
        if self._asking is not None:
            return await self._asking.ask(question, edits=edits)
        if not self._denied:
            self.say(NOBODY)
        self._denied = True
        return denial(question)

    async def fill(self, form: Elicitation) -> FormAnswer:
        """Below everything else, after the questions that wait already."""
        return FormAnswer("cancel") if self._asking is None else await self._asking.fill(form)

    async def run(self) -> None:
        """Draw at most every `FRAME`, at least every `BEAT` seconds."""
        while self._draw().status != "ended":
            await anyio.sleep(FRAME)
            with anyio.move_on_after(BEAT - FRAME):
                await self._changed.wait()
            self._changed = anyio.Event()

    def leave(self) -> None:
        """Keep what is drawn."""
        with suppress(OSError):
            self._screen.leave()

    def _draw_now(self) -> None:
        with suppress(OSError):  # `run` will notice that nobody looks any more
            self._draw()

    def _draw(self) -> View:
        if self._asking is not None and self._asking.editing:
            self._screen.clear()
            return View()  # an editor has the terminal
        view, said = self._view, self._said
        self._said = []
        final, live = self._painter.paint(view, self._screen.width)
        asked, below = ([], []) if self._asking is None else self._asking.rows(self._screen.width)
        self._screen.update([*said, *final, *asked], [*live, *below])
        return view


class PipeFace:
    """For a pipe: the answer's text and nothing else; what a person should know goes to the error stream."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._view = View()
        self._changed = anyio.Event()
        self._told: list[str] = []
        self._denied = False

    @property
    def fills(self) -> bool:
        """Never."""
        return False

    def show(self, view: View) -> None:
        """Write what is new in it."""
        self._tell(view)
        if view.error is not None:
            complain(complaint(view.error))
        self._view = view
        self._changed.set()

    def doing(self, what: str, *, long: bool = False) -> None:
        """To the error stream, where somebody may wonder."""
        if long:
            complain(what)

    def cancelling(self) -> None:
        """Of no interest here."""

    def say(self, text: str) -> None:
        """To the error stream."""
        complain(text)

    async def ask(self, question: PermissionQuestion, *, edits: bool) -> PermissionAnswer:
        """Nobody can be asked: no."""
        del edits
        if not self._denied:
            complain(NOBODY)
        self._denied = True
        return denial(question)

    async def fill(self, form: Elicitation) -> FormAnswer:
        """Nobody can be asked."""
        del form
        return FormAnswer("cancel")

    async def run(self) -> None:
        """Write as fast as the pipe takes it."""
        written = ""
        ended = False
        while not ended:
            changed, ended = self._changed, self._view.status == "ended"
            answer = _answer(self._view)
            if not answer.startswith(written):  # it was thinking: what is in the pipe stays there
                complain(THOUGHT)
                gap = "" if written.endswith("\n") else "\n"
                await write_all(self._descriptor, gap.encode())
                written = ""
            await write_all(self._descriptor, answer[len(written) :].encode("utf-8", "replace"))
            written = answer
            if not ended:
                await changed.wait()
                self._changed = anyio.Event()
        if written and not _answer(self._view).endswith("\n"):
            await write_all(self._descriptor, b"\n")

    def leave(self) -> None:
        """Nothing to put in order."""

    def _tell(self, view: View) -> None:
        """Progress replaces its notice again and again: only its first and its last words are told."""
        notices = [_words(block) for block in view.blocks if isinstance(block, NoticeBlock | RetryBlock)]
        for at, words in enumerate(notices):
            if at == len(self._told):
                self._told.append("")
            elif at == len(notices) - 1 and view.status != "ended":
                continue
            if words != self._told[at]:
                self._told[at] = words
                complain(words)


def _words(block: NoticeBlock | RetryBlock) -> str:
    return f"asking again: {block.text}" if isinstance(block, RetryBlock) else block.text


def _answer(view: View) -> str:
    """All text of the turn; a stretch that begins after a tool call begins a line. Grows only at its end."""
    answer = ""
    for block in view.blocks:
        if isinstance(block, TextBlock):
            answer += ("\n" if answer and not answer.endswith("\n") else "") + plain(block.text)
    return answer


def denial(question: PermissionQuestion) -> PermissionAnswer:
    """A no, with words for the model."""
    return PermissionAnswer.to(
        question, "reject_once", "there is no terminal in which the user could be asked; go on without it"
    )


def complain(text: str) -> None:
    """Tell a person something that is no part of the answer."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"chatls: {harmless(text)}\n")
        sys.stderr.flush()


async def write_all(descriptor: int, data: bytes) -> None:
    """Write to a descriptor that may be a pipe to somebody slow, without ever blocking the event loop."""
    while data:
        # What can be polled can be written to without blocking, up to PIPE_BUF bytes; a file never blocks.
        with suppress(PermissionError):
            await anyio.wait_writable(descriptor)
        data = data[os.write(descriptor, data[: select.PIPE_BUF]) :]


def _can_encode(console: Console, text: str) -> bool:
    try:
        text.encode(console.encoding)
    except UnicodeError:
        return False
    return True
