"""What servers were seen to send, and what was meant: one table for every decoder. Chat completions, which most of them
speak, stand here, the other protocols in cases_native.py; test_groups.py names the habits that both meet.

Each case names where the habit was reported (`repo#number`). Arguments of calls are what the tool gets; None stands for
arguments that are no JSON object.
"""

from dataclasses import dataclass
from typing import Any

from chatls.content import JsonObject
from chatls.errors import ErrorKind
from chatls.events import StepStopReason
from chatls.settings.config import ProviderKind

DONE = "[DONE]"
NOTHING: JsonObject = {}
PARIS = {"city": "Paris"}
ROME = {"city": "Rome"}


@dataclass(frozen=True)
class Case:
    """One stream."""

    name: str
    seen: str
    """Where."""
    stream: tuple[Any, ...]
    """The events' data: JSON values, or text as it is."""
    text: str = ""
    thinking: str = ""
    calls: tuple[tuple[str, JsonObject | None], ...] = ()
    stop: StepStopReason | None = "end_turn"
    """None: the reply broke off. With calls, "end_turn" stands for "tool_calls"."""
    error: ErrorKind | None = None
    tokens: tuple[int, int, int] | None = None
    """Input, output, cached."""
    kind: ProviderKind = "openai_chat"
    """Whose protocol."""


def chunk(delta: JsonObject, finish: Any = None, **more: Any) -> JsonObject:
    """One event with one choice."""
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def say(text: Any) -> JsonObject:
    """A piece of text."""
    return chunk({"content": text})


def call(arguments: Any = ..., *, name: Any = ..., call_id: Any = ..., index: Any = ...) -> JsonObject:
    """A fragment of a call; what is not given is not sent."""
    return chunk({"tool_calls": [fragment(arguments, name=name, call_id=call_id, index=index)]})


def fragment(arguments: Any = ..., *, name: Any = ..., call_id: Any = ..., index: Any = ...) -> JsonObject:
    """The same without its event."""
    function = {key: value for key, value in {"name": name, "arguments": arguments}.items() if value is not ...}
    members = {"index": index, "id": call_id, "function": function}
    return {key: value for key, value in members.items() if value is not ...}


def end(label: str = "stop", **more: Any) -> JsonObject:
    """The label of the reply's end."""
    return chunk({}, label, **more)


ONE = (("weather", PARIS),)
TWO = (("weather", PARIS), ("weather", ROME))
P, R = '{"city":"Paris"}', '{"city":"Rome"}'
USAGE = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}

HALF = ('{"choices":[{"delta":{"content":"a\\ud83d"}}]}', '{"choices":[{"delta":{"content":"\\ude00b"}}]}')

