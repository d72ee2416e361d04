"""What servers were seen to send in the protocols that are not chat completions; see cases.py."""

import json
from typing import Any

from chatls.content import JsonObject
from tests.providers.cases import DONE, ONE, PARIS, ROME, TWO, Case, P, R

# Anthropic: Messages


def begun(index: int, **block: Any) -> JsonObject:
    """A content block begins."""
    return {"type": "content_block_start", "index": index, "content_block": block}


def more(index: int, kind: str, **piece: Any) -> JsonObject:
    """A piece of a block."""
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **piece}}


def wrote(index: int, text: str) -> JsonObject:
    """A piece of a call's arguments."""
    return more(index, "input_json_delta", partial_json=text)


def ended(index: int) -> JsonObject:
    """A block is whole."""
    return {"type": "content_block_stop", "index": index}


def text_block(index: int, text: str) -> tuple[JsonObject, ...]:
    """A block of text."""
    return begun(index, type="text", text=""), more(index, "text_delta", text=text), ended(index)


def call_block(index: int, *pieces: str, call_id: str = "", begin: Any = None) -> tuple[JsonObject, ...]:
    """A block with a call."""
    block: JsonObject = {"id": call_id or f"toolu_{index}", "name": "weather", "input": begin or {}}
    return begun(index, type="tool_use", **block), *(wrote(index, piece) for piece in pieces), ended(index)


def stopped(reason: str | None, **usage: int) -> tuple[JsonObject, ...]:
    """The message is whole."""
    return (
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    )


START: JsonObject = {
    "type": "message_start",
    "message": {"id": "msg_1", "role": "assistant", "content": [], "usage": {"input_tokens": 12, "output_tokens": 1}},
}
PING: JsonObject = {"type": "ping"}


def anthropic(name: str, seen: str, *stream: Any, text: str = "", **meant: Any) -> Case:
    return Case(name, seen, (START, *stream), text, kind="anthropic", **meant)


