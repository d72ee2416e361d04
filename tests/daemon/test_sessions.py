"""Sessions that last, in the real process: they are there when the daemon that began them is not any more."""

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import KEY, KEY_VARIABLE, SOON, Daemon, Json

LOOK = [
    {"text": "I will look."},
    {"toolCall": {"name": "read_file", "arguments": {"path": "a.txt"}}},
]
SAY = [{"text": "It says one."}]


class Office:
    """Daemons of one person, one after the other or several at once, in one folder."""

    def __init__(self, start: Start, folder: Path) -> None:
        self._start = start
        self.folder = folder
        self.root = folder / "root"
        self.root.mkdir()
        (self.root / "a.txt").write_text("one\n")
        self.data = folder / "home" / ".local" / "share" / "chatls"

    def open(self, settings: Json | None = None, **abilities: Any) -> Daemon:
        daemon = self._start()
        daemon.settles = True
        daemon.rules = [{"tool": "*", "action": "allow"}]
        roots = abilities.pop("roots", [self.root])
        daemon.initialize(settings or {}, roots=roots, permission=True, **abilities)
        return daemon

    def bytes(self) -> bytes:
        """All that is in the files of the store."""
        return b"".join(path.read_bytes() for path in sorted(self.data.glob("sessions.db*")))


@pytest.fixture
def office(start: Start, tmp_path: Path) -> Office:
    return Office(start, tmp_path)


def names(daemon: Daemon, **params: Any) -> list[str]:
    return [entry["sessionId"] for entry in daemon.call("chat/session/list", params)["sessions"]]


def loaded(daemon: Daemon, session: str, **params: Any) -> tuple[Json, list[Json]]:
    """A session, and its transcript."""
    token = f"load-{len(daemon.log)}"
    result = daemon.call("chat/session/load", {"sessionId": session, "partialResultToken": token, **params})
    return result, daemon.values(token)


def plain(events: list[Json]) -> list[Json]:
    """Events without what a replay adds, deltas merged."""
    found = list[Json]()
    for event in events:
        value = {name: item for name, item in event.items() if name not in ("seq", "replay")}
        member = {"textChunk": "text", "thinkingChunk": "text", "toolCallDelta": "argumentsDelta"}.get(value["kind"])
        if member and found and {**found[-1], member: ""} == {**value, member: ""}:
            found[-1] = {**value, member: found[-1][member] + value[member]}
        elif value["kind"] != "prompt":
            found.append(value)
    return found


def test_a_session_goes_on_in_another_daemon_with_all_that_was_said(office: Office) -> None:
    first = office.open()
    turn = first.prompt(LOOK, SAY, content="What is in a.txt?\nplease", newSessionId="s")
    result = turn.result()
    assert (result["title"], result["stopReason"]) == ("What is in a.txt?", "end_turn")
    first.kill()

    second = office.open()
    (entry,) = second.call("chat/session/list", {})["sessions"]
    assert (entry["sessionId"], entry["title"], entry["turns"]) == ("s", "What is in a.txt?", 1)
    assert entry["folders"] == [office.root.as_uri()]
    page, events = loaded(second, "s")
    assert [turn["stopReason"] for turn in page["turns"]] == ["end_turn"]
    assert plain(events) == plain(turn.events)
    assert events[0]["content"] == [{"type": "text", "text": "What is in a.txt?\nplease"}]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert all(event["replay"] for event in events)

    again = second.prompt(SAY, content="And now?", sessionId="s")
    assert again.result()["stopReason"] == "end_turn"
    assert [turn["prompt"] for turn in loaded(second, "s")[0]["turns"]] == ["What is in a.txt?\nplease", "And now?"]
    second.settle()


def test_who_has_another_folder_open_finds_it_only_by_asking_for_it(office: Office) -> None:
    first = office.open()
    first.prompt(SAY, newSessionId="s").result()
    elsewhere = office.folder / "elsewhere"
    elsewhere.mkdir()
    second = office.open(roots=[elsewhere])
    assert names(second) == []
    assert names(second, everywhere=True) == names(second, folder=office.root.as_uri()) == ["s"]
    turn = second.prompt(SAY, sessionId="s")
    turn.result()
    assert "which is not open here" in turn.event("notice")["text"]
    second.settle()


