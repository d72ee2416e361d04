"""The lines of the log's file: one JSON object each. What is logged with words becomes one; pure.

No prompt, no text of a file and no answer stands in a line above debug: of an error that is no word of ours only its
kind and the places it came through are told, since its text may quote what was being worked on.
"""

import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chatls.jsontext import dumps, printable

LogLine = dict[str, Any]
"""`at` (ISO 8601, UTC), `level`, `what` happened, ids, and what there is to say of it."""

LONGEST = 32 * 1024
"""Bytes of one line."""
_WORDS = 2000
"""Characters of words in a line, when not everything is wanted."""
_FRAMES = 30


def line(at: float, level: str, what: str, ids: Mapping[str, str], facts: Mapping[str, Any]) -> LogLine:
    """A line. `at`: seconds since the epoch. What is None is left out."""
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {name: value for name, value in facts.items() if value is not None}
    return {"at": moment, "level": level, "what": what, **ids, **told}


def of_record(record: logging.LogRecord, ids: Mapping[str, str], *, everything: bool) -> LogLine:
    """What somebody logged with words. `everything`: also the text of errors."""
    facts: dict[str, Any] = {"from": record.name, "text": record.getMessage()}
    if not everything:
        facts["text"] = facts["text"][:_WORDS]
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        facts |= {"error": type(error).__name__, "traceback": _places(error, everything=everything)}
    return line(record.created, record.levelname.lower(), "words", ids, facts)


def encoded(value: LogLine) -> bytes:
    """The line as it is written. One that is too long says that it was, and keeps its ids."""
    data = dumps(value)
    if len(data) > LONGEST:
        kept = {
            name: item
            for name, item in value.items()
            if isinstance(item, str | int | float) and len(str(item)) < _WORDS
        }
        text = printable(str(value.get("text", "")))[:_WORDS]
        data = dumps({**kept, "text": text, "cut": len(data)})
    return data + b"\n"


def _places(error: BaseException, *, everything: bool) -> list[str]:
    """Where an error came from, the last place last, and what it was caused by."""
    found: list[str] = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        frames = traceback.extract_tb(cause.__traceback__)[-_FRAMES:]
        own = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        words = f": {cause}" if everything else ""
        found = [*own, f"{type(cause).__name__}{words}", *(["which caused:"] if found else []), *found]
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return found
