"""What a model behind chat completions demands of a history: seen in what it sent, or in the words of a refusal. Pure.

The same model is served under many names (vLLM, llama.cpp, routers), so the name of the provider tells nothing.
"""

import re
from dataclasses import replace

from chatls.errors import ProviderError
from chatls.message import AssistantMessage, Message
from chatls.values import dataclass

REASONING = "reasoning_content"
"""The field in which DeepSeek, Kimi and others send what they think."""

NUMBERED_ID = re.compile(r"functions\.[\w.-]+:\d+")
"""An id of a call as Kimi K2 gives and reads it: the name, and a number that counts all calls of the conversation."""

_KIMI = re.compile(r"kimi[-_. ]?k2", re.IGNORECASE)
_STATUSES = (400, 422, 500)
"""A template that cannot write a history is a mistake of the request, or of the server (llama.cpp)."""

_DEMANDED = re.compile(
    r"\b(is|are|was) (missing|required|mandatory)\b|\bmissing\b|\b(must|should|needs? to|has to|have to) be "
    r"(passed|sent|provided|included|returned|present|given|set)|\bpass(ed)? back\b",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"unexpected role\W+user\W+after role\W+tool|roles? must alternate|\buser\b.{0,40}\b(after|follow)\w*\b.{0,20}"
    r"\btool\b|\btool\b.{0,40}\b(must|should) be followed by\b.{0,30}\bassistant\b",
    re.IGNORECASE | re.DOTALL,
)
_IDS = re.compile(
    r"tool.?call.?ids?\b.{0,120}(must be|length|pattern|invalid|match)|must be a-z, A-Z, 0-9", re.IGNORECASE | re.DOTALL
)
_SIGNED = re.compile(r"thought.?signature", re.IGNORECASE)


def is_demanded(complaint: str) -> bool:
    """Whether a complaint is about something that is not there: the opposite of a refusal.

    >>> is_demanded("The `reasoning_content` in the thinking mode must be passed back to the API.")
    True
    >>> is_demanded("body.reasoning_content: Extra inputs are not permitted")
    False
    """
    return _DEMANDED.search(complaint) is not None


@dataclass(frozen=True, slots=True)
class Manner:
    """What is known of one model at one server."""

    answers_tools: bool = False
    """A user's message may not follow a tool's directly (Mistral)."""
    carries_thinking: bool = False
    """Every reply with calls carries `reasoning_content`, "" where there is none (DeepSeek V4, Kimi K2.5)."""
    numbered_ids: bool = False
    """Ids of calls are `functions.NAME:NUMBER` (Kimi K2)."""
    own_ids: bool = True
    """Ids that its server gave may go back to it: a Mistral behind vLLM refuses those of vLLM."""
    signed: bool = False
    """Every call carries Google's signature, or its stand-in."""

    @classmethod
    def guess(cls, model: str, *, answers_tools: bool) -> "Manner":
        """What a model of that name demands; Kimi K2 says nothing of wrong ids, it only calls worse."""
        return cls(answers_tools=answers_tools, numbered_ids=bool(_KIMI.search(model)))

    def seen(self, message: Message, server: str, model: str) -> "Manner":
        """What is known with a message of the history, which this very model may have said."""
        if not isinstance(message, AssistantMessage) or message.replay is None:
            return self
        data = message.replay.data
        if data.get("server") != server or data.get("model", model) != model:
            return self
        thinks = data.get("thinking") == REASONING
        counts = any(NUMBERED_ID.fullmatch(name) for name in message.replay.call_ids.values())
        if (thinks and not self.carries_thinking) or (counts and not self.numbered_ids):
            carries, numbered = self.carries_thinking or thinks, self.numbered_ids or counts
            return replace(self, carries_thinking=carries, numbered_ids=numbered)
        return self

    def after(self, error: ProviderError) -> "Manner":
        """What is known once it refused a request; the same if it was about something else."""
        if error.http_status not in _STATUSES:
            return self
        said = str(error)
        if REASONING in said and is_demanded(said):
            return replace(self, carries_thinking=True)
        if _SIGNED.search(said) and is_demanded(said):
            return replace(self, signed=True)
        if _ORDER.search(said):
            return replace(self, answers_tools=True)
        if _IDS.search(said):
            return replace(self, own_ids=False, numbered_ids=False)
        return self
