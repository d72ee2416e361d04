"""The form of an MCP server as rows of a terminal, and what is typed into it as values. Writes nowhere.

All words in it are the server's: they are shown whole and visible.
"""

import math
import re

from rich.text import Text

from chatls_client.asked import FormAnswer
from chatls_client.drawing.rows import hard_wrap, paragraph
from chatls_client.drawing.toolrows import Glyphs
from chatls_client.harmless import visible
from chatls_client.protocol import Elicitation, FormField, FormValue

Rows = list[Text]

SEND, WRITE, DECLINE, CLOSE = "s", "f", "d", "c"
LONGEST = 10_000
"""Characters of a text."""
_YES, _NO = ("y", "yes", "true"), ("n", "no", "false")
_HINTS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "y or n",
    "choice": "one of these, or its number",
}


class FieldError(Exception):
    """What was typed does not fit; the words are for a person."""


def value_of(field: FormField, typed: str) -> FormValue | None:
    """What a line means in a field; None: it is left out. Nothing typed is the default. Raises `FieldError`."""
    words = typed.strip()
    if words == "":
        if field.default is None and field.required:
            raise FieldError("This has to be filled in")
        return field.default
    match field.type:
        case "string" if len(typed) > LONGEST:
            raise FieldError(f"At most {LONGEST:,} characters")
        case "string":
            return typed
        case "choice":
            found = _choice(field.choices or (), words)
        case "boolean":
            found = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}.get(words.lower())
        case _:
            found = _number(words, whole=field.type == "integer")
    if found is None:
        raise FieldError(f"Not {_HINTS[field.type]}")
    return found


def value_words(value: FormValue | None) -> str:
    """A value for people, on one line.

    >>> value_words(True), value_words(None), value_words(2.0), value_words("a")
    ('yes', '(left out)', '2.0', 'a')
    """
    if value is None:
        return "(left out)"
    return ("yes" if value else "no") if isinstance(value, bool) else _line(str(value))


def form_rows(form: Elicitation, width: int, glyphs: Glyphs) -> Rows:
    """Who asks, and what for."""
    server = _line(form.server)
    head = paragraph(f"{server} asks you", "bold yellow", width, sign=glyphs.waiting)
    rows = [(line, "") for line in visible(form.message).split("\n")]
    rows.append((f"These are words of the MCP server {server}. Write nothing secret.", "dim"))
    return [Text(), *head, *_barred(rows, width, glyphs)]


def field_rows(field: FormField, default: FormValue | None, width: int, glyphs: Glyphs) -> Rows:
    """One field, and what there is to choose from."""
    notes = [_HINTS[field.type]] if field.type in _HINTS else []
    notes += [] if field.required else ["may be left out"]
    notes += [] if default is None else [f"Enter: {value_words(default)}"]
    told = f"{_line(field.title)} ({'; '.join(notes)})" if notes else _line(field.title)
    listed = [(f"{at}  {_line(choice)}", "") for at, choice in enumerate(field.choices or (), 1)]
    return _barred([(told, "bold"), *listed], width, glyphs)


def menu_rows(form: Elicitation, keys: tuple[str, ...], hint: str, width: int) -> Rows:
    """What can be done with a form."""
    server = _line(form.server)
    labels = {
        SEND: f"Send {'it' if form.fields else 'a yes'} to {server}",
        WRITE: "Fill it in",
        DECLINE: f"Decline: {server} is told that you do not want to say it",
        CLOSE: "Close it without an answer",
    }
    rows: Rows = [Text()]
    for key in keys:
        head = paragraph(labels[key], "", width, sign=f"  {key} ")
        for row in head:
            row.stylize("bold cyan", 0, 4)
        rows += head
    return [*rows, *(paragraph(hint, "dim", width, sign=" ") if hint else [])]


def line_rows(line: str, hint: str, width: int, glyphs: Glyphs) -> Rows:
    """The line that is being written."""
    told = f"{hint}. " if hint else ""
    note = paragraph(f"{told}Enter takes it, Escape goes back.", "cyan", width, sign=" ")
    return [Text(), *note, *paragraph(visible(line), "", width, sign=f"  {glyphs.answer}")]


def taken_rows(field: FormField, value: FormValue | None, width: int, glyphs: Glyphs) -> Rows:
    """What was written into a field."""
    return paragraph(f"{value_words(value)} {glyphs.dot} {_line(field.title)}", "", width, sign=f"  {glyphs.answer}")


def done_rows(form: Elicitation, answer: FormAnswer | None, width: int, glyphs: Glyphs) -> Rows:
    """What stays: what became of the form; None: it was withdrawn."""
    said = {"accept": "Sent", "decline": "Declined", "cancel": "Closed"}
    text = said[answer.action] if answer else "no longer asked"
    style = "green" if answer and answer.action == "accept" else "yellow"
    return paragraph(f"{text} {glyphs.dot} the form of {_line(form.server)}", style, width, sign=glyphs.answer)


def _barred(lines: list[tuple[str, str]], width: int, glyphs: Glyphs) -> Rows:
    lead = f"  {glyphs.bar} "
    return [
        Text.assemble((lead, "dim"), (piece, style))
        for line, style in lines
        for piece in hard_wrap(line, max(width - len(lead), 1))
    ]


def _number(words: str, *, whole: bool) -> float | None:
    if re.fullmatch("[+-]?[0-9]{1,300}", words):
        return int(words)
    try:
        found = math.nan if whole else float(words)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _choice(choices: tuple[str, ...], words: str) -> str | None:
    if words in choices:
        return words
    at = int(words) if re.fullmatch("[0-9]{1,4}", words) else 0
    return choices[at - 1] if 1 <= at <= len(choices) else None


def _line(text: str) -> str:
    return visible(" ".join(text.split()))
