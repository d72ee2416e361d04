"""Fills the parts of a document: between `<!-- generated: NAME -->` (or `<!-- NAME -->`) and `<!-- end -->`."""

import re
from collections.abc import Iterable, Mapping

_PART = re.compile(r"(<!-- (?:generated: )?(?!end )([\w.-]+) -->\n).*?(?=<!-- end -->)", re.DOTALL)


def fill(document: str, parts: Mapping[str, str]) -> str:
    """The document with its parts written anew.

    Raises `ValueError` where the document asks for a part that there is not, or has no place for one that there is.
    """
    asked = [match[2] for match in _PART.finditer(document)]
    if missing := sorted(set(parts) ^ set(asked)):
        raise ValueError(f"generated parts without a place, or places without a part: {', '.join(missing)}")
    return _PART.sub(lambda match: f"{match[1]}\n{parts[match[2]].strip()}\n\n", document)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table. Cells are Markdown; a bar inside one is escaped, line ends become spaces."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(_cell(item) for item in line)} |" for line in lines) + "\n"


def code(text: str) -> str:
    """Text as code; none for none."""
    return f"`{text}`" if text else ""


def block(text: str, language: str = "") -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
