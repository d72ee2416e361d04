"""A question to a person as rows of a terminal: all of what would be done, and the keys that answer. Writes nowhere.

Nothing is cropped here: who decides must see the whole.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from rich.text import Text

from chatls_client.asked import PermissionAnswer, PermissionQuestion
from chatls_client.drawing.diffrows import diff_head, diff_lines, place
from chatls_client.drawing.rows import hard_wrap, paragraph
from chatls_client.drawing.toolrows import Glyphs
from chatls_client.harmless import visible
from chatls_client.letters import EDITS, WITH_WORDS, letters
from chatls_client.protocol import Diff, Image, PermissionOption, ResourceLink, TextContent, ToolContent

Rows = list[Text]

YES, NO = "y", "n"
LONG = 20
"""Rows of a preview that may not be seen all at once any more."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One key."""

    key: str
    option: PermissionOption
    label: str
    words: bool = False
    """Asks for words to go with it."""
    edits: bool = False
    """What would be done is changed first."""
    covers: str = ""
    """All that it covers, where it lasts."""


def choices(options: tuple[PermissionOption, ...], *, edits: bool = False) -> tuple[Choice, ...]:
    """A key for every option (letters.py), one for a no with words and, if it may be changed first (`edits`), one for
    that. A tenth option has none: it is one key."""
    found: list[Choice] = []
    for key, option in zip(letters(options), options, strict=True):
        if len(key) == 1:
            covers = visible(option.covers) if option.kind.endswith("_always") else ""
            found.append(Choice(key, option, visible(option.label), covers=covers))
        if key == YES and edits:
            found.append(Choice(EDITS, option, "Change it in your editor, then allow that", edits=True))
        if key == NO:
            found.append(Choice(WITH_WORDS, option, "No, and say what to do instead", words=True))
    return tuple(found)


def question_rows(question: PermissionQuestion, width: int, glyphs: Glyphs) -> Rows:
    """What would be done."""
    head = paragraph(_line(question.title), "bold yellow", width, sign=glyphs.waiting)
    lead = f"  {glyphs.bar} "
    rows = [
        Text.assemble((lead, "dim"), (piece, style))
        for line, style in _preview(question)
        for piece in hard_wrap(line, max(width - len(lead), 1))
    ]
    return [Text(), *head, *rows]


def key_rows(options: tuple[Choice, ...], above: int, others: int, hint: str, width: int) -> Rows:
    """The keys, `above` them a preview of so many rows; `others`: questions that wait behind this one."""
    rows: Rows = []
    for choice in options:
        head = paragraph(choice.label, "", width, sign=f"  {choice.key} ")
        for row in head:
            row.stylize("bold cyan", 0, 4)
        rows += head
        if choice.covers:
            rows += paragraph(choice.covers, "dim", width, sign="    ")
    notes = [f"all of it stands above, in {above} rows"] if above > LONG else []
    notes += [f"{others} more {'question waits' if others == 1 else 'questions wait'}"] if others else []
    notes += [hint] if hint else []
    return [Text(), *rows, *(row for note in notes for row in paragraph(note, "dim", width, sign=" "))]


def words_rows(line: str, width: int, glyphs: Glyphs) -> Rows:
    """The words that are being written."""
    rows = paragraph(visible(line), "", width, sign=f"  {glyphs.answer}")
    return [Text(), *paragraph("What to do instead? Enter sends it, Escape goes back.", "cyan", width, sign=" "), *rows]


def answer_rows(question: PermissionQuestion, answer: PermissionAnswer, other: str, width: int, glyphs: Glyphs) -> Rows:
    """What stays: how a question was answered, or in `other` words what became of it."""
    option = next((item for item in question.options if item.id == answer.option_id), None)
    text = visible(option.label) if option else other
    text += f": {_line(answer.feedback)}" if answer.feedback else ""
    text += ", as you changed it" if answer.arguments is not None else ""
    style = "green" if option and option.kind.startswith("allow") else "yellow"
    return paragraph(f"{text} {glyphs.dot} {_line(question.title)}", style, width, sign=glyphs.answer)


def _preview(question: PermissionQuestion) -> Iterator[tuple[str, str]]:
    if not question.preview:  # no daemon does that; then the arguments are all there is
        text = json.dumps(question.arguments, ensure_ascii=False, indent=2)
        yield from ((line, "") for line in visible(text).split("\n"))
    for item in question.preview:
        yield from _shown(item)
    if question.sandbox:
        yield "It would run in the sandbox.", "dim"


def _shown(item: ToolContent) -> Iterator[tuple[str, str]]:
    match item:
        case TextContent():
            yield from ((line, "") for line in visible(item.text).split("\n"))
        case ResourceLink():
            yield place(item.uri), ""
        case Image():
            yield f"a picture, {visible(item.mime_type)}", ""
        case Diff():
            yield diff_head(item), "bold"
            yield from diff_lines(item)
        case _:
            assert_never(item)


def _line(text: str) -> str:
    """Whole and visible, on one line."""
    return visible(" ".join(text.split()))