def test_words_are_found_in_what_was_said_and_in_titles(office: Office) -> None:
    daemon = office.open()
    daemon.prompt(
        [{"text": "Der Schlüssel liegt unter der Straße."}], content="Where is it?", newSessionId="a"
    ).result()
    daemon.prompt([{"text": "日本語のテキスト"}], content="Say snake_case", newSessionId="b").result()
    assert names(daemon, query="SCHLÜSSEL strasse") == ["a"]
    assert names(daemon, query="本語") == names(daemon, query="snak") == ["b"]
    assert names(daemon, query="nake") == names(daemon, query='" OR *') == []
    daemon.call("chat/session/rename", {"sessionId": "b", "title": "Quite another matter"})
    assert names(daemon, query="matter") == ["b"]
    (found,) = daemon.call("chat/session/list", {"query": "liegt"})["sessions"]
    assert found["snippet"] == "Der Schlüssel liegt unter der Straße."


def test_a_list_comes_in_pages_the_newest_first(office: Office) -> None:
    daemon = office.open()
    for name in "abcde":
        daemon.prompt(SAY, newSessionId=name).result()
    found, cursor = list[str](), None
    while True:
        page = daemon.call("chat/session/list", {"limit": 2, **({"cursor": cursor} if cursor else {})})
        found += [entry["sessionId"] for entry in page["sessions"]]
        if (cursor := page.get("nextCursor")) is None:
            break
    assert found == list("edcba")
    assert daemon.refusal("chat/session/list", {"cursor": "nonsense"}).code == -32602


def test_a_session_runs_once_whoever_asks(office: Office) -> None:
    one, other = office.open(), office.open()
    turn = one.prompt([{"text": "Well"}, {"hang": True}], newSessionId="s")
    turn.event("textChunk")
    refused = other.refusal("chat/prompt", {"sessionId": "s", "content": "me too"})
    assert (refused.code, "another chatls" in refused.message) == (1002, True)
    assert other.refusal("chat/prompt", {"newSessionId": "s", "content": "mine"}).code == 1007
    assert other.refusal("chat/session/delete", {"sessionId": "s"}).code == 1002
    assert other.call("chat/cancel", {"sessionId": "s"}) == {"state": "idle"}
    assert other.call("chat/session/list", {})["sessions"][0]["running"] == "elsewhere"
    page, _ = loaded(other, "s")
    assert "stopReason" not in page["turns"][0]
    one.kill()
    assert other.call("chat/session/list", {})["sessions"][0].get("running") is None
    assert loaded(other, "s")[0]["turns"][0]["stopReason"] == "interrupted"
    assert other.prompt(SAY, sessionId="s").result()["stopReason"] == "end_turn"
    other.settle()


def test_a_session_without_a_name_of_its_clients_is_kept_and_held_at_its_first_event(office: Office) -> None:
    one, other = office.open(), office.open()
    one.prompt(SAY).result()  # behind it the store is open, and nobody looks whether there is one of that name
    turn = one.prompt([{"text": "Well"}, {"hang": True}], content="Where are the zebras?")
    session = turn.event("turnStart")["sessionId"]
    assert other.refusal("chat/prompt", {"sessionId": session, "content": "me too"}).code == 1002
    loaded(one, session)  # all of it is written by then, its title among the words that are found
    one.kill()
    assert loaded(other, session)[0]["turns"][0]["stopReason"] == "interrupted"
    assert names(other, query="zebras") == [session]


def test_what_another_daemon_added_is_there_at_the_next_prompt(office: Office) -> None:
    one, other = office.open(), office.open()
    one.prompt([{"text": "First."}], content="one", newSessionId="s").result()
    other.prompt([{"text": "Second."}], content="two", sessionId="s").result()
    one.prompt([{"text": "Third."}], content="three", sessionId="s").result()
    assert [turn["prompt"] for turn in loaded(one, "s")[0]["turns"]] == ["one", "two", "three"]


def test_a_session_that_runs_here_goes_on_for_who_loads_it(office: Office) -> None:
    daemon = office.open()
    turn = daemon.prompt([{"text": "Well"}, {"hang": True}], newSessionId="s")
    turn.event("textChunk")
    page, seen = loaded(daemon, "s")
    assert (page["running"], [event["kind"] for event in seen][:3]) == ("here", ["prompt", "turnStart", "textChunk"])
    assert "stopReason" not in page["turns"][0]
    assert daemon.call("chat/cancel", {"sessionId": "s"}) == {"state": "cancelling"}
    assert turn.result()["stopReason"] == "cancelled"
    assert loaded(daemon, "s")[0]["turns"][0]["stopReason"] == "cancelled"


