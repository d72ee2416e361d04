"""Edits through the real daemon: open documents by way of the editor, closed ones on the disk, no word lost."""

import pytest

from tests.daemon.conftest import Start
from tests.daemon.editor import Editor
from tests.daemon.raw import Daemon, Json, Turn

DONE: list[Json] = [{"text": "done"}]
UNSAVED = "one\ntwo \U0001f600\nthree\n"


def read(path: str) -> list[Json]:
    return [{"toolCall": {"name": "read_file", "arguments": {"path": path}}}]


def edit(path: str, old: str, new: str) -> Json:
    arguments: Json = {"path": path, "edits": [{"old_text": old, "new_text": new}]}
    return {"toolCall": {"name": "edit_file", "arguments": arguments}}


def allowed(turn: Turn) -> Json:
    """Allow the next call. Gives what it was."""
    question = turn.question()
    turn.daemon.choose(question, "allow_once")
    return question["params"]


def count(daemon: Daemon, method: str = "workspace/applyEdit") -> int:
    """Which edit is the next one: those of former tests stand in the log as well."""
    return 1 + sum(message.get("method") == method for message in daemon.log)


def looked(daemon: Daemon) -> None:
    """Wait until the daemon has looked at what was opened or saved: a tool looks later than it."""
    daemon.prompt([{"toolCall": {"name": "list_files", "arguments": {}}}], DONE).result()


def difference(turn: Turn, number: int) -> Json:
    return next(item for item in turn.ended(number)["content"] if item["type"] == "diff")


def test_an_open_document_is_changed_in_the_editor_and_the_disk_is_left_alone(asking: Daemon) -> None:
    editor = Editor(asking, "unsaved.txt")
    editor.path.write_text("as it was saved\n")
    editor.open(UNSAVED)
    number = count(asking)
    turn = asking.prompt(
        read("unsaved.txt"), [edit("unsaved.txt", "\U0001f600\nthree", "\U0001f600!\nTHREE")], read("unsaved.txt"), DONE
    )
    preview = allowed(turn)["preview"]
    after = "one\ntwo \U0001f600!\nTHREE\n"
    assert {"type": "diff", "uri": editor.uri, "oldText": UNSAVED, "newText": after, "change": "changed"} in preview
    editor.take(asking.asked("workspace/applyEdit", number))
    assert turn.ended(1)["status"] == "completed"
    assert (difference(turn, 1)["oldText"], difference(turn, 1)["newText"]) == (UNSAVED, after)
    assert turn.result()["tools"] == {"read_file": 2, "edit_file": 1}
    assert editor.buffer == after
    assert "THREE" in turn.said(2)
    assert editor.path.read_text() == "as it was saved\n"
    (label,) = editor.labels
    assert "unsaved.txt" in label
    editor.close()


def test_a_document_that_is_on_no_disk_is_changed_too(asking: Daemon) -> None:
    editor = Editor(asking, "nowhere.txt")
    editor.open(UNSAVED)
    number = count(asking)
    turn = asking.prompt(read("nowhere.txt"), [edit("nowhere.txt", "two", "2")], DONE)
    allowed(turn)
    editor.take(asking.asked("workspace/applyEdit", number))
    assert turn.ended(1)["status"] == "completed"
    turn.result()
    assert editor.buffer == UNSAVED.replace("two", "2")
    assert not editor.path.exists()
    editor.close()


def test_what_was_typed_elsewhere_while_the_question_was_open_stays_and_the_yes_holds(asking: Daemon) -> None:
    editor = Editor(asking, "typed.txt")
    editor.open(UNSAVED)
    number = count(asking)
    turn = asking.prompt(read("typed.txt"), [edit("typed.txt", "two", "2")], DONE)
    question = turn.question()
    editor.type("typed meanwhile\n" + UNSAVED)
    asking.choose(question, "allow_once")
    editor.take(asking.asked("workspace/applyEdit", number))
    assert turn.ended(1)["status"] == "completed"
    turn.result()
    assert editor.buffer == "typed meanwhile\n" + UNSAVED.replace("two", "2")
    editor.close()


def test_what_was_typed_in_the_line_of_the_question_is_not_lost(asking: Daemon) -> None:
    editor = Editor(asking, "typed.txt")
    editor.open(UNSAVED)
    before = count(asking)
    turn = asking.prompt(read("typed.txt"), [edit("typed.txt", "two", "2")], DONE)
    question = turn.question()
    editor.type(UNSAVED.replace("two", "two and a half"))
    asking.choose(question, "allow_once")
    assert turn.ended(1)["status"] == "failed"
    assert "+two and a half" in turn.said(1)
    turn.result()
    assert count(asking) == before, "no edit was asked for"
    editor.close()


