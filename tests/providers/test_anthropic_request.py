"""What a server of the Messages API is sent: a history that it does not refuse, and that it finds in its cache."""

import json
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

from chatls.content import Image, JsonObject, Resource, ResourceLink, TextContent
from chatls.message import AssistantMessage, Message, Replay, ToolCall, ToolMessage, ToolResult, ToolSpec, UserMessage
from chatls.providers.anthropic_model import Capabilities
from chatls.providers.anthropic_request import encode, seals
from chatls.providers.provider import ModelRequest, Parameters, ThinkingLevel
from tests.support.cases import for_each

TOOL = ToolSpec("search", "Find text.", {"type": "object", "properties": {}})
MARK = {"cache_control": {"type": "ephemeral"}}
PLAIN = Capabilities(without=frozenset({"cache_control"}))
OLD = replace(PLAIN, adaptive=False)
NEW = replace(PLAIN, thinks_unasked=True)
ADAPTIVE = {"type": "adaptive", "display": "summarized"}


def body(*messages: Message, accepted: Capabilities = PLAIN, stream: bool = True, **more: Any) -> JsonObject:
    stale = more.pop("stale", frozenset())
    request = ModelRequest(more.pop("model", "m"), more.pop("system", ""), messages, **more)
    encoded = encode(request, "work", accepted, stream=stream, stale=stale)
    json.dumps(encoded)
    return encoded


def sent(*messages: Message, **more: Any) -> list[JsonObject]:
    """The messages, checked for what every server demands."""
    encoded: list[JsonObject] = body(*messages, **more)["messages"]
    check(encoded)
    return encoded


def check(messages: list[JsonObject]) -> None:
    roles = [message["role"] for message in messages]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
    ids: list[str] = []
    nothing: JsonObject = {"content": []}
    for message, following in pairwise([*messages, nothing]):
        assert message["content"]
        assert all(block["text"].strip() for block in message["content"] if block["type"] == "text")
        called = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
        answers = following["content"][: len(called)]
        assert {block.get("tool_use_id") for block in answers} == set(called)
        ids += called
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch("[a-zA-Z0-9_-]+", name) for name in ids)


def user(text: str) -> UserMessage:
    return UserMessage((TextContent(text),))


def calling(*ids: str, text: str = "", replay: Replay | None = None) -> AssistantMessage:
    return AssistantMessage(text, tuple(ToolCall(name, "search", {"q": name}) for name in ids), "", replay)


def results(*ids: str) -> ToolMessage:
    return ToolMessage(tuple(ToolResult(name, "search", f"found {name}") for name in ids))


def own(ids: dict[str, str], *content: JsonObject, server: str = "work", model: str = "m") -> Replay:
    return Replay("anthropic", ids, {"server": server, "model": model, "content": list(content)})


def says(text: str) -> JsonObject:
    return {"type": "text", "text": text}


def used(call_id: str, **more: Any) -> JsonObject:
    return {"type": "tool_use", "id": call_id, "name": "search", "input": {}, **more}


THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "sig"}
HIDDEN = {"type": "redacted_thinking", "data": "xyz"}


def test_a_plain_request_says_no_more_than_it_must() -> None:
    assert body(user("hello"), system="Be brief.") == {
        "model": "m",
        "max_tokens": 32000,
        "system": [says("Be brief.")],
        "messages": [{"role": "user", "content": [says("hello")]}],
        "stream": True,
    }
    assert body(user("hello"), stream=False).keys() == {"model", "max_tokens", "messages"}


def test_tools_are_offered_with_arguments_that_stream() -> None:
    tool = {"name": "search", "description": "Find text.", "input_schema": TOOL.input_schema}
    encoded = body(user("x"), tools=(TOOL,))
    assert encoded["tools"] == [{**tool, "eager_input_streaming": True}]
    assert "tool_choice" not in encoded
    assert body(user("x"), tools=(TOOL,), stream=False)["tools"] == [tool]
    refusing = replace(PLAIN, without=PLAIN.without | {"eager_input_streaming"})
    assert body(user("x"), tools=(TOOL,), accepted=refusing)["tools"] == [tool]


