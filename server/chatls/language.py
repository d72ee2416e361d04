"""What the language servers of an editor may be asked, and what they say: of symbols, wherever they stand."""

from typing import Literal

from chatls.content import Position, Range, TextEdit, WireValue
from chatls.values import dataclass

LanguageKind = Literal[
    "definition", "references", "implementation", "hover", "documentSymbols", "workspaceSymbols", "callers", "rename"
]
"""What is asked."""


@dataclass(frozen=True, slots=True)
class LanguageRequest:
    """A question for the language servers of the editor."""

    kind: LanguageKind
    uri: str | None = None
    """Of the document, which need not be open. Not with `workspaceSymbols`."""
    position: Position | None = None
    """Where the symbol's name begins. Not with `documentSymbols` and `workspaceSymbols`."""
    symbol: str | None = None
    """With `workspaceSymbols`: what is looked for."""
    new_name: str | None = None
    """With `rename`."""


@dataclass(frozen=True, slots=True)
class LanguagePlace(WireValue):
    """A place that a language server names."""

    uri: str
    range: Range
    """Of the name, or of the call (`callers`)."""
    name: str | None = None
    """Of the symbol; of the one that calls (`callers`)."""
    symbol_kind: int | None = None
    """LSP's `SymbolKind`."""
    container: str | None = None
    """What the symbol is in."""
    level: int | None = None
    """With `documentSymbols`: how deep it lies in others, from 0. Those inside stand behind the one that holds them."""
    whole: Range | None = None
    """With `documentSymbols`: from its first line to its last."""


@dataclass(frozen=True, slots=True)
class DocumentEdits(WireValue):
    """What a renaming does to one document."""

    uri: str
    edits: tuple[TextEdit, ...]
    """All by the positions of the text as it is, apart from each other."""
    version: int | None = None
    """Of the document that they are for, where it is open."""


@dataclass(frozen=True, slots=True)
class LanguageFindings:
    """What came of a question."""

    places: tuple[LanguagePlace, ...] = ()
    left_out: int = 0
    """Places that were told, and are too many."""
    text: str = ""
    """With `hover`."""
    edits: tuple[DocumentEdits, ...] = ()
    """With `rename`."""
