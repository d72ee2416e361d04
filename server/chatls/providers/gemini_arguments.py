"""A function call's arguments that Vertex AI sends value by value, with the place of each, put together. Pure.

Reference: Vertex AI's `functionCallingConfig.streamFunctionCallArguments`, whose `partialArgs` are no JSON text.
"""

import re
from typing import Any, cast

from chatls.content import JsonObject
from chatls.shapes import as_objects, as_text

_STEP = re.compile(r"""\.([^.\[\]]+)|\[(\d{1,6})\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]""")
_ESCAPED = re.compile(r"\\(.)")
_DEEPEST = 100
_LONGEST = 100_000
"""Items of one list: a place beyond is a mistake, and would only fill the memory."""


class PartialArguments:
    """The arguments of one call."""

    def __init__(self) -> None:
        self.value: JsonObject = {}
        """As far as they have come."""

    def add(self, pieces: Any) -> None:
        """Take `partialArgs`. A piece whose place cannot be read is left out; the tool's schema then judges.

        >>> arguments = PartialArguments()
        >>> arguments.add([{"jsonPath": "$.a[0].b", "stringValue": "x"}, {"jsonPath": "$.a[0].b", "stringValue": "y"}])
        >>> arguments.value
        {'a': [{'b': 'xy'}]}
        """
        for piece in as_objects(pieces):
            steps = _steps(as_text(piece.get("jsonPath")))
            if steps and isinstance(steps[0], str):
                _put(self.value, steps, _value(piece))


def _value(piece: JsonObject) -> Any:
    """The null has a name instead of a value: `"nullValue": "NULL_VALUE"`."""
    return next((piece[name] for name in ("stringValue", "numberValue", "boolValue") if name in piece), None)


def _steps(path: str) -> list[str | int]:
    """A JSONPath's steps; none for what is no plain path.

    >>> _steps("$.a[2]['b c']"), _steps("$..a")
    (['a', 2, 'b c'], [])
    """
    steps: list[str | int] = []
    place = 1
    while path.startswith("$") and place < len(path):
        match = _STEP.match(path, place)
        if match is None or len(steps) >= _DEEPEST:
            return []
        name, index, *quoted = match.groups()
        steps.append(int(index) if index else name or _ESCAPED.sub(r"\1", next(filter(None, quoted), "")))
        place = match.end()
    return steps


def _put(root: JsonObject, steps: list[str | int], value: Any) -> None:
    """Set the value; text is appended to the text that stands there."""
    target: Any = root
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if not _has_room(target, step):
            return
        known: Any = target[step]
        if following is None:
            target[step] = known + value if isinstance(known, str) and isinstance(value, str) else value
        elif known is None:
            target[step] = [] if isinstance(following, int) else {}
        target = target[step]


def _has_room(target: Any, step: str | int) -> bool:
    """Whether something can stand there; makes the place for it."""
    if isinstance(step, str):
        if isinstance(target, dict):
            cast(JsonObject, target).setdefault(step, None)
        return isinstance(target, dict)
    if not isinstance(target, list) or step >= _LONGEST:
        return False
    items = cast(list[Any], target)
    items.extend([None] * (step + 1 - len(items)))
    return True