def test_a_tool_choice_is_said_in_the_apis_words() -> None:
    assert body(user("x"), tools=(TOOL,), tool_choice="required")["tool_choice"] == {"type": "any"}
    assert body(user("x"), tools=(TOOL,), tool_choice="none")["tool_choice"] == {"type": "none"}
    assert "tool_choice" not in body(user("x"), tool_choice="required")
    free = replace(PLAIN, forced_tools=False)
    assert "tool_choice" not in body(user("x"), tools=(TOOL,), tool_choice="required", accepted=free)


@for_each(
    ("accepted", "level", "expected"),
    [
        (PLAIN, None, {}),
        (NEW, None, {"thinking": ADAPTIVE}),
        (PLAIN, "low", {"thinking": ADAPTIVE, "output_config": {"effort": "low"}}),
        (NEW, "high", {"thinking": ADAPTIVE, "output_config": {"effort": "high"}}),
        (OLD, None, {}),
        (OLD, "low", {"thinking": {"type": "enabled", "budget_tokens": 4096}}),
        (OLD, "medium", {"thinking": {"type": "enabled", "budget_tokens": 12288}}),
        (OLD, "high", {"thinking": {"type": "enabled", "budget_tokens": 24000}}),
        (PLAIN, "off", {"thinking": {"type": "disabled"}}),
        (replace(PLAIN, off="between_tools"), "off", {"thinking": {"type": "between_tools"}}),
        (replace(PLAIN, off="least"), "off", {"output_config": {"effort": "low"}}),
    ],
)
def test_thinking_is_asked_for_as_the_model_wants_it(
    accepted: Capabilities, level: ThinkingLevel | None, expected: JsonObject
) -> None:
    encoded = body(user("x"), accepted=accepted, parameters=Parameters(thinking=level))
    assert {name: value for name, value in encoded.items() if name in ("thinking", "output_config")} == expected


def test_a_budget_leaves_room_for_the_answer() -> None:
    def thinking(length: int) -> Any:
        return body(user("x"), accepted=OLD, parameters=Parameters(length, thinking="high")).get("thinking")

    assert thinking(4000) == {"type": "enabled", "budget_tokens": 3000}
    assert thinking(1200) is None


def test_no_thinking_model_is_made_to_call_a_tool() -> None:
    cases: list[tuple[Capabilities, ThinkingLevel | None]] = [(OLD, "high"), (PLAIN, "high"), (NEW, None), (NEW, "off")]
    for accepted, level in cases:
        encoded = body(
            user("x"),
            tools=(TOOL,),
            tool_choice="required",
            accepted=accepted,
            parameters=Parameters(thinking=level),
        )
        assert (encoded["tool_choice"], encoded["thinking"]) == ({"type": "any"}, {"type": "disabled"})
    assert "thinking" not in body(user("x"), tools=(TOOL,), tool_choice="required")


def test_a_temperature_is_for_models_that_do_not_think() -> None:
    def temperature(accepted: Capabilities, level: ThinkingLevel | None, wanted: float = 0.5) -> Any:
        return body(user("x"), accepted=accepted, parameters=Parameters(None, wanted, level)).get("temperature")

    assert (temperature(PLAIN, None), temperature(PLAIN, "off"), temperature(PLAIN, None, 2)) == (0.5, 0.5, 1.0)
    assert (temperature(PLAIN, "low"), temperature(OLD, "low"), temperature(NEW, None)) == (None, None, None)


def test_the_length_of_a_reply_is_always_said() -> None:
    capped = replace(PLAIN, longest_reply=4096, capped=True)
    lengths = [
        body(user("x"), accepted=accepted, parameters=Parameters(wanted))["max_tokens"]
        for accepted, wanted in ((PLAIN, None), (PLAIN, 100), (PLAIN, 64000), (capped, None), (capped, 64000))
    ]
    assert lengths == [32000, 100, 64000, 4096, 4096]


def test_all_results_of_a_reply_stand_first_in_one_users_message() -> None:
    messages = sent(user("x"), calling("a", "b", text="see"), user("y"), results("b", "a"))
    assert messages[1]["content"] == [
        says("see"),
        {"type": "tool_use", "id": "a", "name": "search", "input": {"q": "a"}},
        {"type": "tool_use", "id": "b", "name": "search", "input": {"q": "b"}},
    ]
    assert messages[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "a", "content": "found a"},
        {"type": "tool_result", "tool_use_id": "b", "content": "found b"},
        says("y"),
    ]