TEXT = (
    Case("plain text", "openai", (say(""), say("Hel"), say("lo"), end(), DONE), "Hello"),
    Case("no terminator but a label", "huggingface, perplexity", (say("hi"), end()), "hi"),
    Case("a terminator but no label", "snowflake", (say("hi"), DONE), "hi"),
    Case("neither", "oh-my-pi#9433", (say("hi"),), "hi", stop=None, error="stream_interrupted"),
    Case("nothing but the terminator", "vllm#40986", (DONE,)),
    Case(
        "null and missing members",
        "azure",
        ({"choices": None}, {"choices": [NOTHING]}, chunk({"content": None}), end()),
    ),
    Case(
        "no choices at all",
        "azure: prompt filter",
        ({"choices": [], "prompt_filter_results": [NOTHING]}, say("x"), end()),
        "x",
    ),
    Case("text behind the label", "openrouter", (say("a"), end(), say("b"), DONE), "ab"),
    Case("the label many times", "openrouter", (chunk({"content": "a"}, "stop"), end(), end(), DONE), "a"),
    Case("text in a list of parts", "mistral", (say([{"type": "text", "text": "a"}]), say("b"), end()), "ab"),
    Case(
        "thinking and text in one list",
        "mistral: magistral",
        (
            say([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "1"}]),
            say([{"type": "thinking", "thinking": "!"}, {"type": "reference", "reference_ids": [1]}]),
            say("44"),
            end(),
        ),
        "144",
        "hm!",
    ),
    Case(
        "reasoning_content",
        "deepseek",
        (chunk({"reasoning_content": "hm", "content": None}), say("a"), end()),
        "a",
        "hm",
    ),
    Case("reasoning", "vllm, groq, ollama", (chunk({"reasoning": "hm"}), say("a"), end()), "a", "hm"),
    Case("both names at once", "litellm#20246", (chunk({"reasoning": "h", "reasoning_content": "h"}), end()), "", "h"),
    Case(
        "a refusal", "openai", (chunk({"refusal": "I "}), chunk({"refusal": "won't"}), end()), "I won't", stop="refusal"
    ),
    Case("an empty refusal", "snowflake", (chunk({"content": "4", "refusal": ""}), end()), "4"),
    Case("cut by the limit", "openai", (say("abc"), end("length"), DONE), "abc", stop="max_tokens"),
    Case("cut by Mistral's limit", "mistral", (say("abc"), end("model_length")), "abc", stop="max_tokens"),
    Case("filtered", "azure", (say("abc"), end("content_filter")), "abc", stop="refusal"),
    Case("a label nobody knows", "", (say("abc"), end("whatever")), "abc", stop=None, error="overloaded"),
    Case("a label that is no text", "", (say("abc"), chunk({}, 7)), "abc", stop=None, error="overloaded"),
    Case("given up by the engine", "vllm", (say("abc"), end("abort"), DONE), "abc", stop=None, error="overloaded"),
    Case("a label in other letters", "", (say("abc"), end("END-TURN"), DONE), "abc"),
    Case(
        "a piece and all so far in one event",
        "perplexity",
        (
            {"choices": [{**say("He")["choices"][0], "message": {"content": "He"}}]},
            {"choices": [{**say("y")["choices"][0], "message": {"content": "Hey"}}]},
            {"choices": [{"delta": {}, "message": {"content": "Hey"}, "finish_reason": "stop"}]},
        ),
        "Hey",
    ),
    Case("half a character in each of two pieces", "elizaOS#30904", (HALF[0], HALF[1], end()), "a\U0001f600b"),
    Case("heartbeats", "", ({"type": "ping"}, say("a"), "heartbeat", {"timings": {}}, end()), "a"),
    Case("blanks around the data", "", ("  " + '{"choices":[{"delta":{"content":"a"}}]}', " [DONE] "), "a"),
    Case(
        "a message instead of a delta",
        "",
        ({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]},),
        "a",
    ),
)

NUMBERS = (
    Case(
        "usage behind the label",
        "openai",
        (say("a"), end(), {"choices": [], "usage": USAGE}, DONE),
        "a",
        tokens=(12, 3, 0),
    ),
    Case("usage with the label", "mistral", (say("a"), end(usage=USAGE), DONE), "a", tokens=(12, 3, 0)),
    Case(
        "usage on every event",
        "xai, perplexity",
        (chunk({"content": "a"}, usage={"prompt_tokens": 12, "completion_tokens": 1}), end(usage=USAGE)),
        "a",
        tokens=(12, 3, 0),
    ),
    Case("usage null", "deepseek", (chunk({"content": "a"}, usage=None), end(usage=None)), "a"),
    Case("usage in x_groq", "groq", (say("a"), end(), {"x_groq": {"usage": USAGE}}, DONE), "a", tokens=(12, 3, 0)),
    Case(
        "usage in the choice",
        "moonshot",
        (say("a"), {"choices": [{"delta": {}, "finish_reason": "stop", "usage": USAGE}]}),
        "a",
        tokens=(12, 3, 0),
    ),
    Case(
        "cached tokens",
        "openai",
        (say("a"), end(usage={**USAGE, "prompt_tokens_details": {"cached_tokens": 8}})),
        "a",
        tokens=(12, 3, 8),
    ),
    Case(
        "cached tokens, DeepSeek's way",
        "deepseek",
        (end(usage={**USAGE, "prompt_cache_hit_tokens": 8}),),
        tokens=(12, 3, 8),
    ),
    Case("counts that are none", "", (end(usage={"prompt_tokens": None, "completion_tokens": "3"}),), tokens=(0, 0, 0)),
)

