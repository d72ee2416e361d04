"""New files, and whole texts in place of those that were seen."""

import os
import stat
from pathlib import Path

import pytest
from changes import change, diff_of, names, one, read, refused, said
from playground import Playground

from chatls.content import Diff, Location
from chatls.errors import ToolError
from chatls.tools.tool import FileSubject
from chatls.tools.write_file import write_file
from chatls.workspace.textfile import MOST_BYTES

pytestmark = pytest.mark.asyncio


async def test_a_new_file_is_made_with_its_folders(ws: Playground) -> None:
    output = await ws.call(write_file, path="src/new/app.py", content="print()\n")
    path = ws.folder / "src/new/app.py"
    assert path.read_bytes() == b"print()\n"
    assert said(output) == (
        "made src/new/app.py (+1 -0 lines)\n--- /dev/null\n+++ src/new/app.py\n@@ -0,0 +1 @@\n+print()"
    )
    assert diff_of(output) == Diff(path.as_uri(), "", "print()\n", "new")


async def test_a_new_file_holds_just_what_was_given(ws: Playground) -> None:
    for content in ("", "no end", "a\r\nb\n", "\ufeffmark", "é𝄞\n"):
        await ws.call(write_file, path=f"new{len(content)}", content=content)
        assert (ws.folder / f"new{len(content)}").read_bytes() == content.encode()
        (ws.folder / f"new{len(content)}").unlink()


async def test_a_planned_file_is_not_there_yet(ws: Playground) -> None:
    plan = await ws.plan(write_file, path="src/a", content="new")
    path = ws.folder / "src/a"
    assert plan.subject == FileSubject(path)
    assert plan.preview == (Diff(path.as_uri(), "", "new", "new"),)
    assert names(ws.folder) == []


async def test_a_file_that_appears_while_somebody_is_asked_is_not_overwritten(ws: Playground) -> None:
    plan = await ws.plan(write_file, path="a", content="mine")
    path = ws.write("a", "theirs")
    with pytest.raises(ToolError, match="changed meanwhile"):
        await plan.carry_out()
    assert path.read_text() == "theirs"


async def test_a_file_that_was_made_in_this_session_is_known(ws: Playground) -> None:
    await ws.call(write_file, path="a", content="one\n")
    await change(ws, "a", one("one", "two"))
    await ws.call(write_file, path="a", content="three\n")
    assert (ws.folder / "a").read_text() == "three\n"


async def test_a_file_that_holds_the_text_already_needs_neither_to_be_read_nor_to_be_written(ws: Playground) -> None:
    path = ws.write("a", "one\r\n")
    before = path.stat().st_mtime_ns
    assert said(await ws.call(write_file, path="a", content="one\n")) == (
        "a holds just this text already. Nothing was changed."
    )
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (b"one\r\n", before)
    await ws.call(write_file, path="a", content="two\n")
    assert path.read_bytes() == b"two\r\n"


async def test_a_file_is_replaced_only_as_it_was_seen(ws: Playground) -> None:
    path = ws.write("a", "old\n")
    arguments = {"path": "a", "content": "new\n"}
    assert "you have not read" in await refused(ws, write_file, **arguments)
    await read(ws, "a")
    ws.write("a", "older\n")
    assert "has changed since you read it" in await refused(ws, write_file, **arguments)
    await read(ws, "a")
    assert said(await ws.call(write_file, **arguments)).startswith("replaced the text of a (+1 -1 lines)\n")
    assert path.read_text() == "new\n"


