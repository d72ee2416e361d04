"""Notebooks: read as cells, changed by cell, and never left broken."""

import json
from pathlib import Path
from typing import Any

import pytest
from changes import change, diff_of, read, refused, said, unchanged
from hypothesis import given
from hypothesis import strategies as st
from playground import Playground

from chatls.tools.edit_notebook import edit_notebook
from chatls.tools.notebooks import rendered
from chatls.tools.read_file import read_file
from chatls.tools.write_file import write_file
from chatls.workspace.notebook import parsed, written

pytestmark = pytest.mark.asyncio

Json = dict[str, Any]


def code(source: str, *outputs: Json, **more: Any) -> Json:
    lines = source.splitlines(keepends=True)
    return {
        "cell_type": "code",
        "execution_count": 3,
        "metadata": {},
        "outputs": list(outputs),
        "source": lines,
        **more,
    }


def book(*cells: Json, minor: int = 5) -> str:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": minor}, indent=1) + "\n"


PLOT = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 20_000, "text/plain": ["<Figure>"]}}
LOG = {"output_type": "stream", "name": "stdout", "text": [f"line {number}\n" for number in range(3000)]}
FAULT = {"output_type": "error", "ename": "NameError", "evalue": "x", "traceback": ["\x1b[31mlong\x1b[0m"] * 99}
MARKDOWN: Json = {"cell_type": "markdown", "id": "b1", "metadata": {}, "source": "# Title"}


async def test_a_notebook_is_read_as_cells_with_outputs_in_short(ws: Playground) -> None:
    ws.write("n.ipynb", book(code('print("hi")\nx = 1', PLOT, id="a1"), MARKDOWN, code("y", LOG), code("z", FAULT)))
    text = await ws.ask(read_file, path="n.ipynb")
    head, _, body = text.partition("\n")
    assert "a notebook of 4 cells, with outputs in short; edit_notebook changes them" in head
    lines = [line.partition("\t")[2] for line in body.split("\n")]
    assert lines[:6] == [
        "--- cell 1 (code) a1 [3]",
        'print("hi")',
        "x = 1",
        "--- output",
        "[image/png, 220.0 KB]",
        "<Figure>",
    ]
    assert lines[6:10] == ["--- cell 2 (markdown) b1", "# Title", "--- cell 3 (code) [3]", "y"]
    assert lines[-5:] == ["[2990 more lines]", "--- cell 4 (code) [3]", "z", "--- output", "NameError: x"]
    ws.write("plain.ipynb", "no JSON")
    assert (await ws.ask(read_file, path="plain.ipynb")).endswith("1\tno JSON")


async def test_cells_are_changed_by_id_or_number_and_the_rest_stays(ws: Playground) -> None:
    before = book(code('print("hi")\n', LOG, id="a1"), MARKDOWN, code("é = 1", LOG), code("gone"))
    path = ws.write("n.ipynb", before)
    await read(ws, "n.ipynb")
    output = await ws.call(
        edit_notebook,
        path="n.ipynb",
        changes=[
            {"cell": "a1", "action": "edit", "old_text": '"hi"', "text": '"ho"'},
            {"cell": 2, "action": "replace", "text": "# Other\ntext"},
            {"cell": "4", "action": "delete"},
            {"cell": "2", "action": "insert", "text": "new\ncell", "cell_type": "raw"},
            {"cell": "0", "action": "insert", "text": "first"},
        ],
    )
    cells = json.loads(path.read_text())["cells"]
    assert ["".join(cell["source"]) for cell in cells] == [
        "first",
        'print("ho")\n',
        "# Other\ntext",
        "new\ncell",
        "é = 1",
    ]
    assert [cell["cell_type"] for cell in cells] == ["code", "code", "markdown", "raw", "code"]
    assert (cells[1]["outputs"], cells[1]["execution_count"], cells[1]["id"]) == ([], None, "a1")
    assert cells[4]["outputs"] == [LOG]
    assert cells[2]["source"] == "# Other\ntext"
    assert cells[3]["source"] == ["new\n", "cell"]
    assert len({cells[0]["id"], cells[3]["id"]}) == 2
    assert "outputs" not in cells[3]
    assert diff_of(output).old_text == before
    assert "changed n.ipynb with 5 changes of cells" in said(output)


