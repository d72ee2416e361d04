"""An answer's Markdown as rows of a terminal, while it is being written. Knows no view, writes nowhere.

Rich draws it, block by block: what stands above the block that is being written is final. Of a block of code every
whole line is. What comes in must be `harmless`; nothing of it is left out but the marks.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments.util import ClassNotFound
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Heading, Markdown, TableElement
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from chatls_client.drawing.rows import hard_wrap_text
from chatls_client.drawing.toolrows import Glyphs

Rows = list[Text]

_THEME = "ansi_dark"
"""The terminal's own colours, and no background."""
_HIDING = ("reference", "image", "autolink", "entity")
"""Rules after which something would not be shown, or not as it stands there; HTML is one more."""


class _LeftHeading(Heading):
    """A heading where text begins, without a frame."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.stylize("bold underline" if self.tag == "h1" else "bold")
        yield self.text


class _WholeTable(TableElement):
    """A table that leaves nothing out where it is narrow."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for part in super().__rich_console__(console, options):
            if isinstance(part, Table):
                for column in part.columns:
                    column.overflow = "fold"
            yield part


class _Drawn(Markdown):
    """Tokens that are there already."""

    elements = Markdown.elements | {"heading_open": _LeftHeading, "table_open": _WholeTable}

    def __init__(self, tokens: Sequence[Token]) -> None:
        super().__init__("", code_theme=_THEME, hyperlinks=False)
        self.parsed = list(tokens)


@dataclass(frozen=True, slots=True)
class _Block:
    """A block at the top of the text."""

    tokens: list[Token]
    start: int
    """Its first line."""
    end: int
    """The line behind it."""

    @property
    def code(self) -> Token | None:
        """The token, if it is code."""
        return self.tokens[0] if self.tokens[0].type in ("fence", "code_block") else None


class MarkdownFlow:
    """Hands out every row once, as soon as nothing can change it any more."""

    def __init__(self, glyphs: Glyphs) -> None:
        self._glyphs = glyphs
        self._offset = 0
        """Where the first block begins that is not wholly handed out."""
        self._given = 0
        """Parts of it that were, if it is code: its head, and lines."""
        self._begun = False

    def take(self, text: str, width: int, *, whole: bool) -> tuple[Rows, Rows]:
        """The rows that are final and were not handed out yet, and those that may still change."""
        text = text.rstrip()
        known = text if whole else text[: text.rfind("\n") + 1]
        final = self._finish(known, width, whole=whole)
        return final, [] if whole else self._rest(text, width)

    def _finish(self, text: str, width: int, *, whole: bool) -> Rows:
        blocks = _blocks(text[self._offset :])
        rows: Rows = []
        done = len(blocks) if whole else len(blocks) - 1
        lines = _line_starts(text[self._offset :])
        base = self._offset
        for at, block in enumerate(blocks):
            parts = self._parts(block, width)
            if at >= done and block.code is None:
                self._offset = base + lines[block.start]
                break
            upto = len(parts) if at < done else len(parts) - (0 if _is_indented(block) else 1)
            rows += self._gap(text, base + lines[block.start]) if upto and not self._given else []
            rows += [row for part in parts[self._given : upto] for row in part]
            self._begun = self._begun or bool(rows)
            self._given = 0 if at < done else max(upto, self._given)
            self._offset = base + (lines[block.end] if at < done else lines[block.start])
        return rows

    def _rest(self, text: str, width: int) -> Rows:
        rows: Rows = []
        source = text[self._offset :]
        lines = _line_starts(source)
        for at, block in enumerate(_blocks(source)):
            given = self._given if at == 0 else 0
            parts = self._parts(block, width)
            gap = [] if given else self._gap(text, self._offset + lines[block.start], begun=bool(rows))
            rows += gap + [row for part in parts[given:] for row in part]
        return rows

    def _gap(self, text: str, start: int, *, begun: bool = False) -> Rows:
        """An empty row where the text has one."""
        before = text[:start].rstrip(" ")
        return [Text()] if (self._begun or begun) and before.endswith("\n\n") else []

    def _parts(self, block: _Block, width: int) -> list[Rows]:
        """What is final together: of code its head, each line, and its foot; of anything else all of it."""
        token = block.code
        if token is None:
            return [_drawn(block.tokens, width)]
        lines = [hard_wrap_text(line, width) for line in _highlighted(token.content, token.info)]
        if _is_indented(block):
            return lines
        name = f" {token.info.strip()}" if token.info.strip() else ""
        return [hard_wrap_text(Text(self._glyphs.rule + name, "dim"), width), *lines, [Text(self._glyphs.rule, "dim")]]


def _is_indented(block: _Block) -> bool:
    return block.tokens[0].type == "code_block"


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable(list(_HIDING))


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    begun: list[Token] = []
    for token in _parser().parse(text):
        begun.append(_as_written(token))
        if token.level == 0 and token.nesting <= 0:
            start, end = begun[0].map or (0, 0)
            blocks.append(_Block(begun, start, end))
            begun = []
    return blocks


def _as_written(token: Token) -> Token:
    """A line that ends in the source ends on the screen."""
    for child in token.children or ():
        if child.type == "softbreak":
            child.type = "hardbreak"
    return token


def _line_starts(text: str) -> list[int]:
    starts = [0]
    while (at := text.find("\n", starts[-1])) >= 0:
        starts.append(at + 1)
    return [*starts, len(text)]


@cache
def _console() -> Console:
    theme = Theme({"markdown.code": "cyan", "markdown.hr": "dim"})
    return Console(file=io.StringIO(), force_terminal=True, legacy_windows=False, markup=False, theme=theme)


def _drawn(tokens: Sequence[Token], width: int) -> Rows:
    console = _console()
    options = console.options.update(width=width, height=None)
    lines = console.render_lines(_Drawn(tokens), options, pad=False)
    rows = [Text.assemble(*((part.text, part.style or "") for part in line if not part.control)) for line in lines]
    for row in rows:
        row.rstrip()
    full = [at for at, row in enumerate(rows) if row.plain]
    return rows[full[0] : full[-1] + 1] if full else []


def _highlighted(code: str, info: str) -> Iterator[Text]:
    """Each line, in the colours of its language."""
    words = info.split()
    plain = code.removesuffix("\n").split("\n") if code else []
    text = Text(code, "cyan")
    if words:
        try:
            text = Syntax(code, words[0], theme=_THEME, background_color="default").highlight(code)
        except (ClassNotFound, ValueError):
            text = Text(code, "cyan")
    lines = text.split("\n", allow_blank=True)
    for at, line in enumerate(plain):
        yield lines[at] if at < len(lines) and lines[at].plain == line else Text(line, "cyan")
