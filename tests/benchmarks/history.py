"""What a long conversation costs: processor time from a prompt to the bytes of its HTTP request, early and late.

`python tests/benchmarks/history.py` prints a line for every protocol. Nothing is sent.
"""

import asyncio
from collections.abc import AsyncGenerator
from time import process_time
from typing import Any, NamedTuple

from chatls.content import TextContent
from chatls.message import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult, ToolSpec, UserMessage
from chatls.providers import open_provider
from chatls.providers.provider import ModelRequest
from chatls.settings.config import Settings

KINDS = ("openai_chat", "openai_responses", "anthropic", "gemini", "ollama")
EARLY, LATE = 5, 500
AROUND = 5
"""Turns before and after, of which the cheapest counts: the others were disturbed."""
_TOOL = ToolSpec("search", "Find text.", {"type": "object", "properties": {"pattern": {"type": "string"}}})


class Cost(NamedTuple):
    """Milliseconds of processor time for one request."""

    early: float
    late: float
    size: int
    """Bytes of the late one."""


class _Asked:
    """Stands for the server: makes the request, and sends it to nobody."""

    size = 0

    async def ask(self, question: Any) -> AsyncGenerator[Any, None]:
        self.size = len(question.request().content)
        return
        yield

    async def post(self, *_: Any) -> None:
        """Ollama's server is asked what it is: it does not say."""


def turn(number: int) -> list[Message]:
    """A question, two calls with a kilobyte of result each, and an answer."""
    calls = tuple(ToolCall(f"call{number}x{place}", "search", {"pattern": f"p{number}"}) for place in range(2))
    return [
        UserMessage((TextContent(f"Where is the {number}th of them, and who uses it? " * 3),)),
        AssistantMessage("Let me look.", calls),
        ToolMessage(tuple(ToolResult(call.id, call.name, f"found {call.id}: " * 60) for call in calls)),
        AssistantMessage(f"The {number}th stands there, and these use it. " * 8),
    ]


async def history(kind: str) -> Cost:
    """The cost with a provider of that kind."""
    entry = {"kind": kind, "baseUrl": "http://127.0.0.1:9"}
    provider: Any = open_provider("bench", Settings.model_validate({"providers": {"bench": entry}}), {})
    provider.server = asked = _Asked()
    messages: list[Message] = []
    used: list[float] = []
    for number in range(LATE + AROUND):
        messages += turn(number)
        begin = process_time()
        request = ModelRequest("bench", "You help.", (*messages[:-1],), (_TOOL,))
        async for _ in provider.stream(request):
            pass
        used.append((process_time() - begin) * 1000)
    late = min(used[LATE - AROUND : LATE + AROUND])
    return Cost(min(used[EARLY - AROUND + 1 : EARLY + AROUND]), late, asked.size)


def written() -> dict[str, Cost]:
    """The cost with every kind."""
    return {kind: asyncio.run(history(kind)) for kind in KINDS}


if __name__ == "__main__":
    for name, cost in written().items():
        print(f"{name}: turn {EARLY} {cost.early:.2f} ms, turn {LATE} {cost.late:.2f} ms of {cost.size:,} bytes")
