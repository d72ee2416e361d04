"""Problems: asked of the client, told to the model; after an edit, those that are new."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.conftest import Shared
from tests.daemon.raw import Daemon, Json

DONE: list[Json] = [{"text": "done"}]
LOOK: Json = {"toolCall": {"name": "diagnostics"}}


@pytest.fixture(scope="module")
def shared_telling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    rules = {"tool": "edit_file", "action": "allow"}
    shared = Shared(tmp_path_factory.mktemp("telling"), rules, permission=True, diagnostics=True)
    yield shared
    shared.close()


@pytest.fixture
def telling(shared_telling: Shared) -> Iterator[Daemon]:
    """A daemon whose client tells its problems; edits are allowed."""
    daemon = shared_telling.get()
    daemon.begin_anew()
    yield daemon
    shared_telling.check()


def problem(line: int, message: str, severity: int = 1) -> Json:
    place = {"start": {"line": line, "character": 2}, "end": {"line": line, "character": 3}}
    return {"range": place, "message": message, "severity": severity, "source": "pyright", "code": "reportX"}


def tell(daemon: Daemon, request: Json, path: Path, *problems: Json) -> Json:
    """Answer; gives what was asked."""
    daemon.reply(request, {"items": [{"uri": path.as_uri(), "diagnostics": list(problems)}]})
    return request["params"]


def test_the_model_reads_what_the_editor_shows(telling: Daemon) -> None:
    path = telling.folder / "root" / "a.txt"
    turn = telling.prompt([LOOK, {"toolCall": {"name": "diagnostics", "arguments": {"path": "a.txt"}}}], DONE)
    requests = [telling.asked("chat/diagnostics", number) for number in (1, 2)]
    asked = [tell(telling, request, path, problem(1, "it is wrong"), problem(0, "odd", 2)) for request in requests]
    assert sorted(asked, key=len) == [{}, {"uri": path.as_uri()}]
    for number in (0, 1):
        assert turn.said(number).splitlines()[2:] == [
            "a.txt:1:3 warning pyright(reportX): odd",
            "a.txt:2:3 error pyright(reportX): it is wrong",
        ]
    assert turn.result()["tools"] == {"diagnostics": 2}
    assert turn.questions() == []


@pytest.mark.parametrize("result", [None, {}, {"items": 5}, {"items": [{"uri": 1}]}, "nothing"])
def test_an_answer_that_makes_no_sense_holds_no_problems(telling: Daemon, result: Any) -> None:
    turn = telling.prompt([LOOK], DONE)
    telling.reply(telling.asked("chat/diagnostics"), result)
    assert turn.ended()["status"] == "completed"
    assert "no problems" in turn.said()
    turn.result()


def test_a_client_that_refuses_is_quoted(telling: Daemon) -> None:
    turn = telling.prompt([LOOK], DONE)
    telling.respond(telling.asked("chat/diagnostics"), error={"code": -32603, "message": "my plugin broke"})
    assert turn.ended()["status"] == "failed"
    assert "my plugin broke" in turn.said()
    turn.result()


def test_a_client_that_never_answers_is_not_waited_for(telling: Daemon) -> None:
    turn = telling.prompt([LOOK], DONE)
    request = telling.asked("chat/diagnostics")
    assert turn.ended()["status"] == "failed"
    assert "within 3 seconds" in turn.said()
    telling.withdrawn(request)
    turn.result()
    tell(telling, request, telling.folder)


def test_a_cancel_withdraws_the_request(telling: Daemon) -> None:
    turn = telling.prompt([LOOK], DONE)
    request = telling.asked("chat/diagnostics")
    turn.cancel()
    telling.withdrawn(request)
    assert turn.result()["stopReason"] == "cancelled"


def test_after_an_edit_the_model_is_told_what_is_new(telling: Daemon) -> None:
    path = telling.folder / "root" / "edited.txt"
    path.write_text("one\ntwo\n")
    edits = [{"old_text": "one\n", "new_text": "zero\none!\n"}]
    read = {"toolCall": {"name": "read_file", "arguments": {"path": "edited.txt"}}}
    edit: Json = {"toolCall": {"name": "edit_file", "arguments": {"path": "edited.txt", "edits": edits}}}
    turn = telling.prompt([read], [edit], DONE)
    before = tell(telling, telling.asked("chat/diagnostics"), path, problem(1, "the old one"))
    assert before == {"uri": path.as_uri()}
    found = (problem(2, "the old one"), problem(1, "the new one"))
    after = tell(telling, telling.asked("chat/diagnostics", 2), path, *found)
    assert after == {"uri": path.as_uri(), "changed": True}
    assert turn.ended(1)["status"] == "completed"
    assert "the new one" in turn.said(1)
    assert "the old one" not in turn.said(1)
    turn.result()
