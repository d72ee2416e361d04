"""Unsupported parameters: what a server refused for one model is not sent again. Pure; knows no field by name."""

import re
from dataclasses import field

from chatls.errors import ProviderError
from chatls.events import Notice
from chatls.providers.known.streaming import Streaming
from chatls.values import dataclass

OFF = "thinking switched off"
"""What a request can do without, by a name of our own: the field stays for those who want thinking."""

_NO_TOOLS = re.compile(
    r"\b(tools?|functions?)\b.{0,60}\b(not (fully |yet |currently )?(supported|permitted|allowed|available|enabled)"
    r"|unsupported|unavailable)"
    r"|(\bnot|n.t|\bun)[ -]?(currently )?(support|advertise|allow|accept|implement|have).{0,40}\b(tools?|functions?)\b"
    r"|\bonly\b.{0,300}\bsupports? (tools?|functions?)\b"
    r"|\b(unrecogni[sz]ed|unknown|unexpected|extra)\b.{0,60}\btools\b"
    r"|\btools\b.{0,60}requires? --jinja|tool choice requires|--enable-auto-tool-choice|--tool-call-parser",
    re.IGNORECASE | re.DOTALL,
)

_HISTORY = re.compile(
    r"\bmessages?\b|\broles?\b|tool.?(call|use|result)|function.?(call|response)|\bcall_id\b|\bcontents?\b"
    r"|signature|reasoning|\bthinking\b|\bthought|\binput\b|\bitems?\b|histor|conversation|\bturn\b",
    re.IGNORECASE,
)

_MANDATORY = re.compile(
    r"\b(reasoning|thinking)\b.{0,60}\b(mandatory|required|always|cannot be (disabled|turned off|switched off)|must be)"
    r"|\b(cannot|can.t|may not) (disable|turn off|switch off)\b.{0,30}\b(reasoning|thinking)",
    re.IGNORECASE,
)

_NO_NONE = re.compile(r"\b(value|effort)\b.{0,20}.none\b|.none\b.{0,30}\bnot (supported|valid|allowed)", re.IGNORECASE)

_REFUSALS = (None, 400, 422, 500, 501)
"""With these statuses servers refuse what they cannot do; None: inside a stream."""


@dataclass(slots=True)
class Learnt:
    """What to leave out."""

    without: frozenset[str] = frozenset()
    """Fields, by an adapter's own names for them."""
    streaming: Streaming = field(default_factory=Streaming)
    knows_tools: bool | None = None
    """Whether the model's template does, as its server says; None: it was not asked."""
    tools: bool = True
    """False: it takes none, so they are told in the prompt."""
    stale: frozenset[str] = frozenset()
    """Seals and items of its replies that it refused, one by one."""
    thinking_open: bool = False
    """Its replies begin inside a think block, which the model's template opened."""

    def withdraw(self, seals: frozenset[str]) -> bool:
        """Do not send these back any more; whether that is news."""
        news = seals - self.stale
        self.stale |= news
        return bool(news)

    def refuse(self, names: frozenset[str]) -> bool:
        """Leave these out from now on; whether that is news."""
        news = names - self.without
        self.without |= news
        return bool(news)


def is_about_history(error: ProviderError) -> bool:
    """Whether a server refuses what was said before: written plainly, it may take it."""
    refused = error.kind == "bad_request" and error.http_status in (400, 422)
    return refused and bool(_HISTORY.search(str(error)))


def is_mandatory(complaint: str) -> bool:
    """Whether a model refuses not to think.

    >>> is_mandatory("Reasoning is mandatory for this endpoint and cannot be disabled.")
    True
    """
    return bool(_MANDATORY.search(complaint))


def is_about_effort(error: ProviderError) -> bool:
    """Whether a server refuses to have thinking switched off: in words, or because it has no such effort."""
    refused = error.kind == "bad_request" and error.http_status in (400, 422)
    return refused and (is_mandatory(str(error)) or bool(_NO_NONE.search(str(error))))


def is_about_tools(error: ProviderError) -> bool:
    """Whether a server refuses a request because there are tools in it."""
    return error.http_status in _REFUSALS and bool(_NO_TOOLS.search(str(error)))


def told_in_prompt(model: str) -> Notice:
    """That tools reach the model by another way."""
    return Notice(f"{model}: its server offers it no tools, so they are told in the prompt, and called in the text")