CALLS = (
    Case(
        "one call in pieces",
        "openai",
        (
            call("", name="weather", call_id="c1", index=0),
            call('{"ci', index=0),
            call('ty":"Paris"}', index=0),
            end("tool_calls"),
        ),
        calls=ONE,
    ),
    Case(
        "two calls, one after the other",
        "openai",
        (
            call("", name="weather", call_id="c1", index=0),
            call(P, index=0),
            call("", name="weather", call_id="c2", index=1),
            call(R, index=1),
            end("tool_calls"),
        ),
        calls=TWO,
    ),
    Case(
        "two calls interleaved",
        "the protocol allows it",
        (
            call("", name="weather", call_id="c1", index=0),
            call("", name="weather", call_id="c2", index=1),
            call(P[:8], index=0),
            call(R[:9], index=1),
            call(P[8:], index=0),
            call(R[9:], index=1),
            end("tool_calls"),
        ),
        calls=TWO,
    ),
    Case(
        "no index",
        "openai-python#2806, AstrBot#6661",
        (call(P, name="weather", call_id="c1"), call(R, name="weather", call_id="c2"), end("tool_calls")),
        calls=TWO,
    ),
    Case(
        "no index, in pieces",
        "mistral.rs#1507",
        (
            call(P[:5], name="weather", call_id="c1"),
            call(P[5:]),
            call(R[:5], name="weather", call_id="c2"),
            call(R[5:]),
            end(),
        ),
        calls=TWO,
    ),
    Case(
        "index null",
        "mistral.rs#1507",
        (call(P[:5], name="weather", call_id="c1", index=None), call(P[5:], index=None), end()),
        calls=ONE,
    ),
    Case(
        "every call has index 0",
        "ollama#15457, vercel/ai#14277, smolagents#1569",
        (
            call(P, name="weather", call_id="c1", index=0),
            call(R, name="weather", call_id="c2", index=0),
            end("tool_calls"),
        ),
        calls=TWO,
    ),
    Case(
        "every call has index 0, and none an id",
        "ollama#7881",
        (call(P, name="weather", index=0), call(R, name="weather", index=0), end()),
        calls=TWO,
    ),
    Case("no index and no id", "ollama, gemini", (call(P, name="weather"), call(R, name="weather"), end()), calls=TWO),
    Case(
        "no index and no id, in one event",
        "",
        (
            chunk({"tool_calls": [fragment("", name="now"), fragment("", name="now"), fragment(P, name="weather")]}),
            end(),
        ),
        calls=(("now", {}), ("now", {}), ("weather", PARIS)),
    ),
    Case(
        "the second call's tail has another index than its head",
        "agno#8879",
        (
            call(P, name="weather", call_id="c1", index=0),
            call("", name="weather", call_id="c2", index=0),
            call(R[:4], index=1),
            call(R[4:], index=1),
            end("tool_calls"),
        ),
        calls=TWO,
    ),
    Case(
        "indexes that begin at 1",
        "openai_chat recording",
        (call(P, name="weather", call_id="c1", index=1), call(R, name="weather", call_id="c2", index=2), end()),
        calls=TWO,
    ),
    Case(
        "empty id and name behind the first fragment",
        "opencode#37841, symfony/ai#2220, alibaba",
        (
            call("", name="weather", call_id="c1", index=0),
            call(P[:7], name="", call_id="", index=0),
            call(P[7:], name="", call_id="", index=0),
            call("", name="", call_id="", index=0),
            end("tool_calls"),
        ),
        calls=ONE,
    ),
    Case(
        "null id and name behind the first fragment",
        "sglang",
        (call("", name="weather", call_id="c1", index=0), call(P, name=None, call_id=None, index=0), end()),
        calls=ONE,
    ),
    Case(
        "an id that is a number",
        "aish#189",
        (call(P[:3], name="weather", call_id=7, index=0), call(P[3:], call_id=7), end()),
        calls=ONE,
    ),
    Case(
        "the name comes late",
        "lobehub#14139, open-webui#29690",
        (call("", name=None, call_id="c1", index=0), call("", name="weather", index=0), call(P, index=0), end()),
        calls=ONE,
    ),
    Case(
        "the name is empty first",
        "vercel/ai#16507",
        (call("", name="", call_id="c1", index=0), call(P, name="weather", call_id="c1", index=0), end()),
        calls=ONE,
    ),
    Case(
        "arguments before the name",
        "vercel/ai#14722, #5885",
        (call(P[:6], call_id="c1", index=0), call(P[6:], index=0), call(name="weather", index=0), end("tool_calls")),
        calls=ONE,
    ),
    Case(
        "the name with every fragment",
        "hermes-agent#3468",
        (
            call("", name="weather", call_id="c1", index=0),
            call(P[:7], name="weather", call_id="c1", index=0),
            call(P[7:], name="weather", call_id="c1", index=0),
            end("tool_calls"),
        ),
        calls=ONE,
    ),
    Case(
        "another id with every fragment",
        "copilot",
        (
            call("", name="weather", call_id="a", index=0),
            call(P[:7], call_id="b", index=0),
            call(P[7:], call_id="c", index=0),
            end(),
        ),
        calls=ONE,
    ),
    Case(
        "another id and the name with every fragment",
        "",
        (
            call("", name="weather", call_id="a", index=0),
            call(P[:7], name="weather", index=0),
            call(P[7:], name="weather", call_id="c", index=0),
            end(),
        ),
        calls=ONE,
    ),
    Case(
        "one id for two calls",
        "oh-my-pi#2055, openclaw#40897",
        (
            call(P, name="weather", call_id="c1", index=0),
            call(R, name="weather", call_id="c1", index=1),
            end("tool_calls"),
        ),
        calls=TWO,
    ),
    Case(
        "one id for two calls, without an index",
        "oh-my-pi#2055",
        (call(P, name="weather", call_id="c1"), call(R, name="weather", call_id="c1"), end("tool_calls")),
        calls=TWO,
    ),
    Case(
        "one id for two calls in pieces",
        "openclaw#40897",
        (
            call(P, name="weather", call_id="c1", index=0),
            call("", name="weather", call_id="c1", index=1),
            call(R, index=1),
            end("tool_calls"),
        ),
        calls=TWO,
    ),
    Case(
        "text in one choice, the call in another",
        "nanobot#1555",
        (
            say("Let me see."),
            {"choices": [{"index": 1, "delta": {"tool_calls": [fragment(P, name="weather", call_id="c1", index=0)]}}]},
            end("tool_calls"),
        ),
        "Let me see.",
        calls=ONE,
    ),
    Case(
        "junk behind the name",
        "vllm#32587",
        (call(P, name="weather<|channel|>commentary", call_id="c1", index=0), end()),
        calls=ONE,
    ),
    Case(
        "the old function_call",
        "",
        (
            chunk({"function_call": {"name": "weather", "arguments": P[:4]}}),
            chunk({"function_call": {"arguments": P[4:]}}),
            end("function_call"),
        ),
        calls=ONE,
    ),
    Case("a call without a name", "", (call(P, call_id="c1", index=0), end()), calls=(("unnamed_tool", PARIS),)),
    Case("a call with nothing at all", "", (call("", call_id="c1", index=0), end()), calls=()),
    Case(
        "calls that are none",
        "",
        (chunk({"tool_calls": [None, 7, {"function": None}]}), chunk({"tool_calls": {}}), end()),
    ),
)

