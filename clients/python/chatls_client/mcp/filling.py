"""The form of an MCP server, filled in at the terminal field by field. Knows no daemon, and draws nothing itself."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from anyio import CancelScope
from rich.text import Text

from chatls_client.asked import FormAnswer
from chatls_client.drawing.formrows import (
    CLOSE,
    DECLINE,
    SEND,
    WRITE,
    FieldError,
    done_rows,
    field_rows,
    form_rows,
    line_rows,
    menu_rows,
    taken_rows,
    value_of,
)
from chatls_client.drawing.toolrows import Glyphs
from chatls_client.keys import Keys
from chatls_client.protocol import Elicitation, FormField, FormValue

Rows = list[Text]


class Filling:
    """One form. Nothing is sent before a key says so, and nothing that was not to be seen."""

    def __init__(
        self,
        form: Elicitation,
        keys: Keys,
        glyphs: Glyphs,
        stay: Callable[[Callable[[int], Rows]], None],
        show: Callable[[], None],
    ) -> None:
        """`stay` draws rows that remain, once the width is known; `show` says that `below` has changed."""
        self.scope = CancelScope()
        """Cancelled, the form is closed."""
        self.armed = False
        """It is shown, and keys count."""
        self._form = form
        self._keys = keys
        self._glyphs = glyphs
        self._stay = stay
        self._show = show
        self._values: dict[str, FormValue] = {}
        self._whole = not form.fields
        """Every field has been filled in or left out."""
        self._line: str | None = None
        """That is being written; None if none is."""
        self._hint = ""

    async def run(self, quiet: float) -> FormAnswer:
        """The person's answer. `quiet`: seconds without a key before one counts."""
        answer: FormAnswer | None = None
        try:
            with self.scope, self._keys.listening():
                answer = await self._answered(quiet)
        except EOFError:
            answer = FormAnswer("cancel")
        finally:
            shown, self.armed = self.armed, False
            if shown:
                self._stay(lambda width: done_rows(self._form, answer, width, self._glyphs))
        return answer or FormAnswer("cancel")

    def below(self, others: int, width: int) -> Rows:
        """Rows that stand below all others for now. `others`: questions that wait behind this one."""
        if self._line is not None:
            return line_rows(self._line, self._hint, width, self._glyphs)
        waiting = f"{others} more {'question waits' if others == 1 else 'questions wait'}" if others else ""
        return menu_rows(self._form, self._menu(), self._hint or waiting, width)

    async def _answered(self, quiet: float) -> FormAnswer:
        await self._keys.quiet(quiet)
        self._stay(lambda width: form_rows(self._form, width, self._glyphs))
        self.armed = True
        self._show()
        while True:
            key = await self._keys.press()
            known = self._menu()
            self._hint = "" if key in known else f"Press one of {', '.join(known)}"
            if key in known and key == SEND:
                return FormAnswer("accept", dict(self._values))
            if key in known and key == WRITE:
                await self._written()
            elif key in (DECLINE, CLOSE):
                return FormAnswer("decline" if key == DECLINE else "cancel")
            self._show()

    def _menu(self) -> tuple[str, ...]:
        send, write = (SEND,) if self._whole else (), (WRITE,) if self._form.fields else ()
        return (*send, *write, DECLINE, CLOSE)

    async def _written(self) -> None:
        """All fields, one after the other, until Escape."""
        self._whole = False
        try:
            for field in self._form.fields:
                if not await self._field(field):
                    return
            self._whole = True
        finally:
            self._line, self._hint = None, ""

    async def _field(self, field: FormField) -> bool:
        """Whether it was filled in or left out. What was written before is what Enter takes."""
        known = replace(field, default=self._values.get(field.name, field.default))
        self._stay(lambda width: field_rows(field, known.default, width, self._glyphs))
        self._hint = ""
        while True:
            self._write("")
            typed = await self._keys.line(self._write)
            if typed is None:
                return False
            try:
                value = value_of(known, typed)
            except FieldError as error:
                self._hint = str(error)
                continue
            if value is not None:
                self._values[field.name] = value
            self._stay(partial(self._taken, field, value))
            return True

    def _taken(self, field: FormField, value: FormValue | None, width: int) -> Rows:
        return taken_rows(field, value, width, self._glyphs)

    def _write(self, line: str) -> None:
        self._line = line
        self._show()
