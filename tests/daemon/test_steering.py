"""Words for a turn that runs: when the model is told, what comes back, at the real daemon with a real model server."""

from typing import Any

from tests.daemon.raw import Daemon, Json
from tests.daemon.service import Service, call, finish, text
from tests.support.http_server import Chunk, End, Head, Wait, event, streamed

LOOK = [text("I look. "), call('{"path": "a.txt"}', "read_file"), finish("tool_calls")]
DONE = streamed(text("Done."), finish("stop"))


def steer(daemon: Daemon, session: str, content: Any, **params: Any) -> str:
    return daemon.call("chat/steer", {"sessionId": session, "content": content, **params})["state"]


def said(history: list[Json]) -> list[str]:
    """What the person said, in order, without what the model did."""
    return [message["content"] for message in history if message["role"] == "user"]


def test_words_reach_the_model_behind_the_results_of_the_tools_that_run(service: Service) -> None:
    head, *rest = streamed(*LOOK)
    service.server.play([head, rest[0], Wait("steered"), *rest[1:]], DONE)
    turn = service.prompt(content="begin")
    session = turn.session_id
    service.server.wait_for_requests(1)
    assert steer(service.daemon, session, "and look at b") == "queued"
    service.server.open("steered")
    result = turn.result()
    assert (result["stopReason"], result["steps"]) == ("end_turn", 2)
    assert "unsent" not in result
    assert turn.event("steered")["content"] == [{"type": "text", "text": "and look at b"}]
    kinds = [kind for kind in turn.kinds if kind in ("stepEnd", "toolRunEnd", "steered")]
    assert kinds == ["stepEnd", "toolRunEnd", "steered", "stepEnd"] or kinds == [
        "toolRunEnd",
        "stepEnd",
        "steered",
        "stepEnd",
    ]
    roles = [message["role"] for message in service.history() if message["role"] != "system"]
    assert roles == ["user", "assistant", "tool", "user"]
    assert said(service.history())[-1] == "and look at b"


def test_a_reply_that_would_end_the_turn_goes_on_with_them(service: Service) -> None:
    whole = streamed(text("That is it."), finish("stop"))
    service.server.play([*whole[:2], Wait("steered"), *whole[2:]], DONE)
    turn = service.prompt(content="begin")
    turn.event("textChunk")
    for words in ("one more", "and another"):
        assert steer(service.daemon, turn.session_id, words, turnId=turn.turn_id) == "queued"
    service.server.open("steered")
    assert (turn.result()["stopReason"], turn.result()["steps"]) == ("end_turn", 2)
    assert [one["content"][0]["text"] for one in turn.events if one["kind"] == "steered"] == ["one more", "and another"]
    assert "one more" in said(service.history())[-1]
    assert "and another" in said(service.history())[-1]
    again = service.prompt(content="next", sessionId=turn.session_id)
    assert again.result()["stopReason"] == "end_turn"
    assert "one more" in str(service.history()), "they stay in the history"


def test_what_was_not_sent_comes_back(service: Service) -> None:
    """Cancelled, failed, cut, and at the turn's last step."""
    begun = [Head(), Chunk(event(text("Well")))]
    cut = [Chunk(event(finish("length"))), Chunk(event("[DONE]")), End()]
    whole = [Chunk(event(finish("stop"))), Chunk(event("[DONE]")), End()]
    bad = [Chunk(event({"error": {"message": "no", "type": "invalid_request_error"}})), End()]
    ends: list[tuple[str, list[Any], Json]] = [
        ("cancelled", [], {}),
        ("error", bad, {}),
        ("max_tokens", cut, {}),
        ("end_turn", whole, {"limits": {"maxSteps": 1}}),
    ]
    settings = service.daemon.settings
    for stop, end, more in ends:
        service.daemon.configure({**settings, **more})
        service.server.play([*begun, Wait(stop), *end])
        turn = service.prompt(content="begin")
        turn.event("textChunk")
        blocks = [{"type": "text", "text": "no,"}, {"type": "resource", "uri": "file:///x", "text": "this"}]
        assert steer(service.daemon, turn.session_id, blocks) == "queued"
        assert steer(service.daemon, turn.session_id, "at once") == "queued"
        if stop == "cancelled":
            turn.cancel()
        service.server.open(stop)
        result = turn.result()
        assert result["stopReason"] == stop
        assert result["unsent"] == [*blocks, {"type": "text", "text": "at once"}]
        assert "steered" not in turn.kinds
        assert steer(service.daemon, turn.session_id, "too late") == "idle"


def test_words_before_the_first_request_go_with_it(service: Service) -> None:
    service.server.play(DONE)
    with service.daemon.one_write():
        turn = service.prompt(content="begin", newSessionId="at-once")
        request = service.daemon.request("chat/steer", {"sessionId": "at-once", "content": "gently"})
    assert service.daemon.answer(request)["result"] == {"state": "queued"}
    assert turn.result()["steps"] == 1
    assert "gently" in said(service.history())[-1]
    assert turn.kinds.index("steered") < turn.kinds.index("textChunk")


def test_words_for_nobody_are_not_kept(service: Service) -> None:
    service.server.play(DONE)
    turn = service.prompt(content="begin")
    assert "unsent" not in turn.result()
    assert steer(service.daemon, turn.session_id, "hello?") == "idle"
    assert service.daemon.refusal("chat/steer", {"sessionId": "nobody", "content": "x"}).code == 1001
    for wrong in ({"sessionId": turn.session_id}, {"sessionId": turn.session_id, "content": ""}, {"content": "x"}):
        assert service.daemon.refusal("chat/steer", wrong).code == -32602
    service.server.play([Head(), Wait("on"), *streamed(text("x"), finish("stop"))[1:]])
    other = service.prompt(content="again", sessionId=turn.session_id)
    assert steer(service.daemon, other.session_id, "for the one before", turnId=turn.turn_id) == "idle"
    service.server.open("on")
    assert other.result()["stopReason"] == "end_turn"
    assert "for the one before" not in str(service.history())