@pytest.mark.parametrize(
    ("before", "content", "after"),
    [
        (b"a\r\nb\r\n", "a\nc\n", b"a\r\nc\r\n"),
        (b"\xef\xbb\xbfa\n", "b\n", b"\xef\xbb\xbfb\n"),
        (b"\xef\xbb\xbfa\n", "\ufeffb\n", b"\xef\xbb\xbfb\n"),
        (b"a\n", "\ufeffb\r\n", b"b\n"),
        ("a\nb".encode("utf-16"), "é\n", "é\n".encode("utf-16")),
        (b"a\r\nb\nc\r\n", "a\nB\nc\n", b"a\r\nB\nc\r\n"),
        (b"a\n", "b", b"b"),
        (b"a\n", "", b""),
    ],
)
async def test_mark_encoding_and_line_ends_of_a_file_stay(
    ws: Playground, before: bytes, content: str, after: bytes
) -> None:
    path = ws.write("a", before)
    path.chmod(0o750)
    await read(ws, "a")
    await ws.call(write_file, path="a", content=content)
    assert path.read_bytes() == after
    assert stat.S_IMODE(path.stat().st_mode) == 0o750


async def test_an_open_document_is_replaced_in_the_editor(ws: Playground) -> None:
    path = ws.write("a", "disk\n")
    ws.open("a", "open\r\n")
    await read(ws, "a")
    await ws.call(write_file, path="a", content="new\ntext\n")
    assert ws.documents[path].text == "new\r\ntext\r\n"
    assert ws.changes[0].label == "write_file a"
    assert path.read_text() == "disk\n"


async def test_nothing_is_written_outside_or_where_no_file_can_be(ws: Playground) -> None:
    outside = ws.folder.parent / "outside"
    outside.mkdir()
    (outside / "a").write_text("old")
    ws.write("file", "text")
    (ws.folder / "folder").mkdir()
    os.mkfifo(ws.folder / "pipe")
    for name, target in {
        "out": outside,
        "out-file": outside / "a",
        "dangling-out": outside / "new",
        "dangling": Path("not/there"),
        "loop": Path("loop"),
    }.items():
        (ws.folder / name).symlink_to(target)
    before = names(ws.folder)
    for path, words in {
        "../outside/new": "outside the workspace",
        str(outside / "new"): "outside the workspace",
        "out/new": "outside the workspace",
        "out-file": "outside the workspace",
        "dangling-out": "outside the workspace",
        "dangling": "leads nowhere",
        "dangling/new": "leads nowhere",
        "loop": "link",
        "folder": "is a directory",
        ".": "is a directory",
        "pipe": "is a named pipe",
        "file/new": "a part of its path is a link or no folder",
        ".env": "usually hold secrets",
        "": "empty",
        "a\0b": "control character",
        "x" * 300: "too long",
    }.items():
        assert words in await refused(ws, write_file, path=path, content="new"), path
    assert names(ws.folder) == before
    assert names(outside) == ["a"]
    assert (outside / "a").read_text() == "old"
    assert names(ws.folder / "folder") == []


async def test_a_link_that_takes_the_place_of_a_folder_while_somebody_is_asked_is_not_followed(ws: Playground) -> None:
    outside = ws.folder.parent / "outside"
    outside.mkdir()
    for name in ("folder/new", "made/new"):
        plan = await ws.plan(write_file, path=name, content="mine")
        (ws.folder / name).parent.symlink_to(outside)
        with pytest.raises(ToolError, match="a part of its path is a link or no folder; nothing was made"):
            await plan.carry_out()
    assert names(outside) == []


async def test_what_is_no_text_or_too_long_is_not_written(ws: Playground) -> None:
    assert "NUL character" in await refused(ws, write_file, path="a", content="a\0b")
    assert "too large" in await refused(ws, write_file, path="a", content="x" * (MOST_BYTES + 1))
    assert names(ws.folder) == []


async def test_half_a_character_is_replaced(ws: Playground) -> None:
    await ws.call(write_file, path="a", content="x\ud800y\udce9")
    assert (ws.folder / "a").read_text() == "x\ufffdy\ufffd"


async def test_the_title_and_the_place_name_the_file(ws: Playground) -> None:
    arguments = write_file.validate({"file_path": "src/a.py", "contents": "x"})
    assert arguments == {"path": "src/a.py", "content": "x"}
    assert write_file.title(arguments) == "write_file src/a.py"
    assert write_file.locate(ws.workspace(), arguments) == (Location((ws.folder / "src/a.py").as_uri()),)
