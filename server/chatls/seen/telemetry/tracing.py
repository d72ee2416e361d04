"""The names of a turn's trace and of its calls' spans, known before there are any. Pure."""

from hashlib import sha256


def trace_id(session: str, turn: str) -> int:
    """Of a turn: 128 bits, never 0."""
    return int.from_bytes(sha256(f"{session}\0{turn}".encode()).digest()[:16]) or 1


def span_id(session: str, turn: str, call: str) -> int:
    """Of a call: 64 bits, never 0."""
    return int.from_bytes(sha256(f"{session}\0{turn}\0{call}".encode()).digest()[:8]) or 1


def traceparent(session: str, turn: str, call: str) -> str:
    """W3C's header for what happens because of a call.

    >>> traceparent("s", "t", "c")
    '00-12dce344856d5b2d37cc4945201f16fc-de3534979e12849c-01'
    """
    return f"00-{trace_id(session, turn):032x}-{span_id(session, turn, call):016x}-01"