def test_a_fork_shares_the_beginning_and_outlives_the_other(office: Office) -> None:
    daemon = office.open()
    first = daemon.prompt(SAY, content="one", newSessionId="s").result()
    daemon.prompt(SAY, content="two", sessionId="s").result()
    assert daemon.call("chat/session/fork", {"sessionId": "s", "turnId": first["turnId"], "newSessionId": "f"}) == {
        "sessionId": "f"
    }
    assert daemon.refusal("chat/session/fork", {"sessionId": "s", "newSessionId": "f"}).code == 1007
    assert daemon.refusal("chat/session/fork", {"sessionId": "s", "turnId": "t"}).code == -32602
    daemon.prompt(SAY, content="other", sessionId="f").result()
    daemon.call("chat/session/delete", {"sessionId": "s"})
    assert [turn["prompt"] for turn in loaded(daemon, "f")[0]["turns"]] == ["one", "other"]
    assert names(daemon) == ["f"]
    assert daemon.refusal("chat/session/load", {"sessionId": "s"}).code == 1001
    assert daemon.refusal("chat/prompt", {"sessionId": "s", "content": "x"}).code == 1001
    assert daemon.refusal("chat/prompt", {"sessionId": "", "content": "x"}).message == "there is no session ''"


def test_what_is_deleted_is_gone_from_the_files(office: Office) -> None:
    daemon = office.open()
    daemon.prompt([{"text": "rhubarb marmalade"}], content="zucchini", newSessionId="s").result()
    daemon.prompt([{"text": "stays"}], newSessionId="t").result()
    daemon.call("chat/session/delete", {"sessionId": "s"})
    deadline = time.monotonic() + SOON
    while b"zucchini" in office.bytes():
        assert time.monotonic() < deadline
        assert names(daemon) == ["t"]
    assert b"hello" in office.bytes()


def test_what_is_not_to_be_kept_is_in_no_list_and_ends_with_its_client(office: Office) -> None:
    daemon = office.open()
    daemon.settles = False  # it never stands in the store
    daemon.prompt(SAY, content="secretly", newSessionId="s", keep=False).result()
    daemon.prompt(SAY, content="more", sessionId="s").result()
    assert names(daemon, everywhere=True) == []
    assert not office.data.exists() or b"secretly" not in office.bytes()
    other = office.open({"sessions": {"keep": False}})
    other.prompt(SAY, newSessionId="u").result()
    assert names(other) == ["u"]
    assert names(office.open()) == []


def test_only_the_owner_may_read_it_and_no_key_is_in_it(office: Office) -> None:
    web = {"kind": "openai_chat", "baseUrl": "http://127.0.0.1:9/v1", "apiKeyEnv": KEY_VARIABLE}
    daemon = office.open({"providers": {"web": web}})
    daemon.prompt([{"text": f"the key is {KEY}, is it"}], content=f"my {KEY}", newSessionId="s").result()
    for path in (office.data, *office.data.glob("sessions.db*")):
        assert path.stat().st_mode & 0o077 == 0, path
    text = repr(loaded(daemon, "s"))
    assert "[key]" in text
    assert KEY not in text
    assert KEY.encode() not in office.bytes()


def test_a_key_that_lies_across_two_pieces_of_a_long_answer_is_not_kept_either(office: Office) -> None:
    web = {"kind": "openai_chat", "baseUrl": "http://127.0.0.1:9/v1", "apiKeyEnv": KEY_VARIABLE}
    daemon = office.open({"providers": {"web": web}})
    daemon.prompt([{"text": "x" * (16 * 1024 - 4) + KEY}], newSessionId="s").result()
    _, events = loaded(office.open({"providers": {"web": web}}), "s")
    text = "".join(event["text"] for event in events if event["kind"] == "textChunk")
    assert text.endswith("x[key]")


def test_a_damaged_store_is_moved_aside_and_said_once(office: Office) -> None:
    office.data.mkdir(parents=True)
    (office.data / "sessions.db").write_bytes(b"no store at all" * 1000)
    daemon = office.open()
    daemon.prompt(SAY, newSessionId="s").result()
    assert "damaged" in daemon.notification("window/showMessage")["message"]
    assert names(daemon) == ["s"]
    assert [path.suffix for path in office.data.glob("damaged-*")] == [".db"]
    assert names(office.open()) == ["s"]


