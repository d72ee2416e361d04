"""How many tokens a history has: what its provider counted last, and an estimate of what came since. Pure.

The estimate errs high: a token for three bytes of UTF-8. English has four and more, code three and a half.
"""

from chatls import jsontext
from chatls.agent.history import AsItWas, begins_with
from chatls.content import ContentBlock, EditorContext, Image, Mention, Resource, ResourceLink, TextContent
from chatls.message import AssistantMessage, Message, ToolMessage, ToolSpec, UserMessage
from chatls.values import dataclass

BYTES = 3
"""Of UTF-8, for a token."""
_IMAGE = 1600
"""Tokens of a picture, the most that the large providers count for one that they scale down."""
_EACH = 8
"""Tokens of what stands around a message, a call, a result."""
_NAMED = 60
"""Tokens of what is only named."""


def of_text(text: str) -> int:
    """Tokens of a text.

    >>> of_text("seven letters"), of_text("漢字")
    (5, 2)
    """
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return -(-size // BYTES)


def of_message(message: Message) -> int:
    """Tokens of one message."""
    match message:
        case UserMessage(content):
            return _EACH + sum(map(_of_block, content))
        case AssistantMessage():
            calls = sum(_EACH + of_text(call.name) + _of_json(call.arguments) for call in message.calls)
            return _EACH + of_text(message.text) + of_text(message.thinking) + calls
        case ToolMessage(results):
            return sum(_EACH + of_text(result.text) for result in results)


def of_messages(messages: tuple[Message, ...]) -> int:
    """Tokens of several."""
    return sum(map(of_message, messages))


def of_offer(system: str, tools: tuple[ToolSpec, ...]) -> int:
    """Tokens of what stands before all messages."""
    specs = sum(_EACH + of_text(tool.description) + _of_json(tool.input_schema) for tool in tools)
    return _EACH + of_text(system) + specs


def _of_json(value: object) -> int:
    return -(-len(jsontext.dumps(value)) // BYTES)


def _of_block(block: ContentBlock) -> int:
    match block:
        case TextContent(text):
            return of_text(text)
        case Resource():
            return of_text(block.text) + _NAMED
        case Image():
            return _IMAGE
        case ResourceLink() | EditorContext() | Mention():
            return _NAMED


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are."""

    count: int
    exact: bool
    """The provider counted all of them."""


class Measure:
    """Of one session, kept from turn to turn."""

    def __init__(self) -> None:
        self.settled = 0
        """Tokens behind the last time that something gave way."""
        self.ceiling: int | None = None
        """Less than what was refused, by a server that did not say how much it takes."""
        self._known: AsItWas | None = None
        """What was counted, but for the reply behind it."""
        self._count = 0
        self._exact = False
        self._replied = False
        """The reply behind it is counted as well."""
        self._summed: AsItWas = ()
        self._sum = 0

    def counted(self, messages: AsItWas, tokens: int) -> None:
        """The provider counted a request with these messages and its reply."""
        self._known, self._count, self._exact, self._replied = messages, tokens, True, True

    def assume(self, messages: AsItWas, tokens: int) -> None:
        """Nobody counted these yet; they may have so many."""
        self._known, self._count, self._exact, self._replied = messages, tokens, False, False

    def of(self, messages: AsItWas, offer: int) -> Counted:
        """Tokens of a history. `offer`: those of what stands before it."""
        known = self._known
        if known is None or not begins_with(messages, known):
            return Counted(offer + self._estimate(messages), exact=False)
        since = messages[len(known) :]
        if self._replied and since and isinstance(since[0], AssistantMessage):
            since = since[1:]
        return Counted(self._count + of_messages(since), exact=self._exact and not since)

    def _estimate(self, messages: AsItWas) -> int:
        """The sum is kept: most of a history was there before."""
        if not begins_with(messages, self._summed):
            self._summed, self._sum = (), 0
        self._sum += of_messages(messages[len(self._summed) :])
        self._summed = messages
        return self._sum
