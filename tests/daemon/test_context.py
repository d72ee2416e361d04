"""Conversations that are longer than the model can read go on: at the real daemon, against servers that refuse."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.daemon.raw import Daemon, Json, Turn
from tests.daemon.service import Service, call, finish, text
from tests.support.http_server import Hang, Head, Reply, Request, answered, streamed

Start = Callable[..., Daemon]

SUMMARY = "SUMMARY OF ALL: the task is to count."
TOO_LONG = {"error": {"message": "the request exceeds the available context size", "code": 400}}


def tokens(request: Request) -> int:
    """As the server counts: four letters a token."""
    return len(json.dumps(request.json()["messages"])) // 4


def is_summary(request: Request) -> bool:
    return "<conversation>" in request.json()["messages"][-1]["content"]


class Reader:
    """A model of a small window: it reads a file in each turn, and says so. It refuses what is longer."""

    def __init__(self, service: Service, limit: int, *, says: Json | None = None, usage: bool = True) -> None:
        self.service = service
        self.limit = limit
        self.refused = 0
        self.longest = 0
        self.summaries = 0
        self._says = says or TOO_LONG
        self._usage = usage
        service.server.answer(self.answer)

    def answer(self, request: Request) -> Reply:
        count = tokens(request)
        if count > self.limit:
            self.refused += 1
            return answered(self._says, 400)
        self.longest = max(self.longest, count)
        counted: Json = {"choices": [], "usage": {"prompt_tokens": count, "completion_tokens": 10}}
        usage = [counted] if self._usage else []
        if is_summary(request):
            self.summaries += 1
            return streamed(text(SUMMARY), finish("stop"), *usage)
        if request.json()["messages"][-1]["role"] == "tool":
            return streamed(text("I have read it."), finish("stop"), *usage)
        return streamed(call('{"path": "big.txt"}', "read_file"), finish("tool_calls"), *usage)


def big(service: Service, lines: int = 120) -> None:
    """A file in the workspace of this daemon."""
    (service.daemon.folder / "root" / "big.txt").write_text("".join(f"line {n} of a long file\n" for n in range(lines)))


def window(service: Service, size: int | None, **more: Any) -> None:
    settings = service.daemon.settings
    provider = {**settings["providers"]["web"], "contextWindow": size}
    service.daemon.configure({**settings, "providers": {"web": provider}, **more})


def talk(service: Service, turns: int, words: str = "Read it again, please. ") -> list[Turn]:
    """That many turns of one session."""
    found: list[Turn] = []
    for number in range(turns):
        session = {"sessionId": found[0].session_id} if found else {}
        found.append(service.prompt(content=f"{words}{number}", **session))
        result = found[-1].result()
        assert result["stopReason"] == "end_turn", (number, result)
    return found


def kinds(turns: Sequence[Turn], kind: str) -> list[Json]:
    return [event for turn in turns for event in turn.events if event["kind"] == kind]


def test_each_step_tells_how_full_the_context_is(service: Service) -> None:
    big(service)
    window(service, 50000)
    Reader(service, 50000)
    (turn,) = talk(service, 1)
    usage = kinds([turn], "contextUsage")
    assert [(event["window"], event["exact"]) for event in usage] == [(50000, True)] * 2
    counted = [event["usage"] for event in kinds([turn], "stepEnd")]
    assert [event["tokens"] for event in usage] == [one["inputTokens"] + one["outputTokens"] for one in counted]
    assert turn.kinds[turn.kinds.index("stepEnd") + 1] == "contextUsage"
    window(service, None)
    Reader(service, 50000, usage=False)
    (turn,) = talk(service, 1)
    for event, request in zip(kinds([turn], "contextUsage"), service.server.requests[-2:], strict=True):
        assert "window" not in event
        assert event["exact"] is False
        assert event["tokens"] > tokens(request), "an estimate errs high"


def test_three_hundred_turns_with_large_results_against_a_small_window(service: Service) -> None:
    big(service, 200)
    window(service, 8000)
    reader = Reader(service, 8000)
    turns = talk(service, 300)
    assert reader.refused == 0
    assert reader.longest < 8000
    assert kinds(turns, "compactStart")
    assert all(event["reason"] == "threshold" for event in kinds(turns, "compactStart"))
    assert all(event["after"] < event["before"] for event in kinds(turns, "compactEnd"))
    assert all(event["summary"] == SUMMARY for event in kinds(turns, "compactEnd"))
    assert reader.summaries == len(kinds(turns, "compactEnd"))
    assert SUMMARY in str(service.history())
    assert all(event["tokens"] <= 8000 for event in kinds(turns, "contextUsage"))


def test_against_a_server_that_refuses_at_its_limit_and_says_it(service: Service) -> None:
    big(service, 100)
    says = {"error": {"message": "This model's maximum context length is 6000 tokens. However, you requested more."}}
    reader = Reader(service, 6000, says=says)
    turns = talk(service, 40)
    assert reader.refused == 1, "it is known then"
    assert kinds(turns, "contextUsage")[-1]["window"] == 6000
    (model,) = [model for model in service.daemon.call("chat/models")["models"] if model["id"] == "web/m"]
    assert model["contextWindow"] == 6000


def test_against_a_server_whose_limit_nobody_knows(service: Service) -> None:
    big(service, 100)
    reader = Reader(service, 6000, usage=False)
    turns = talk(service, 40)
    reasons = {event["reason"] for event in kinds(turns, "compactStart")}
    assert "refused" in reasons or kinds(turns, "notice")
    assert 1 <= reader.refused < 20
    assert all("window" not in event for event in kinds(turns, "contextUsage"))


def test_between_two_compactions_the_beginning_stays_the_same_to_the_byte(service: Service) -> None:
    big(service, 20)
    window(service, 8000)
    Reader(service, 8000)
    turns = talk(service, 80)
    pruned = [event for event in kinds(turns, "notice") if "no longer sent" in event["text"]]
    bodies = [json.dumps(one.json()["messages"])[:-1] for one in service.server.requests if not is_summary(one)]
    broken = sum(not after.startswith(before) for before, after in pairwise(bodies))
    assert 0 < broken <= len(kinds(turns, "compactEnd")) + len(pruned)
    assert len(bodies) > 10 * broken


def test_results_of_old_turns_give_way_first_and_a_notice_says_so(service: Service) -> None:
    big(service, 60)
    window(service, 8000, context={"prune": 0.4, "compact": 0.99})
    reader = Reader(service, 8000)
    turns = talk(service, 9)
    (notice, *_) = [event["text"] for event in kinds(turns, "notice")]
    assert "no longer sent to the model" in notice
    assert (reader.summaries, kinds(turns, "compactStart")) == (0, [])
    results = [message["content"] for message in service.history() if message["role"] == "tool"]
    assert results[0].startswith("[left out to save room: 6")
    assert "Call read_file again if you need it.]" in results[0]
    assert all("line 59 of a long file" in result for result in results[-2:])
    assert "line 59 of a long file" in str(kinds(turns[:1], "toolRunEnd")), "the transcript keeps it"


def test_a_summary_that_fails_leaves_out_the_oldest_turns_and_says_so(service: Service) -> None:
    big(service, 120)
    window(service, 8000)
    reader = Reader(service, 8000)

    def no_summary(request: Request) -> Reply:
        if is_summary(request):
            return answered({"error": {"message": "not today", "type": "invalid_request_error"}}, 400)
        return reader.answer(request)

    service.server.answer(no_summary)
    turns = talk(service, 30)
    assert any("There is no summary of the earlier turns" in event["text"] for event in kinds(turns, "notice"))
    assert all(event["summary"] == "" for event in kinds(turns, "compactEnd"))
    assert reader.refused == 0


def test_a_prompt_that_cannot_fit_ends_its_turn_and_says_which_part_is_how_long(service: Service) -> None:
    big(service, 60)
    window(service, 8000)
    reader = Reader(service, 8000)
    first = talk(service, 1)[0]
    turn = service.prompt(content="x " * 30000, sessionId=first.session_id)
    result = turn.result()
    assert (result["stopReason"], result["error"]["kind"]) == ("error", "context_window_exceeded")
    assert "the prompt about 20," in result["error"]["message"]
    assert "8,000 tokens" in result["error"]["message"]
    again = service.prompt(content="And now?", sessionId=first.session_id)
    assert again.result()["stopReason"] == "end_turn", "the session goes on"
    assert reader.longest < 8000


def test_one_that_a_server_refuses_says_so_too(service: Service) -> None:
    Reader(service, 3000)
    turn = service.prompt(content="x " * 30000)
    result = turn.result()
    assert (result["stopReason"], result["error"]["kind"]) == ("error", "context_window_exceeded")
    assert "the prompt about 20," in result["error"]["message"]
    assert service.prompt(content="And now?", sessionId=turn.session_id).result()["stopReason"] == "end_turn"


def test_a_long_turn_gives_way_within_itself(service: Service) -> None:
    big(service, 60)
    window(service, 8000)
    reader = Reader(service, 8000)

    def goes_on(request: Request) -> Reply:
        if is_summary(request) or sum(body.path == request.path for body in service.server.requests) > 60:
            return reader.answer(request)
        count = tokens(request)
        reader.longest = max(reader.longest, count)
        assert count <= 8000
        usage: Json = {"choices": [], "usage": {"prompt_tokens": count, "completion_tokens": 10}}
        return streamed(call('{"path": "big.txt"}', "read_file"), finish("tool_calls"), usage)

    service.server.answer(goes_on)
    turn = service.prompt(content="Read it until you know it by heart.")
    result = turn.result()
    assert (result["stopReason"], result["steps"]) == ("max_turn_requests", 50)
    assert kinds([turn], "compactEnd")
    assert "Read it until you know it by heart." in str(service.history())
    assert result["usage"]["inputTokens"] > sum(one["usage"]["inputTokens"] for one in kinds([turn], "stepEnd"))


def is_over_or_compacts(turn: Turn, message: Json) -> bool:
    """Whether this message is the turn's answer, or tells that a summary is being written in it."""
    over = message.get("id") == turn.id and "method" not in message
    return over or any(event["kind"] == "compactStart" for event in turn.events)