ARGUMENTS = (
    Case(
        "no arguments: an empty text",
        "vllm#19419",
        (call("", name="now", call_id="c1", index=0), end("tool_calls")),
        calls=(("now", {}),),
    ),
    Case(
        "no arguments: null",
        "openai_chat recording",
        (call(None, name="now", call_id="c1", index=0), end()),
        calls=(("now", {}),),
    ),
    Case(
        "no arguments: the word null",
        "",
        (call("null", name="now", call_id="c1", index=0), end()),
        calls=(("now", {}),),
    ),
    Case(
        "no arguments: absent",
        "openai_chat recording",
        (call(name="now", call_id="c1", index=0), end()),
        calls=(("now", {}),),
    ),
    Case(
        "an object instead of text",
        "litellm#37792",
        (call(PARIS, name="weather", call_id="c1", index=0), end()),
        calls=ONE,
    ),
    Case(
        "an object, and the same as text",
        "",
        (call(PARIS, name="weather", call_id="c1", index=0), call('{"city": "Paris"}', index=0), end()),
        calls=ONE,
    ),
    Case(
        "everything so far with each fragment",
        "hermes-agent#35592, vercel/ai#12052, vllm#22015",
        (
            call("", name="weather", call_id="c1", index=0),
            call("{", index=0),
            call('{"', index=0),
            call('{"city', index=0),
            call('{"city":"Pa', index=0),
            call(P, index=0),
            call(P, index=0),
            end("tool_calls"),
        ),
        calls=ONE,
    ),
    Case(
        "a nested member of the same name is no repetition",
        "",
        (call('{"a":', name="f", call_id="c1", index=0), call('{"a":', index=0), call("1}}", index=0), end()),
        calls=(("f", {"a": {"a": 1}}),),
    ),
    Case(
        "everything again at the end",
        "vllm",
        (
            call(P[:6], name="weather", call_id="c1", index=0),
            call(P[6:], index=0),
            call(P, name="weather", call_id="c1", index=0),
            end(),
        ),
        calls=ONE,
    ),
    Case(
        "{} twice",
        "",
        (call("{}", name="now", call_id="c1", index=0), call("{}", index=0), end()),
        calls=(("now", {}),),
    ),
    Case(
        "encoded twice",
        "vllm#54964, ollama#12413",
        (call('"{\\"city\\": \\"Paris\\"}"', name="weather", call_id="c1", index=0), end()),
        calls=ONE,
    ),
    Case(
        "in a code fence",
        "",
        (call('```json\n{"city": "Paris"}\n```', name="weather", call_id="c1", index=0), end()),
        calls=ONE,
    ),
    Case(
        "a raw control character",
        "pi#3175, vellum-assistant#37617",
        (call('{"city":"a\tb\nc"}', name="weather", call_id="c1", index=0), end()),
        calls=(("weather", {"city": "a\tb\nc"}),),
    ),
    Case(
        "cut, but labelled as complete",
        "vllm#53269",
        (call('{"city":"Par', name="weather", call_id="c1", index=0), end("tool_calls")),
        calls=(("weather", None),),
        stop="tool_calls",
    ),
    Case(
        "arguments cut by the limit",
        "openai",
        (call('{"city":"Par', name="weather", call_id="c1", index=0), end("length")),
        calls=(),
        stop="max_tokens",
    ),
    Case(
        "one whole, one cut by the limit",
        "openai",
        (
            call(P, name="weather", call_id="c1", index=0),
            call('{"ci', name="weather", call_id="c2", index=1),
            end("length"),
        ),
        calls=ONE,
        stop="max_tokens",
    ),
    Case("no object", "", (call("[1]", name="weather", call_id="c1", index=0), end()), calls=(("weather", None),)),
    Case(
        "two objects",
        "",
        (call(P, name="weather", call_id="c1", index=0), call(R, index=0), end()),
        calls=(("weather", None),),
    ),
    Case(
        "blanks behind the object",
        "",
        (call(P, name="weather", call_id="c1", index=0), call(" \n", index=0), end()),
        calls=ONE,
    ),
    Case(
        "all in the last event",
        "mistral, together",
        (chunk({"tool_calls": [fragment(P, name="weather", call_id="c1")]}, "tool_calls"), DONE),
        calls=ONE,
    ),
)

