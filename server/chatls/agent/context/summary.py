"""A summary, written by the model: what it is asked, within the room that there is. Knows no turn."""

from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from functools import cache
from importlib.resources import files

from chatls import jsontext
from chatls.agent.context.measure import BYTES, of_text
from chatls.agent.history import AsItWas
from chatls.agent.repeats import Stream
from chatls.content import ContentBlock, Resource, TextContent, TurnError, Usage
from chatls.events import Event, Notice, Retry
from chatls.message import AssistantMessage, Message, ToolMessage, UserMessage
from chatls.providers.delta import Failed, Finished, TextDelta
from chatls.providers.provider import ModelRequest
from chatls.values import dataclass

LONGEST = 4000
"""Tokens of the longest summary."""
_CAPS = ((8000, 4000), (3000, 1000), (1000, 200), (300, 100))
"""Characters that are told of what somebody said, and of a call or a result: the first of these pairs that fits."""
_TRIES = 3
"""A request that was too long is made again with half as much."""

_ASKED = "Write the summary of this conversation now."
_BEFORE = "Earlier parts of this conversation are not sent any more. A summary of them:\n\n"
_MEANWHILE = "Earlier steps of this turn are not sent any more. A summary of them:\n\n"
_NOTHING = "Earlier parts of this conversation are left out. Ask the user, or look at the files, for what you miss."
_CUT = "\n[cut]"


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of it."""

    text: str
    """"" where there is none."""
    usage: Usage | None = None
    error: TurnError | None = None


@dataclass(frozen=True, slots=True)
class Scribe:
    """Has summaries written."""

    stream: Stream
    request: ModelRequest
    """Whose model is asked, and with which parameters."""
    emit: Callable[[Event], None]

    async def write(self, messages: AsItWas, room: int, wish: str = "") -> Summary:
        """The summary of messages. `room`: tokens for the request; `wish`: what a person wants to be in it."""
        usage: Usage | None = None
        written = Summary("")
        for _ in range(_TRIES):
            written = await self._asked(_told(messages, max(room, 300) * BYTES), wish)
            usage = written.usage if usage is None else usage + (written.usage or Usage())
            if written.error is None or written.error.kind != "context_window_exceeded":
                break
            room //= 2
        return replace(written, usage=usage)

    async def _asked(self, told: str, wish: str) -> Summary:
        asked = f"{_ASKED}\nThe user wants in it: {wish}" if wish else _ASKED
        words = UserMessage((TextContent(f"<conversation>\n{told}\n</conversation>\n\n{asked}"),))
        question = ModelRequest(self.request.model, _how(), (words,), parameters=self.request.parameters)
        text = list[str]()
        async with aclosing(self.stream(question)) as deltas:
            async for delta in deltas:
                match delta:
                    case TextDelta():
                        text.append(delta.text)
                    case Retry() | Notice():
                        self.emit(replace(delta, discards=None) if isinstance(delta, Retry) else delta)
                    case Finished(_, usage):
                        return Summary("".join(text).strip(), usage)
                    case Failed(error):
                        return Summary("", None, error)
                    case _:
                        pass
        return Summary("")


@cache
def _how() -> str:
    return files("chatls.agent").joinpath("summary.md").read_text("utf-8").strip()


def before(text: str, most: int) -> str:
    """What the model is sent in the place of turns. `most`: tokens."""
    return _BEFORE + shortened(text, most) if text else _NOTHING


def meanwhile(text: str, most: int) -> str:
    """What it is sent in the place of steps."""
    return _MEANWHILE + shortened(text, most) if text else _NOTHING


def shortened(text: str, most: int) -> str:
    """A text of at most so many tokens."""
    if of_text(text) <= most:
        return text
    return text.encode("utf-8", "ignore")[: most * BYTES].decode("utf-8", "ignore") + _CUT


def _told(messages: AsItWas, size: int) -> str:
    """Messages as text, of at most so many characters: shorter pieces first, then only the newest of them."""
    pieces: list[str] = []
    for said, done in _CAPS:
        pieces = [piece for message in messages for piece in _pieces(message, said, done)]
        if sum(map(len, pieces)) + len(pieces) <= size:
            return "\n".join(pieces)
    kept, left = list[str](), size
    for piece in reversed(pieces):
        left -= len(piece) + 1
        if left < 0:
            kept.append("[what came before is left out]")
            break
        kept.append(piece)
    return "\n".join(reversed(kept))


def _pieces(message: Message, said: int, done: int) -> Iterator[str]:
    match message:
        case UserMessage(content, origin):
            text = "\n".join(_block(block) for block in content)
            yield f"{'Summary so far' if origin == 'summary' else 'User'}: {_middle_out(text, said)}"
        case AssistantMessage(text, calls):
            if text:
                yield f"Assistant: {_middle_out(text, said)}"
            for call in calls:
                yield f"Call of {call.name}: {_middle_out(jsontext.dumps(call.arguments).decode(), done)}"
        case ToolMessage(results):
            for result in results:
                yield f"Result of {result.name} ({result.status}): {_middle_out(result.text, done)}"


def _block(block: ContentBlock) -> str:
    match block:
        case TextContent(text):
            return text
        case Resource():
            return f"[attached: {block.uri}]\n{block.text}"
        case _:
            return f"[{block.type}]"


def _middle_out(text: str, most: int) -> str:
    """The beginning and the end of a text that is too long."""
    if len(text) <= most:
        return text
    return f"{text[: most * 2 // 3]} [...] {text[-(most // 3) :]}"
