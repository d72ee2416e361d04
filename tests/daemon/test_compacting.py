"""A session that rests is summarised as well, and what became of its history lasts; how full it is is told with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import Daemon, Json
from tests.daemon.service import finish, text
from tests.daemon.test_context import SUMMARY, is_summary
from tests.daemon.test_sessions import Office, loaded
from tests.support.http_server import Reply, Request, ScriptedServer, streamed


@pytest.fixture
def office(start: Start, tmp_path: Path) -> Office:
    return Office(start, tmp_path)


def answer(request: Request) -> Reply:
    usage: Json = {"choices": [], "usage": {"prompt_tokens": 1234, "completion_tokens": 10}}
    words = SUMMARY if is_summary(request) else "A long answer. " * 40
    return streamed(text(words), finish("stop"), usage)


class House:
    """A server with two models, and daemons that ask it, one after the other."""

    def __init__(self, office: Office, server: ScriptedServer) -> None:
        self.office = office
        self.server = server
        server.answer(answer)

    def open(self) -> Daemon:
        web = {"kind": "openai_chat", "baseUrl": f"{self.server.url}/v1", "contextWindow": 50000}
        return self.office.open({"providers": {"web": web}, "model": "web/usual"})

    def talk(self, daemon: Daemon, count: int, **params: str) -> list[str]:
        """That many turns; the names of them."""
        where: Json = {"newSessionId": "s"} | params
        found = list[str]()
        for number in range(count):
            turn = daemon.prompt(content=f"question {number}", **where)
            assert turn.result()["stopReason"] == "end_turn"
            found.append(turn.turn_id)
            where = {"sessionId": "s"}
        return found

    def sent(self, daemon: Daemon, session: str = "s") -> str:
        """What the model is sent with the next prompt."""
        assert daemon.prompt(content="And now?", sessionId=session).result()["stopReason"] == "end_turn"
        return str(self.server.requests[-1].json()["messages"])


@pytest.fixture
def house(office: Office) -> Iterator[House]:
    with ScriptedServer() as server:
        yield House(office, server)


def compact(daemon: Daemon, session: str = "s", **params: str) -> Json:
    return daemon.call("chat/session/compact", {"sessionId": session, **params})


def test_a_session_that_rests_is_summarised_by_its_own_model_and_stays_so(house: House) -> None:
    turns = house.talk(house.open(), 4, model="web/chosen")
    daemon = house.open()
    done = compact(daemon, partialResultToken="c")
    assert done["after"] < done["before"]
    assert house.server.requests[-1].json()["model"] == "chosen"
    events = daemon.values("c")
    assert [event["kind"] for event in events if event["kind"].startswith("compact")] == ["compactStart", "compactEnd"]
    assert {event["turnId"] for event in events}.isdisjoint(turns)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    daemon.kill()
    third = house.open()
    sent = house.sent(third)
    assert SUMMARY in sent
    assert "question 0" not in sent
    assert "question 3" in sent


def test_only_the_history_changes_never_the_transcript(house: House) -> None:
    daemon = house.open()
    house.talk(daemon, 4)
    before, seen = loaded(daemon, "s")
    compact(daemon)
    after, again = loaded(house.open(), "s")
    assert again == seen
    assert after["turns"] == before["turns"]


def test_a_rewind_behind_it_brings_the_full_history_back(house: House) -> None:
    daemon = house.open()
    turns = house.talk(daemon, 4)
    compact(daemon)
    daemon.call("chat/session/rewind", {"sessionId": "s", "turnId": turns[-1]})
    sent = house.sent(daemon)
    assert SUMMARY not in sent
    assert "question 0" in sent
    assert "question 3" not in sent


def test_a_fork_from_before_it_has_the_full_history_and_one_from_behind_it_has_not(house: House) -> None:
    daemon = house.open()
    turns = house.talk(daemon, 4)
    compact(daemon)
    daemon.call("chat/session/fork", {"sessionId": "s", "turnId": turns[2], "newSessionId": "before"})
    daemon.call("chat/session/fork", {"sessionId": "s", "newSessionId": "behind"})
    daemon.kill()
    daemon = house.open()
    assert SUMMARY not in house.sent(daemon, "before")
    assert SUMMARY in house.sent(daemon, "behind")


def test_twice_in_a_row_and_between_turns_it_adds_up(house: House) -> None:
    daemon = house.open()
    house.talk(daemon, 4)
    compact(daemon)
    compact(daemon)
    house.sent(daemon)
    compact(daemon)
    daemon.kill()
    sent = house.sent(house.open())
    assert sent.count(SUMMARY) == 1
    assert "question 0" not in sent


def test_how_full_the_context_is_comes_with_a_load(house: House) -> None:
    daemon = house.open()
    house.talk(daemon, 2)
    result, _ = loaded(house.open(), "s")
    assert (result["contextTokens"], result["contextWindow"]) == (1244, 50000)
    done = compact(daemon)
    result, _ = loaded(house.open(), "s")
    assert (result["contextTokens"], result["contextWindow"]) == (done["after"], 50000)
    house.sent(daemon)
    assert loaded(house.open(), "s")[0]["contextTokens"] == 1244


def test_who_has_no_turns_has_no_such_numbers(house: House) -> None:
    daemon = house.open()
    turns = house.talk(daemon, 1)
    daemon.call("chat/session/rewind", {"sessionId": "s", "turnId": turns[0]})
    assert "contextTokens" not in loaded(daemon, "s")[0]


def test_what_runs_in_another_daemon_is_not_summarised(house: House) -> None:
    daemon, other = house.open(), house.open()
    house.talk(daemon, 1)
    turn = daemon.prompt([{"text": "I "}, {"hang": True}], sessionId="s")
    turn.event("textChunk")
    error = other.refusal("chat/session/compact", {"sessionId": "s"})
    assert error.code == 1002
    assert "another chatls" in error.message
    turn.cancel()
    turn.result()
    assert other.refusal("chat/session/compact", {"sessionId": "none"}).code == 1001
    assert other.refusal("chat/session/load", {"sessionId": "none"}).code == 1001