def test_a_failed_call_is_told_as_one_and_never_without_words() -> None:
    failed = ToolMessage((ToolResult("a", "search", "no such file", is_error=True), ToolResult("b", "search", " ")))
    [first, second, third] = sent(user("x"), calling("a", "b", "c"), failed)[-1]["content"]
    assert (first["content"], first["is_error"]) == ("no such file", True)
    assert second["content"].strip()
    assert "is_error" not in second
    assert (third["tool_use_id"], third["is_error"]) == ("c", True)


@for_each(
    "history",
    [
        (user("a"), user("b")),
        (user("a"), AssistantMessage("half an ans"), user("b")),
        (user("a"), AssistantMessage(""), user("b")),
        (user("a"), AssistantMessage(" \n"), user("b")),
        (user("a"), calling("c"), user("b")),
        (user("a"), calling("c"), results("c"), AssistantMessage("d"), AssistantMessage("e"), user("b")),
        (user("a"), results("zzz"), user("b")),
        (user("a"), AssistantMessage("half an ans")),
        (AssistantMessage("welcome"), user("a")),
        (user(""), user(" ")),
        (),
    ],
)
def test_whatever_was_cancelled_or_failed_leaves_a_valid_history(history: tuple[Message, ...]) -> None:
    assert sent(*history)


def test_a_reply_comes_back_with_its_blocks_as_they_were() -> None:
    replay = own(
        {"a": "toolu_1"}, THOUGHT, HIDDEN, says("Let me see."), used("a", caller={"type": "direct"}), says("Wait.")
    )
    [_, reply, answer] = sent(user("x"), calling("a", text="Let me see.Wait.", replay=replay), results("a"))
    assert reply["content"] == [
        THOUGHT,
        HIDDEN,
        says("Let me see."),
        {"type": "tool_use", "id": "toolu_1", "name": "search", "input": {"q": "a"}, "caller": {"type": "direct"}},
        says("Wait."),
    ]
    assert answer["content"][0]["tool_use_id"] == "toolu_1"


def test_a_call_that_was_cut_does_not_come_back() -> None:
    replay = own({"a": "toolu_1", "b": "toolu_2"}, THOUGHT, used("a"), used("b"))
    [_, reply, _] = sent(user("x"), calling("a", replay=replay), results("a"))
    assert [block["type"] for block in reply["content"]] == ["thinking", "tool_use"]


def test_a_call_that_the_blocks_do_not_know_is_sent_all_the_same() -> None:
    [_, reply, _] = sent(user("x"), calling("a", "b", replay=own({"b": "toolu_2"}, used("b"))), results("a", "b"))
    assert [block["id"] for block in reply["content"]] == ["toolu_2", "a"]


@for_each(
    "replay",
    [own({"a": "x"}, THOUGHT, used("a"), server="other"), Replay("openai_chat", {"a": "call_1"}, {"server": "work"})],
)
def test_nobody_gets_what_another_server_said(replay: Replay) -> None:
    [_, reply, _] = sent(user("x"), calling("a", replay=replay), results("a"))
    assert reply["content"] == [{"type": "tool_use", "id": "a", "name": "search", "input": {"q": "a"}}]


def test_another_model_gets_no_thinking_that_it_cannot_read() -> None:
    replay = own({"a": "toolu_1"}, THOUGHT, HIDDEN, says("y"), used("a"), model="other")
    [_, reply, _] = sent(user("x"), calling("a", text="y", replay=replay), results("a"))
    assert [block["type"] for block in reply["content"]] == ["text", "tool_use"]


def test_ids_are_of_the_allowed_letters_and_unique_over_the_whole_request() -> None:
    messages = sent(
        *(user("x"), calling("a", "b", replay=own({"a": "functions.search:0", "b": "functions_search_0"}))),
        *(results("a", "b"), user("y"), calling("c", replay=own({"c": "functions.search:0"})), results("c")),
    )
    answers = [block for message in messages for block in message["content"] if block["type"] == "tool_result"]
    assert [block["tool_use_id"] for block in answers] == ["functions_search_0", "b", "c"]