ENDS = (
    Case(
        "labelled stop, with a call",
        "litellm#12481, strands#3185",
        (call(P, name="weather", call_id="c1", index=0), end("stop")),
        calls=ONE,
    ),
    Case("labelled tool_calls, with none", "mastra#12581", (say("hi"), end("tool_calls")), "hi"),
    Case("no label, with a call", "pi#7062", (call(P, name="weather", call_id="c1", index=0), DONE), calls=ONE),
    Case(
        "a call, and the connection ends",
        "opencode#39968",
        (call('{"ci', name="weather", call_id="c1", index=0),),
        calls=(),
        stop=None,
        error="stream_interrupted",
    ),
    Case(
        "filtered, with an open call",
        "",
        (call('{"ci', name="weather", call_id="c1", index=0), end("content_filter")),
        calls=(),
        stop="refusal",
    ),
    Case(
        "an error object",
        "goose#8021",
        (say("a"), {"error": {"message": "boom", "type": "server_error"}}),
        "a",
        stop=None,
        error="overloaded",
    ),
    Case(
        "an error that is text", "xai", (say("a"), {"code": "x", "error": "boom"}), "a", stop=None, error="overloaded"
    ),
    Case(
        "an error with a status for a code",
        "vllm, openrouter",
        (say("a"), {"error": {"message": "slow", "code": 504}}, DONE),
        "a",
        stop=None,
        error="timeout",
    ),
    Case(
        "an error as its own object",
        "goose#8031",
        (say("a"), {"object": "error", "message": "boom", "code": 400}),
        "a",
        stop=None,
        error="bad_request",
    ),
    Case(
        "an error behind the label",
        "openrouter recording",
        (say("a"), end("length"), chunk({"content": ""}, error={"code": 429, "message": "x"})),
        "a",
        stop=None,
        error="rate_limited",
    ),
    Case(
        "an error in the choice",
        "openrouter",
        (say("a"), {"choices": [{"delta": {}, "error": {"code": 502, "message": "x"}}]}),
        "a",
        stop=None,
        error="overloaded",
    ),
    Case(
        "an error in a list",
        "gemini compat",
        ([{"error": {"code": 429, "message": "x", "status": "RESOURCE_EXHAUSTED"}}],),
        stop=None,
        error="rate_limited",
    ),
    Case("only a detail", "fastapi", (say("a"), {"detail": "boom"}), "a", stop=None, error="overloaded"),
    Case("error null", "", (chunk({"content": "a"}, error=None), end(error=None)), "a"),
    Case("labelled error", "mistral", (say("a"), end("error")), "a", stop=None, error="overloaded"),
    Case(
        "given up for want of means",
        "deepseek",
        (say("a"), end("insufficient_system_resource")),
        "a",
        stop=None,
        error="overloaded",
    ),
    Case("JSON that is broken", "", (say("a"), '{"choices": ['), "a", stop=None, error="bad_response"),
)

CASES = TEXT + NUMBERS + CALLS + ARGUMENTS + ENDS
