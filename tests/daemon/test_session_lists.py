"""Lists, searches, pages, titles: what clients ask of sessions that last, word for word."""

import unicodedata
from pathlib import Path

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import Daemon, Json
from tests.daemon.test_sessions import Office, loaded, names

SAY: list[Json] = [{"text": "Yes."}]


@pytest.fixture
def office(start: Start, tmp_path: Path) -> Office:
    return Office(start, tmp_path)


def ask(daemon: Daemon, session: str, content: str, *reply: Json, new: bool = False) -> Json:
    where = {"newSessionId": session} if new else {"sessionId": session}
    return daemon.prompt(list(reply or SAY), content=content, **where).result()


def entry(daemon: Daemon, session: str, **params: object) -> Json:
    listed = daemon.call("chat/session/list", {"everywhere": True, **params})["sessions"]
    return next(one for one in listed if one["sessionId"] == session)


def test_words_of_all_languages_are_found_whatever_their_case_and_form(office: Office) -> None:
    daemon = office.open()
    ask(daemon, "fruit", "Äpfel und STRASSE", {"text": "Straße, naïve café"}, new=True)
    ask(daemon, "east", "東京タワーに行きたい", {"text": "Привет, мир"}, new=True)
    ask(daemon, "code", 'say "AND" OR (NOT x*) -- it\'s 100%_sure', {"text": "grep -n foo.bar"}, new=True)
    for query, found in {
        "äpfel": ["fruit"],
        "ÄPFEL": ["fruit"],
        unicodedata.normalize("NFD", "Äpfel"): ["fruit"],
        "strasse": ["fruit"],
        "STRA": ["fruit"],
        "caf": ["fruit"],
        "fé": ["fruit"],
        "pfel": [],
        "京タ": ["east"],
        "タワー 東": ["east"],
        "МИР": ["east"],
        "иве": ["east"],
        '"AND"': ["code"],
        "OR": ["code"],
        "NOT": ["code"],
        "x*": ["code"],
        "it's": ["code"],
        "100%": ["code"],
        "foo.bar": ["code"],
        "foo.baz": [],
        "äpfel 東京": [],
        "äpfel yes": [],
        "äpfel caf": ["fruit"],
    }.items():
        assert names(daemon, query=query) == found, query
    assert "apfel" not in str(names(daemon, query="apfel"))
    for odd in ('"', "(", "*", "AND", "NEAR(", "a:b", "^", "-", "\x00", "%", "_", "🙂"):
        daemon.call("chat/session/list", {"query": odd})


def test_a_snippet_shows_the_words_around(office: Office) -> None:
    daemon = office.open()
    ask(daemon, "s", "hello", {"text": f"{'before ' * 50}the Marmalade jar{' behind' * 50}"}, new=True)
    snippet = entry(daemon, "s", query="marmal")["snippet"]
    assert "Marmalade" in snippet
    assert len(snippet) < 300


def test_pages_of_a_list_have_each_session_once_though_it_changes(office: Office) -> None:
    daemon = office.open()
    for number in range(7):
        ask(daemon, f"s{number}", f"question {number}", new=True)
    seen, cursor = list[str](), None
    while True:
        page = daemon.call("chat/session/list", {"limit": 2, **({"cursor": cursor} if cursor else {})})
        assert len(page["sessions"]) <= 2
        seen += [one["sessionId"] for one in page["sessions"]]
        if not cursor:
            ask(daemon, "s0", "again")
        cursor = page.get("nextCursor")
        if cursor is None:
            break
    assert seen == ["s6", "s5", "s4", "s3", "s2", "s1"]
    assert names(daemon)[0] == "s0"
    for odd in ("x", "1", "1-", "-1-2", "1-2-3", "99999999999999999999-1"):
        assert daemon.refusal("chat/session/list", {"cursor": odd}).code == -32602
    assert daemon.refusal("chat/session/list", {"limit": 0}).code == -32602
    assert len(names(daemon, limit=100_000)) == 7


def test_a_folder_is_found_by_any_way_that_leads_to_it(office: Office, tmp_path: Path) -> None:
    link = tmp_path / "a link & ümlaut"
    link.symlink_to(office.root)
    daemon = office.open(roots=[link])
    ask(daemon, "s", "hello", new=True)
    other = tmp_path / "other"
    other.mkdir()
    far = office.open(roots=[other])
    assert names(far) == []
    for path in (link, office.root):
        assert names(far, folder=path.as_uri()) == ["s"]
        assert names(far, folder=f"{path.as_uri()}/") == ["s"]
    assert names(far, folder=other.as_uri()) == []
    assert names(office.open(roots=[office.root])) == ["s"]
    assert entry(far, "s")["folders"] == [office.root.resolve().as_uri()]
    assert far.refusal("chat/session/list", {"folder": "https://example.com/x"}).code == -32602