ANTHROPIC = (
    anthropic("text", "docs", PING, *text_block(0, "Hi"), *stopped("end_turn"), text="Hi"),
    anthropic("calls", "docs", *call_block(0, "", P[:5], P[5:]), *call_block(1, R), *stopped("tool_use"), calls=TWO),
    anthropic(
        "two calls interleaved",
        "the protocol allows it",
        *(call_block(0)[0], call_block(1)[0], wrote(0, P[:6]), wrote(1, R[:6]), wrote(0, P[6:]), wrote(1, R[6:])),
        *(ended(0), ended(1), *stopped("tool_use")),
        calls=TWO,
    ),
    anthropic("no arguments", "recording", *call_block(0, ""), *stopped("tool_use"), calls=(("weather", {}),)),
    anthropic("arguments in the first event", "proxies", *call_block(0, begin=PARIS), *stopped("tool_use"), calls=ONE),
    anthropic(
        "arguments in the first event and again",
        "proxies",
        *call_block(0, P, begin=PARIS),
        *stopped("tool_use"),
        calls=ONE,
    ),
    anthropic(
        "one id for two calls",
        "",
        *call_block(0, P, call_id="a"),
        *call_block(1, R, call_id="a"),
        *stopped(""),
        calls=TWO,
    ),
    anthropic("labelled end_turn, with a call", "", *call_block(0, P), *stopped("end_turn"), calls=ONE),
    anthropic("labelled tool_use, with none", "mastra#12581", *text_block(0, "a"), *stopped("tool_use"), text="a"),
    anthropic(
        "cut by the limit",
        "docs",
        *call_block(0, P),
        *call_block(1, R[:5]),
        *stopped("max_tokens"),
        calls=ONE,
        stop="max_tokens",
    ),
    anthropic(
        "arguments that are cut, but labelled as complete",
        "eager input streaming",
        *call_block(0, P[:5]),
        *stopped("tool_use"),
        calls=(("weather", None),),
        stop="tool_calls",
    ),
    anthropic("a refusal", "docs", *text_block(0, "No"), *stopped("refusal"), text="No", stop="refusal"),
    anthropic(
        "thinking, signed and redacted",
        "docs",
        begun(0, type="thinking", thinking="", signature=""),
        more(0, "thinking_delta", thinking="hm"),
        more(0, "signature_delta", signature="s"),
        ended(0),
        begun(1, type="redacted_thinking", data="x"),
        ended(1),
        *text_block(2, "a"),
        *stopped("end_turn"),
        text="a",
        thinking="hm",
    ),
    anthropic(
        "a tool that ran at the server is no call of ours",
        "recording",
        begun(0, type="server_tool_use", id="srvtoolu_1", name="web_search", input={}),
        wrote(0, '{"query":"x"}'),
        ended(0),
        begun(1, type="web_search_tool_result", tool_use_id="srvtoolu_1", content=[]),
        ended(1),
        *text_block(2, "a"),
        *stopped("end_turn"),
        text="a",
    ),
    anthropic(
        "the message begins twice",
        "recording",
        *text_block(0, "a"),
        START,
        *text_block(1, "b"),
        *stopped("end_turn"),
        text="ab",
    ),
    anthropic(
        "events nobody knows",
        "docs: versioning",
        {"type": "new"},
        begun(0, type="new"),
        more(0, "new"),
        ended(0),
        *text_block(1, "a"),
        *stopped("end_turn"),
        text="a",
    ),
    anthropic(
        "counts with the last event hold",
        "recording",
        *text_block(0, "a"),
        *stopped("end_turn", input_tokens=20, output_tokens=3, cache_read_input_tokens=8),
        text="a",
        tokens=(28, 3, 8),
    ),
    anthropic(
        "no counts at the end",
        "",
        *text_block(0, "a"),
        *stopped("end_turn", output_tokens=3),
        text="a",
        tokens=(12, 3, 0),
    ),
    anthropic(
        "an error in the stream",
        "agent-os#2118, clicky#132, omadia#122",
        *text_block(0, "a")[:2],
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        text="a",
        stop=None,
        error="overloaded",
    ),
    anthropic(
        "the connection ends", "agent-os#2118", *text_block(0, "a"), text="a", stop=None, error="stream_interrupted"
    ),
    anthropic(
        "JSON that is broken", "", *text_block(0, "a"), '{"type": "mess', text="a", stop=None, error="bad_response"
    ),
)


# OpenAI: Responses


def at(place: int, kind: str, **members: Any) -> JsonObject:
    """An event about an item."""
    return {"type": f"response.{kind}", "output_index": place, **members}


def call_item(place: int, arguments: Any, **members: Any) -> JsonObject:
    return {
        "type": "function_call",
        "id": f"fc_{place}",
        "call_id": f"c{place}",
        "name": "weather",
        "arguments": arguments,
        **members,
    }


def called(place: int, *pieces: str, whole: str, rotating: bool = False) -> tuple[JsonObject, ...]:
    """A call as it streams. `rotating`: the item has another id in each event."""

    def item_id(number: int) -> str:
        return f"fc_{place}_{number}" if rotating else f"fc_{place}"

    return (
        at(place, "output_item.added", item=call_item(place, "")),
        *(
            at(place, "function_call_arguments.delta", item_id=item_id(number), delta=piece)
            for number, piece in enumerate(pieces)
        ),
        at(place, "function_call_arguments.done", item_id=item_id(-1), arguments=whole),
        at(place, "output_item.done", item=call_item(place, whole, id=item_id(-2))),
    )


def message_item(text: str) -> JsonObject:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def message(place: int, *pieces: str) -> tuple[JsonObject, ...]:
    """A message as it streams."""
    whole = "".join(pieces)
    return (
        at(place, "output_item.added", item={"type": "message", "content": []}),
        *(at(place, "output_text.delta", content_index=0, delta=piece) for piece in pieces),
        at(place, "output_text.done", content_index=0, text=whole),
        at(place, "output_item.done", item=message_item(whole)),
    )