def test_what_was_typed_while_the_edit_was_on_its_way_is_not_lost(asking: Daemon) -> None:
    editor = Editor(asking, "racing.txt")
    editor.open(UNSAVED)
    number = count(asking)
    turn = asking.prompt(read("racing.txt"), [edit("racing.txt", "two", "2")], DONE)
    allowed(turn)
    request = asking.asked("workspace/applyEdit", number)
    editor.type(f"{UNSAVED}typed\n")
    editor.take(request)
    assert turn.ended(1)["status"] == "failed"
    assert "the document has changed" in turn.said(1)
    turn.result()
    assert editor.buffer == f"{UNSAVED}typed\n"
    editor.close()


def test_a_closed_file_is_changed_on_the_disk(asking: Daemon) -> None:
    path = asking.folder / "root" / "closed.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    path.chmod(0o640)
    number = count(asking)
    turn = asking.prompt(read("closed.txt"), [edit("closed.txt", "two", "2")], DONE)
    allowed(turn)
    assert turn.ended(1)["status"] == "completed"
    turn.result()
    assert path.read_bytes() == b"\xef\xbb\xbfone\r\n2\r\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert count(asking) == number


CALC, CHECK = "def add(a, b):\n    return a - b\n", "from calc import add\nassert add(1, 2) == 3\nprint('all well')\n"
MENDED = CALC.replace("a - b", "a + b")


def run(command: str) -> list[Json]:
    return [{"toolCall": {"name": "run_command", "arguments": {"command": command}}}]


def with_calc(start: Start, save: str | None = None, *, answers: bool = True) -> Editor:
    """An editor that answers `chat/save`, with a program open in it that does not add."""
    daemon = start()
    root = daemon.folder / "root"
    root.mkdir()
    (root / "check.py").write_text(CHECK)
    settings = {"edits": {"save": save}} if save else {}
    daemon.initialize(settings, permission=True, edits=True, save=answers, roots=[root])
    editor = Editor(daemon, "calc.py")
    editor.path.write_text(CALC)
    editor.open(CALC)
    looked(daemon)
    return editor


def mended(editor: Editor) -> Turn:
    """A turn that mends the program and runs its test, up to the answer to the question about the command."""
    mend = edit("calc.py", "a - b", "a + b")
    turn = editor.daemon.prompt(read("calc.py"), [mend], run("python3 -B check.py"), DONE)
    allowed(turn)
    editor.take(editor.daemon.asked("workspace/applyEdit", 1))
    return turn


def test_a_command_sees_what_the_agent_changed_in_a_document_that_was_saved(start: Start) -> None:
    editor = with_calc(start)
    turn = mended(editor)
    editor.write(editor.daemon.asked("chat/save", 1))
    allowed(turn)
    turn.result()
    assert "open in the editor, and saved" in turn.said(1)
    assert editor.path.read_text() == MENDED
    assert "all well" in turn.said(2)
    assert "not on the disk" not in turn.said(2)


def test_what_saving_makes_of_a_document_is_what_the_model_knows(start: Start) -> None:
    editor = with_calc(start)
    turn = mended(editor)
    request = editor.daemon.asked("chat/save", 1)
    editor.type(MENDED + "# formatted\n")
    editor.write(request)
    allowed(turn)
    turn.result()
    assert "+# formatted" in turn.said(1)
    assert difference(turn, 1)["newText"] == MENDED + "# formatted\n"
    again = editor.daemon.prompt([edit("calc.py", "# formatted", "# by hand")], DONE, sessionId=turn.session_id)
    allowed(again)
    editor.take(editor.daemon.asked("workspace/applyEdit", 2))
    editor.write(editor.daemon.asked("chat/save", 2))
    assert again.result()["tools"] == {"edit_file": 1}
    assert again.ended(0)["status"] == "completed"


@pytest.mark.parametrize("way", ["never", "refused", "no answer to it"])
def test_where_it_is_not_saved_the_command_and_its_question_say_so(start: Start, way: str) -> None:
    editor = with_calc(start, "never" if way == "never" else None, answers=way == "refused")
    turn = mended(editor)
    if way == "refused":
        editor.daemon.respond(editor.daemon.asked("chat/save", 1), error={"code": -32603, "message": "read-only"})
    question = allowed(turn)
    turn.result()
    assert "on the disk once it is saved" in turn.said(1)
    assert "calc.py" in question["preview"][-1]["text"]
    assert 'These have changes in the editor that are not on the disk: "calc.py".' in turn.said(2)
    assert editor.path.read_text() == CALC
    if way != "refused":
        assert count(editor.daemon, "chat/save") == 1, "it was not asked for"