def test_a_cancel_during_a_summary_leaves_the_history_as_it_was(service: Service) -> None:
    big(service, 120)
    window(service, 8000)
    reader = Reader(service, 8000)
    from tests.support.http_server import Hang, Head

    service.server.answer(lambda one: [Head(), Hang()] if is_summary(one) else reader.answer(one))
    found: list[Turn] = []
    while not kinds(found, "compactStart"):
        session = {"sessionId": found[0].session_id} if found else {}
        found.append(turn := service.prompt(content="Read it.", **session))
        service.daemon.until(partial(is_over_or_compacts, turn))
    found[-1].cancel()
    assert found[-1].result()["stopReason"] == "cancelled"
    (end,) = kinds(found, "compactEnd")
    assert (end["before"], end["summary"]) == (end["after"], "")
    service.server.answer(reader.answer)
    assert service.prompt(content="Again.", sessionId=found[0].session_id).result()["stopReason"] == "end_turn"


def test_a_scripted_conversation_never_ends(start: Start, tmp_path: Path) -> None:
    """Without any count, and without a server that would refuse."""
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "big.txt").write_text("all work and no play\n" * 1000)
    daemon = start()
    daemon.initialize({}, roots=[tmp_path / "ws"])
    read = {"toolCall": {"name": "read_file", "arguments": {"path": "big.txt"}}}
    name = daemon.script([read], [{"text": "Read."}])
    provider = name.split("/")[0]
    providers = daemon.settings["providers"]
    daemon.configure({"providers": {provider: {**providers[provider], "contextWindow": 8000}}})
    session: Json = {}
    for number in range(60):
        turn = daemon.prompt(content=f"Go on {number}", model=name, **session)
        assert turn.result()["stopReason"] == "end_turn"
        session = {"sessionId": turn.session_id}
        assert all(event["tokens"] < 8000 for event in turn.events if event["kind"] == "contextUsage")
    daemon.settle()


