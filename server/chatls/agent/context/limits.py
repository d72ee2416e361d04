"""What fits into a model: its window less its longest reply, and what a refusal tells of it. Pure."""

import re

from chatls.agent.context.measure import BYTES
from chatls.settings.config import LimitSettings
from chatls.values import dataclass

_NUMBER = r"\(?(\d[\d,_]{2,})"
_TOLD = re.compile(
    rf"(\d[\d,_]{{2,}}) (?:tokens? )?(?:is the )?maximum"
    rf"|\bmax\w*\b(?:(?!\bby\b|\d).){{0,60}}?{_NUMBER}"
    rf"|context[ _-](?:size|window|length|limit)(?:(?!\bby\b|\d).){{0,20}}?{_NUMBER}"
    rf"|\bn_ctx\b\W{{0,4}}{_NUMBER}"
    rf"|\b(?:limit|must be <=)\b(?:(?!\bby\b|\d).){{0,20}}?{_NUMBER}",
    re.IGNORECASE | re.DOTALL,
)
_SMALLEST = 256
_ERRS = 1.3
"""A limit that is told may be so much above our estimate of what was refused."""


def told(text: str, tokens: int) -> int | None:
    """The limit that a refusal tells, in tokens. `tokens`: what was refused, by our estimate.

    >>> told("This model's maximum context length is 8192 tokens. However, you requested 9000 tokens", 9100)
    8192
    >>> told("prompt is too long: 210000 tokens > 200000 maximum", 260000)
    200000
    >>> told("exceeded max context length by 1119046 tokens", 1200000) is None
    True
    """
    for match in _TOLD.finditer(text):
        value = int(next(group for group in match.groups() if group).replace(",", "").replace("_", ""))
        if _SMALLEST <= value <= tokens * _ERRS:
            return value
    return None


def within(limits: LimitSettings, window: int | None) -> LimitSettings:
    """The settings' limits, where the longest tool result is at most a quarter of what fits."""
    if window is None or (most := Limits(window).room * BYTES // 4) >= limits.tool_result_bytes:
        return limits
    return limits.model_copy(update={"tool_result_bytes": max(1024, most)})


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one model."""

    window: int
    """Tokens that it can read and write together."""
    reply: int | None = None
    """Tokens of the longest reply, if that is set; else a tenth of the window."""

    @property
    def room(self) -> int:
        """Tokens for what it is sent. What catalogues say is not always sane: at least half of the window."""
        reply = self.window // 10 if self.reply is None else self.reply
        return max(1, self.window - min(reply, self.window // 2))
