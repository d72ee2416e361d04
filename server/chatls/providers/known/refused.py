"""Unsupported parameters: what a server refused for one model is not sent again. Pure; knows no field by name."""

import re
from dataclasses import dataclass, field

from chatls.errors import ProviderError
from chatls.events import Notice
from chatls.providers.known.streaming import Streaming

_NO_TOOLS = re.compile(
    r"\b(tools?|functions?)\b.{0,60}\b(not (fully |yet |currently )?(supported|permitted|allowed|available|enabled)"
    r"|unsupported|unavailable)"
    r"|(\bnot|n.t|\bun)[ -]?(currently )?(support|advertise|allow|accept|implement|have).{0,40}\b(tools?|functions?)\b"
    r"|\bonly\b.{0,300}\bsupports? (tools?|functions?)\b"
    r"|\b(unrecogni[sz]ed|unknown|unexpected|extra)\b.{0,60}\btools\b"
    r"|\btools\b.{0,60}requires? --jinja|tool choice requires|--enable-auto-tool-choice|--tool-call-parser",
    re.IGNORECASE | re.DOTALL,
)

_REFUSALS = (None, 400, 422, 500, 501)
"""With these statuses servers refuse what they cannot do; None: inside a stream."""


@dataclass(slots=True)
class Learnt:
    """What to leave out."""

    without: frozenset[str] = frozenset()
    """Fields, by an adapter's own names for them."""
    streaming: Streaming = field(default_factory=Streaming)
    asked: bool = False
    """Its server was asked what it knows of the model."""
    tools: bool = True
    """False: it takes none, so they are told in the prompt."""
    thinking_open: bool = False
    """Its replies begin inside a think block, which the model's template opened."""

    def refuse(self, names: frozenset[str]) -> bool:
        """Leave these out from now on; whether that is news."""
        news = names - self.without
        self.without |= news
        return bool(news)


def is_about_tools(error: ProviderError) -> bool:
    """Whether a server refuses a request because there are tools in it."""
    return error.http_status in _REFUSALS and bool(_NO_TOOLS.search(str(error)))


def told_in_prompt(model: str) -> Notice:
    """That tools reach the model by another way."""
    return Notice(f"{model}: its server offers it no tools, so they are told in the prompt, and called in the text")
