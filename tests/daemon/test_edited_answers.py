"""A person changes what would be done, and that is done: checked, weighed anew, once, and the model is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.conftest import Start
from tests.daemon.editor import Editor
from tests.daemon.raw import Daemon, Json, Turn
from tests.daemon.service import Service, finish, text
from tests.daemon.service import call as tool
from tests.support.http_server import ScriptedServer, streamed

DONE: list[Json] = [{"text": "done"}]


def call(name: str, **arguments: Any) -> Json:
    return {"toolCall": {"name": name, "arguments": arguments}}


def write(name: str, content: str = "new\n") -> Json:
    return call("write_file", path=name, content=content)


def edit(name: str, old: str, new: str) -> Json:
    return call("edit_file", path=name, edits=[{"old_text": old, "new_text": new}])


def file(daemon: Daemon, name: str, data: bytes | None = None) -> Path:
    path = daemon.folder / "root" / name
    if data is not None:
        path.write_bytes(data)
    return path


def change(daemon: Daemon, question: Json, option: str = "allow_once", **arguments: Any) -> None:
    """Allow the call with these arguments instead of its own."""
    given = {**question["params"]["arguments"], **arguments}
    options = [item["id"] for item in question["params"]["options"] if option in (item["id"], item["kind"])]
    daemon.reply(question, {"outcome": "selected", "optionId": options[0], "arguments": given})


def after_the_answer(turn: Turn, number: int = 0) -> list[str]:
    own = [event["kind"] for event in turn.events if event.get("toolCallId") == turn.call_id(number)]
    return own[own.index("permissionResolved") :]


def notices(turn: Turn) -> str:
    return "\n".join(event["text"] for event in turn.events if event["kind"] == "notice")


def test_it_is_announced(start: Start, tmp_path: Path) -> None:
    daemon = start()
    assert daemon.initialize({}, roots=[tmp_path])["capabilities"]["experimental"]["chat"]["editedArguments"] is True
    assert daemon.leave() == 0


def test_the_text_that_a_person_wants_is_written_and_all_are_told(asking: Daemon) -> None:
    turn = asking.prompt([write("mine.txt", "one\ntwo\n")], DONE)
    change(asking, turn.question(), content="one\nzwei\n")
    result = turn.result()
    assert result["tools"] == {"write_file": 1}
    assert file(asking, "mine.txt").read_text() == "one\nzwei\n"
    assert after_the_answer(turn) == ["permissionResolved", "toolCallEnd", "toolRunStart", "toolRunEnd"]
    first, second = (event for event in turn.events if event["kind"] == "toolCallEnd")
    assert first["arguments"]["content"] == "one\ntwo\n"
    assert second["arguments"] == {"path": "mine.txt", "content": "one\nzwei\n"}
    assert second["title"] == first["title"]
    assert second["locations"] == first["locations"]
    assert turn.event("permissionResolved")["outcome"] == "allow_once"
    assert "The user changed this call" in turn.said()
    assert "-two\n+zwei" in turn.said()
    assert turn.ended()["status"] == "completed"


def test_a_command_is_changed_before_it_runs(asking: Daemon) -> None:
    turn = asking.prompt([call("run_command", command="touch theirs")], DONE)
    change(asking, turn.question(), command="touch mine && echo made")
    turn.result()
    assert file(asking, "mine").exists()
    assert not file(asking, "theirs").exists()
    second = [event for event in turn.events if event["kind"] == "toolCallEnd"][1]
    assert second["title"] == "run_command touch mine && echo made"
    assert 'command: "touch mine && echo made" instead of "touch theirs"' in turn.said()
    assert "made" in turn.said()
    file(asking, "mine").unlink()


def test_the_model_is_sent_its_own_arguments_and_what_was_changed(asking: Daemon) -> None:
    """The history stays as the model wrote it: a signed reply has to."""
    with ScriptedServer() as server:
        service = Service(asking, server)
        arguments = json.dumps({"path": "sent.txt", "content": "theirs"})
        server.play(
            streamed(tool(arguments, "write_file"), finish("tool_calls")), streamed(text("done"), finish("stop"))
        )
        turn = service.prompt()
        change(asking, turn.question(), content="mine")
        assert turn.result()["stopReason"] == "end_turn"
        assert file(asking, "sent.txt").read_text() == "mine"
        *_, said, answer = service.history()
        assert json.loads(said["tool_calls"][0]["function"]["arguments"])["content"] == "theirs"
        assert "The user changed this call" in answer["content"]
        assert "-theirs\n+mine" in answer["content"]
    asking.configure({})


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"path": "other.txt"}, "another file"),
        ({"content": 5.5}, "content"),
        ({"surprise": True}, "no such argument"),
        ({"path": "../outside.txt"}, "outside"),
    ],
)
def test_what_is_about_something_else_or_makes_no_sense_does_not_run(asking: Daemon, wanted: Json, why: str) -> None:
    turn = asking.prompt([write("still.txt")], DONE)
    change(asking, turn.question(), **wanted)
    assert turn.ended()["status"] == "failed"
    assert turn.result()["tools"] == {}
    assert "The user wanted to change this call" in turn.said()
    assert why in turn.said()
    assert why in notices(turn)
    assert after_the_answer(turn) == ["permissionResolved", "toolRunEnd"]
    assert not file(asking, "still.txt").exists()
    assert not file(asking, "other.txt").exists()


def test_what_a_rule_denies_does_not_run_whoever_wrote_it(start: Start, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    daemon = start()
    rules = [{"tool": "run_command", "command": "touch", "action": "deny"}]
    daemon.initialize({"permissions": rules}, permission=True, roots=[root])
    turn = daemon.prompt([call("run_command", command="mkdir made")], DONE)
    change(daemon, turn.question(), command="touch made")
    assert turn.ended()["status"] == "denied"
    turn.result()
    assert "settings" in turn.said()
    assert "touch made" in turn.said()
    assert "did not run" in notices(turn)
    assert list(root.iterdir()) == []
    assert daemon.leave() == 0


def test_an_answer_for_good_counts_once(asking: Daemon) -> None:
    turn = asking.prompt([write("once.txt")], [write("twice.txt")], DONE)
    change(asking, turn.question(), "allow_session", content="mine\n")
    assert turn.event("permissionResolved")["outcome"] == "allow_once"
    asking.choose(turn.question(), "reject_once")
    turn.result()
    assert asking.call("chat/permissions", {"sessionId": turn.session_id})["permissions"] == []
    assert file(asking, "once.txt").read_text() == "mine\n"


def test_arguments_that_say_the_same_change_nothing(asking: Daemon) -> None:
    """A client that sends them always is no reason to ask again."""
    turn = asking.prompt([write("same.txt")], [write("again.txt")], DONE)
    change(asking, turn.question(), "allow_session")
    turn.result()
    assert turn.event("permissionResolved")["outcome"] == "allow_always"
    assert turn.ended(1)["status"] == "completed"
    assert after_the_answer(turn) == ["permissionResolved", "toolRunStart", "toolRunEnd"]
    assert "The user changed" not in turn.said()
    asking.call("chat/permissions", {"revoke": [item["id"] for item in asking.call("chat/permissions")["permissions"]]})


@pytest.mark.parametrize("arguments", ["text", 5, ["list"]])
def test_arguments_that_are_no_object_are_no_answer(asking: Daemon, arguments: Any) -> None:
    turn = asking.prompt([write("none.txt")], DONE)
    asking.reply(turn.question(), {"outcome": "selected", "optionId": "allow_once", "arguments": arguments})
    assert turn.ended()["status"] == "denied"
    turn.result()
    assert not file(asking, "none.txt").exists()


def test_a_no_stays_a_no_whatever_stands_beside_it(asking: Daemon) -> None:
    turn = asking.prompt([write("no.txt")], DONE)
    change(asking, turn.question(), "reject_once", content="mine\n")
    assert turn.ended()["status"] == "denied"
    turn.result()
    assert not file(asking, "no.txt").exists()


def test_all_of_a_file_may_be_changed_though_the_model_read_a_part(asking: Daemon) -> None:
    """An editor sends the whole text, before and after, also where the model knows some lines alone."""
    lines = [f"line {number}" for number in range(1, 41)]
    path = file(asking, "long.txt", "\r\n".join((*lines, "")).encode())
    read = call("read_file", path="long.txt", start_line=3, end_line=5)
    turn = asking.prompt([read], [edit("long.txt", "line 4\nline 5", "LINE 4\nline 5")], DONE)
    question = turn.question()
    (diff,) = question["params"]["preview"]
    wanted = diff["newText"].replace("line 30", "thirty").replace("\r\n", "\n")
    change(asking, question, edits=[{"old_text": diff["oldText"], "new_text": wanted}])
    turn.result()
    lines[3], lines[29] = "LINE 4", "thirty"
    assert path.read_bytes() == "\r\n".join((*lines, "")).encode()
    assert "-line 30\n+thirty" in turn.said(1)


def test_what_could_not_be_seen_in_the_question_stays_as_it_was(asking: Daemon) -> None:
    """Questions spell out invisible characters; a person who leaves such a line alone does not want the spelling."""
    odd = "a \u2764\ufe0f b\u200bc"
    path = file(asking, "odd.txt", f"{odd}\nnext\n".encode())
    turn = asking.prompt([call("read_file", path="odd.txt")], [edit("odd.txt", "next", "NEXT")], DONE)
    question = turn.question()
    (diff,) = question["params"]["preview"]
    assert "\\u{200B}" in diff["oldText"]
    change(asking, question, edits=[{"old_text": diff["oldText"], "new_text": diff["oldText"] + "mine\n"}])
    turn.result()
    assert path.read_bytes() == f"{odd}\nnext\nmine\n".encode()


def test_a_hunk_that_a_person_leaves_out_is_not_made(asking: Daemon) -> None:
    path = file(asking, "hunks.txt", b"one\ntwo\nthree\n")
    edits = [{"old_text": "one", "new_text": "ONE"}, {"old_text": "three", "new_text": "THREE"}]
    change_both = call("edit_file", path="hunks.txt", edits=edits)
    turn = asking.prompt([call("read_file", path="hunks.txt")], [change_both], DONE)
    change(asking, turn.question(), edits=edits[1:])
    turn.result()
    assert path.read_text() == "one\ntwo\nTHREE\n"
    assert "-ONE\n+one" in turn.said(1)


def test_a_file_of_several_may_be_left_out_and_none_added(asking: Daemon) -> None:
    paths = [file(asking, name, b"one\n") for name in ("first.txt", "second.txt", "third.txt")]
    edits = [{"path": name, "old_text": "one", "new_text": "ONE"} for name in ("first.txt", "second.txt")]
    reads = [call("read_file", path=path.name) for path in paths]
    both = call("edit_file", path="first.txt", edits=edits)
    turn = asking.prompt(reads, [both], [both], DONE)
    change(asking, turn.question(), edits=[*edits, {**edits[0], "path": "third.txt"}])
    assert turn.ended(3)["status"] == "failed"
    change(asking, turn.question(), edits=edits[:1])
    turn.result()
    assert [path.read_text() for path in paths] == ["ONE\n", "one\n", "one\n"]
    assert '"second.txt", which stays as it is' in turn.said(4)


def test_a_file_that_changed_while_it_was_edited_is_not_overwritten(asking: Daemon) -> None:
    path = file(asking, "raced.txt", b"one\n")
    turn = asking.prompt([call("read_file", path="raced.txt")], [write("raced.txt", "theirs\n")], DONE)
    question = turn.question()
    path.write_text("somebody else's\n")
    change(asking, question, content="mine\n")
    assert turn.ended(1)["status"] == "failed"
    turn.result()
    assert path.read_text() == "somebody else's\n"


def test_an_open_document_is_changed_in_the_editor(asking: Daemon) -> None:
    editor = Editor(asking, "open-edited.txt")
    editor.path.write_text("one\ntwo\n")
    editor.open("one\ntwo\n")
    turn = asking.prompt([call("read_file", path=editor.path.name)], [edit(editor.path.name, "two", "TWO")], DONE)
    change(asking, turn.question(), edits=[{"old_text": "two", "new_text": "zwei"}])
    editor.take(asking.until(lambda message: message.get("method") == "workspace/applyEdit"))
    turn.result()
    assert editor.buffer == "one\nzwei\n"
    editor.close()


def test_a_loaded_session_shows_what_was_done(start: Start, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    daemon = start()
    daemon.initialize({}, permission=True, roots=[root])
    turn = daemon.prompt([call("run_command", command="touch theirs")], DONE)
    change(daemon, turn.question(), command="touch mine")
    turn.result()
    daemon.call("chat/session/load", {"sessionId": turn.session_id, "partialResultToken": "again"})
    shown = [event for event in daemon.values("again") if event["kind"] == "toolCallEnd"]
    assert [event["arguments"]["command"] for event in shown] == ["touch theirs", "touch mine"]
    rewound = daemon.call("chat/session/rewind", {"sessionId": turn.session_id, "turnId": turn.turn_id, "dryRun": True})
    assert rewound["commands"] == ["run_command touch mine"]
    assert daemon.leave() == 0
