"""Jupyter notebooks (nbformat 4): their cells as lines, and changes that leave a notebook."""

import json
from pathlib import Path
from typing import Any, cast

from chatls.errors import ToolError

SUFFIX = ".ipynb"


def is_notebook(path: Path, text: str) -> bool:
    """Whether a file is one by its name and by its text."""
    return path.suffix == SUFFIX and parsed(text) is not None


def parsed(text: str) -> dict[str, Any] | None:
    """The notebook that a text is; None where it is none, with cells of its own."""
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(cast("dict[str, Any]", value).get("cells"), list):
        return None
    return cast("dict[str, Any]", value)


def require_notebook(path: Path, text: str) -> None:
    """Raise `ToolError` for a text that would leave a file by the name of a notebook no notebook."""
    if path.suffix == SUFFIX and text.strip() and parsed(text) is None:
        raise ToolError("this is no valid notebook (JSON with a list of cells). Nothing was changed.")


def cells(path: Path, text: str) -> str | None:
    """The cells of a notebook as lines, with outputs in short; None for what is none."""
    return None