def test_what_a_person_has_not_saved_is_not_saved_behind_an_edit(start: Start) -> None:
    editor = with_calc(start)
    editor.type(CALC + "# half a thou")
    turn = mended(editor)
    allowed(turn)
    turn.result()
    assert editor.path.read_text() == CALC
    assert 'not on the disk: "calc.py"' in turn.said(2)


def test_all_that_is_unsaved_is_saved_before_a_command_where_the_settings_say_so(start: Start) -> None:
    editor = with_calc(start, "all")
    editor.type(MENDED)
    turn = editor.daemon.prompt(run("python3 -B check.py"), DONE)
    question = allowed(turn)
    editor.write(editor.daemon.asked("chat/save", 1))
    turn.result()
    assert 'Saved before it runs: "calc.py"' in question["preview"][-1]["text"]
    assert "all well" in turn.said(0)


def test_a_file_whose_lines_changed_on_the_disk_while_the_question_was_open_is_left_alone(asking: Daemon) -> None:
    path = asking.folder / "root" / "stale.txt"
    path.write_text("one\ntwo\n")
    turn = asking.prompt(read("stale.txt"), [edit("stale.txt", "two", "2")], DONE)
    question = turn.question()
    path.write_text("one\nTWO\nthree\n")
    asking.choose(question, "allow_once")
    assert turn.ended(1)["status"] == "failed"
    assert "read" in turn.said(1)
    turn.result()
    assert path.read_text() == "one\nTWO\nthree\n"


@pytest.mark.parametrize("way", ["opened", "saved"])
def test_a_clean_document_is_read_anew_when_its_file_changed(asking: Daemon, way: str) -> None:
    editor = Editor(asking, f"clean-{way}.txt")
    editor.path.write_text("one\ntwo\n")
    editor.open("one\ntwo\n")
    if way == "saved":
        editor.type("one\ntwo\nthree\n")
        editor.save()
    looked(asking)
    editor.path.write_text("one\nTWO from git\n")
    number, edits = count(asking, "chat/reload"), count(asking)
    turn = asking.prompt(read(editor.path.name), [edit(editor.path.name, "one", "1")], DONE)
    editor.reload(asking.asked("chat/reload", number))
    allowed(turn)
    editor.take(asking.asked("workspace/applyEdit", edits))
    assert turn.result()["tools"] == {"read_file": 1, "edit_file": 1}
    assert "TWO from git" in turn.said(0)
    assert "unsaved" not in turn.said(0)
    assert editor.buffer == "1\nTWO from git\n"
    editor.close()


def test_where_nobody_reads_it_anew_the_disk_counts_and_that_is_said(asking: Daemon) -> None:
    editor = Editor(asking, "refused.txt")
    editor.path.write_text("one\ntwo\n")
    editor.open("one\ntwo\n")
    looked(asking)
    editor.path.write_text("one\nTWO from git\n")
    number = count(asking, "chat/reload")
    turn = asking.prompt(
        read("refused.txt"),
        [edit("refused.txt", "one", "1")],
        [{"toolCall": {"name": "search", "arguments": {"pattern": "TWO"}}}],
        DONE,
    )
    for step in (0, 1):
        asking.respond(asking.asked("chat/reload", number + step), error={"code": -32601, "message": "unknown"})
    allowed(turn)
    for step in (2, 3):
        asking.respond(asking.asked("chat/reload", number + step), error={"code": -32601, "message": "unknown"})
    turn.result()
    assert "the text on the disk, which is newer than what the editor shows" in turn.said(0)
    assert "the editor still shows an older form of it" in turn.said(1)
    assert "newer on the disk than in the editor, and searched there: refused.txt" in turn.said(2)
    assert editor.path.read_text() == "1\nTWO from git\n"
    editor.close()


def test_what_a_person_saved_is_not_called_unsaved_when_they_type_on(asking: Daemon) -> None:
    editor = Editor(asking, "saved.txt")
    editor.path.write_text("one\n")
    editor.open("one\n")
    editor.type("one\ntwo\n")
    editor.save()
    turn = asking.prompt(read("saved.txt"), DONE)
    turn.result()
    assert "unsaved" not in turn.said(0)
    editor.type("one\ntwo\nthree\n")
    turn = asking.prompt(read("saved.txt"), DONE)
    turn.result()
    assert "unsaved text from the editor" in turn.said(0)
    assert "as well" not in turn.said(0)
    editor.path.write_text("another\n")
    turn = asking.prompt(read("saved.txt"), DONE)
    turn.result()
    assert "the file was changed on the disk as well, in another way" in turn.said(0)
    editor.close()


