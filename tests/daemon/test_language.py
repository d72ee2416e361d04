"""Symbols: asked of the client, told to the model by the rules for reading; a renaming, as one edit."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.daemon.conftest import Shared, Start
from tests.daemon.editor import edited
from tests.daemon.raw import Daemon, Json
from tests.support.cases import for_each

DONE: list[Json] = [{"text": "done"}]
ONE: Json = {"path": "a.txt", "line": 1, "symbol": "one"}
USES: Json = {"toolCall": {"name": "references", "arguments": ONE}}
RENAME: Json = {"toolCall": {"name": "rename_symbol", "arguments": {**ONE, "new_name": "eins"}}}
NAMES = {"definition", "references", "symbols", "rename_symbol"}
RULES: tuple[Json, ...] = (
    {"tool": "read_file", "path": "private/**", "action": "deny"},
    {"tool": "read_file", "path": "asked.txt", "action": "ask"},
    {"tool": "edit_file", "path": "kept.txt", "action": "deny"},
)


@pytest.fixture(scope="module")
def shared_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    shared = Shared(tmp_path_factory.mktemp("served"), *RULES, permission=True, edits=True, save=True, language=True)
    yield shared
    shared.close()


@pytest.fixture
def served(shared_served: Shared) -> Iterator[Daemon]:
    """A daemon whose client asks its language servers."""
    daemon = shared_served.get()
    daemon.begin_anew()
    for name in ("b.txt", "kept.txt", "asked.txt", "private/plan.txt"):
        path = daemon.folder / "root" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("one SECRET\n" if name in ("asked.txt", "private/plan.txt") else "one\n")
    yield daemon
    shared_served.check()


def uri(daemon: Daemon, name: str) -> str:
    return (daemon.folder / "root" / name).as_uri()


def span(line: int, start: int, end: int) -> Json:
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


def at(daemon: Daemon, name: str, line: int = 0) -> Json:
    return {"uri": uri(daemon, name), "range": span(line, 0, 3)}


def renaming(daemon: Daemon, *names: str) -> Json:
    edits = [{"range": span(0, 0, 3), "newText": "eins"}]
    return {"edits": [{"uri": uri(daemon, name), "edits": edits} for name in names]}


def test_only_a_client_that_says_so_gets_the_tools(start: Start, served: Daemon) -> None:
    assert {tool["name"] for tool in served.call("chat/tools")["tools"]} >= NAMES
    other = start()
    other.initialize({}, permission=True, edits=True)
    assert not NAMES & {tool["name"] for tool in other.call("chat/tools")["tools"]}
    refused = other.refusal("chat/prompt", {"content": "hi", "tools": ["references"]})
    assert refused.code == 1006
    assert "experimental.chat.language" in str(refused)


def test_the_model_reads_what_the_client_answers_and_no_text_that_a_rule_denies(served: Daemon) -> None:
    turn = served.prompt([USES], DONE)
    request = served.asked("chat/language")
    assert request["params"] == {
        "kind": "references",
        "uri": uri(served, "a.txt"),
        "position": {"line": 0, "character": 0},
    }
    names = ("a.txt", "b.txt", "private/plan.txt", "asked.txt")
    served.reply(request, {"places": [at(served, name) for name in names]})
    assert turn.ended()["status"] == "completed"
    assert "a.txt:1: one\nb.txt:1: one" in turn.said()
    assert "a rule of the user's does not let you read it unasked: 1 place in private/plan.txt" in turn.said()
    assert "SECRET" not in turn.said()
    turn.result()
    call = {"toolCall": {"name": "definition", "arguments": {"path": "private/plan.txt", "line": 9, "symbol": "one"}}}
    turn = served.prompt([call], DONE)
    assert "does not let you read" in turn.said()
    assert "SECRET" not in turn.said()
    turn.result()


def test_a_search_of_whole_folders_shows_nothing_of_a_file_that_a_rule_denies(served: Daemon) -> None:
    def found(**where: str) -> str:
        search = {"toolCall": {"name": "search", "arguments": {"pattern": "SECRET", **where}}}
        turn = served.prompt([search], DONE)
        turn.result()
        return turn.said()

    assert "1 match in 1 file\n\nasked.txt:1: one SECRET" in found()
    assert "SECRET\n" not in found(path="private")
    assert "does not let you read it" in found(path="private/plan.txt")
    document = {"uri": uri(served, "private/plan.txt"), "languageId": "text", "version": 1, "text": "SECRET, unsaved"}
    served.notify("textDocument/didOpen", {"textDocument": document})
    assert "unsaved" not in found()
    served.notify("textDocument/didClose", {"textDocument": {"uri": document["uri"]}})


MANY = {"range": span(0, 0, 3), "uri": "file:///elsewhere/x.py"}
ODD: dict[str, tuple[Any, str]] = {
    "null": (None, 'no references of "one"'),
    "no object": ("nothing", 'no references of "one"'),
    "no list": ({"places": 5}, 'no references of "one"'),
    "odd places": (
        {"places": [5, None, {"uri": 1}, {"uri": "file:///x", "range": span(0, 5, 1)}]},
        'no references of "one"',
    ),
    "deep numbers": ({"places": [{"uri": "file:///x", "range": span(-1, 2**70, 2**80)}]}, 'no references of "one"'),
    "very many": ({"places": [MANY] * 100_000}, '100000 references of "one", in 0 files'),
    "unserved": ({"unserved": True, "places": [MANY]}, "no language server of the editor can tell"),
    "a reason": ({"failureReason": "I am\ntired"}, "the language server says: I am tired"),
}


@for_each(("answer", "words"), ODD.values(), ODD)
def test_whatever_a_client_answers_the_call_ends(served: Daemon, answer: Any, words: str) -> None:
    turn = served.prompt([USES], DONE)
    served.reply(served.asked("chat/language"), answer)
    turn.ended()
    assert words in turn.said()
    turn.result()
    served.begin_anew()


def test_a_cancel_withdraws_the_request_and_a_late_answer_is_nobodys(served: Daemon) -> None:
    turn = served.prompt([USES], DONE)
    request = served.asked("chat/language")
    turn.cancel()
    served.withdrawn(request)
    assert turn.result()["stopReason"] == "cancelled"
    served.reply(request, {"places": [MANY]})


def test_a_renaming_is_one_question_and_one_edit_of_all_files(served: Daemon) -> None:
    root = served.folder / "root"
    turn = served.prompt([RENAME], DONE)
    request = served.asked("chat/language")
    assert request["params"] | {"kind": "rename", "newName": "eins"} == request["params"]
    served.reply(request, renaming(served, "a.txt", "b.txt"))
    question = served.asked("chat/requestPermission")
    assert [(diff["uri"], diff["newText"]) for diff in question["params"]["preview"]] == [
        (uri(served, "a.txt"), "eins\ntwo\nthree\n"),
        (uri(served, "b.txt"), "eins\n"),
    ]
    served.reply(question, {"outcome": "selected", "optionId": "allow_once"})
    edit = served.asked("workspace/applyEdit")["params"]
    assert edit["label"] == "rename one to eins"
    for change in edit["edit"]["documentChanges"]:
        assert change["textDocument"]["version"] is None, "it is not open"
        name = change["textDocument"]["uri"].rpartition("/")[2]
        (root / name).write_text(edited((root / name).read_text(), change["edits"]))
    served.reply(served.asked("workspace/applyEdit"), {"applied": True})
    save = served.asked("chat/save")
    assert save["params"] == {"uris": [uri(served, "a.txt"), uri(served, "b.txt")]}
    served.reply(save, {"saved": []})
    assert turn.ended()["status"] == "completed"
    assert "changed a.txt (+1 -1 lines)" in turn.said()
    turn.result()
    (root / "a.txt").write_text("one\ntwo\nthree\n")


def test_a_rule_against_edits_or_reading_of_one_file_is_against_the_renaming(served: Daemon) -> None:
    for name, words in (("kept.txt", "denied"), ("private/plan.txt", "does not let you read"), (".env", "secrets")):
        turn = served.prompt([RENAME], DONE)
        served.reply(served.asked("chat/language", 1), renaming(served, "a.txt", name))
        assert turn.ended()["status"] in ("failed", "denied")
        assert words in turn.said()
        assert turn.questions() == []
        turn.result()
        served.begin_anew()


def test_an_edit_that_makes_no_sense_fails_all_of_it(served: Daemon) -> None:
    turn = served.prompt([RENAME], DONE)
    served.reply(served.asked("chat/language"), {"edits": [*renaming(served, "a.txt")["edits"], {"uri": 5}]})
    assert turn.ended()["status"] == "failed"
    assert "makes no sense" in turn.said()
    assert turn.questions() == []
    turn.result()