async def test_a_cell_that_changed_meanwhile_is_left_alone_and_others_do_not_matter(ws: Playground) -> None:
    path = ws.write("n.ipynb", book(code("one"), code("two")))
    await read(ws, "n.ipynb")
    edit = {"cell": "1", "action": "edit", "old_text": "one", "text": "1"}
    first = await ws.plan(edit_notebook, path="n.ipynb", changes=[edit])
    second = await ws.plan(edit_notebook, path="n.ipynb", changes=[{**edit, "action": "replace"}])
    ws.write("n.ipynb", book(code("one"), code("2")))
    await first.carry_out()
    assert [cell["source"] for cell in json.loads(path.read_text())["cells"]] == [["1"], ["2"]]
    with pytest.raises(Exception, match="changed meanwhile"):
        await second.carry_out()
    ws.write("n.ipynb", book(code("one!"), code("2")))
    words = await refused(ws, edit_notebook, path="n.ipynb", changes=[{"cell": "1", "action": "replace", "text": "x"}])
    assert "has changed since you read it" in words


async def test_what_is_no_change_of_a_notebook_is_refused(ws: Playground) -> None:
    path = ws.write("n.ipynb", book(code("one"), MARKDOWN))
    text = path.read_text()

    async def wrong(**more: Any) -> str:
        return await refused(ws, edit_notebook, path="n.ipynb", changes=[{"cell": "1", "action": "edit", **more}])

    assert "you have not read" in await wrong(old_text="one", text="x")
    await read(ws, "n.ipynb")
    assert 'there is no cell "3"; the notebook has cells 1 to 2' in await wrong(cell="3", text="x")
    assert 'there is no cell "zz"' in await wrong(cell="zz", action="delete")
    assert "old_text was not found in cell 1" in await wrong(old_text="two", text="x")
    assert "old_text is empty" in await wrong(text="x")
    assert "as it is" in await wrong(cell="2", action="replace", text="# Title")
    assert "edit_notebook: changes.0.action: " in await wrong(action="move")
    ws.write("a.txt", "{}")
    await read(ws, "a.txt")
    words = await refused(ws, edit_notebook, path="a.txt", changes=[{"cell": "1", "action": "delete"}])
    assert "is no notebook" in words
    assert path.read_text() == text


async def test_no_tool_leaves_a_broken_notebook(ws: Playground) -> None:
    path = ws.write("n.ipynb", text := book(code("one")))
    await read(ws, "n.ipynb")
    edit: Json = {"old_text": '"nbformat": 4', "new_text": '"nbformat": None'}
    assert "change its cells with edit_notebook" in await unchanged(ws, "n.ipynb", edit)
    assert "no valid notebook" in await refused(ws, write_file, path="n.ipynb", content="{'cells': []}")
    assert "no valid notebook" in await refused(ws, write_file, path="new.ipynb", content="{}")
    assert path.read_text() == text
    await ws.call(write_file, path="new.ipynb", content='{"cells": []}')
    ws.write("broken.ipynb", '{"cells": [')
    await read(ws, "broken.ipynb")
    await change(ws, "broken.ipynb", {"old_text": "[", "new_text": "[]}"})
    assert parsed((ws.folder / "broken.ipynb").read_text()) == {"cells": []}


@given(st.sampled_from([None, 1, 2, "\t"]), st.booleans(), st.sampled_from(["", "\n"]), st.text(max_size=20))
@pytest.mark.asyncio
async def test_a_notebook_is_written_as_it_was(indent: int | str | None, ascii_only: bool, end: str, text: str) -> None:
    value: Json = {"cells": [{"cell_type": "raw", "metadata": {}, "source": [f"é{text}"]}], "x": [1, 2.5, {}]}
    before = json.dumps(value, indent=indent, ensure_ascii=ascii_only) + end
    found = parsed(before)
    assert found is not None
    assert found == value
    assert written(found, before) == before
    assert rendered(Path("a.ipynb"), before) is not None
    assert rendered(Path("a.json"), before) is None