def test_a_formatter_inside_the_edit_is_no_failure(asking: Daemon) -> None:
    editor = Editor(asking, "formatted.txt")
    editor.open(UNSAVED)
    number = count(asking)
    turn = asking.prompt(read("formatted.txt"), [edit("formatted.txt", "two", "2")], DONE)
    allowed(turn)
    request = asking.asked("workspace/applyEdit", number)
    editor.type(UNSAVED.replace("two", "  2") + "# formatted\n")
    asking.reply(request, {"applied": True})
    assert turn.ended(1)["status"] == "completed"
    turn.result()
    assert "+# formatted" in turn.said(1)
    assert difference(turn, 1)["newText"] == editor.buffer
    editor.close()


@pytest.mark.parametrize("way", ["open", "closed"])
def test_what_was_not_read_is_not_changed_and_nobody_is_asked(asking: Daemon, way: str) -> None:
    editor = Editor(asking, f"unread-{way}.txt")
    editor.path.write_text(UNSAVED)
    if way == "open":
        editor.open(UNSAVED)
    turn = asking.prompt([edit(editor.path.name, "two", "2")], DONE)
    assert turn.ended()["status"] == "failed"
    assert "read" in turn.said()
    turn.result()
    assert turn.questions() == []
    assert editor.path.read_text() == UNSAVED
    editor.close()


def test_two_edits_of_one_document_in_one_reply_follow_each_other(asking: Daemon) -> None:
    editor = Editor(asking, "twice.txt")
    editor.open(UNSAVED)
    number = count(asking)
    turn = asking.prompt(read("twice.txt"), [edit("twice.txt", "one", "1"), edit("twice.txt", "1\n", "uno\n")], DONE)
    for step in (0, 1):
        assert allowed(turn)["toolCallId"] == turn.call_id(1 + step)
        editor.take(asking.asked("workspace/applyEdit", number + step))
        assert turn.ended(1 + step)["status"] == "completed"
    turn.result()
    assert editor.buffer == UNSAVED.replace("one", "uno")
    editor.close()


def test_edits_of_different_files_do_not_wait_for_each_other(asking: Daemon) -> None:
    names = ["apart-1.txt", "apart-2.txt"]
    for name in names:
        (asking.folder / "root" / name).write_text(UNSAVED)
    turn = asking.prompt([*read(names[0]), *read(names[1])], [edit(name, "two", "2") for name in names], DONE)
    questions = [turn.question(), turn.question()]
    for question in reversed(questions):
        asking.choose(question, "allow_once")
    assert turn.result()["tools"] == {"read_file": 2, "edit_file": 2}


def test_a_cancel_while_the_editor_thinks_withdraws_the_edit(asking: Daemon) -> None:
    editor = Editor(asking, "pending.txt")
    editor.open(UNSAVED)
    number = count(asking)
    turn = asking.prompt(read("pending.txt"), [edit("pending.txt", "two", "2")], DONE)
    allowed(turn)
    request = asking.asked("workspace/applyEdit", number)
    turn.cancel()
    asking.withdrawn(request)
    assert turn.result()["stopReason"] == "cancelled"
    assert turn.ended(1)["status"] == "cancelled"
    asking.reply(request, {"applied": False})
    editor.close()


@pytest.mark.parametrize("edits", [True, False])
def test_an_editor_that_takes_no_edits_is_told_what_to_do(start: Start, edits: bool) -> None:
    daemon = start()
    root = daemon.folder / "root"
    root.mkdir()
    daemon.initialize({}, permission=True, edits=edits, roots=[root])
    editor = Editor(daemon, "open.txt")
    editor.open(UNSAVED)
    turn = daemon.prompt(read("open.txt"), [edit("open.txt", "two", "2")], DONE)
    if edits:
        allowed(turn)
        daemon.respond(
            daemon.asked("workspace/applyEdit"), error={"code": -32803, "message": "the buffer is read-only"}
        )
    assert turn.ended(1)["status"] == "failed"
    assert ("read-only" if edits else "closed first") in turn.said(1)
    turn.result()
    assert len(turn.questions()) == edits, "nobody is asked about what cannot be done"
    assert daemon.leave() == 0
    daemon.check()