def test_a_name_that_a_model_made_up_is_put_into_the_allowed_letters() -> None:
    odd = AssistantMessage("", (ToolCall("a", "functions.search/x", {}),))
    assert sent(user("x"), odd)[1]["content"][0]["name"] == "functions_search_x"


def test_thinking_that_was_refused_is_left_out() -> None:
    replay = own({"a": "toolu_1"}, THOUGHT, HIDDEN, used("a"))
    history = (user("x"), calling("a", replay=replay), results("a"))
    assert seals(body(*history)) == {"sig", "xyz"}
    assert [block["type"] for block in sent(*history, stale={"sig", "xyz"})[1]["content"]] == ["tool_use"]


def test_a_budget_is_not_asked_for_where_a_turn_goes_on_that_lost_its_thinking() -> None:
    def thinking(*messages: Message, accepted: Capabilities = OLD) -> str:
        return body(*messages, accepted=accepted, parameters=Parameters(thinking="low"))["thinking"]["type"]

    broken = (user("x"), calling("a"), results("a"))
    assert thinking(*broken) == thinking(*broken, user("y")) == "disabled"
    assert thinking(*broken, accepted=PLAIN) == "adaptive"
    assert thinking(*broken, AssistantMessage("done"), user("y")) == "enabled"
    begun = (user("x"), calling("a", replay=own({"a": "t"}, THOUGHT, used("a"))), results("a"))
    assert thinking(*begun) == "enabled"
    assert thinking(*begun, calling("b"), results("b")) == "enabled"


def test_pictures_and_files_are_sent_along() -> None:
    message = UserMessage(
        (TextContent("see"), Image("image/png", "AAAA"), Resource("file:///a.py", "x"), ResourceLink("file:///b"))
    )
    assert sent(message)[0]["content"] == [
        says("see"),
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        says('<file uri="file:///a.py">\nx\n</file>'),
        says('<file uri="file:///b"/>'),
    ]


def marks(encoded: JsonObject) -> list[JsonObject]:
    blocks = [*encoded.get("tools", ()), *encoded.get("system", ())]
    blocks += [block for message in encoded["messages"] for block in message["content"]]
    return [block for block in blocks if "cache_control" in block]


def test_the_cache_has_four_breakpoints_at_most() -> None:
    history: list[Message] = [user("x")]
    for name in ("a", "b", "c"):
        history += [calling(name), results(name)]
    encoded = body(*history, accepted=Capabilities(), tools=(TOOL, TOOL), system="s")
    assert marks(encoded) == [
        {**encoded["tools"][1], **MARK},
        {**says("s"), **MARK},
        {"type": "tool_result", "tool_use_id": "b", "content": "found b", **MARK},
        {"type": "tool_result", "tool_use_id": "c", "content": "found c", **MARK},
    ]
    assert marks(body(user("x"), accepted=Capabilities())) == [{**says("x"), **MARK}]


def test_a_growing_conversation_reads_what_the_last_request_wrote() -> None:
    """The prefix up to the newest breakpoint of one request ends at a breakpoint of the next one."""
    replay = own({"a": "toolu_1"}, THOUGHT, used("a"))
    history: list[Message] = [user("x")]
    requests: list[JsonObject] = []
    for more in ([], [calling("a", replay=replay), results("a")], [AssistantMessage("y"), user("z")]):
        history += more
        requests.append(body(*history, accepted=Capabilities(), tools=(TOOL,), system="s"))
    for before, after in pairwise(requests):
        length = len(before["messages"])
        assert after["messages"][:length][-1] == before["messages"][-1]
        assert unmarked(after["messages"][:length]) == unmarked(before["messages"])


def unmarked(messages: list[JsonObject]) -> Any:
    return json.loads(json.dumps(messages).replace(f", {json.dumps(MARK)[1:-1]}", ""))


def test_what_is_marked_for_the_cache_is_not_marked_in_the_history() -> None:
    replay = own({"a": "toolu_1"}, used("a"))
    history = (user("x"), calling("a", replay=replay), results("a"))
    assert body(*history, accepted=Capabilities()) == body(*history, accepted=Capabilities())
    assert replay.data["content"] == [used("a")]