def test_a_transcript_comes_in_pages_from_its_end(office: Office) -> None:
    daemon = office.open()
    turns = [ask(daemon, "s", f"question {number}", new=not number)["turnId"] for number in range(5)]

    def page(**params: object) -> list[str]:
        result, events = loaded(daemon, "s", **params)
        told = [event["turnId"] for event in events if event["kind"] == "prompt"]
        assert told == [turn["turnId"] for turn in result["turns"]]
        for name in told:
            own = [event for event in events if event["turnId"] == name]
            assert own[0]["kind"] == "prompt"
            assert [event["seq"] for event in own] == list(range(1, len(own) + 1))
            assert all(event["replay"] is True for event in own)
        return told

    assert page() == turns
    assert page(last=2) == turns[3:]
    assert page(last=2, before=turns[3]) == turns[1:3]
    assert page(last=2, before=turns[1]) == turns[:1]
    assert page(before=turns[0]) == []
    assert page(last=0) == []
    assert page(last=100) == turns
    assert daemon.refusal("chat/session/load", {"sessionId": "s", "before": "turn-none"}).code == -32602


def test_a_title_that_somebody_gives_counts_everywhere_at_once(office: Office) -> None:
    daemon, other = office.open(), office.open()
    first = ask(
        daemon, "s", "\n  A first line that is rather long, longer than a title may be at all, and more\nrest", new=True
    )
    assert first["title"].startswith("A first line that is rather long, longer than")
    assert len(first["title"]) <= 63
    turn = daemon.prompt([{"text": "I "}, {"hang": True}], sessionId="s")
    assert turn.event("turnStart")["title"] == first["title"]
    other.call("chat/session/rename", {"sessionId": "s", "title": "  Mine,\n now "})
    assert entry(other, "s")["title"] == "Mine, now"
    turn.cancel()
    turn.result()
    again = daemon.prompt(SAY, sessionId="s")
    assert again.result()["title"] == "Mine, now"
    assert again.event("turnStart")["title"] == "Mine, now"
    assert other.refusal("chat/session/rename", {"sessionId": "s", "title": " "}).code == -32602
    assert other.refusal("chat/session/rename", {"sessionId": "none", "title": "x"}).code == 1001


def test_a_fork_while_it_runs_leaves_the_running_turn_out(office: Office) -> None:
    daemon, other = office.open(), office.open()
    turn_id = ask(daemon, "s", "one", new=True)["turnId"]
    turn = daemon.prompt([{"text": "I "}, {"hang": True}], content="two", sessionId="s")
    turn.event("textChunk")
    for number, one in enumerate((daemon, other)):
        one.call("chat/session/fork", {"sessionId": "s", "newSessionId": f"f{number}"})
        assert [item["prompt"] for item in loaded(one, f"f{number}")[0]["turns"]] == ["one"]
        assert one.refusal("chat/session/fork", {"sessionId": "s", "turnId": turn.turn_id}).code == -32602
        result = loaded(one, "s")[0]
        assert result["running"] == ("here", "elsewhere")[number]
        assert "stopReason" not in result["turns"][-1]
        assert one.call("chat/session/export", {"sessionId": "s", "format": "markdown"})["text"]
    assert entry(other, "f0")["parent"] == {"sessionId": "s", "turnId": turn_id}
    assert daemon.refusal("chat/session/fork", {"sessionId": "s", "newSessionId": "f0"}).code == 1007
    assert other.call("chat/cancel", {"sessionId": "s"})["state"] == "idle"
    assert other.call("chat/cancel", {"sessionId": "none"})["state"] == "not_found"
    for method in ("delete", "compact"):
        assert other.refusal(f"chat/session/{method}", {"sessionId": "s"}).code == 1002
        assert daemon.refusal(f"chat/session/{method}", {"sessionId": "s"}).code == 1002
    assert other.refusal("chat/steer", {"sessionId": "s", "content": "x"}).code == 1002
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"


def test_many_changes_are_one_notification_a_second(office: Office) -> None:
    watcher = office.open(capabilities={"experimental": {"chat": {"version": 1, "sessionsChanged": True}}})
    ask(watcher, "s", "hello", new=True)
    watcher.notification("chat/sessionsChanged")
    for number in range(40):
        watcher.call("chat/session/rename", {"sessionId": "s", "title": f"title {number}"})
    watcher.refusal("$/alive")
    told = [message for message in watcher.log if message.get("method") == "chat/sessionsChanged"]
    assert len(told) < 20


def test_who_watches_hears_of_what_another_daemon_did(office: Office) -> None:
    watcher = office.open(capabilities={"experimental": {"chat": {"version": 1, "sessionsChanged": True}}})
    other = office.open()
    assert names(watcher) == []
    ask(other, "s", "hello", new=True)
    watcher.notification("chat/sessionsChanged")
    assert names(watcher) == ["s"]
    other.call("chat/session/rename", {"sessionId": "s", "title": "Greetings"})
    behind = len(watcher.log)
    next(
        one for at, one in enumerate(watcher.messages()) if at >= behind and one.get("method") == "chat/sessionsChanged"
    )
    assert entry(watcher, "s")["title"] == "Greetings"
