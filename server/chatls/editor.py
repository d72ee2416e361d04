"""The editor port: what the core may ask of the other end, whichever protocol that speaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Root:
    """One folder of the workspace."""

    name: str
    """What a person calls it; the first part of a path where there are several roots. Unique."""
    path: Path
    """Absolute, links resolved."""


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document that is open in the editor, saved or not."""

    uri: str
    text: str
    version: int | None


class Editor(Protocol):
    """Implemented by the native face over LSP. Called on the event loop only; what it returns never changes."""

    def roots(self) -> tuple[Root, ...]:
        """The folders that are open, in the editor's order."""
        ...

    def open_documents(self) -> Mapping[Path, OpenDocument]:
        """All open `file:` documents by absolute path (links resolved)."""
        ...