def test_a_person_has_a_session_summarised(service: Service) -> None:
    big(service, 60)
    Reader(service, 50000)
    turns = talk(service, 4)
    session = turns[0].session_id
    daemon = service.daemon
    wish = {"instructions": "the colour of the car", "partialResultToken": "c"}
    done = daemon.call("chat/session/compact", {"sessionId": session, **wish})
    assert done["after"] < done["before"]
    assert done["usage"]["outputTokens"] == 10
    assert "error" not in done
    start, end = [event for event in daemon.values("c") if event["kind"] in ("compactStart", "compactEnd")]
    assert (start["reason"], start["tokens"]) == ("asked", done["before"])
    assert {key: end[key] for key in ("before", "after", "summary")} == {
        "before": done["before"],
        "after": done["after"],
        "summary": SUMMARY,
    }
    assert start["turnId"] not in {turn.turn_id for turn in turns}
    asked = service.server.requests[-1].json()
    assert "the colour of the car" in asked["messages"][-1]["content"]
    assert not asked.get("tools")
    again = service.prompt(content="And now?", sessionId=session)
    assert again.result()["stopReason"] == "end_turn"
    sent = str(service.history())
    assert SUMMARY in sent
    assert "please. 0" not in sent
    assert "please. 3" in sent, "the last two turns stay"
    assert daemon.refusal("chat/session/compact", {"sessionId": "nobody"}).code == 1001


