"""The capabilities of one model behind the Messages API: guessed from its name, corrected by what it refuses. Pure.

Reference: Anthropic's documentation of thinking and effort, and the models' migration guides. Models up to 4.5 think
within a budget, newer ones decide for themselves and are told an effort; from 5 on they think unasked, some always.
"""

import re
from dataclasses import replace
from typing import Literal

from chatls.content import JsonObject
from chatls.providers.known.refused import is_mandatory
from chatls.providers.provider import ThinkingLevel
from chatls.shapes import as_object
from chatls.values import dataclass

_VERSION = re.compile(r"claude\b.*?[-/](\d{1,2})(?:[-.](\d{1,2}))?(?!\d)", re.IGNORECASE)
_BUDGETS = {"low": 4096, "medium": 12288, "high": 24576}
_SMALLEST_BUDGET = 1024

_LONGEST_REPLY = 32000
"""Tokens, thinking included, where the settings say nothing: the API wants a number. Most models can write more."""

_CAP = re.compile(r"max_tokens\W+\d+ > (\d+)")
_ABOUT_BLOCKS = re.compile(r"signature|redacted_thinking|thinking\W+blocks?\b|expected .?thinking", re.IGNORECASE)
_LACKS_BLOCKS = re.compile(r"expected .?(redacted_)?thinking.{0,60}\bfound\b", re.IGNORECASE | re.DOTALL)
_OPTIONAL = ("eager_input_streaming", "temperature", "display", "output_config", "cache_control", "thinking")
"""Fields that a request can do without, the least important first."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What may be sent to one model."""

    adaptive: bool = True
    """It decides how much to think; else it is given a budget."""
    corrected: bool = False
    """That was guessed wrong."""
    thinks_unasked: bool = False
    """It thinks unless it is told not to."""
    off: Literal["disabled", "between_tools", "least"] = "disabled"
    """How it is told not to think; `least`: it cannot be, and is told to make the least effort."""
    forced_tools: bool = True
    """It can be made to call a tool."""
    longest_reply: int = _LONGEST_REPLY
    """Tokens, where the settings say nothing or more than it can."""
    capped: bool = False
    """The number above is the most that it can write."""
    without: frozenset[str] = frozenset()
    """Optional fields that it refused."""

    @classmethod
    def guess(cls, model: str) -> "Capabilities":
        """What a model of that name accepts. One that is no Claude speaks the older form, which more servers know.

        >>> Capabilities.guess("claude-haiku-4-5-20251001").adaptive, Capabilities.guess("claude-sonnet-5").adaptive
        (False, True)
        """
        version = _VERSION.search(model)
        major, minor = (int(version.group(1)), int(version.group(2) or 0)) if version else (4, 6)
        adaptive = "claude" in model.lower() and (major > 4 or (major == 4 and minor >= 6))
        return cls(adaptive=adaptive, thinks_unasked=adaptive and major > 4)

    def reply_length(self, wanted: int | None) -> int:
        """Tokens that the reply may have."""
        if wanted is None:
            return self.longest_reply
        return min(wanted, self.longest_reply) if self.capped else wanted

    def thinking(self, level: ThinkingLevel | None, length: int) -> JsonObject:
        """The fields that ask for so much thinking in a reply of so many tokens."""
        match level:
            case None if self.thinks_unasked:
                return {"thinking": self._adaptively()}
            case None:
                return {}
            case "off" if self.off == "least":
                return {"output_config": {"effort": "low"}}
            case "off":
                return {"thinking": {"type": self.off}}
            case _ if self.adaptive:
                return {"thinking": self._adaptively(), "output_config": {"effort": level}}
            case _:
                budget = min(_BUDGETS[level], length * 3 // 4)
                return {"thinking": {"type": "enabled", "budget_tokens": budget}} if budget >= _SMALLEST_BUDGET else {}

    def after(self, complaint: str, body: JsonObject) -> "Capabilities":
        """What is known once it refused this request; the same if nothing is learnt. Ends after a few."""
        if (cap := _CAP.search(complaint)) and int(cap.group(1)) < body["max_tokens"]:
            return replace(self, longest_reply=int(cap.group(1)), capped=True)
        if "tool_choice" in complaint and as_object(body.get("tool_choice")).get("type") == "any":
            return replace(self, forced_tools=False)
        if re.search("thinking|reasoning", complaint, re.IGNORECASE) and not is_about_blocks(complaint):
            thinks_otherwise = self._thinking_otherwise(complaint, as_object(body.get("thinking")).get("type"))
            if thinks_otherwise != self:
                return thinks_otherwise
        return self._without_named(complaint, body)

    def _adaptively(self) -> JsonObject:
        # Newer models hide what they think, and what they say between calls, unless they are asked to sum it up.
        shown: JsonObject = {} if "display" in self.without else {"display": "summarized"}
        return {"type": "adaptive", **shown}

    def _thinking_otherwise(self, complaint: str, sent: str | None) -> "Capabilities":
        match sent:
            case "disabled" if "between_tools" in complaint:
                return replace(self, off="between_tools")
            case "disabled" | "between_tools" if f"thinking.type.{sent}" in complaint or is_mandatory(complaint):
                return replace(self, off="least")
            case "enabled" if "adaptive" in complaint and not self.corrected:
                return replace(self, adaptive=True, corrected=True)
            case "adaptive" if re.search("adaptive(?!.display)", complaint) and not self.corrected:
                return replace(self, adaptive=False, thinks_unasked=False, corrected=True)
            case _:
                return self

    def _without_named(self, complaint: str, body: JsonObject) -> "Capabilities":
        for name in _OPTIONAL:
            about_it = name != "thinking" or not is_about_blocks(complaint)
            if about_it and re.search(rf"\b{name}\b", complaint) and name not in self.without and _holds(body, name):
                return replace(self, without=self.without | {name})
        return self


def is_about_blocks(complaint: str) -> bool:
    """Whether a refusal is about thinking in the history, and not about the thinking that is asked for.

    >>> is_about_blocks("messages.1.content.0: Invalid `signature` in `thinking` block")
    True
    >>> is_about_blocks("adaptive thinking is not supported on this model")
    False
    """
    return _ABOUT_BLOCKS.search(complaint) is not None


def lacks_blocks(complaint: str) -> bool:
    """Whether a refusal misses thinking in the history, for this one turn: what is there is not to blame.

    >>> lacks_blocks("messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`.")
    True
    """
    return _LACKS_BLOCKS.search(complaint) is not None


def _holds(body: JsonObject, name: str) -> bool:
    match name:
        case "eager_input_streaming":
            return any(name in tool for tool in body.get("tools", ()))
        case "display":
            return name in as_object(body.get("thinking"))
        case "cache_control":
            return True
        case _:
            return name in body
