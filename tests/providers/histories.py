"""Histories of every shape for tests, and the five protocols that write them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from chatls.content import ContentBlock, Image, JsonObject, TextContent
from chatls.message import AssistantMessage, Message, Replay, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.providers import anthropic_request, chat_request, gemini_request, ollama_request, responses_request
from chatls.providers.anthropic_model import Capabilities
from chatls.providers.encoded import EncodedHistory
from chatls.providers.known.catalog import ChatDialect
from chatls.providers.provider import ModelRequest

SERVER = "work"
IDS = ("a", "b", "c", "d")
SIGNS = frozenset({"s1"})


class Protocol(NamedTuple):
    """How one of them is written."""

    name: str
    member: str
    """Where the history stands in the body."""
    encode: Callable[[ModelRequest, EncodedHistory | None, bool], JsonObject]
    """`refused`: its server refused something before."""


def _chat(request: ModelRequest, history: EncodedHistory | None, refused: bool) -> JsonObject:
    without = frozenset({"reasoning_content"} if refused else ())
    return chat_request.encode(
        request, SERVER, ChatDialect(answers_tools=True), stream=True, without=without, history=history
    )


def _responses(request: ModelRequest, history: EncodedHistory | None, refused: bool) -> JsonObject:
    without = frozenset({"items of reasoning", "instructions"} if refused else ())
    return responses_request.encode(request, SERVER, stream=True, without=without, history=history)


def _anthropic(request: ModelRequest, history: EncodedHistory | None, refused: bool) -> JsonObject:
    stale = SIGNS if refused else frozenset[str]()
    return anthropic_request.encode(request, SERVER, Capabilities(), stream=True, stale=stale, history=history)


def _gemini(request: ModelRequest, history: EncodedHistory | None, refused: bool) -> JsonObject:
    return gemini_request.encode(request, SERVER, stale=SIGNS if refused else frozenset(), history=history)


def _ollama(request: ModelRequest, history: EncodedHistory | None, refused: bool) -> JsonObject:
    return ollama_request.encode(request, SERVER, None, stream=not refused, history=history)


PROTOCOLS = (
    Protocol("openai_chat", "messages", _chat),
    Protocol("openai_responses", "input", _responses),
    Protocol("anthropic", "messages", _anthropic),
    Protocol("gemini", "contents", _gemini),
    Protocol("ollama", "messages", _ollama),
)


def _data(kind: str, calls: Sequence[ToolCall], ids: dict[str, str], sign: str) -> JsonObject:
    """What a server of that kind would get back."""
    match kind:
        case "openai_chat":
            return {"thinking": "reasoning_content"}
        case "openai_responses":
            item = {"type": "function_call", "id": sign, "name": "search", "arguments": "{}"}
            reasoning = {"type": "reasoning", "id": sign, "encrypted_content": "..."}
            return {"items": [reasoning, *({**item, "call_id": ids.get(call.id, "")} for call in calls)]}
        case "anthropic":
            use = JsonObject(type="tool_use", name="search", input={})
            uses = [{**use, "id": call.id} for call in calls]
            return {"model": "m", "content": [{"type": "thinking", "thinking": "...", "signature": sign}, *uses]}
        case "gemini":
            part = JsonObject(functionCall={"name": "search", "args": {}}, thoughtSignature=sign)
            parts = [part for _ in calls]
            return {"parts": [{"text": "said"}, *parts], "calls": [call.id for call in calls]}
        case _:
            return {}


TEXTS = st.sampled_from(["", " ", "hello", "zwölf\n"])


@st.composite
def _replies(draw: Callable[[st.SearchStrategy[Any]], Any]) -> AssistantMessage:
    names: list[str] = draw(st.lists(st.sampled_from(IDS), max_size=3, unique=True))
    arguments = st.sampled_from([JsonObject(), {"pattern": "é"}, {"n": 1.5, "deep": [{"x": None}]}, {"huge": 2**70}])
    calls = tuple(ToolCall(name, "search", draw(arguments)) for name in names)
    ids = {call.id: draw(st.sampled_from(["p1", "p2", "s2", call.id])) for call in calls}
    kind, server = draw(st.sampled_from(["", *(one.name for one in PROTOCOLS)])), draw(st.sampled_from([SERVER, "x"]))
    data = {"server": server, **_data(kind, calls, ids, draw(st.sampled_from(["s1", "s2"])))}
    return AssistantMessage(draw(TEXTS), calls, draw(TEXTS), Replay(kind, ids, data) if kind else None)


_BLOCKS: st.SearchStrategy[ContentBlock] = st.one_of(
    st.builds(TextContent, TEXTS), st.just(Image(mime_type="image/png", data="AAAA"))
)
_RESULTS = st.builds(ToolResult, st.sampled_from(IDS), st.just("search"), TEXTS, st.booleans())

MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(UserMessage, st.lists(_BLOCKS, max_size=2).map(tuple)),
    _replies(),
    st.builds(ToolMessage, st.lists(_RESULTS, max_size=3).map(tuple)),
)
"""Also what no session has: results without calls, calls without results, ids that stand there twice."""
