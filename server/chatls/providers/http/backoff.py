"""Backoff: how long to wait before a retry. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MOST_TRIES = 4
"""Requests for one reply, the first one included."""

LONGEST_WAIT = 60.0
"""Seconds. A server that asks for more is not waited for."""

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0


def pause(attempt: int, asked: float | None, luck: float) -> float | None:
    """Seconds before try number `attempt` (1 for the first repetition), or None: that long nobody wants to wait.

    `asked` is what the server asked for, `luck` a random number from 0 to 1: without it all clients come back at once.

    >>> pause(1, None, 1.0), pause(2, None, 1.0), pause(9, None, 0.5), pause(1, 3.0, 0.0), pause(1, 61.0, 0.0)
    (0.5, 1.0, 4.0, 3.0, None)
    """
    if asked is not None:
        return asked if asked <= LONGEST_WAIT else None
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1)) * luck


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to be left alone: `retry-after-ms`, else `retry-after` as a number or a date.

    >>> asked_wait({"retry-after-ms": "250"}), asked_wait({"retry-after": "1.5"}), asked_wait({"retry-after": "soon"})
    (0.25, 1.5, None)
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    return _until(value) if seconds is None and value else seconds


def spoken(seconds: float) -> str:
    """A duration for people.

    >>> spoken(0.4), spoken(59), spoken(150), spoken(7300)
    ('1 s', '59 s', '2 min 30 s', '2 h 1 min')
    """
    whole = max(1, round(seconds))
    if whole < 100:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e9 else None


def _until(date: str) -> float | None:
    """Seconds until a date; None for one that is past or is none."""
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    left = (moment - datetime.now(UTC)).total_seconds()
    return left if left > 0 else None
