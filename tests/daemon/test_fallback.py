"""A list of models: the next one answers where those before it cannot. Three servers, of three protocols."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import KEY, KEY_VARIABLE, Daemon, Json
from tests.daemon.service import call, finish, text
from tests.providers import cases_native as native
from tests.support.cases import for_each
from tests.support.http_server import Chunk, Close, End, Hang, Head, Reply, Reset, ScriptedServer, answered, streamed

BUSY = answered(
    {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, 529, {"retry-after": "0"}
)
DONE = streamed(text("done"), finish("stop"))


def messages(*events: Any) -> Reply:
    """A reply of the first server, whose protocol is Anthropic's."""
    lines = [f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in events]
    return [Head(), Chunk(b"".join(lines)), End()]


THINKS = (
    native.begun(0, type="thinking", thinking="", signature=""),
    native.more(0, "thinking_delta", thinking="Hm. "),
)
SAYS = messages(native.START, *native.text_block(0, "first"), *native.stopped("end_turn"))
READS = streamed(call('{"path": "a.txt"}', "read_file"), finish("tool_calls"))


class Three:
    """A daemon with a list of three models, and their servers."""

    def __init__(self, daemon: Daemon, servers: list[ScriptedServer]) -> None:
        self.daemon = daemon
        self.first, self.second, self.third = servers
        root = daemon.folder / "root"
        root.mkdir()
        (root / "a.txt").write_text("what the file says\n")
        self.providers: Json = {
            "one": {"kind": "anthropic", "baseUrl": self.first.url, "apiKeyEnv": KEY_VARIABLE, "contextWindow": 200000},
            "two": {"kind": "openai_chat", "baseUrl": f"{self.second.url}/v1", "contextWindow": 50000},
            "three": {"kind": "openai_responses", "baseUrl": f"{self.third.url}/v1", "contextWindow": 90000},
        }
        self.settings: Json = {"model": ["one/big", "two/small"], "providers": self.providers}
        daemon.initialize(self.settings, roots=[root])

    def begin_anew(self) -> None:
        """Nothing is held against a model any more."""
        self.daemon.configure(self.settings)
        for server in (self.first, self.second, self.third):
            server.requests.clear()

    def ask(self, words: str = "hello", **params: Any) -> Any:
        return self.daemon.prompt(content=words, **params)

    def moved(self, turn: Any) -> list[tuple[str, str]]:
        """Who answered instead, and the words about it."""
        return [
            (event["model"], event["text"])
            for event in turn.events
            if event.get("kind") == "notice" and "model" in event
        ]


@pytest.fixture
def three(start: Start) -> Iterator[Three]:
    with ExitStack() as stack:
        servers = [stack.enter_context(ScriptedServer()) for _ in range(3)]
        found = Three(start(), servers)
        yield found
        found.daemon.settle()


@for_each(
    "reply",
    [
        BUSY,
        answered({"error": {"type": "rate_limit_error", "message": "slowly"}}, 429, {"retry-after": "50"}),
        answered({"error": {"type": "billing_error", "message": "credit balance is too low"}}, 400),
        answered({"error": {"type": "authentication_error", "message": f"no such key {KEY}"}}, 401),
        answered({"error": {"type": "permission_error", "message": "not here"}}, 403),
        answered({"error": {"type": "not_found_error", "message": "model: big"}}, 404),
        answered(b"<html>Bad gateway</html>", 502, {"retry-after": "0"}),
        messages(native.START, *THINKS, {"type": "error", "error": {"type": "api_error", "message": "ouch"}}),
        [*messages(native.START, *THINKS)[:-1], Reset()],
        [Close()],
    ],
)
def test_the_next_model_answers_where_the_first_cannot(three: Three, reply: Reply) -> None:
    three.begin_anew()
    three.first.play(reply)
    three.second.play(DONE)
    turn = three.ask()
    result = turn.result()
    assert (result["stopReason"], result["model"], turn.text) == ("end_turn", "two/small", "done")
    ((model, words),) = three.moved(turn)
    assert model == "two/small"
    assert words.startswith("two/small answers instead of one/big: one (127.0.0.1:")
    assert turn.event("turnStart")["model"] == "one/big"
    assert turn.event("contextUsage")["window"] == 50000
    assert [item["content"] for item in three.second.requests[0].json()["messages"][1:]] == ["hello"]