def test_what_can_be_read_of_a_damaged_store_is_kept(office: Office) -> None:
    first = office.open()
    for name in "abcdefgh":
        first.prompt([{"text": "x" * 3000}], newSessionId=name).result()
    first.kill()
    connection = sqlite3.connect(office.data / "sessions.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages, page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone(), 4096
    connection.close()
    data = bytearray((office.data / "sessions.db").read_bytes())
    data[(pages[0] - 1) * page : pages[0] * page] = b"\xff" * page
    (office.data / "sessions.db").write_bytes(data)
    daemon = office.open()
    assert sorted(names(daemon)) == list("abcdefgh")
    assert loaded(daemon, "a")[0]["turns"][0]["prompt"] == "hello"
    assert "damaged" in daemon.notification("window/showMessage")["message"]
    assert daemon.prompt(SAY, sessionId="a").result()["stopReason"] == "end_turn"


def test_a_newer_store_is_left_alone(office: Office) -> None:
    office.data.mkdir(parents=True)
    connection = sqlite3.connect(office.data / "sessions.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = (office.data / "sessions.db").read_bytes()
    daemon = office.open()
    daemon.prompt(SAY, newSessionId="s").result()
    assert "newer chatls" in daemon.notification("window/showMessage")["message"]
    assert names(daemon) == ["s"]
    daemon.kill()
    assert (office.data / "sessions.db").read_bytes() == before


def test_a_folder_that_cannot_be_written_costs_only_what_would_be_kept(office: Office) -> None:
    office.data.parent.mkdir(parents=True)
    office.data.write_text("in the way")
    daemon = office.open()
    daemon.prompt(SAY, content="one", newSessionId="s").result()
    daemon.prompt(SAY, content="two", sessionId="s").result()
    told = [message for message in daemon.log if message.get("method") == "window/showMessage"]
    assert len(told) == 1
    assert [turn["prompt"] for turn in loaded(daemon, "s")[0]["turns"]] == ["one", "two"]
    daemon.settle()


def test_an_export_holds_what_was_said_and_done(office: Office) -> None:
    daemon = office.open()
    daemon.prompt(LOOK, SAY, content="What is in a.txt?", newSessionId="s").result()
    text = daemon.call("chat/session/export", {"sessionId": "s", "format": "markdown"})["text"]
    assert "# What is in a.txt?" in text
    assert "> read_file a.txt: completed" in text
    assert "It says one." in text
    assert (
        '"stopReason": "end_turn"' in daemon.call("chat/session/export", {"sessionId": "s", "format": "json"})["text"]
    )


def test_who_wants_to_know_is_told_that_lists_are_old(office: Office) -> None:
    chat = {"version": 1, "sessionsChanged": True}
    daemon = office.open(capabilities={"experimental": {"chat": chat}})
    daemon.prompt(SAY, newSessionId="s").result()
    assert daemon.notification("chat/sessionsChanged") == {}


def test_a_session_that_another_daemon_deletes_while_it_is_loaded_is_not_there(office: Office) -> None:
    daemon, other = office.open(), office.open()
    daemon.prompt([{"text": "long " * 20_000}], chars=100_000, newSessionId="s").result()
    for _ in range(20):  # as many turns as are read at once, and one more
        daemon.prompt([{"text": "long " * 20_000}], chars=100_000, sessionId="s").result()
    load = daemon.request("chat/session/load", {"sessionId": "s", "partialResultToken": "old"})
    daemon.until(lambda message: message.get("params", {}).get("token") == "old")  # the rest waits until it is read
    other.call("chat/session/delete", {"sessionId": "s"})
    assert daemon.answer(load)["error"]["code"] == 1001
    daemon.settle()


def test_a_session_is_not_deleted_behind_a_prompt_that_was_just_accepted(office: Office) -> None:
    first = office.open()
    first.prompt(SAY, content="one", newSessionId="s").result()
    first.kill()
    daemon = office.open()
    model = daemon.script(SAY)
    with daemon.one_write():
        turn = daemon.prompt(content="two", sessionId="s", model=model)
        deletion = daemon.request("chat/session/delete", {"sessionId": "s"})
    assert daemon.answer(deletion)["error"]["code"] == 1002
    assert turn.result()["stopReason"] == "end_turn"
    assert [turn["prompt"] for turn in loaded(daemon, "s")[0]["turns"]] == ["one", "two"]
    daemon.settle()
