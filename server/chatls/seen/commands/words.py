"""Numbers and reasons as people say them."""

from typing import Any, cast

REASONS = {
    "unauthorized": ("the provider does not know the key", "chatls doctor says where the key comes from"),
    "forbidden": ("the key may not use this model", "look into the provider's console"),
    "not_found": ("the provider has no such model, or the address is wrong", "look at model and base_url"),
    "bad_request": ("the provider refused the request as it is", "log.level = debug keeps its words"),
    "context_window_exceeded": ("the conversation was longer than the model can read", "begin a new one"),
    "rate_limited": ("the provider had had too many requests", "wait, or take another model"),
    "quota_exceeded": ("the key has no credit left", "look into the provider's console"),
    "overloaded": ("the provider had too much to do", "wait, or take another model"),
    "network": ("there was no connection to the provider", "chatls doctor tries the connection"),
    "timeout": ("the provider sent nothing for too long", "ask again, or raise the limit (limits.firstByteTimeout)"),
    "stream_interrupted": ("the reply broke off", "ask again; if it stays, a proxy cuts long answers"),
    "bad_response": ("the provider's answer could not be read", "look at base_url; log.level = debug keeps what came"),
    "content_filtered": ("the provider withheld the reply", "put it differently"),
    "internal": ("a bug in chatls", "report it, with chatls doctor --bundle"),
    "cancelled": ("it was cancelled", ""),
}
"""By the kind of an error: what it means, and what to do (docs/troubleshooting.md says more)."""

SPENT = {
    "model": "the model",
    "pauses": "pauses before it was asked again",
    "tools": "tools",
    "person": "waiting for a person's word",
    "shortening": "making the conversation shorter",
}
"""What time went to."""


def seconds(milliseconds: float) -> str:
    """A duration.

    >>> seconds(0.4), seconds(85), seconds(2340), seconds(125_000)
    ('0 ms', '85 ms', '2.3 s', '2 min 5 s')
    """
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 100_000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds // 60_000:.0f} min {milliseconds % 60_000 / 1000:.0f} s"


def counted(count: int, word: str) -> str:
    """So many of something.

    >>> counted(1, "step"), counted(1200, "step")
    ('1 step', '1,200 steps')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def tokens(usage: Any) -> str:
    """What a usage says, behind a semicolon; nothing where nobody counted.

    >>> tokens({"inputTokens": 1200, "outputTokens": 3, "cacheReadTokens": 900}), tokens(None)
    ('; 1,200 tokens in (900 cached), 3 out', '')
    """
    if not isinstance(usage, dict):
        return ""
    used = cast("dict[str, int]", usage)
    cached = f" ({used['cacheReadTokens']:,} cached)" if used.get("cacheReadTokens") else ""
    return f"; {used.get('inputTokens', 0):,} tokens in{cached}, {used.get('outputTokens', 0):,} out"