def test_nobody_prompts_while_a_session_is_summarised_and_it_can_be_cancelled(service: Service) -> None:
    big(service, 60)
    reader = Reader(service, 50000)
    (turn,) = talk(service, 1)
    service.server.answer(lambda one: [Head(), Hang()] if is_summary(one) else reader.answer(one))
    daemon, session, history = service.daemon, turn.session_id, service.history()
    for cancel in ("request", "session"):
        compaction = daemon.request("chat/session/compact", {"sessionId": session, "partialResultToken": cancel})
        daemon.until(lambda message, token=cancel: message.get("params", {}).get("token") == token)
        assert service.prompt(content="Now?", sessionId=session).error().code == 1002
        assert daemon.refusal("chat/session/compact", {"sessionId": session}).code == 1002
        assert daemon.call("chat/steer", {"sessionId": session, "content": "x"})["state"] == "idle"
        if cancel == "request":
            daemon.notify("$/cancelRequest", {"id": compaction})
        else:
            assert daemon.call("chat/cancel", {"sessionId": session})["state"] == "cancelling"
        assert daemon.answer(compaction)["error"]["code"] == -32800
        assert daemon.values(cancel)[-1]["kind"] == "compactEnd"
    service.server.answer(reader.answer)
    assert service.prompt(content="Now?", sessionId=session).result()["stopReason"] == "end_turn"
    assert service.history()[: len(history)] == history


def test_a_summary_that_a_person_wanted_and_that_fails_changes_nothing(service: Service) -> None:
    big(service, 60)
    reader = Reader(service, 50000)
    (turn,) = talk(service, 1)
    history = service.history()
    no = answered({"error": {"message": "not today", "type": "invalid_request_error"}}, 400)
    service.server.answer(lambda one: no if is_summary(one) else reader.answer(one))
    done = service.daemon.call("chat/session/compact", {"sessionId": turn.session_id})
    assert done["before"] == done["after"]
    assert "not today" in done["error"]["message"]
    service.prompt(content="Now?", sessionId=turn.session_id).result()
    assert service.history()[: len(history)] == history
