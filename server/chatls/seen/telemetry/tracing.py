"""The names of a turn's trace and of its calls' spans, known before there are any. Pure."""

from collections.abc import Mapping
from hashlib import sha256


def trace_id(session: str, turn: str) -> int:
    """Of a turn: 128 bits, never 0."""
    return int.from_bytes(sha256(f"{session}\0{turn}".encode()).digest()[:16]) or 1


def span_id(session: str, turn: str, call: str) -> int:
    """Of a call: 64 bits, never 0."""
    return int.from_bytes(sha256(f"{session}\0{turn}\0{call}".encode()).digest()[:8]) or 1


def is_sampled(environment: Mapping[str, str], trace: int) -> bool:
    """Whether the SDK sends the spans of a trace, which it decides by these variables once it is there.

    >>> is_sampled({}, 7), is_sampled({"OTEL_TRACES_SAMPLER": "parentbased_always_off"}, 7)
    (True, False)
    """
    sampler = environment.get("OTEL_TRACES_SAMPLER", "").strip().lower().removeprefix("parentbased_")
    if sampler != "traceidratio":
        return sampler != "always_off"
    try:
        share = float(environment.get("OTEL_TRACES_SAMPLER_ARG", "1"))
    except ValueError:
        share = 1.0
    return trace % 2**64 < share * 2**64


def traceparent(session: str, turn: str, call: str, *, sampled: bool = True) -> str:
    """W3C's header for what happens because of a call. `sampled`: its spans are sent.

    >>> traceparent("s", "t", "c")
    '00-12dce344856d5b2d37cc4945201f16fc-de3534979e12849c-01'
    """
    return f"00-{trace_id(session, turn):032x}-{span_id(session, turn, call):016x}-{sampled:02x}"
