"""Open documents and folders: tools see the text as the editor shows it, whatever changes it, and never a wrong one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.daemon.conftest import Start
from tests.daemon.editor import Editor, change
from tests.daemon.processes import resident
from tests.daemon.raw import WITH_TOOLS, Daemon, Json

ODD = "a\x0cb\u2028c\u0085d\x0be\U0001f600\u00e9f"
"""Characters that end a line for `str.splitlines`, and in no editor."""


@pytest.fixture
def editor(daemon: Daemon) -> Iterator[Editor]:
    daemon.begin_anew()
    editor = Editor(daemon)
    yield editor
    editor.close()


def test_tools_read_and_search_the_unsaved_text(editor: Editor) -> None:
    editor.path.write_text("on the disk\n")
    editor.open("in the editor\nand only there\n")
    daemon = editor.daemon
    for name, arguments in [("read_file", {"path": "open.txt"}), ("search", {"pattern": "editor|disk"})]:
        turn = daemon.prompt([{"toolCall": {"name": name, "arguments": arguments}}], [{"text": "."}])
        turn.result()
        found = turn.event("toolRunEnd")["content"][0]["text"]
        assert "in the editor" in found
        assert "on the disk" not in found
    editor.close()
    turn = daemon.prompt([{"toolCall": {"name": "read_file", "arguments": {"path": "open.txt"}}}], [{"text": "."}])
    turn.result()
    assert "on the disk" in turn.event("toolRunEnd")["content"][0]["text"]
    editor.path.unlink()


def test_a_document_that_is_on_no_disk_is_read_too(editor: Editor) -> None:
    editor.open("nowhere else")
    assert editor.text() == "nowhere else"


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        ("one\ntwo\nthree", change("X", 1, 0, 1, 3), "one\nX\nthree"),
        ("one\ntwo\nthree", change("", 0, 3, 1, 0), "onetwo\nthree"),
        ("one\r\ntwo", change("X", 0, 3, 0, 3), "oneX\r\ntwo"),
        ("one\rtwo", change("X", 1, 0), "one\rXtwo"),
        ("", change("X", 0, 0), "X"),
        ("abc", change("X", 0, 0, 0, 99), "X"),
        ("abc\n", change("X", 0, 99), "abcX\n"),
        ("abc\r\n", change("X", 0, 4), "abcX\r\n"),
        ("abc", change("X", 99, 0), "abcX"),
        ("abc\n", change("X", 1, 0), "abc\nX"),
        ("abc\n", change("X", 5, 5, 9, 9), "abc\nX"),
        (f"{ODD}\nlast", change("X", 1, 0, 1, 4), f"{ODD}\nX"),
        (f"{ODD}\nlast", change("X", 0, 2, 0, 3), f"a\x0cX{ODD[3:]}\nlast"),
        (f"{ODD}\nlast", change("X", 0, 9, 0, 11), f"{ODD[:9]}X{ODD[10:]}\nlast"),
        ("\U0001f600\U0001f600", change("X", 0, 2), "\U0001f600X\U0001f600"),
        ("a\ud83db", change("\ude00X", 0, 2), "a\ufffd\ufffdXb"),
        ("whole", {"text": "new"}, "new"),
    ],
)
def test_a_change_lands_where_the_editor_means_it(editor: Editor, before: str, edit: Json, after: str) -> None:
    editor.open(before)
    editor.change(edit)
    assert editor.text() == after
    assert editor.said() == []


def test_changes_in_one_message_follow_each_other(editor: Editor) -> None:
    editor.open("abc")
    editor.change(change("1", 0, 0), change("2", 0, 1), {"text": "new\n"}, change("3", 1, 0))
    assert editor.text() == "new\n3"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-32"])
def test_positions_count_in_the_encoding_that_was_agreed(start: Start, encoding: str) -> None:
    daemon = start(WITH_TOOLS)
    root = daemon.folder / "root"
    root.mkdir()
    result = daemon.initialize(
        {},
        capabilities={"general": {"positionEncodings": [encoding]}},
        workspaceFolders=[{"uri": root.as_uri(), "name": "root"}],
    )
    assert result["capabilities"]["positionEncoding"] == encoding
    editor = Editor(daemon)
    editor.open(f"{ODD}\n{ODD}")
    before = len(ODD[:9].encode({"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(encoding, encoding)))
    at = before // {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    editor.change(change("X", 1, at))
    assert editor.text() == f"{ODD}\n{ODD[:9]}X{ODD[9:]}"
    assert daemon.leave() == 0
    daemon.check()


WORDS = st.text(st.sampled_from("ab \n\r\u2028\x0c\u00e9\U0001f600"), max_size=12)
EDIT = st.tuples(WORDS, st.floats(0, 1), st.floats(0, 1))


@settings(max_examples=40)
@given(WORDS, st.lists(EDIT, max_size=8))
def test_any_edits_give_the_text_that_the_editor_has(
    editor: Editor, text: str, edits: list[tuple[str, float, float]]
) -> None:
    editor.open(text)
    for new, one, other in edits:
        start, end = sorted(round(part * len(text)) for part in (one, other))
        start, end = (at - 1 if text[at - 1 : at + 1] == "\r\n" else at for at in (start, end))
        editor.change(change(new, *_position(text, start), *_position(text, end)))
        text = text[:start] + new + text[end:]
    assert editor.text() == text


def _position(text: str, at: int) -> tuple[int, int]:
    lines = text[:at].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return len(lines) - 1, len(lines[-1].encode("utf-16-le")) // 2


# What cannot be followed


@pytest.mark.parametrize(
    "edit",
    [
        change("X", -1, 0),
        change("X", 0, -1),
        change("X", 1, 0, 0, 0),
        {"range": {}},
        {},
        {"text": "X", "range": 5},
        {"text": "X", "range": {"start": {"line": "x", "character": 0}, "end": {"line": 2, "character": 0}}},
    ],
)
def test_a_change_that_cannot_be_followed_makes_the_file_count_again_and_is_said(editor: Editor, edit: Json) -> None:
    """A text that nobody has is worse than an old one."""
    editor.path.write_text("on the disk")
    editor.open("in the editor\nsecond")
    editor.change(edit)
    assert editor.text() is None
    assert editor.uri in editor.said()[-1]
    editor.open("opened anew")
    assert editor.text() == "opened anew"
    editor.path.unlink()


def test_a_change_whose_range_is_null_is_the_whole_text(editor: Editor) -> None:
    editor.open("old")
    editor.change({"text": "new", "range": None})
    assert editor.text() == "new"


def test_a_change_of_what_is_not_open_is_said_and_opens_nothing(editor: Editor) -> None:
    editor.change(change("X", 0, 0))
    editor.change({"text": "whole"})
    assert editor.text() is None
    assert len(editor.said()) == 2
    assert editor.uri in editor.said()[-1]


@pytest.mark.parametrize("method", ["didOpen", "didChange", "didClose"])
@pytest.mark.parametrize("params", [None, [], 5, {}, {"textDocument": 5}, {"textDocument": {"version": 1}}])
def test_a_notification_that_makes_no_sense_is_said_and_harms_nothing(editor: Editor, method: str, params: Any) -> None:
    editor.open("in the editor")
    editor.daemon.notify(f"textDocument/{method}", params)
    assert editor.text() == "in the editor"
    assert f"textDocument/{method}" in editor.said()[-1]


def test_closing_what_is_not_open_and_opening_twice_harm_nothing(editor: Editor) -> None:
    editor.close()
    editor.open("one")
    editor.open("two")
    assert editor.text() == "two"
    editor.close()
    editor.close()
    assert editor.text() is None


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "git:/somewhere/root/a.txt?ref",
        "vscode-remote://host/root/a.txt",
        "output:x",
        "a.txt",
        "",
        "file:",
        "file://",
        "file://elsewhere/root/a.txt",
        "file:///%00",
        "file:///a%zz",
        "\u0000",
    ],
)
def test_a_document_with_an_odd_address_is_no_file_of_the_workspace(editor: Editor, uri: str) -> None:
    item = {"uri": uri, "languageId": "x", "version": 1, "text": "odd"}
    editor.daemon.notify("textDocument/didOpen", {"textDocument": item})
    editor.change({"text": "odder"}, uri=uri)
    assert editor.seen()["documents"] == {}
    editor.daemon.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


@pytest.mark.parametrize("name", ["a b.txt", "a;b.txt", "a#b.txt", "a?b.txt", "a%41.txt", "\u00e9.txt", "a:b.txt"])
def test_a_file_of_an_odd_name_is_itself(daemon: Daemon, name: str) -> None:
    editor = Editor(daemon, name)
    editor.open("odd name")
    assert editor.text() == "odd name"
    editor.close()


def test_an_address_that_leaves_a_semicolon_as_it_is_names_the_same_file(daemon: Daemon) -> None:
    editor = Editor(daemon, "a;b.txt")
    editor.uri = editor.uri.replace("%3B", ";")
    editor.open("odd name")
    assert editor.text() == "odd name"
    editor.close()


def test_a_document_is_found_by_way_of_a_link(daemon: Daemon) -> None:
    real = daemon.folder / "root" / "real.txt"
    real.write_text("on the disk")
    link = daemon.folder / "root" / "link.txt"
    link.symlink_to(real)
    editor = Editor(daemon, "link.txt")
    editor.open("in the editor")
    assert editor.seen()["documents"] == {str(real.resolve()): "in the editor"}
    editor.close()


def test_a_link_that_leads_to_itself_harms_no_turn(daemon: Daemon) -> None:
    loop = daemon.folder / "root" / "loop.txt"
    loop.symlink_to(loop)
    editor = Editor(daemon, "loop.txt")
    editor.open("round and round")
    assert editor.seen()["roots"]
    editor.close()


def test_a_change_that_comes_while_a_turn_runs_is_seen_by_its_next_call(editor: Editor) -> None:
    editor.open("before")
    look = {"toolCall": {"name": "look"}}
    turn = editor.daemon.prompt([look], [{"text": "x"}, {"delay": 0.3}, look], [{"text": "."}], chars=100)
    turn.event("textChunk")
    editor.change({"text": "after"})
    turn.result()
    seen = [event["content"][0]["text"] for event in turn.events if event["kind"] == "toolRunEnd"]
    assert ["before" in text for text in seen] == [True, False]
    assert ["after" in text for text in seen] == [False, True]


def test_ten_thousand_changes_leave_no_futures_behind(editor: Editor) -> None:
    """pygls 2.1.1 fails here: a future leaks for every notification."""
    editor.open("x" * 100)
    for _ in range(500):
        editor.change(change("y", 0, 0, 0, 1))
    editor.daemon.refusal("$/alive")
    before = resident(editor.daemon.pid)
    with editor.daemon.one_write():
        for _ in range(10_000):
            editor.change(change("z", 0, 0, 0, 1))
    editor.daemon.refusal("$/alive")
    assert resident(editor.daemon.pid) - before < 8 * 2**20
    assert editor.text() == "z" + "x" * 99


def test_typing_in_a_long_document_keeps_nobody_waiting(editor: Editor) -> None:
    """Where each key stroke copies or counts the whole text, this takes minutes."""
    editor.open("some words on a line of sixty characters, or very nearly so\n" * 170_000)
    with editor.daemon.one_write():
        for column, letter in enumerate("needle" * 500):
            editor.change(change(letter, 85_000, column))
    assert editor.said() == []
    search = {"toolCall": {"name": "search", "arguments": {"pattern": "^(needle){500}some"}}}
    turn = editor.daemon.prompt([search], [{"text": "."}])
    turn.result()
    assert "open.txt:85001" in turn.event("toolRunEnd")["content"][0]["text"].replace(" ", "")


def test_notebooks_are_taken_without_complaint(editor: Editor) -> None:
    notebook: Json = {"uri": "file:///n.ipynb", "notebookType": "jupyter", "version": 1, "cells": []}
    editor.daemon.notify("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": []})
    editor.daemon.notify("notebookDocument/didSave", {"notebookDocument": {"uri": "file:///n.ipynb"}})
    editor.daemon.notify(
        "notebookDocument/didClose", {"notebookDocument": {"uri": "file:///n.ipynb"}, "cellTextDocuments": []}
    )
    assert editor.said() == []


# Folders


class Folders:
    """A daemon's roots as they change."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.editor = Editor(daemon)

    def make(self, *names: str) -> list[Json]:
        for name in names:
            (self.daemon.folder / name).mkdir(parents=True, exist_ok=True)
        return [{"uri": (self.daemon.folder / name).as_uri(), "name": Path(name).name} for name in names]

    def change(self, added: list[Json], removed: list[Json]) -> None:
        event = {"added": added, "removed": removed}
        self.daemon.notify("workspace/didChangeWorkspaceFolders", {"event": event})

    def roots(self) -> dict[str, str]:
        return {name: str(Path(path).relative_to(self.daemon.folder.resolve())) for name, path in self._seen().items()}

    def _seen(self) -> dict[str, str]:
        return self.editor.seen()["roots"]


