"""What an error body says, in whatever shape: words, codes, a status, a wait. Pure; judges nothing."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import field
from typing import Any

from chatls import jsontext
from chatls.content import JsonObject
from chatls.shapes import as_list, as_objects, as_text, object_or_none
from chatls.values import dataclass

_SAID_LENGTH = 400
"""Characters of a server's own words that are shown."""


_UNIT = r"(?:ms|milliseconds?|s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?)"
_WAIT = re.compile(
    rf"\b(?:try (?:it )?again|retry|wait)(?: in| after| for)?:? "
    rf"((?:\d+(?:\.\d+)?\s?{_UNIT}\b\s?|\d+(?:\.\d+)?{_UNIT})+)",
    re.IGNORECASE,
)
_AMOUNT = re.compile(rf"(\d+(?:\.\d+)?)\s?({_UNIT})", re.IGNORECASE)


@dataclass(slots=True)
class Complaint:
    """What an error body says."""

    text: str = ""
    codes: list[str] = field(default_factory=list[str])
    """`code`, `type`, `status` and the like, where they are words; in lower case, innermost first."""
    status: int | None = None
    """An HTTP status that the body names."""
    request_id: str | None = None
    wait: float | None = None
    """Seconds until it is worth to ask again."""
    limits: list[str] = field(default_factory=list[str])
    """What was exceeded, by the server's own names."""


def read_body(body: bytes) -> Complaint:
    """The complaint of a whole body: JSON of any shape, plain text, or a page for browsers, which says nothing."""
    try:
        value = jsontext.loads_leniently(body)
    except ValueError:
        text = body.decode("utf-8", "replace").strip()
        return Complaint("" if text.startswith("<") else text)
    return read_value(value)


def read_value(value: Any) -> Complaint:
    """The complaint of a JSON value."""
    complaint = Complaint()
    if isinstance(value, str):
        complaint.text = value
    for part in _parts(value, 0):
        _collect(part, complaint)
    if complaint.wait is None:
        complaint.wait = spoken_wait(complaint.text)
    return complaint


def spoken_wait(text: str) -> float | None:
    """Seconds that a server asks for in words, where no header can be.

    >>> spoken_wait("Please try again in 1m6.5s."), spoken_wait("Retry after 20 seconds"), spoken_wait("try in 6 s")
    (66.5, 20.0, None)
    >>> spoken_wait("Please try again in 250ms")
    0.25
    """
    match = _WAIT.search(text)
    if match is None:
        return None
    amounts = _AMOUNT.findall(match.group(1))
    return sum(float(number) * _seconds(unit.lower()) for number, unit in amounts)


def _seconds(unit: str) -> float:
    return 0.001 if unit.startswith(("ms", "milli")) else {"s": 1.0, "m": 60.0, "h": 3600.0}[unit[0]]


def visible(text: str, limit: int = _SAID_LENGTH) -> str:
    r"""Somebody else's words, fit to be shown: on one line, not too long, and with nothing that a screen obeys.

    >>> visible("a\n  b\x1b[31m")
    'a b\\x1b[31m'
    """
    line = " ".join(jsontext.printable(text).split())
    shown = "".join(_escaped(letter) if unicodedata.category(letter)[0] in "CZ" else letter for letter in line)
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def _escaped(letter: str) -> str:
    return letter if letter == " " else letter.encode("unicode_escape").decode("ascii")


def _collect(part: JsonObject, into: Complaint) -> None:
    into.text = into.text or _words(part)
    for name in ("code", "type", "status", "error_code", "reason", "status_code"):
        _note_code(part.get(name), into)
    into.request_id = into.request_id or _first_text(part, "request_id") or None
    into.wait = into.wait if into.wait is not None else _retry_delay(part.get("retryDelay"))
    for violation in as_objects(part.get("violations")):  # Google's QuotaFailure
        into.limits += [name for key in ("quotaId", "quotaMetric") if (name := as_text(violation.get(key)))]
    upstream = part.get("raw")
    if isinstance(upstream, str) and upstream not in into.text:
        into.text = f"{into.text}: {upstream}" if into.text else upstream


def _words(part: JsonObject) -> str:
    """What a person can read, and which field of the request it is about."""
    text = _first_text(part, "message", "detail", "msg", "error", "title", "description")
    place = part.get("loc")
    field_name = ".".join(map(str, as_list(place))) if isinstance(place, list) else _first_text(part, "param")
    return f"{field_name}: {text}" if text and field_name not in text else text


def _parts(value: Any, depth: int) -> Iterator[JsonObject]:
    """The objects of an error body that say something, innermost errors first."""
    for item in as_list(value)[:8]:
        yield from _parts(item, depth)
    part = object_or_none(value)
    if part is None or depth > 4:
        return
    for name in ("error", "errors", "response"):
        yield from _parts(part.get(name), depth + 1)
    yield part
    for name in ("detail", "details", "metadata"):
        yield from _parts(part.get(name), depth + 1)


def _first_text(part: JsonObject, *names: str) -> str:
    return next((value for name in names if isinstance(value := part.get(name), str) and value), "")


def _note_code(code: Any, into: Complaint) -> None:
    if isinstance(code, str) and code.isdigit():
        code = int(code)
    if isinstance(code, str):
        into.codes.append(code.lower())
    elif isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600:
        into.status = into.status or code


def _retry_delay(delay: Any) -> float | None:
    """Google's RetryInfo: "12s"."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)s", delay) if isinstance(delay, str) else None
    return float(match.group(1)) if match else None