def over(status: str = "completed", **response: Any) -> JsonObject:
    """The last event."""
    return {"type": f"response.{status}", "response": {"status": status, **response}}


CREATED: JsonObject = {"type": "response.created", "response": {"status": "in_progress", "output": []}}
COUNTS = {"input_tokens": 12, "output_tokens": 3, "input_tokens_details": {"cached_tokens": 8}}
BUSY = {"code": "server_error", "message": "busy"}


def responses(name: str, seen: str, *stream: Any, text: str = "", **meant: Any) -> Case:
    return Case(name, seen, (CREATED, *stream), text, kind="openai_responses", **meant)


RESPONSES = (
    responses("text", "openai", *message(0, "Hel", "lo"), over(usage=COUNTS), text="Hello", tokens=(12, 3, 8)),
    responses("calls", "openai", *called(0, P[:5], P[5:], whole=P), *called(1, R, whole=R), over(), calls=TWO),
    responses(
        "calls only in the items", "lmstudio", *called(0, whole=P)[::2], *called(1, whole=R)[::2], over(), calls=TWO
    ),
    responses(
        "the item's id changes",
        "copilot recording",
        *called(0, P[:5], P[5:], whole=P, rotating=True),
        over(),
        calls=ONE,
    ),
    responses(
        "items without an id",
        "pi#9057",
        *(
            {**event, "item": {key: value for key, value in event["item"].items() if key not in ("id", "call_id")}}
            if "item" in event
            else {key: value for key, value in event.items() if key != "item_id"}
            for place, whole in ((0, P), (1, R))
            for event in called(place, whole, whole=whole)
        ),
        over(),
        calls=TWO,
    ),
    responses(
        "one id for two calls",
        "bedrock recording",
        at(0, "output_item.done", item=call_item(0, P, call_id="c")),
        at(1, "output_item.done", item=call_item(1, R, call_id="c")),
        over(),
        calls=TWO,
    ),
    responses("no arguments", "recording", *called(0, "", whole="{}"), over(), calls=(("weather", {}),)),
    responses("no arguments: an empty text", "", *called(0, whole=""), over(), calls=(("weather", {}),)),
    responses("encoded twice", "codegraff2#141", *called(0, whole=json.dumps(P)), over(), calls=ONE),
    responses(
        "thinking, as a summary",
        "openai",
        at(0, "output_item.added", item={"type": "reasoning", "summary": []}),
        at(0, "reasoning_summary_text.delta", summary_index=0, delta="hm"),
        at(0, "output_item.done", item={"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}),
        *message(1, "a"),
        over(),
        text="a",
        thinking="hm",
    ),
    responses(
        "thinking, in full",
        "gpt-oss, xai, deepseek",
        at(0, "output_item.added", item={"type": "reasoning"}),
        at(0, "reasoning_text.delta", content_index=0, delta="hm"),
        at(0, "output_item.done", item={"type": "reasoning", "content": [{"type": "reasoning_text", "text": "hm"}]}),
        *message(1, "a"),
        over(),
        text="a",
        thinking="hm",
    ),
    responses(
        "padding and progress",
        "openai",
        {"type": "response.in_progress"},
        *message(0, "a"),
        {"type": "keepalive"},
        over(),
        text="a",
    ),
    responses("a terminator that does not belong here", "openrouter", *message(0, "a"), over(), DONE, text="a"),
    responses(
        "cut by the limit",
        "openai",
        *called(0, P, whole=P),
        *called(1, R[:5], whole=R[:5])[:2],
        over("incomplete", incomplete_details={"reason": "max_output_tokens"}),
        calls=ONE,
        stop="max_tokens",
    ),
    responses(
        "filtered",
        "openai",
        *message(0, "a"),
        over("incomplete", incomplete_details={"reason": "content_filter"}),
        text="a",
        stop="refusal",
    ),
    responses(
        "a refusal",
        "openai",
        at(0, "output_item.added", item={"type": "message"}),
        at(0, "refusal.delta", content_index=0, delta="No"),
        at(0, "refusal.done", content_index=0, refusal="No"),
        over(),
        text="No",
        stop="refusal",
    ),
    responses(
        "an error",
        "recording",
        *message(0, "a"),
        {"type": "error", "error": BUSY},
        over("failed", error=BUSY),
        text="a",
        stop=None,
        error="overloaded",
    ),
    responses(
        "an error, flat",
        "GenericAgent#753",
        *message(0, "a"),
        {"type": "error", **BUSY},
        text="a",
        stop=None,
        error="overloaded",
    ),
    responses(
        "failed",
        "GenericAgent#753",
        *message(0, "a"),
        over("failed", error=BUSY),
        text="a",
        stop=None,
        error="overloaded",
    ),
    responses("the connection ends", "", *message(0, "a"), text="a", stop=None, error="stream_interrupted"),
    responses("JSON that is broken", "", *message(0, "a"), '{"type": "resp', text="a", stop=None, error="bad_response"),
)


# Gemini


def part(*parts: JsonObject, finish: str | None = None, **more: Any) -> JsonObject:
    """An event with one candidate."""
    candidate: JsonObject = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    return {"candidates": [{**candidate, "finishReason": finish} if finish else candidate], **more}


def asks(arguments: Any = PARIS, **members: Any) -> JsonObject:
    return {"functionCall": {"name": "weather", "args": arguments, **members}}


SAID: JsonObject = {"text": "a"}
NUMBERS = {"promptTokenCount": 12, "candidatesTokenCount": 2, "thoughtsTokenCount": 1, "cachedContentTokenCount": 8}
STOP = part(finish="STOP")


def gemini(name: str, seen: str, *stream: Any, text: str = "", **meant: Any) -> Case:
    return Case(name, seen, stream, text, kind="gemini", **meant)


GEMINI = (
    gemini(
        "text",
        "docs",
        part(SAID),
        part({"text": "b"}, finish="STOP", usageMetadata=NUMBERS),
        text="ab",
        tokens=(12, 3, 8),
    ),
    gemini("calls in one event", "recording", part(asks(), asks(ROME), finish="STOP"), calls=TWO),
    gemini("calls in several events", "recording", part(asks()), part(asks(ROME)), STOP, calls=TWO),
    gemini("no ids", "recording", part(asks()), part(asks()), STOP, calls=(*ONE, *ONE)),
    gemini("ids", "gemini 3", part(asks(id="x1")), part(asks(ROME, id="x2")), STOP, calls=TWO),
    gemini("one id for two calls", "", part(asks(id="x")), part(asks(ROME, id="x")), STOP, calls=TWO),
    gemini("no arguments", "recording", part({"functionCall": {"name": "now"}}), STOP, calls=(("now", {}),)),
    gemini("arguments that are text", "proxies", part(asks(P)), STOP, calls=ONE),
    gemini("labelled STOP, with a call", "docs", part(asks(), finish="STOP"), calls=ONE),
    gemini(
        "the label on every event",
        "one-api#1408, one-hub#402",
        part(SAID, finish="STOP"),
        STOP,
        part({"text": "b"}, finish="STOP"),
        text="ab",
    ),
    gemini("the label before the text", "kelivo#1003", STOP, part(SAID), text="a"),
    gemini(
        "the label without content", "req_llm#638", part(SAID), {"candidates": [{"finishReason": "STOP"}]}, text="a"
    ),
    gemini(
        "calls do not mask the limit",
        "hermes-agent#43478",
        part(asks(), finish="MAX_TOKENS"),
        calls=ONE,
        stop="max_tokens",
    ),
    gemini(
        "thinking, and its signature on an empty part",
        "docs",
        part({"text": "hm", "thought": True}),
        part(SAID),
        part({"text": "", "thoughtSignature": "s"}, finish="STOP"),
        text="a",
        thinking="hm",
    ),
    gemini("withheld", "docs", part(SAID), part(finish="SAFETY"), text="a", stop="refusal"),
    gemini("the prompt is refused", "docs", {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, stop="refusal"),
    gemini(
        "a call that it could not write",
        "docs",
        part(finish="MALFORMED_FUNCTION_CALL"),
        stop=None,
        error="bad_response",
    ),
    gemini(
        "an error",
        "docs",
        part(SAID),
        {"error": {"code": 503, "message": "x", "status": "UNAVAILABLE"}},
        text="a",
        stop=None,
        error="overloaded",
    ),
    gemini(
        "an error in a list",
        "docs",
        [{"error": {"code": 429, "message": "x", "status": "RESOURCE_EXHAUSTED"}}],
        stop=None,
        error="rate_limited",
    ),
    gemini("a terminator that does not belong here", "proxies", part(SAID, finish="STOP"), DONE, text="a"),
    gemini("the connection ends", "gemini-balance#347", part(SAID), text="a", stop=None, error="stream_interrupted"),
    gemini("JSON that is broken", "", part(SAID), '{"cand', text="a", stop=None, error="bad_response"),
)


# Ollama


def line(content: str = "", *, done: str | None = None, **members: Any) -> JsonObject:
    """One line."""
    counts = {"prompt_eval_count": 12, "eval_count": 3, "done_reason": done} if done else {}
    message: JsonObject = {"role": "assistant", "content": content}
    tail = {key: members.pop(key) for key in list(members) if key == "error"}
    return {"model": "m", "message": {**message, **members}, "done": bool(done), **counts, **tail}


def tool(arguments: Any, **members: Any) -> JsonObject:
    function = {"name": "weather", "arguments": arguments, **members.pop("function", {})}
    return {"function": function, **members}


def ollama(name: str, seen: str, *stream: Any, text: str = "", **meant: Any) -> Case:
    return Case(name, seen, stream, text, kind="ollama", **meant)


END = line(done="stop")

OLLAMA = (
    ollama("text", "docs", line("Hel"), line("lo"), END, text="Hello", tokens=(12, 3, 0)),
    ollama("calls in one line", "docs", line(tool_calls=[tool(PARIS), tool(ROME)]), END, calls=TWO),
    ollama(
        "calls in several lines", "docs", line(tool_calls=[tool(PARIS)]), line(tool_calls=[tool(ROME)]), END, calls=TWO
    ),
    ollama(
        "every call has index 0",
        "ollama#15457",
        line(tool_calls=[tool(PARIS, function={"index": 0})]),
        line(tool_calls=[tool(ROME, function={"index": 0})]),
        END,
        calls=TWO,
    ),
    ollama("the same call twice", "", line(tool_calls=[tool(PARIS), tool(PARIS)]), END, calls=(*ONE, *ONE)),
    ollama("ids", "ollama 0.12.10", line(tool_calls=[tool(PARIS, id="c1"), tool(ROME, id="c2")]), END, calls=TWO),
    ollama("arguments that are text", "ollama#12413", line(tool_calls=[tool(P)]), END, calls=ONE),
    ollama("no arguments", "", line(tool_calls=[tool(None)]), END, calls=(("weather", {}),)),
    ollama("labelled stop, with a call", "docs", line(tool_calls=[tool(PARIS)]), END, calls=ONE),
    ollama("thinking", "docs", line(thinking="hm"), line("a"), END, text="a", thinking="hm"),
    ollama("cut by the limit", "docs", line("a"), line(done="length"), text="a", stop="max_tokens"),
    ollama(
        "an error",
        "docs",
        line("a"),
        {"error": "an error was encountered while running the model"},
        text="a",
        stop=None,
        error="overloaded",
    ),
    ollama("the connection ends", "docs", line("a"), text="a", stop=None, error="stream_interrupted"),
    ollama("JSON that is broken", "", line("a"), '{"model": ', line("b"), text="a", stop=None, error="bad_response"),
)

NATIVE = ANTHROPIC + RESPONSES + GEMINI + OLLAMA
