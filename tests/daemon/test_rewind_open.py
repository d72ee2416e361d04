"""Turns taken back whose files are open in the editor, saved or not: the editor changes them, so that undo works."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.conftest import Start
from tests.daemon.editor import Editor
from tests.daemon.raw import Daemon, Json, Turn
from tests.daemon.test_rewind import files, read, write
from tests.daemon.test_sessions import Office

DONE: list[Json] = [{"text": "Done."}]
LABEL = "chatls: rewind"


@pytest.fixture
def office(start: Start, tmp_path: Any) -> Office:
    return Office(start, tmp_path)


def edit(name: str, old: str, new: str) -> Json:
    edits = [{"old_text": old, "new_text": new}]
    return {"toolCall": {"name": "edit_file", "arguments": {"path": name, "edits": edits}}}


def tool(name: str, **arguments: str) -> Json:
    return {"toolCall": {"name": name, "arguments": arguments}}


class Desk:
    """An editor with several documents, which does what the daemon asks for while it waits for an answer."""

    def __init__(self, office: Office, *, operations: bool = True, settings: Json | None = None) -> None:
        kinds = ["rename", "delete"] if operations else []
        edits = {"documentChanges": True, "resourceOperations": kinds}
        workspace = {"applyEdit": True, "workspaceEdit": edits}
        chat = {"version": 1, "permission": True, "save": True, "reload": True}
        capabilities = {"workspace": workspace, "experimental": {"chat": chat}}
        self.daemon: Daemon = office.open(settings, capabilities=capabilities)
        self.root = office.root
        self.editors: dict[str, Editor] = {}
        self.saved: list[str] = []
        self._at = 0

    def open(self, name: str) -> Editor:
        """Open what the disk has."""
        editor = Editor(self.daemon, name)
        editor.open(editor.path.read_bytes().decode("latin-1" if name.startswith("latin") else "utf-8"))
        self.editors[editor.uri] = editor
        return editor

    def turn(self, *calls: Json, new: bool = False) -> str:
        """A turn with these calls, one a step; its name."""
        where = {"newSessionId": "s"} if new else {"sessionId": "s"}
        turn = self.daemon.prompt(*[[call] for call in calls], DONE, **where)
        self._until(lambda: self._answered(turn))
        assert turn.result()["stopReason"] == "end_turn"
        for number in range(len(calls)):
            assert turn.ended(number)["status"] == "completed", turn.said(number)
        return turn.turn_id

    def rewind(self, turn: str, *, dry: bool = False) -> Json:
        params = {"sessionId": "s", "turnId": turn, "files": "restore", "dryRun": dry}
        identifier = self.daemon.request("chat/session/rewind", params)
        self._until(lambda: any(message.get("id") == identifier for message in self.daemon.log))
        return self.daemon.answer(identifier)["result"]

    def _answered(self, turn: Turn) -> bool:
        return any(message.get("id") == turn.id and "method" not in message for message in self.daemon.log)

    def _until(self, over: Callable[[], bool]) -> None:
        while True:
            while self._at < len(self.daemon.log):
                message = self.daemon.log[self._at]
                self._at += 1
                if "id" in message and "method" in message:
                    self._do(message)
            if over():
                return
            self.daemon.read()

    def _do(self, request: Json) -> None:
        match request["method"], request["params"]:
            case "workspace/applyEdit", {"edit": {"documentChanges": [{"kind": kind, **change}]}, **rest}:
                self._operate(kind, change, str(rest["label"]))
                self.daemon.reply(request, {"applied": True})
            case "workspace/applyEdit", {"edit": {"documentChanges": [{"textDocument": {"uri": uri}}]}}:
                self.editors[uri].take(request)
            case "chat/save", {"uris": uris}:
                for uri in uris:
                    self.saved.append(uri)
                    self.editors[uri].save()
                self.daemon.reply(request, {"saved": uris})
            case "chat/reload", _:
                self.editors[request["params"]["uris"][0]].reload(request)
            case other:
                raise AssertionError(other)

    def _operate(self, kind: str, change: Json, label: str) -> None:
        editor = self.editors.pop(change["uri"] if kind == "delete" else change["oldUri"])
        editor.labels.append(label)
        editor.close()
        if kind == "delete":
            editor.path.unlink()
        else:
            new = Editor(self.daemon, Path(change["newUri"]).name)
            editor.path.rename(new.path)
            new.open(editor.buffer)
            self.editors[new.uri] = new


def test_a_document_that_was_saved_is_put_back_in_the_editor_and_saved(office: Office) -> None:
    desk = Desk(office)
    open_one = desk.open("a.txt")
    desk.turn(read("a.txt"), new=True)
    turn = desk.turn(edit("a.txt", "one", "two"))
    assert open_one.buffer == open_one.path.read_text() == "two\n"
    desk.saved.clear()
    dry = desk.rewind(turn, dry=True)
    assert files(dry) == {"a.txt": "would_restore"}
    assert (dry["files"][0]["diff"]["oldText"], dry["files"][0]["diff"]["newText"]) == ("two\n", "one\n")
    assert open_one.buffer == "two\n"
    assert files(desk.rewind(turn)) == {"a.txt": "restored"}
    assert open_one.buffer == open_one.path.read_text() == "one\n"
    assert open_one.labels[-1] == LABEL
    assert desk.saved == [open_one.uri]
    desk.daemon.settle()


def test_unsaved_text_is_put_back_to_the_letter_and_stays_unsaved(office: Office) -> None:
    desk = Desk(office)
    open_one = desk.open("a.txt")
    open_one.type("one\nmine, not saved\n")
    desk.turn(read("a.txt"), new=True)
    turn = desk.turn(edit("a.txt", "one", "two"))
    assert open_one.buffer == "two\nmine, not saved\n"
    assert files(desk.rewind(turn)) == {"a.txt": "restored"}
    assert open_one.buffer == "one\nmine, not saved\n"
    assert open_one.path.read_text() == "one\n"
    assert desk.saved == []


def test_what_a_person_typed_since_stays(office: Office) -> None:
    desk = Desk(office)
    open_one = desk.open("a.txt")
    desk.turn(read("a.txt"), new=True)
    turn = desk.turn(edit("a.txt", "one", "two"))
    open_one.type("two\nand mine\n")
    assert files(desk.rewind(turn, dry=True)) == {"a.txt": "conflict"}
    assert files(desk.rewind(turn)) == {"a.txt": "conflict"}
    assert open_one.buffer == "two\nand mine\n"
    assert open_one.path.read_text() == "two\n"


def test_nothing_is_saved_where_the_settings_say_never(office: Office) -> None:
    desk = Desk(office, settings={"edits": {"save": "never"}})
    open_one = desk.open("a.txt")
    desk.turn(read("a.txt"), new=True)
    turn = desk.turn(edit("a.txt", "one", "two"))
    open_one.save()
    assert files(desk.rewind(turn)) == {"a.txt": "restored"}
    assert (open_one.buffer, open_one.path.read_text()) == ("one\n", "two\n")
    assert desk.saved == []


def test_what_was_changed_closed_and_opened_since_is_put_back_in_the_editor(office: Office) -> None:
    desk = Desk(office)
    desk.turn(read("a.txt"), new=True)
    turn = desk.turn(edit("a.txt", "one", "two"))
    open_one = desk.open("a.txt")
    assert files(desk.rewind(turn)) == {"a.txt": "restored"}
    assert open_one.labels == [LABEL]
    assert open_one.buffer == open_one.path.read_text() == "one\n"


def test_what_was_changed_open_and_closed_since_is_put_back_on_the_disk(office: Office) -> None:
    desk = Desk(office)
    open_one = desk.open("a.txt")
    desk.turn(read("a.txt"), new=True)
    turn = desk.turn(edit("a.txt", "one", "two"))
    open_one.close()
    assert files(desk.rewind(turn)) == {"a.txt": "restored"}
    assert open_one.path.read_text() == "one\n"


@pytest.mark.parametrize("operations", [True, False])
def test_a_file_that_the_turn_made_goes_also_where_it_is_open(office: Office, operations: bool) -> None:
    desk = Desk(office, operations=operations)
    turn = desk.turn(write("new.txt", "fresh\n"), new=True)
    made = desk.open("new.txt")
    assert files(desk.rewind(turn, dry=True)) == {"new.txt": "would_restore"}
    assert files(desk.rewind(turn)) == {"new.txt": "restored"}
    assert not made.path.exists()
    assert made.labels == ([LABEL] if operations else [])


def test_a_file_that_the_turn_made_and_a_person_went_on_with_stays(office: Office) -> None:
    desk = Desk(office)
    turn = desk.turn(write("new.txt", "fresh\n"), new=True)
    made = desk.open("new.txt")
    made.type("fresh\nand mine\n")
    assert files(desk.rewind(turn)) == {"new.txt": "conflict"}
    assert made.path.read_text() == "fresh\n"


@pytest.mark.parametrize("is_open", [True, False])
def test_a_file_that_was_moved_is_where_it_was(office: Office, is_open: bool) -> None:
    desk = Desk(office)
    if is_open:
        desk.open("a.txt")
    turn = desk.turn(tool("move_file", path="a.txt", to="moved.txt"), new=True)
    assert (office.root / "moved.txt").exists()
    assert set(files(desk.rewind(turn)).values()) == {"restored"}
    assert {path.name: path.read_text() for path in office.root.iterdir()} == {"a.txt": "one\n"}


def test_a_file_that_was_deleted_while_it_was_open_is_there_again(office: Office) -> None:
    desk = Desk(office)
    desk.open("a.txt")
    turn = desk.turn(tool("delete_file", path="a.txt"), new=True)
    assert not (office.root / "a.txt").exists()
    assert files(desk.rewind(turn)) == {"a.txt": "restored"}
    assert (office.root / "a.txt").read_text() == "one\n"


def test_a_file_that_somebody_made_where_a_deleted_one_was_stays(office: Office) -> None:
    desk = Desk(office)
    turn = desk.turn(tool("delete_file", path="a.txt"), new=True)
    (office.root / "a.txt").write_text("theirs\n")
    assert files(desk.rewind(turn)) == {"a.txt": "conflict"}
    assert (office.root / "a.txt").read_text() == "theirs\n"


BYTES = {
    "binary.bin": bytes(range(256)) * 40,
    "crlf.txt": b"one\r\ntwo\r\n",
    "latin.txt": "caf\xe9 one\n".encode("latin-1"),
    "bom.txt": b"\xef\xbb\xbfone\n",
    "no-end.txt": b"one",
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_come_back_to_the_last_one(office: Office, name: str) -> None:
    (office.root / name).write_bytes(BYTES[name])
    desk = Desk(office)
    if name == "binary.bin":
        turn = desk.turn(tool("delete_file", path=name), new=True)
    else:
        desk.turn(read(name), new=True)
        turn = desk.turn(edit(name, "one", "1"), edit(name, "1", "eins"))
        assert b"eins" in (office.root / name).read_bytes()
    assert files(desk.rewind(turn)) == {name: "restored"}
    assert (office.root / name).read_bytes() == BYTES[name]


def test_line_ends_of_a_document_come_back(office: Office) -> None:
    (office.root / "crlf.txt").write_bytes(b"one\r\ntwo\r\n")
    desk = Desk(office)
    open_one = desk.open("crlf.txt")
    desk.turn(read("crlf.txt"), new=True)
    turn = desk.turn(edit("crlf.txt", "one", "1"))
    assert open_one.buffer == "1\r\ntwo\r\n"
    assert files(desk.rewind(turn)) == {"crlf.txt": "restored"}
    assert open_one.buffer == "one\r\ntwo\r\n"


def test_what_is_too_large_was_not_kept_and_stays(office: Office) -> None:
    path = office.root / "large.txt"
    path.write_text("one\n" + "x" * 99 + "\n" * 2 + ("y" * 99 + "\n") * 45_000)
    desk = Desk(office)
    desk.turn(tool("read_file", path="large.txt"), new=True)
    turn = desk.turn(edit("large.txt", "one\nxx", "two\nxx"))
    assert files(desk.rewind(turn, dry=True)) == {"large.txt": "not_kept"}
    assert files(desk.rewind(turn)) == {"large.txt": "not_kept"}
    assert path.read_text().startswith("two\n")


def test_several_turns_and_what_lies_between_them(office: Office) -> None:
    """Somebody changed the file between two turns: their change would be lost, so it stays."""
    desk = Desk(office)
    open_one = desk.open("a.txt")
    desk.turn(read("a.txt"), new=True)
    first = desk.turn(edit("a.txt", "one", "two"))
    open_one.type("two\nmine\n")
    open_one.save()
    second = desk.turn(read("a.txt"), edit("a.txt", "two", "three"))
    assert files(desk.rewind(first, dry=True)) == {"a.txt": "conflict"}
    assert files(desk.rewind(second)) == {"a.txt": "restored"}
    assert open_one.buffer == "two\nmine\n"
