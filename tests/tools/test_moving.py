"""Moving and deleting a file: nothing replaced, nothing unsaved lost, and what is open follows."""

from pathlib import Path

import pytest
from changes import change, diff_of, names, one, read, refused, said
from playground import Playground

from chatls.content import Diff, TextContent
from chatls.errors import ToolError
from chatls.tools.moving import delete_file, move_file
from chatls.tools.tool import EVERYTHING, FileSubject

pytestmark = pytest.mark.asyncio


async def test_a_file_is_moved_and_known_under_its_new_name(ws: Playground) -> None:
    path = ws.write("a.py", "one\n")
    await read(ws, "a.py")
    plan = await ws.plan(move_file, path="a.py", to="src/deep/b.py")
    new = ws.folder / "src/deep/b.py"
    assert plan.subject == FileSubject(path, (new,))
    diff = Diff(new.as_uri(), "one\n", "one\n", "moved", path.as_uri())
    assert plan.preview == (TextContent("move a.py to src/deep/b.py (text, 4 bytes)"), diff)
    assert path.exists()
    output = await plan.carry_out()
    assert (said(output), diff_of(output)) == ("moved a.py to src/deep/b.py", diff)
    assert (path.exists(), new.read_text()) == (False, "one\n")
    await change(ws, "src/deep/b.py", one("one", "two"))
    assert new.read_text() == "two\n"


async def test_a_file_is_deleted_as_it_was_shown(ws: Playground) -> None:
    path = ws.write("a.py", "one\n")
    plan = await ws.plan(delete_file, path="a.py")
    assert plan.preview == (TextContent("delete a.py (text, 4 bytes)"), Diff(path.as_uri(), "one\n", "", "deleted"))
    ws.write("a.py", "two\n")
    with pytest.raises(ToolError, match="changed meanwhile"):
        await plan.carry_out()
    assert said(await ws.call(delete_file, path="a.py")) == "deleted a.py"
    assert names(ws.folder) == []


async def test_what_is_no_text_is_moved_and_deleted_too(ws: Playground) -> None:
    ws.write("a.png", b"\x89PNG\r\n\x1a\n\0\0")
    output = await ws.call(move_file, path="a.png", to="b.png")
    assert output.content == (TextContent("moved a.png to b.png"),)
    plan = await ws.plan(delete_file, path="b.png")
    assert plan.preview == (TextContent("delete b.png (no text, 10 bytes)"),)
    await plan.carry_out()
    assert names(ws.folder) == []


async def test_nothing_is_replaced_and_nothing_outside_is_reached(ws: Playground) -> None:
    path = ws.write("a", "one")
    ws.write("b", "two")
    ws.write("src/c", "three")
    (ws.folder / "link").symlink_to(ws.folder.parent)
    ws.open("new", "unsaved")
    for to, words in {
        "b": 'there is a "b" already',
        "src": 'there is a "src" already',
        "new": 'there is a "new" already',
        "../a": "outside the workspace",
        "link/a": "outside the workspace",
        ".env": "usually hold secrets",
    }.items():
        assert words in await refused(ws, move_file, path="a", to=to), to
    assert "is a directory" in await refused(ws, move_file, path="src", to="d")
    assert "is a directory" in await refused(ws, delete_file, path="src")
    assert 'there is no "nowhere"' in await refused(ws, delete_file, path="nowhere")
    plan = await ws.plan(move_file, path="a", to="d")
    ws.write("d", "came meanwhile")
    with pytest.raises(ToolError, match="already"):
        await plan.carry_out()
    assert (path.read_text(), (ws.folder / "d").read_text()) == ("one", "came meanwhile")


async def test_what_is_not_saved_is_neither_moved_nor_deleted(ws: Playground) -> None:
    path = ws.write("a", "one")
    ws.open("a", "one typed")
    for tool, arguments in ((move_file, {"path": "a", "to": "b"}), (delete_file, {"path": "a"})):
        assert "has changes in the editor that are not saved" in await refused(ws, tool, **arguments)
    ws.type(path, "one")
    plan = await ws.plan(delete_file, path="a")
    ws.type(path, "one typed on")
    with pytest.raises(ToolError, match="not saved"):
        await plan.carry_out()
    assert path.read_text() == "one"


@pytest.mark.parametrize("operates", [True, False])
async def test_an_open_document_follows_where_the_editor_can(ws: Playground, operates: bool) -> None:
    ws.operates = operates
    path, new = ws.write("a", "one"), ws.folder / "b"
    ws.open("a", "one")
    await read(ws, "a")
    output = await ws.call(move_file, path="a", to="b")
    assert (path.exists(), new.read_text()) == (False, "one")
    assert (new in ws.documents) is operates
    assert ("the editor still shows it" in said(output)) is not operates
    assert [(item.uri, item.to) for item in ws.operations] == ([(path.as_uri(), new.as_uri())] if operates else [])
    ws.documents.clear()
    ws.open("b", "one")
    output = await ws.call(delete_file, path="b")
    assert names(ws.folder) == []
    assert (new in ws.documents) is not operates


async def test_the_title_the_places_and_the_order(ws: Playground) -> None:
    arguments = move_file.validate({"source": "a", "destination": "b"})
    assert arguments == {"path": "a", "to": "b"}
    assert move_file.title(arguments) == "move_file a to b"
    places = [Path(item.uri.removeprefix("file://")).name for item in move_file.locate(ws.workspace(), arguments)]
    assert places == ["a", "b"]
    assert move_file.serial(ws.workspace(), arguments) == EVERYTHING
    assert delete_file.title({"path": "a"}) == "delete_file a"
