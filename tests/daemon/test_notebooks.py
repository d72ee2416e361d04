"""Notebooks that are open in the editor: tools see their cells as they are, and change them there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.daemon.conftest import Shared, Start
from tests.daemon.notebook import OUTPUT, Notebook, code, file_of, markdown
from tests.daemon.raw import Daemon, Json, Turn

DONE: list[Json] = [{"text": "done"}]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    shared = Shared(tmp_path_factory.mktemp("cells"), permission=True, edits=True, reload=True, cells=True)
    yield shared
    shared.close()


@pytest.fixture
def book(daemon: Daemon) -> Iterator[Notebook]:
    daemon.begin_anew()
    notebook = Notebook(
        daemon, "n.ipynb", code("x = 6\n", "a1", OUTPUT), markdown("# Title", "b1"), code("x * 7", "c1")
    )
    notebook.open()
    yield notebook
    notebook.close()


def call(name: str, **arguments: Any) -> list[Json]:
    return [{"toolCall": {"name": name, "arguments": arguments}}]


READ = call("read_file", path="n.ipynb")


def said(daemon: Daemon, *calls: list[Json]) -> str:
    """What the last of some calls ended with."""
    turn = daemon.prompt(*calls, DONE)
    turn.result()
    return turn.said(len(calls) - 1)


def edit(*changes: Json) -> list[Json]:
    return call("edit_notebook", path="n.ipynb", changes=list(changes))


def change(cell: str, old: str, new: str) -> Json:
    return {"cell": cell, "action": "edit", "old_text": old, "text": new}


def count(daemon: Daemon, method: str) -> int:
    return 1 + sum(message.get("method") == method for message in daemon.log)


def allowed(turn: Turn) -> Json:
    question = turn.question()
    turn.daemon.choose(question, "allow_once")
    return question["params"]


def complaints(daemon: Daemon) -> list[str]:
    daemon.refusal("$/alive")
    return [item["params"]["message"] for item in daemon.log if item.get("method") == "window/logMessage"]


# What is seen


def test_a_notebook_as_it_is_on_the_disk_is_read_as_it_is(book: Notebook) -> None:
    text = said(book.daemon, READ)
    assert "unsaved" not in text
    assert "--- output\n" in text.replace("\t", "\n")
    assert "42" in text


def test_cells_that_are_not_saved_are_read_and_found(book: Notebook) -> None:
    book.type(2, "x * 8  # NOT SAVED")
    text = said(book.daemon, READ)
    assert "x * 8  # NOT SAVED" in text
    assert "unsaved text from the editor" in text
    assert "42" in text, "the output of a cell that was not changed"
    assert "NOT SAVED" in said(book.daemon, call("search", pattern="NOT SAVED"))
    assert "x \\* 7" not in said(book.daemon, call("search", pattern="x \\* 7")).split("\n", 1)[1]
    assert "x * 7" in book.path.read_text()


def test_the_output_of_a_cell_that_was_changed_is_not_true_any_more(book: Notebook) -> None:
    book.type(0, "x = 7\n")
    text = said(book.daemon, READ)
    assert "x = 7" in text
    assert "42" not in text


def test_cells_that_come_go_and_move_are_followed(book: Notebook) -> None:
    book.splice(1, 1, ("raw", "as it is", "r1"), ("markdown", "*new*", None))
    book.splice(3, 1)
    book.splice(0, 0, ("code", "first", "f1"))
    text = said(book.daemon, READ)
    heads = [line.partition("\t")[2] for line in text.split("\n") if "--- cell" in line]
    assert heads == [
        "--- cell 1 (code) f1",
        "--- cell 2 (code) a1 [1]",
        "--- cell 3 (raw) r1",
        "--- cell 4 (markdown)",
    ]


def test_a_cell_gets_a_name_when_the_editor_gives_it_one(book: Notebook) -> None:
    book.splice(3, 0, ("code", "new", None))
    cell = {"kind": 2, "document": book.cells[3]["uri"], "metadata": {"id": "late"}}
    book.change({"data": [cell]})
    assert "--- cell 4 (code) late" in said(book.daemon, READ)


def test_what_is_saved_is_the_file_again(book: Notebook) -> None:
    book.type(2, "x * 9")
    book.save()
    text = said(book.daemon, READ)
    assert "x * 9" in text
    assert "unsaved" not in text
    book.path.write_text(file_of(code("elsewhere", "a1")))
    text = said(book.daemon, call("search", pattern="elsewhere"))
    assert "1 match" in text


def test_a_notebook_that_another_program_wrote_is_read_anew_by_the_editor(book: Notebook) -> None:
    said(book.daemon, READ)
    number = count(book.daemon, "chat/reload")
    book.path.write_text(file_of(code("from git", "a1", OUTPUT)))
    turn = book.daemon.prompt(READ, DONE)
    request = book.daemon.asked("chat/reload", number)
    assert request["params"] == {"uris": [book.uri]}
    book.splice(0, 3, ("code", "from git", "a1"))
    book.daemon.reply(request, {"reloaded": [book.uri]})
    turn.result()
    assert "from git" in turn.said()
    assert "unsaved" not in turn.said()
    assert "newer" not in turn.said()


def test_a_notebook_that_is_on_no_disk_has_its_cells(daemon: Daemon) -> None:
    notebook = Notebook(daemon, "nowhere.ipynb", code("here alone", "a1"))
    notebook.path.unlink()
    notebook.open()
    assert "here alone" in said(daemon, call("read_file", path="nowhere.ipynb"))
    notebook.close()
    assert "here alone" not in said(daemon, call("read_file", path="nowhere.ipynb"))


WORDS = st.text(st.sampled_from("ab\n\u00e9\U0001f600"), max_size=6)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("type"), st.integers(0, 9), WORDS),
        st.tuples(st.just("in"), st.integers(0, 9), st.sampled_from(["code", "markdown", "raw"]), WORDS),
        st.tuples(st.just("out"), st.integers(0, 9)),
    ),
    max_size=6,
)


@settings(max_examples=25)
@given(STEPS)
def test_whatever_is_done_to_cells_the_file_would_hold_them(daemon: Daemon, steps: list[Any]) -> None:
    notebook = Notebook(daemon, "any.ipynb", code("1", "a1", OUTPUT), markdown("2", "b1"), code("3"))
    notebook.open()
    for what, at, *more in steps:
        number = at % (len(notebook.cells) or 1)
        if what == "in":
            notebook.splice(number if notebook.cells else 0, 0, (more[0], more[1], None))
        elif notebook.cells:
            notebook.type(number, more[0]) if what == "type" else notebook.splice(number, 1)
    turn = daemon.prompt([{"toolCall": {"name": "look"}}], DONE, chars=100)
    turn.result()
    seen = json.loads(turn.said())["documents"][str(notebook.path.resolve())]
    cells = json.loads(seen)["cells"]
    assert [(cell["cell_type"], "".join(cell["source"])) for cell in cells] == [
        (cell["kind"], cell["text"]) for cell in notebook.cells
    ]
    assert complaints(daemon) == []
    notebook.close()


# What is changed


def test_the_text_of_a_cell_is_changed_in_the_editor_by_an_edit_of_that_cell(book: Notebook) -> None:
    book.type(2, "x * 8  # NOT SAVED")
    before, number = book.path.read_text(), count(book.daemon, "workspace/applyEdit")
    turn = book.daemon.prompt(READ, edit(change("c1", "x * 8", "x * 9"), change("a1", "6", "60")), READ, DONE)
    (preview,) = allowed(turn)["preview"]
    assert '"x * 9  # NOT SAVED"' in preview["newText"]
    request = book.daemon.asked("workspace/applyEdit", number)
    edits = request["params"]["edit"]["documentChanges"]
    assert {item["textDocument"]["uri"] for item in edits} == {book.cells[0]["uri"], book.cells[2]["uri"]}
    book.take(request)
    turn.result()
    assert turn.ended(1)["status"] == "completed"
    assert book.texts == ["x = 60\n", "# Title", "x * 9  # NOT SAVED"]
    assert "it is open in the editor: the change is there" in turn.said(1)
    assert "the editor changed more" not in turn.said(1)
    assert "x = 60" in turn.said(2)
    assert book.path.read_text() == before


def test_cells_are_put_in_and_deleted_by_the_editor_and_all_is_one_step(book: Notebook) -> None:
    number = count(book.daemon, "chat/editCells")
    changes = [
        {"cell": "b1", "action": "delete"},
        {"cell": "c1", "action": "insert", "text": "print(x)"},
        {"cell": "0", "action": "insert", "text": "# First", "cell_type": "markdown"},
        change("c1", "7", "8"),
    ]
    turn = book.daemon.prompt(READ, edit(*changes), READ, DONE)
    allowed(turn)
    book.take_cells(book.daemon.asked("chat/editCells", number))
    turn.result()
    assert turn.ended(1)["status"] == "completed"
    assert book.texts == ["# First", "x = 6\n", "x * 8", "print(x)"]
    assert [cell["kind"] for cell in book.cells] == ["markdown", "code", "code", "code"]
    assert len(book.labels) == 1
    assert "the editor changed more" not in turn.said(1)
    assert "print(x)" in turn.said(2)
    assert "42" in turn.said(2)


def test_an_editor_that_cannot_put_cells_in_says_so_and_nothing_is_changed(start: Start) -> None:
    daemon = start()
    root = daemon.folder / "root"
    root.mkdir()
    daemon.initialize({}, roots=[root], permission=True, edits=True)
    book = Notebook(daemon, "n.ipynb", code("one", "a1"))
    book.open()
    before = book.path.read_text()
    turn = daemon.prompt(READ, edit({"cell": "0", "action": "insert", "text": "x"}), DONE)
    allowed(turn)
    turn.result()
    assert turn.ended(1)["status"] == "failed"
    assert "can change the text of its cells, and not put cells in" in turn.said(1)
    assert book.path.read_text() == before
    turn = daemon.prompt(READ, edit(change("a1", "one", "two")), DONE)
    allowed(turn)
    book.take(daemon.asked("workspace/applyEdit"))
    turn.result()
    assert book.texts == ["two"]
    assert daemon.leave() == 0
    daemon.check()


def test_a_cell_that_the_person_changed_meanwhile_is_not_written_over(book: Notebook) -> None:
    turn = book.daemon.prompt(READ, edit(change("c1", "x * 7", "x * 9")), DONE)
    question = turn.question()
    book.type(2, "y * 7")
    book.daemon.choose(question, "allow_once")
    turn.result()
    assert turn.ended(1)["status"] == "failed"
    assert "changed meanwhile" in turn.said(1)
    assert book.texts[2] == "y * 7"


def test_other_cells_may_change_while_the_question_is_open(book: Notebook) -> None:
    number = count(book.daemon, "workspace/applyEdit")
    turn = book.daemon.prompt(READ, edit(change("c1", "x * 7", "x * 9")), DONE)
    question = turn.question()
    book.type(1, "# Another title")
    book.daemon.choose(question, "allow_once")
    book.take(book.daemon.asked("workspace/applyEdit", number))
    turn.result()
    assert turn.ended(1)["status"] == "completed"
    assert book.texts == ["x = 6\n", "# Another title", "x * 9"]


def test_a_refusal_of_the_editor_is_told_and_outputs_alone_are_not_for_it(book: Notebook) -> None:
    number = count(book.daemon, "workspace/applyEdit")
    turn = book.daemon.prompt(READ, edit(change("c1", "x * 7", "x * 9")), DONE)
    allowed(turn)
    request = book.daemon.asked("workspace/applyEdit", number)
    book.daemon.reply(request, {"applied": False, "failureReason": "the cell is locked"})
    turn.result()
    assert "the cell is locked" in turn.said(1)
    cells = json.loads(book.path.read_text())
    cells["cells"][0]["outputs"] = []
    turn = book.daemon.prompt(READ, call("write_file", path="n.ipynb", content=json.dumps(cells, indent=1)), DONE)
    allowed(turn)
    turn.result()
    assert turn.ended(1)["status"] == "failed"
    assert "its cells alone can be changed" in turn.said(1)


# What cannot be followed

CELL: Json = {"uri": "vscode-notebook-cell:x", "languageId": "python", "version": 1, "text": "x"}


LOST: list[Any] = [
    5,
    {"structure": 5},
    {"structure": {"array": {"start": 9, "deleteCount": 0}}},
    {"structure": {"array": {"start": 0, "deleteCount": 9}}},
    {"structure": {"array": {"start": -1, "deleteCount": 0}}},
    {"structure": {"array": {"start": 0, "deleteCount": 0, "cells": [{"kind": 2, "document": "nowhere:"}]}}},
    {"structure": {"array": {"start": 0, "deleteCount": 0, "cells": [7]}}},
    {"structure": {"array": {"start": 0, "deleteCount": 0}, "didClose": [{}]}},
    {"data": [{"kind": 2, "document": "nowhere:"}]},
    {"textContent": [{"document": {"uri": "nowhere:", "version": 1}, "changes": []}]},
    {"textContent": [{"document": 5, "changes": []}]},
    {"textContent": 5},
]


@pytest.mark.parametrize("cells", LOST)
def test_a_change_that_cannot_be_followed_makes_the_file_count_and_is_said(book: Notebook, cells: Any) -> None:
    book.type(2, "# NOT SAVED")
    before = len(complaints(book.daemon))
    book.change(cells)
    assert "NOT SAVED" not in said(book.daemon, READ)
    (complaint,) = complaints(book.daemon)[before:]
    assert book.uri in complaint
    book.version += 1
    book.open()
    assert "NOT SAVED" in said(book.daemon, READ)


@pytest.mark.parametrize("method", ["didOpen", "didChange", "didSave", "didClose"])
@pytest.mark.parametrize("params", [None, [], 5, {}, {"notebookDocument": 5}, {"notebookDocument": {"version": 1}}])
def test_a_notification_that_makes_no_sense_is_said_and_harms_nothing(book: Notebook, method: str, params: Any) -> None:
    book.type(2, "# NOT SAVED")
    before = len(complaints(book.daemon))
    book.daemon.notify(f"notebookDocument/{method}", params)
    assert "NOT SAVED" in said(book.daemon, READ)
    assert f"notebookDocument/{method}" in complaints(book.daemon)[before]


UNOPENED: list[Json] = [
    {"cellTextDocuments": []},
    {"cellTextDocuments": 5},
    {"cellTextDocuments": [{}]},
    {"cellTextDocuments": [{**CELL, "text": 5}]},
    {"cells": 5, "cellTextDocuments": []},
    {"cells": [{"kind": "code", "document": "vscode-notebook-cell:x"}], "cellTextDocuments": [CELL]},
]


@pytest.mark.parametrize("opened", UNOPENED)
def test_a_notebook_that_cannot_be_opened_is_not_open(book: Notebook, opened: Json) -> None:
    book.type(2, "# NOT SAVED")
    cells = opened.pop("cells", [{"kind": 2, "document": "vscode-notebook-cell:x"}])
    item = {"uri": book.uri, "notebookType": "x", "version": 1, "cells": cells}
    book.daemon.notify("notebookDocument/didOpen", {"notebookDocument": item, **opened})
    assert "NOT SAVED" not in said(book.daemon, READ)


@pytest.mark.parametrize(
    "uri", ["untitled:Untitled-1.ipynb", "file://", "", "git:/n.ipynb", "file:///elsewhere/n.ipynb"]
)
def test_a_notebook_with_an_odd_address_is_no_file_of_the_workspace(daemon: Daemon, uri: str) -> None:
    item = {"uri": uri, "notebookType": "x", "version": 1, "cells": [{"kind": 2, "document": CELL["uri"]}]}
    daemon.notify("notebookDocument/didOpen", {"notebookDocument": item, "cellTextDocuments": [CELL]})
    assert "1 match" not in said(daemon, call("search", pattern="^x$"))
    daemon.notify("notebookDocument/didClose", {"notebookDocument": {"uri": uri}, "cellTextDocuments": []})


def test_a_cell_counts_in_the_encoding_that_was_agreed(book: Notebook) -> None:
    book.type(2, "\U0001f600 = 1")
    cell = book.cells[2]
    cell["version"] += 1
    place = {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 99}}
    changes = [{"range": place, "text": "!"}]
    document = {"uri": cell["uri"], "version": cell["version"]}
    book.change({"textContent": [{"document": document, "changes": changes}]})
    assert "\U0001f600!" in said(book.daemon, READ)