@for_each(
    ("model", "adaptive", "unasked"),
    [
        ("claude-3-5-sonnet-20241022", False, False),
        ("claude-sonnet-4-20250514", False, False),
        ("claude-opus-4-1", False, False),
        ("claude-haiku-4-5-20251001", False, False),
        ("anthropic/claude-sonnet-4.5", False, False),
        ("claude-opus-4-6", True, False),
        ("us.anthropic.claude-opus-4-8-v1:0", True, False),
        ("claude-4.7-opus", True, False),
        ("claude-sonnet-5", True, True),
        ("claude-opus-5-20260701", True, True),
        ("claude-fable-5-1", True, True),
        ("claude-mythos-preview", True, False),
        ("kimi-k3", False, False),
    ],
)
def test_how_a_model_thinks_is_guessed_from_its_name(model: str, adaptive: bool, unasked: bool) -> None:
    accepted = Capabilities.guess(model)
    assert (accepted.adaptive, accepted.thinks_unasked) == (adaptive, unasked)


ENABLED = (
    '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort"'
)
DISABLED = ENABLED.replace("enabled", "disabled", 1)


@for_each(
    ("complaint", "accepted", "level", "expected"),
    [
        (ENABLED, Capabilities(adaptive=False), "low", Capabilities(adaptive=True, corrected=True)),
        (ENABLED, Capabilities(adaptive=False, corrected=True), "low", {"thinking"}),
        (
            "adaptive thinking is not supported on this model",
            Capabilities(thinks_unasked=True),
            None,
            Capabilities(adaptive=False, corrected=True),
        ),
        ("thinking: Input tag 'adaptive' found using 'type'", Capabilities(corrected=True), "low", {"thinking"}),
        (DISABLED, Capabilities(), "off", Capabilities(off="least")),
        (
            f'{DISABLED} Send "thinking": {{"type": "between_tools"}}.',
            Capabilities(),
            "off",
            Capabilities(off="between_tools"),
        ),
        ("thinking.adaptive.display: Extra inputs are not permitted", Capabilities(), "low", {"display"}),
        ("output_config: Extra inputs are not permitted", Capabilities(), "low", {"output_config"}),
        ("thinking: Extra inputs are not permitted", Capabilities(adaptive=False), "low", {"thinking"}),
        (
            "tools.0.custom.eager_input_streaming: Extra inputs are not permitted",
            Capabilities(),
            None,
            {"eager_input_streaming"},
        ),
        ("field: 'tools[0].eager_input_streaming', value: True", Capabilities(), None, {"eager_input_streaming"}),
        ("`temperature` is deprecated for this model.", Capabilities(), None, {"temperature"}),
        ("system.0.cache_control: Extra inputs are not permitted", Capabilities(), None, {"cache_control"}),
        (
            "max_tokens: 32000 > 4096, which is the maximum allowed number of output tokens for claude-3-haiku",
            Capabilities(),
            None,
            Capabilities(longest_reply=4096, capped=True),
        ),
        ("messages.1.content.0: Invalid `signature` in `thinking` block", Capabilities(), "low", Capabilities()),
        ("messages.0.content.0.image.source: too large", Capabilities(), None, Capabilities()),
    ],
)
def test_a_refusal_teaches_what_a_model_accepts(
    complaint: str, accepted: Capabilities, level: ThinkingLevel | None, expected: Capabilities | set[str]
) -> None:
    encoded = body(user("x"), accepted=accepted, tools=(TOOL,), parameters=Parameters(None, 0.5, level))
    learnt = accepted.after(complaint, encoded)
    right = expected if isinstance(expected, Capabilities) else replace(accepted, without=frozenset(expected))
    assert learnt == right
    again = body(user("x"), accepted=learnt, tools=(TOOL,), parameters=Parameters(None, 0.5, level))
    assert learnt == accepted or again != encoded


def test_a_model_that_cannot_be_made_to_call_a_tool_is_left_alone() -> None:
    encoded = body(user("x"), tools=(TOOL,), tool_choice="required")
    assert not PLAIN.after('tool_choice: type "tool" and "any" are not supported', encoded).forced_tools