@pytest.fixture
def folders(start: Start) -> Folders:
    return Folders(start(WITH_TOOLS))


def test_folders_come_and_go(folders: Folders) -> None:
    one, two, three = folders.make("one", "two", "three")
    folders.daemon.initialize({}, rootUri=one["uri"], workspaceFolders=[one, two])
    assert folders.roots() == {"one": "one", "two": "two"}
    folders.change([three], [one])
    assert folders.roots() == {"two": "two", "three": "three"}
    folders.change([{**two, "name": "renamed"}], [two])
    assert folders.roots() == {"renamed": "two", "three": "three"}
    folders.change([], [{**two, "name": "renamed"}, three])
    assert folders.roots() == {}
    (folders.daemon.folder / "two" / "a.txt").write_text("found")
    folders.change([two], [])
    read = {"toolCall": {"name": "read_file", "arguments": {"path": "a.txt"}}}
    turn = folders.daemon.prompt([read], [{"text": "."}])
    turn.result()
    assert "found" in turn.event("toolRunEnd")["content"][0]["text"]
    assert folders.daemon.leave() == 0
    folders.daemon.check()


def test_of_several_roots_each_has_its_own_name_and_paths_begin_with_it(folders: Folders) -> None:
    given = folders.make("x/app", "y/app", "z/app-2")
    for index, folder in enumerate(given):
        (folders.daemon.folder / "xyz"[index] / folder["name"] / "a.txt").write_text(f"in {index}")
    folders.daemon.initialize({}, workspaceFolders=given)
    names = list(folders.roots())
    assert len(set(names)) == 3
    for index, name in enumerate(names):
        read = {"toolCall": {"name": "read_file", "arguments": {"path": f"{name}/a.txt"}}}
        turn = folders.daemon.prompt([read], [{"text": "."}])
        turn.result()
        assert f"in {index}" in turn.event("toolRunEnd")["content"][0]["text"]
    assert folders.daemon.leave() == 0
    folders.daemon.check()


def test_folders_that_are_null_are_none(editor: Editor) -> None:
    above = [{"uri": editor.path.parent.parent.as_uri(), "name": "above"}]
    for event, roots in (
        ({"added": above, "removed": None}, ["root", "above"]),
        ({"added": None, "removed": above}, ["root"]),
    ):
        editor.daemon.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        assert list(editor.seen()["roots"]) == roots


NONSENSE: list[Any] = [None, 5, {}, {"added": 5, "removed": []}, {"added": [{}], "removed": []}]


@pytest.mark.parametrize("event", NONSENSE)
def test_a_change_of_folders_that_makes_no_sense_is_said_and_changes_nothing(editor: Editor, event: Any) -> None:
    editor.daemon.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    assert list(editor.seen()["roots"]) == ["root"]
    assert "didChangeWorkspaceFolders" in editor.said()[-1]