@for_each(
    ("reply", "stop"),
    [
        (answered({"error": {"type": "invalid_request_error", "message": "temperature"}}, 400), "error"),
        (answered({"error": {"code": "content_filter", "message": "no"}}, 400), "error"),
        (messages(native.START, *native.text_block(0, "No."), *native.stopped("refusal")), "refusal"),
        ([*messages(native.START, *native.text_block(0, "half"))[:-1], Reset()], "error"),
        ([*messages(native.START, *native.call_block(0)[:1])[:-1], Reset()], "error"),
    ],
)
def test_it_does_not_where_the_request_is_refused_or_something_was_said(three: Three, reply: Reply, stop: str) -> None:
    three.begin_anew()
    three.first.play(reply)
    three.second.play(DONE)
    turn = three.ask()
    assert (turn.result()["stopReason"], turn.result()["model"]) == (stop, "one/big")
    assert not three.second.requests


def test_thoughts_of_the_one_that_failed_are_taken_back(three: Three) -> None:
    three.first.play([*messages(native.START, *THINKS)[:-1], Reset()])
    three.second.play(DONE)
    turn = three.ask()
    turn.result()
    last = max(at for at, event in enumerate(turn.events) if event["kind"] == "thinkingChunk")
    assert any(event.get("discards") == "thinking" for event in turn.events[last:])
    three.ask("again", sessionId=turn.session_id).result()
    assert "Hm." not in json.dumps(three.second.requests[-1].json())


def test_each_of_a_list_is_tried_and_the_last_one_says_why_there_is_no_answer(three: Three) -> None:
    three.daemon.configure({**three.settings, "model": ["one/big", "two/small", "three/other"]})
    three.first.play([Close()])
    three.second.play(answered({"error": {"message": "insufficient quota", "code": "insufficient_quota"}}, 429))
    three.third.play(answered({"error": {"message": "no such key"}}, 401))
    turn = three.ask()
    result = turn.result()
    assert [model for model, _ in three.moved(turn)] == ["two/small", "three/other"]
    assert (result["stopReason"], result["model"], result["error"]["kind"]) == ("error", "three/other", "unauthorized")


def test_the_model_that_answered_goes_on_with_the_turn_and_the_first_is_asked_again_once_it_has_rested(
    three: Three,
) -> None:
    three.first.play(answered({"error": {"type": "rate_limit_error", "message": "slowly"}}, 429, {"retry-after": "9"}))
    three.second.play(READS, DONE)
    turn = three.ask()
    assert (turn.result()["steps"], turn.result()["model"]) == (2, "two/small")
    assert len(three.first.requests) == 1
    three.first.play(SAYS)
    again = three.ask("again", sessionId=turn.session_id)
    assert again.result()["model"] == "two/small"
    assert again.event("turnStart")["model"] == "two/small"
    assert again.event("notice")["text"] == "two/small answers, and not one/big: it failed a moment ago."
    three.begin_anew()
    last = three.ask("once more", sessionId=turn.session_id)
    assert (last.result()["model"], last.text) == ("one/big", "first")


def test_each_server_is_told_of_what_the_others_said_in_its_own_words(three: Three) -> None:
    signed = (
        native.begun(0, type="thinking", thinking="", signature=""),
        native.more(0, "thinking_delta", thinking="I think."),
        native.more(0, "signature_delta", signature="SIGNED"),
        native.ended(0),
    )
    reads = json.loads(json.dumps(native.call_block(1, '{"path": "a.txt"}')).replace("weather", "read_file"))
    three.first.play(messages(native.START, *signed, *reads, *native.stopped("tool_use")), BUSY)
    three.second.play(READS, DONE)
    turn = three.ask()
    assert (turn.result()["steps"], turn.result()["model"]) == (3, "two/small")
    told = json.dumps(three.second.requests[0].json())
    assert "SIGNED" not in told
    assert told.count("what the file says") == 1
    three.begin_anew()
    three.first.play(SAYS)
    three.ask("again", sessionId=turn.session_id).result()
    kinds = [[part["type"] for part in item["content"]] for item in three.first.requests[-1].json()["messages"]]
    assert kinds == [
        ["text"],
        ["thinking", "tool_use"],
        ["tool_result"],
        ["tool_use"],
        ["tool_result"],
        ["text"],
        ["text"],
    ]


