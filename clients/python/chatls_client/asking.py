"""Puts questions to the person at the terminal, one after the other. Knows no daemon, and draws nothing itself."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio import CancelScope, to_thread
from rich.text import Text

from chatls_client.asked import FormAnswer, PermissionAnswer, PermissionQuestion
from chatls_client.drawing.diffrows import diff_lines
from chatls_client.drawing.questionrows import Choice, answer_rows, choices, key_rows, question_rows, words_rows
from chatls_client.drawing.toolrows import Glyphs
from chatls_client.editor import NoEditorError, edited
from chatls_client.keys import ENTER, Keys
from chatls_client.mcp.filling import Filling
from chatls_client.proposal import Proposal, ProposalError, proposal_of
from chatls_client.protocol import Diff, Elicitation

QUIET = 0.25
"""Seconds without a key before one counts."""

Rows = list[Text]
Late = Callable[[int], Rows]
"""Rows, once the width is known."""

_NO_ANSWER = PermissionAnswer(None)


@dataclass(slots=True)
class _Open:
    """The question that is being put."""

    question: PermissionQuestion
    choices: tuple[Choice, ...]
    proposal: Proposal | None = None
    """What of it may be changed first."""
    scope: CancelScope = field(default_factory=CancelScope)
    rows: int = 0
    """Of its preview, as drawn."""
    armed: bool = False
    """It is shown, and keys count."""
    hint: str = ""
    words: str | None = None
    """That are being written; None if none are."""


class Asking:
    """Who asks at one terminal."""

    def __init__(self, keys: Keys, glyphs: Glyphs, draw: Callable[[], None], *, live: bool) -> None:
        """`draw`: at once, so that an answer stands above what comes of it. `live`: rows can be drawn again."""
        self._keys = keys
        self._glyphs = glyphs
        self._draw = draw
        self._live = live
        self._one_at_a_time = anyio.Lock()
        self._open: _Open | Filling | None = None
        self._others = 0
        self._final: list[Late] = []
        self._cancelling = False
        self.editing = False
        """An editor has the terminal: nothing may be drawn."""

    async def ask(self, question: PermissionQuestion, *, edits: bool = False) -> PermissionAnswer:
        """The person's word; no answer when the turn is being cancelled, or nobody is there any more. `edits`: the
        daemon takes a call that was changed."""
        async with self._turn():
            return await self._put(question, proposal_of(question) if edits else None)

    async def fill(self, form: Elicitation) -> FormAnswer:
        """What the person made of a form; `cancel` when the turn is being cancelled, or nobody is there any more."""
        async with self._turn():
            if self._cancelling:
                return FormAnswer("cancel")
            it = self._open = Filling(form, self._keys, self._glyphs, self._stay, self._show)
            try:
                return await it.run(QUIET)
            finally:
                self._open = None
                self._draw()

    def cancel(self) -> None:
        """The turn is being cancelled: nothing is asked any more."""
        self._cancelling = True
        if self._open is not None:
            self._open.scope.cancel()

    def rows(self, width: int) -> tuple[Rows, Rows]:
        """Rows that stay, since the last call, and those that stand below all others for now."""
        late, self._final = self._final, []
        return [row for rows in late for row in rows(width)], self._below(width) if self._live else []

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        self._others += 1
        try:
            await self._one_at_a_time.acquire()
        finally:
            self._others -= 1
        try:
            yield
        finally:
            self._one_at_a_time.release()

    async def _put(self, question: PermissionQuestion, proposal: Proposal | None) -> PermissionAnswer:
        await to_thread.run_sync(_compare, question, abandon_on_cancel=True)
        it = self._open = _Open(question, choices(question.options, edits=proposal is not None), proposal)
        answer, other = _NO_ANSWER, "no longer asked"
        try:
            with it.scope, self._keys.listening():
                answer = await self._answered(it)
        except EOFError:
            other = "nobody is there to answer"
        finally:
            self._open = None
            other = "cancelled" if self._cancelling else other
            if it.armed:
                self._stay(lambda width: answer_rows(question, answer, other, width, self._glyphs))
        return answer

    async def _answered(self, it: _Open) -> PermissionAnswer:
        if self._cancelling or not it.choices:
            return _NO_ANSWER
        await self._keys.quiet(QUIET)
        self._stay(lambda width: self._head(it, width))
        it.armed = True
        self._show()
        while True:
            choice = self._choice(it, await self._keys.press())
            if choice is not None and choice.edits and it.proposal is not None:
                if answer := await self._edited(it, it.proposal, choice.option.id):
                    return answer
                continue
            words = "" if choice is None or not choice.words else await self._written(it)
            if choice is not None and words is not None:
                return PermissionAnswer(choice.option.id, words.strip())

    def _choice(self, it: _Open, key: str) -> Choice | None:
        choice = next((item for item in it.choices if item.key == key), None)
        known = ", ".join(item.key for item in it.choices)
        it.hint = "" if choice else f"{'Enter answers nothing: press' if key == ENTER else 'Press'} one of {known}"
        self._show()
        return choice

    async def _edited(self, it: _Open, proposal: Proposal, option: str) -> PermissionAnswer | None:
        """The call as it was saved in an editor; None: the question stays as it is, with a word on why."""
        try:
            text = await self._in_editor(proposal)
            if text is None:
                it.hint = "Nothing was saved, so nothing was taken"
            elif text == proposal.text:
                return PermissionAnswer(option)
            else:
                return PermissionAnswer(option, arguments=proposal.call(text))
        except (NoEditorError, ProposalError) as error:
            it.hint = str(error)
        self._show()
        return None

    async def _in_editor(self, proposal: Proposal) -> str | None:
        self.editing = True
        try:
            self._draw()
            with self._keys.lent():  # not abandoned: whoever is in the middle of a sentence keeps the terminal
                return await to_thread.run_sync(edited, proposal.name, proposal.text)
        finally:
            self.editing = False

    async def _written(self, it: _Open) -> str | None:
        def show(words: str) -> None:
            it.words = words
            self._show()

        show("")
        try:
            return await self._keys.line(show)
        finally:
            it.words = None
            self._show()

    def _head(self, it: _Open, width: int) -> Rows:
        rows = question_rows(it.question, width, self._glyphs)
        it.rows = len(rows)
        return rows

    def _below(self, width: int) -> Rows:
        it = self._open
        if it is None or not it.armed:
            return []
        if isinstance(it, Filling):
            return it.below(self._others, width)
        if it.words is not None:
            return words_rows(it.words, width, self._glyphs)
        return key_rows(it.choices, it.rows, self._others, it.hint, width)

    def _show(self) -> None:
        """What stands below has changed."""
        if not self._live:
            self._final.append(self._below)
        self._draw()

    def _stay(self, rows: Late) -> None:
        self._final.append(rows)
        self._draw()


def _compare(question: PermissionQuestion) -> None:
    """What takes time with long texts, and is remembered: not on the event loop."""
    for item in question.preview:
        if isinstance(item, Diff):
            diff_lines(item)
