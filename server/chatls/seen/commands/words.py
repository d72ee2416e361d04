"""Numbers and reasons as people say them."""

from typing import Any, cast

REASONS = {
    "unauthorized": "the provider does not know the key",
    "forbidden": "the key may not use this model",
    "not_found": "the provider has no such model, or the address is wrong",
    "bad_request": "the provider refused the request as it is",
    "context_window_exceeded": "the conversation was longer than the model can read",
    "rate_limited": "the provider had had too many requests",
    "quota_exceeded": "the account's means are used up",
    "overloaded": "the provider had too much to do",
    "network": "no connection to the provider",
    "timeout": "the provider sent nothing for too long",
    "stream_interrupted": "the reply broke off",
    "bad_response": "the provider's answer could not be read",
    "content_filtered": "the provider withheld the reply",
    "internal": "a bug in chatls",
    "cancelled": "it was cancelled",
}
"""By the kind of an error (docs/troubleshooting.md says what to do)."""


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