def test_a_missing_key_is_told_and_the_next_model_answers(three: Three) -> None:
    three.providers["one"]["apiKeyEnv"] = "NOT_THERE"
    three.daemon.configure(three.settings)
    three.second.play(DONE)
    turn = three.ask()
    assert turn.result()["model"] == "two/small"
    words = turn.event("notice")["text"]
    assert words.startswith("two/small answers, and not one/big: ")
    assert "NOT_THERE" in words
    three.daemon.configure({**three.settings, "model": ["one/big"]})
    assert three.ask().error().code == 1004


def test_a_model_that_a_person_asks_for_is_the_only_one(three: Three) -> None:
    three.first.play(BUSY)
    turn = three.ask(model="one/big")
    assert (turn.result()["stopReason"], turn.result()["model"]) == ("error", "one/big")
    assert not three.second.requests


@for_each("where", ["first", "second"])
def test_a_cancel_ends_it_wherever_it_is(three: Three, where: str) -> None:
    three.first.play([Head(), Hang()] if where == "first" else [Close()])
    three.second.play([Head(), Hang()])
    turn = three.ask()
    getattr(three, where).wait_for_requests(1)
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    getattr(three, where).wait_until_closed()


@for_each("fails", [[Close()], [*messages(native.START, *THINKS)[:-1], Reset()]])
def test_the_window_of_the_one_that_answers_counts(three: Three, fails: Reply) -> None:
    three.begin_anew()
    three.daemon.configure(
        {**three.settings, "providers": {**three.providers, "two": {**three.providers["two"], "contextWindow": 4000}}}
    )
    three.first.play(SAYS)
    turn = three.ask("many words " * 2000)
    assert turn.result()["model"] == "one/big"
    three.first.play(fails)
    refused = answered(
        {"error": {"message": "maximum context length is 4000 tokens", "code": "context_length_exceeded"}}, 400
    )
    three.second.play(refused, streamed(text("a summary"), finish("stop")), DONE)
    again = three.ask("and now?", sessionId=turn.session_id)
    assert (again.result()["stopReason"], again.result()["model"], again.text) == ("end_turn", "two/small", "done")
    assert again.event("compactStart")["reason"] == "refused"


TOO_LONG = answered({"error": {"message": "prompt is too long: 9000 tokens > 8000 maximum"}}, 400)


@for_each(
    ("window", "others", "model"),
    [
        (8000, [50000], "two/small"),  # refused
        (3000, [50000], "two/small"),  # not even sent
        (8000, [2000, 90000], "three/other"),
        (8000, [9500, 90000], "three/other"),  # the second refuses it too
        (8000, [4000], ""),
    ],
)
def test_a_prompt_that_is_too_long_goes_to_the_next_model_with_a_larger_window(
    three: Three, window: int, others: list[int], model: str
) -> None:
    three.begin_anew()
    for name, tokens in zip(("one", "two", "three"), (window, *others), strict=False):
        three.providers[name]["contextWindow"] = tokens
    names = ["one/big", "two/small", "three/other"][: len(others) + 1]
    three.daemon.configure({**three.settings, "model": names})
    three.first.play(TOO_LONG)
    three.second.play(DONE if model == "two/small" else TOO_LONG)
    three.third.play(streamed({"type": "response.completed", "response": {"status": "completed", "output": []}}))
    turn = three.ask("many words " * 2500)
    result = turn.result()
    assert result["model"] == (model or "one/big")
    assert len(three.first.requests) == (1 if window == 8000 else 0)
    if not model:
        assert result["error"]["kind"] == "context_window_exceeded"
        assert not three.second.requests
    assert [name for name, _ in three.moved(turn)][-1:] == [model] * bool(model)
    three.first.play(SAYS)
    assert three.ask("and now?").result()["model"] == "one/big"  # it is left alone for nothing


def test_a_summary_is_written_by_the_next_one_as_well(three: Three) -> None:
    three.first.play(SAYS)
    session = three.ask().result()["sessionId"]
    three.first.play([Close()])
    three.second.play(streamed(text("a summary"), finish("stop")))
    assert three.daemon.call("chat/session/compact", {"sessionId": session})["after"] > 0
    assert len(three.second.requests) == 1


def test_a_list_that_is_none_is_an_error_of_the_settings(three: Three) -> None:
    three.daemon.configure({**three.settings, "model": []})
    error = three.ask().error()
    assert error.code == 1007
    assert error.message.endswith('should be "provider/model", or a list of such')
