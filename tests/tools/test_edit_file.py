"""Edits: exact, all or none, and only of what the model has seen."""

import codecs
import os
import stat
import tempfile
from pathlib import Path

import anyio
import jsonschema
import pytest
from anyio import to_thread
from changes import change, diff_of, names, one, read, refused, said, unchanged
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from playground import Playground

from chatls.content import Diff, Location, Position, Range, TextContent
from chatls.editor import OpenDocument, Problem, Severity
from chatls.errors import ToolError
from chatls.tools.changes.edits import Edit
from chatls.tools.edit_file import edit_file
from chatls.tools.read_file import read_file
from chatls.tools.search import search
from chatls.tools.tool import EVERYTHING, FileSubject, ToolOutput
from chatls.tools.write_file import write_file
from chatls.workspace import savefile
from chatls.workspace.textfile import MOST_BYTES

pytestmark = pytest.mark.asyncio

CODE = "def greet(name):\n    print(name)\n\n\ndef part(name):\n    print(name)\n"


# Edits of files


async def test_an_edit_changes_just_what_it_names_and_shows_the_difference(ws: Playground) -> None:
    path = ws.write("src/app.py", CODE)
    await read(ws, "src/app.py")
    output = await change(ws, "src/app.py", one("def greet(name):\n    print", "def greet(name):\n    return"))
    new = CODE.replace("    print", "    return", 1)
    assert path.read_text() == new
    assert said(output) == (
        "changed src/app.py (+1 -1 lines)\n--- src/app.py\n+++ src/app.py\n@@ -1,5 +1,5 @@\n"
        " def greet(name):\n-    print(name)\n+    return(name)\n \n \n def part(name):"
    )
    assert diff_of(output) == Diff(path.as_uri(), CODE, new)


async def test_several_edits_are_made_in_order_each_in_what_the_former_left(ws: Playground) -> None:
    path = ws.write("a", "one\ntwo\n")
    await read(ws, "a")
    output = await change(ws, "a", one("one", "two"), one("two\ntwo", "three"), one("three", "four\nfive"))
    assert path.read_text() == "four\nfive\n"
    assert said(output).startswith("changed a with 3 edits (+2 -2 lines)\n")


async def test_all_edits_are_made_or_none(ws: Playground) -> None:
    path = ws.write("a", "one\ntwo\n")
    await read(ws, "a")
    words = await unchanged(ws, "a", one("one", "1"), one("three", "3"))
    assert words.startswith("edit 2 of 2: old_text was not found in a. ")
    assert "Nothing was changed." in words
    assert path.read_text() == "one\ntwo\n"


async def test_all_places_are_replaced_where_that_is_asked(ws: Playground) -> None:
    path = ws.write("a", CODE)
    await read(ws, "a")
    await change(ws, "a", one("name", "who", replace_all=True))
    assert path.read_text() == CODE.replace("name", "who")


async def test_a_planned_edit_has_changed_nothing_and_shows_all_of_what_it_would_do(ws: Playground) -> None:
    path = ws.write("a", "one\n")
    await read(ws, "a")
    plan = await ws.plan(edit_file, path="a", edits=[one("one", "two")])
    assert path.read_text() == "one\n"
    assert plan.subject == FileSubject(path)
    assert plan.preview == (Diff(path.as_uri(), "one\n", "two\n"),)
    await plan.carry_out()
    assert path.read_text() == "two\n"


async def test_a_file_can_be_edited_again_without_being_read_again(ws: Playground) -> None:
    path = ws.write("a", "one\n")
    await read(ws, "a")
    await change(ws, "a", one("one", "two"))
    await change(ws, "a", one("two", "three"))
    assert path.read_text() == "three\n"


async def test_a_file_of_which_a_part_was_read_may_be_edited(ws: Playground) -> None:
    path = ws.write("a", "".join(f"line {number}\n" for number in range(9000)))
    await ws.call(read_file, path="a", start_line=3, end_line=4)
    await change(ws, "a", one("line 8999", "last"))
    assert path.read_text().endswith("last\n")


# What stays


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"one\r\ntwo\r\n", b"1\r\nand\r\ntwo\r\n"),
        (b"\xef\xbb\xbfone\ntwo", b"\xef\xbb\xbf1\nand\ntwo"),
        (
            codecs.BOM_UTF16_LE + "one\r\ntwo".encode("utf-16-le"),
            codecs.BOM_UTF16_LE + "1\r\nand\r\ntwo".encode("utf-16-le"),
        ),
        (
            codecs.BOM_UTF16_BE + "one\ntwo\n".encode("utf-16-be"),
            codecs.BOM_UTF16_BE + "1\nand\ntwo\n".encode("utf-16-be"),
        ),
        (b"one\ntwo\xff\xe9\n", b"1\nand\ntwo\xff\xe9\n"),
        (b"one\ntwo\xc3\xa9\xff\xe9\n", b"1\nand\ntwo\xc3\xa9\xff\xe9\n"),
        (b"one\r\ntwo\nthree\r\nfour", b"1\r\nand\r\ntwo\nthree\r\nfour"),
        (b"zero\rone\rtwo\r", b"zero\r1\rand\rtwo\r"),
    ],
)
async def test_encoding_mark_line_ends_and_odd_bytes_stay(ws: Playground, before: bytes, after: bytes) -> None:
    path = ws.write("a", before)
    await read(ws, "a")
    output = await change(ws, "a", one("one\ntwo", "1\nand\ntwo"))
    assert path.read_bytes() == after
    assert ("bytes that are no UTF-8 were kept" in said(output)) is (b"\xa9\xff\xe9" in before)
    assert ("it is Windows-1252 (Latin-1), and what is new is too" in said(output)) is (b"two\xff\xe9" in before)
    diff_of(output).new_text.encode()


async def test_permissions_stay(ws: Playground) -> None:
    path = ws.write("run.sh", "one\n")
    path.chmod(0o755)
    await read(ws, "run.sh")
    await change(ws, "run.sh", one("one", "two"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o755


async def test_a_missing_final_newline_stays_missing_and_is_shown(ws: Playground) -> None:
    path = ws.write("a", "one\ntwo")
    await read(ws, "a")
    output = await change(ws, "a", one("two", "three"))
    assert path.read_bytes() == b"one\nthree"
    assert said(output).endswith("-two\n\\ No newline at end of file\n+three\n\\ No newline at end of file")


LETTERS = st.lists(st.sampled_from(["a", "b", "c", "é", " ", "\n", "\n"]), max_size=30).map("".join)


@settings(max_examples=40)
@given(LETTERS, st.sampled_from(["\n", "\r\n"]), st.data())
@pytest.mark.asyncio
async def test_an_edit_is_what_pythons_replace_makes_of_it(text: str, end: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    old = text[start : data.draw(st.integers(start, len(text)))]
    new = data.draw(LETTERS)
    first = text.find(old)
    assume(old and old != new and text.find(old, first + 1) < 0)
    style = end if "\n" in text else "\n"
    with tempfile.TemporaryDirectory() as folder:
        ws = Playground(await to_thread.run_sync(Path(folder).resolve))
        path = ws.write("a", b"\xef\xbb\xbf" + text.replace("\n", end).encode())
        await read(ws, "a")
        await change(ws, "a", one(old, new))
        assert path.read_bytes() == b"\xef\xbb\xbf" + text.replace(old, new).replace("\n", style).encode()
        assert names(ws.folder) == ["a"]


# What cannot be done


async def test_several_places_are_told_with_their_lines(ws: Playground) -> None:
    path = ws.write("a", CODE)
    await read(ws, "a")
    assert await unchanged(ws, "a", one("    print(name)", "pass")) == (
        "old_text stands in a 2 times, at lines 2, 6. Add lines around it until it is the only one, "
        "or set replace_all=true\nNothing was changed."
    )
    ws.write("b", "x\n" * 30)
    await read(ws, "b")
    assert "30 times, at lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ..." in await unchanged(ws, "b", one("x", "y"))
    ws.write("c", "aaa")
    await read(ws, "c")
    ws.write("d", "x\n" * 3000)
    await read(ws, "d")
    assert "at least 1000 times, at lines 1, 2," in await unchanged(ws, "d", one("x", "y"))
    assert "2 times, at lines 1, 1." in await unchanged(ws, "c", one("aa", "b"))
    assert path.read_text() == CODE


@pytest.mark.parametrize(
    ("old", "reason", "lines"),
    [
        ("def greet(nam):\n    print(nam)", "Read the file again", "1\tdef greet(name):\n2\t    print(name)\n3\t"),
        ("def greet(name):\n\tprint(name)", "differs from it only in white space", "1\tdef greet(name):\n2\t"),
        ("1\tdef greet(name):\n2\t    print(name)", "line numbers that read_file shows", "at line 1"),
        ("5\tdef part(name):", "line numbers that read_file shows", "at line 5"),
        ("5\tdef port(name):", "Read the file again", "5\tdef part(name):"),
        ("def part(name):\n    pass", "Read the file again", "5\tdef part(name):\n6\t    print(name)"),
        ("def part\uff08name\uff09:", "only in letters that look alike", "5\tdef part(name):"),
    ],
)
async def test_what_was_not_found_is_told_with_the_reason_and_the_nearest_lines(
    ws: Playground, old: str, reason: str, lines: str
) -> None:
    ws.write("a", CODE)
    await read(ws, "a")
    words = await unchanged(ws, "a", one(old, "new"))
    assert words.startswith("old_text was not found in a. ")
    assert reason in words
    assert lines in words
    assert words.endswith("\nNothing was changed.")


async def test_an_edit_that_is_done_already_is_called_so(ws: Playground) -> None:
    ws.write("a", CODE)
    await read(ws, "a")
    words = await unchanged(ws, "a", one("def part():\n", "def part(name):\n"))
    assert "new_text is already there, at line 5: perhaps this edit is done" in words


async def test_where_nothing_comes_near_no_lines_are_shown(ws: Playground) -> None:
    ws.write("a", "one\ntwo\n")
    ws.write("empty", "")
    ws.write("blank", "\n\n")
    await read(ws, "a", "empty", "blank")
    assert "nearest" not in await unchanged(ws, "a", one("import numpy as np", "x"))
    assert "The file is empty" in await unchanged(ws, "empty", one("x", "y"))
    assert "nothing but white space" in await unchanged(ws, "blank", one("x", "y"))


async def test_the_nearest_lines_of_a_huge_file_are_found_within_bounds(ws: Playground) -> None:
    with (ws.folder / "huge").open("w") as file:
        file.writelines(f"some_value_{number % 7} = compute(number, {number})\n" for number in range(200_000))
    await read(ws, "huge")
    with anyio.fail_after(60):
        words = await unchanged(ws, "huge", one("some_value_3 = computed(number, 3)\n" * 500, "x"))
    assert len(words) < 4000
    assert "nearest lines" in words


async def test_edits_that_say_nothing_are_refused(ws: Playground) -> None:
    path = ws.write("a", "one\ntwo\n")
    await read(ws, "a")
    assert "old_text is empty; name the text to replace, or use write_file" in await unchanged(ws, "a", one("", "x"))
    assert "are the same" in await unchanged(ws, "a", one("one", "one"))
    assert "are the same" in await unchanged(ws, "a", one("one\r\n", "one\n"))
    assert "leave a as it is" in await unchanged(ws, "a", one("one", "1"), one("1", "one"))
    assert "at least 1 item" in await unchanged(ws, "a")
    assert path.read_text() == "one\ntwo\n"


async def test_what_is_no_text_file_of_the_workspace_is_not_edited(ws: Playground) -> None:
    os.mkfifo(ws.folder / "pipe")
    outside = ws.folder.parent / "outside"
    outside.write_text("one")
    ws.write("src/app.py", "one")
    ws.write("bin", b"\x89PNG\r\n\x1a\n\0\0")
    ws.write("late", b"text\n" * 9000 + b"\0")
    ws.write(".env", "one")
    (ws.folder / "link").symlink_to(outside)
    (ws.folder / "notes").symlink_to(".env")
    (ws.folder / "dangling").symlink_to("nowhere")
    with (ws.folder / "large").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    for name, words in {
        "pipe": "is a named pipe",
        "src": "is a directory",
        "bin": "is binary: only text can be changed",
        "late": "holds binary data: only text",
        ".env": "usually hold secrets",
        "notes": "usually hold secrets",
        "link": "outside the workspace",
        "../outside": "outside the workspace",
        "large": "is too large to be changed: more than 16 MB",
        "dangling": "leads nowhere",
        "src/apt.py": 'did you mean "src/app.py"? list_files shows what there is; write_file makes a new file',
        "src/app.py/x": "a part of its path is a link or no folder",
    }.items():
        assert words in await unchanged(ws, name, one("one", "two")), name
    assert outside.read_text() == "one"


async def test_a_read_only_file_is_not_edited(ws: Playground) -> None:
    path = ws.write("a", "one\n")
    path.chmod(0o444)
    await read(ws, "a")
    assert await unchanged(ws, "a", one("one", "two")) == (
        '"a" cannot be changed: it or its folder is read-only; it is as it was'
    )
    assert path.read_text() == "one\n"


async def test_a_full_disk_leaves_the_file_as_it_was(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    path = ws.write("a", "one\n")
    await read(ws, "a")
    with monkeypatch.context() as patch:
        patch.setattr(savefile.os, "write", full)
        words = await unchanged(ws, "a", one("one", "two"))
    assert words == '"a" cannot be changed: the disk is full, or a limit is reached; it is as it was'
    assert path.read_text() == "one\n"
    assert names(ws.folder) == ["a"]
    await change(ws, "a", one("one", "two"))


# What was seen


async def test_a_file_that_was_not_read_is_not_edited(ws: Playground) -> None:
    ws.write("a", "one\n")
    assert await unchanged(ws, "a", one("one", "two")) == (
        'you have not read "a" yet: read it with read_file, then change it'
    )


async def test_an_edit_is_made_where_its_lines_are_untouched_whatever_else_changed(ws: Playground) -> None:
    path = ws.write("a", "one\ntwo\n")
    await read(ws, "a")
    ws.write("a", "zero\none\ntwo\nthree\n")
    await change(ws, "a", one("one", "1"))
    assert path.read_text() == "zero\n1\ntwo\nthree\n"


async def test_an_edit_of_lines_that_changed_is_refused_and_told_what_changed(ws: Playground) -> None:
    path = ws.write("a", "one\ntwo\n")
    await read(ws, "a")
    ws.write("a", "uno\ntwo\n")
    words = await unchanged(ws, "a", one("one", "1"))
    assert "What changed since you read it:\n--- a\n+++ a\n@@ -1,2 +1,2 @@\n-one\n+uno\n two" in words
    await change(ws, "a", one("uno", "1"))
    assert path.read_text() == "1\ntwo\n"


async def test_places_that_came_since_the_file_was_read_are_not_replaced(ws: Playground) -> None:
    path = ws.write("a", "x\ny\n")
    await read(ws, "a")
    ws.write("a", "x\ny\nx\n")
    words = await unchanged(ws, "a", one("x", "z", replace_all=True))
    assert "old_text stands at more or fewer places now" in words
    assert "+x" in words
    await change(ws, "a", one("x", "z", replace_all=True))
    assert path.read_text() == "z\ny\nz\n"


async def test_lines_that_a_search_showed_may_be_edited_and_no_others(ws: Playground) -> None:
    path = ws.write("a.py", "first = 1\nsecond = 2\nthird = 3\n")
    await ws.call(search, pattern="second")
    assert "you have not read" in await unchanged(ws, "a.py", one("third = 3", "x"))
    assert "you have not read" in await unchanged(ws, "a.py", one("second = 2\nthird", "x"))
    await change(ws, "a.py", one("second = 2", "second = 22"))
    await change(ws, "a.py", one("= 22", "= 222"))
    assert path.read_text() == "first = 1\nsecond = 222\nthird = 3\n"
    assert "you have not read" in await refused(ws, write_file, path="a.py", content="x")


async def test_a_file_that_changes_while_somebody_is_asked_is_not_edited(ws: Playground) -> None:
    path = ws.write("a", "one\n")
    await read(ws, "a")
    plan = await ws.plan(edit_file, path="a", edits=[one("one", "two")])
    ws.write("a", "oNe\n")
    with pytest.raises(ToolError, match=r"changed meanwhile: read it again\. Nothing was changed\."):
        await plan.carry_out()
    path.unlink()
    with pytest.raises(ToolError, match='there is no "a"'):
        await plan.carry_out()
    assert names(ws.folder) == []


async def test_a_link_that_takes_the_place_of_a_file_while_somebody_is_asked_is_not_followed(ws: Playground) -> None:
    outside = ws.folder.parent / "outside"
    outside.mkdir()
    (outside / "a").write_text("one\n")
    path = ws.write("src/a", "one\n")
    await read(ws, "src/a")
    plan = await ws.plan(edit_file, path="src/a", edits=[one("one", "two")])
    path.unlink()
    path.symlink_to(outside / "a")
    with pytest.raises(ToolError, match="is a link that cannot be followed"):
        await plan.carry_out()
    path.unlink()
    path.parent.rmdir()
    path.parent.symlink_to(outside)
    with pytest.raises(ToolError, match="a part of its path is a link or no folder"):
        await plan.carry_out()
    assert (outside / "a").read_text() == "one\n"
    assert names(outside) == ["a"]


async def test_a_plan_holds_where_its_lines_are_untouched_and_its_hunks_stay_the_same(ws: Playground) -> None:
    path = ws.write("a", "one\ntwo\n")
    await read(ws, "a")
    first = await ws.plan(edit_file, path="a", edits=[one("one", "1")])
    second = await ws.plan(edit_file, path="a", edits=[one("two", "2")])
    third = await ws.plan(edit_file, path="a", edits=[one("tw", "TW")])
    whole = await ws.plan(write_file, path="a", content="all\n")
    await first.carry_out()
    output = await second.carry_out()
    assert isinstance(output, ToolOutput)
    assert path.read_text() == "1\n2\n"
    assert (diff_of(output).old_text, diff_of(output).new_text) == ("1\ntwo\n", "1\n2\n")
    for late in (third, whole):
        with pytest.raises(ToolError, match=r"changed meanwhile: read it again\. Nothing was changed\.\nWhat changed:"):
            await late.carry_out()
    assert path.read_text() == "1\n2\n"


async def test_a_plan_whose_hunk_would_be_another_one_is_not_carried_out(ws: Playground) -> None:
    """The words to replace stand there once, but the line around them is not the one that was shown."""
    path = ws.write("a", "allow = one\n")
    await read(ws, "a")
    plan = await ws.plan(edit_file, path="a", edits=[one("one", "two")])
    ws.write("a", "deny = one\n")
    with pytest.raises(ToolError, match="changed meanwhile"):
        await plan.carry_out()
    assert path.read_text() == "deny = one\n"


async def test_a_protected_file_is_changed_just_as_it_was_shown_or_not_at_all(ws: Playground) -> None:
    path = ws.write(".vscode/tasks.json", "one\ntwo\n")
    await read(ws, ".vscode/tasks.json")
    plan = await ws.plan(edit_file, path=".vscode/tasks.json", edits=[one("one", "1")])
    ws.write(".vscode/tasks.json", "one\ntwo\nthree\n")
    with pytest.raises(ToolError, match="changed meanwhile"):
        await plan.carry_out()
    assert path.read_text() == "one\ntwo\nthree\n"


async def test_a_file_that_is_reached_by_a_link_inside_is_the_same_file(ws: Playground) -> None:
    path = ws.write("src/a", "one\n")
    (ws.folder / "link").symlink_to("src/a")
    await read(ws, "src/a")
    await change(ws, "link", one("one", "two"))
    assert path.read_text() == "two\n"
    assert (ws.folder / "link").is_symlink()


async def test_a_cancelled_edit_is_done_or_not_begun(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ws.write("a", "one\n")
    await read(ws, "a")
    plan = await ws.plan(edit_file, path="a", edits=[one("one", "two")])
    with anyio.CancelScope() as scope:
        scope.cancel()
        await plan.carry_out()
    assert path.read_text() == "one\n"
    with anyio.CancelScope() as scope:
        real = savefile.os.fsync

        def cancelled_meanwhile(descriptor: int) -> None:
            anyio.from_thread.run_sync(scope.cancel)
            real(descriptor)

        monkeypatch.setattr(savefile.os, "fsync", cancelled_meanwhile)
        await plan.carry_out()
    assert scope.cancel_called
    assert path.read_text() == "two\n"
    assert names(ws.folder) == ["a"]
    await change(ws, "a", one("two", "three"))


# Open documents


async def test_an_open_document_is_changed_in_the_editor_and_not_on_the_disk(ws: Playground) -> None:
    path = ws.write("a.py", "one\r\n")
    ws.open("a.py", "one\r\nunsaved\r\n")
    document = ws.documents[path]
    await read(ws, "a.py")
    output = await change(ws, "a.py", one("one\nunsaved", "two\nunsaved\nthree"))
    (made,) = ws.changes
    assert (made.label, made.document, made.text) == ("edit_file a.py", document, "two\r\nunsaved\r\nthree\r\n")
    assert path.read_bytes() == b"one\r\n"
    assert "it is open in the editor: the change is there, and on the disk once it is saved" in said(output)
    assert diff_of(output) == Diff(document.uri, "one\r\nunsaved\r\n", "two\r\nunsaved\r\nthree\r\n")
    await change(ws, "a.py", one("three", "3"))
    assert ws.documents[path].text == "two\r\nunsaved\r\n3\r\n"


async def test_a_document_that_is_not_on_the_disk_yet_is_edited(ws: Playground) -> None:
    path = ws.open("new.py", "one")
    await read(ws, "new.py")
    await change(ws, "new.py", one("one", "two"))
    assert ws.documents[path].text == "two"
    assert not path.exists()


async def test_what_is_typed_elsewhere_stays_and_typing_in_the_same_line_is_a_change(ws: Playground) -> None:
    path = ws.open("a", "one\ntwo\n")
    await read(ws, "a")
    plan = await ws.plan(edit_file, path="a", edits=[one("one", "1")])
    ws.type(path, "one\ntwo\ntyped")
    await plan.carry_out()
    assert ws.documents[path].text == "1\ntwo\ntyped"
    plan = await ws.plan(edit_file, path="a", edits=[one("two", "2")])
    ws.type(path, "1\ntwo!\ntyped")
    with pytest.raises(ToolError, match="changed meanwhile"):
        await plan.carry_out()
    assert len(ws.changes) == 1


async def test_what_the_editor_made_of_an_edit_is_shown_and_known(ws: Playground) -> None:
    path = ws.open("a.py", "x = 1\n")
    await read(ws, "a.py")
    ws.format = lambda text: text.replace("=9", " = 9")
    output = await change(ws, "a.py", one("x = 1", "x =9"))
    assert "the editor changed more of it as it took the edit: this is what it became" in said(output)
    assert said(output).endswith("-x = 1\n+x  = 9")
    assert diff_of(output).new_text == "x  = 9\n"
    await change(ws, "a.py", one("x  = 9", "y"))
    assert ws.documents[path].text == "y\n"


async def test_a_new_version_with_the_same_text_is_no_change(ws: Playground) -> None:
    path = ws.open("a", "one")
    await read(ws, "a")
    plan = await ws.plan(edit_file, path="a", edits=[one("one", "two")])
    ws.documents[path] = newer = OpenDocument(path.as_uri(), "one", 7)
    await plan.carry_out()
    assert ws.changes[0].document == newer


async def test_a_file_that_is_opened_or_closed_while_somebody_is_asked_is_edited_where_it_is(ws: Playground) -> None:
    path = ws.write("a", "one\n")
    await read(ws, "a")
    plan = await ws.plan(edit_file, path="a", edits=[one("one", "two")])
    ws.open("a", "one\n")
    await plan.carry_out()
    assert (ws.documents[path].text, path.read_text()) == ("two\n", "one\n")
    ws.type(path, "one\n")
    plan = await ws.plan(edit_file, path="a", edits=[one("one", "three")])
    ws.documents.clear()
    await plan.carry_out()
    assert path.read_text() == "three\n"
    ws.write(".vscode/tasks.json", "one\n")
    await read(ws, ".vscode/tasks.json")
    plan = await ws.plan(edit_file, path=".vscode/tasks.json", edits=[one("one", "two")])
    ws.open(".vscode/tasks.json", "one\n")
    with pytest.raises(ToolError, match="changed meanwhile"):
        await plan.carry_out()


async def test_closing_without_saving_is_a_change_and_saving_is_none(ws: Playground) -> None:
    path = ws.write("a", "old\n")
    ws.open("a", "new\r\n")
    await read(ws, "a")
    ws.documents.clear()
    assert "What changed since you read it:" in await unchanged(ws, "a", one("new", "x"))
    ws.write("a", b"\xef\xbb\xbfnew\r\n")
    await change(ws, "a", one("new", "newer"))
    assert path.read_bytes() == b"\xef\xbb\xbfnewer\r\n"


# Documents whose files were changed


async def opened(ws: Playground, name: str, text: str) -> Path:
    """A document that is just what the disk holds."""
    path = ws.write(name, text)
    ws.open(name, text)
    await read(ws, name)
    return path


async def test_an_edit_of_a_document_whose_file_changed_stands_on_the_newer_text(ws: Playground) -> None:
    path = await opened(ws, "a", "one\ntwo\n")
    ws.write("a", "one\nTWO from git\n")
    output = await change(ws, "a", one("one", "1"))
    assert path.read_text() == "1\nTWO from git\n"
    assert "the editor still shows an older form of it" in said(output)
    assert ws.documents[path].text == "one\ntwo\n"
    assert set(ws.asked_to_reload) == {path.as_uri()}


async def test_where_the_editor_reloads_the_edit_is_made_there(ws: Playground) -> None:
    path = await opened(ws, "a", "one\ntwo\n")
    ws.write("a", "one\nTWO from git\n")
    ws.reloads = True
    output = await change(ws, "a", one("one", "1"))
    assert ws.documents[path].text == "1\nTWO from git\n"
    assert path.read_text() == "one\nTWO from git\n"
    assert "older form" not in said(output)


async def test_what_was_changed_in_the_editor_and_on_the_disk_is_left_alone(ws: Playground) -> None:
    path = await opened(ws, "a", "one\ntwo\n")
    ws.write("a", "one\ntwo on the disk\n")
    ws.type(path, "one\ntwo typed\n")
    words = await unchanged(ws, "a", one("one", "1"))
    assert words.startswith('"a" was changed in the editor and on the disk, each in another way')
    assert (path.read_text(), ws.documents[path].text) == ("one\ntwo on the disk\n", "one\ntwo typed\n")
    assert ws.asked_to_reload == []


async def test_a_document_whose_file_is_gone_is_not_edited(ws: Playground) -> None:
    path = await opened(ws, "old.py", "one\n")
    path.rename(ws.folder / "new.py")
    words = await unchanged(ws, "old.py", one("one", "1"))
    assert 'there is no "old.py" any more: it was moved or deleted, though the editor still shows it' in words
    ws.type(path, "one typed\n")
    await change(ws, "old.py", one("one", "1"))
    assert ws.documents[path].text == "1 typed\n"
    assert not path.exists()


# Encodings


async def test_new_text_goes_in_in_the_encoding_of_the_file_or_not_at_all(ws: Playground) -> None:
    path = ws.write("a.c", b"int gr\xf6\xdfe = 1;\n")
    await read(ws, "a.c")
    await change(ws, "a.c", one("int größe = 1;", "int größe = 2; // d\xe9j\xe0"))
    assert path.read_bytes() == b"int gr\xf6\xdfe = 2; // d\xe9j\xe0\n"
    words = await unchanged(ws, "a.c", one("= 2", "\u2192 2"))
    assert words.startswith(
        "\"a.c\" is Windows-1252 (Latin-1), which has no '\u2192' (U+2192): write it in other letters"
    )
    ws.open("a.c", "int größe = 2; // d\xe9j\xe0\n")
    assert "which has no" in await unchanged(ws, "a.c", one("= 2", "\u2192 2"))
    ws.write("r.c", "\u0438\n".encode("cp1251"))
    russian = ws.open("r.c", "\u0438\n")
    await read(ws, "r.c")
    await change(ws, "r.c", one("\u0438", "\u0436"))
    assert ws.documents[russian].text == "\u0436\n"


async def test_odd_bytes_are_kept_where_the_line_is_edited_as_it_is_shown(ws: Playground) -> None:
    path = ws.write("a", "é ".encode() + b"x \xff y \xfe z\n")
    await read(ws, "a")
    await change(ws, "a", one("x \ufffd y \ufffd z", "X \ufffd Y \ufffd Z"))
    assert path.read_bytes() == "é ".encode() + b"X \xff Y \xfe Z\n"
    assert "keep each, or leave out all" in await unchanged(ws, "a", one("X \ufffd Y \ufffd", "\ufffd"))
    assert "one place at a time" in await unchanged(ws, "a", one("\ufffd", "-\ufffd", replace_all=True))
    await change(ws, "a", one("X \ufffd Y", "XY"))
    assert path.read_bytes() == "é ".encode() + b"XY \xfe Z\n"


# Several files


async def test_several_files_are_changed_with_one_plan(ws: Playground) -> None:
    first, second = ws.write("a.py", "one\n"), ws.write("src/b.py", "two\n")
    await read(ws, "a.py", "src/b.py")
    edits = [one("one", "1"), one("two", "2", path="src/b.py"), one("1", "uno")]
    plan = await ws.plan(edit_file, path="a.py", edits=edits)
    assert plan.subject == FileSubject(first, (second,))
    assert [item.uri for item in plan.preview if isinstance(item, Diff)] == [first.as_uri(), second.as_uri()]
    output = await plan.carry_out()
    assert (first.read_text(), second.read_text()) == ("uno\n", "2\n")
    assert "changed a.py with 2 edits (+1 -1 lines)\n" in said(output)
    assert "changed src/b.py (+1 -1 lines)\n" in said(output)


async def test_of_several_files_all_are_changed_or_none(ws: Playground) -> None:
    first, second = ws.write("a.py", "one\n"), ws.write("b.py", "two\n")
    await read(ws, "a.py", "b.py")
    assert "b.py" in await unchanged(ws, "a.py", one("one", "1"), one("no", "2", path="b.py"))
    plan = await ws.plan(edit_file, path="a.py", edits=[one("one", "1"), one("two", "2", path="b.py")])
    ws.write("b.py", "Two\n")
    with pytest.raises(ToolError, match=r"b\.py. changed meanwhile"):
        await plan.carry_out()
    assert (first.read_text(), second.read_text()) == ("one\n", "Two\n")


# New problems


def problem(path: Path, line: int, message: str, severity: Severity = "error", **more: str) -> Problem:
    return Problem(path.as_uri(), Range(Position(line, 4), Position(line, 9)), severity, message, **more)


async def test_new_problems_of_the_file_are_told(ws: Playground) -> None:
    path = ws.write("a.py", "one\n")
    await read(ws, "a.py")
    old = problem(path, 0, "old one")
    ws.found = [
        (old,),
        (
            problem(path, 9, "old one"),
            problem(path, 3, "unused", "warning", source="ruff", code="F401"),
            problem(path, 7, "not\n  defined"),
            problem(path, 8, "old one"),
            problem(path, 1, "a hint", "hint"),
        ),
    ]
    assert said(await change(ws, "a.py", one("one", "two"))).endswith(
        "\n+two\nnew problems in this file:\na.py:8:5: error: not defined\na.py:9:5: error: old one\n"
        "a.py:4:5: warning: unused [ruff F401]"
    )


async def test_no_more_than_twenty_problems_are_told(ws: Playground) -> None:
    path = ws.write("a.py", "one\n")
    await read(ws, "a.py")
    ws.found = [(), tuple(problem(path, line, f"number {line}" + "x" * 999) for line in range(25))]
    words = said(await change(ws, "a.py", one("one", "two")))
    assert words.endswith("...\nand 5 more")
    assert len(words) < 8000


async def test_an_editor_that_cannot_tell_problems_is_not_asked(ws: Playground) -> None:
    path = ws.write("a.py", "one\n")
    await read(ws, "a.py")
    ws.diagnoses = False
    ws.found = [(), (problem(path, 0, "new"),)]
    assert "new problems" not in said(await change(ws, "a.py", one("one", "two")))
    assert len(ws.found) == 2


async def test_an_editor_that_fails_to_tell_problems_does_not_make_the_edit_fail(
    ws: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def problems(uri: str | None, *, changed: bool = False) -> tuple[Problem, ...]:
        raise ToolError("no answer")

    path = ws.write("a.py", "one\n")
    await read(ws, "a.py")
    monkeypatch.setattr(ws, "problems", problems)
    assert "new problems" not in said(await change(ws, "a.py", one("one", "two")))
    assert path.read_text() == "two\n"


# What is shown


async def test_a_large_change_is_shown_in_part_and_that_is_said(ws: Playground) -> None:
    path = ws.write("a", "one\n" * 2000)
    await read(ws, "a")
    output = await change(ws, "a", one("one", "two", replace_all=True))
    assert len(said(output).encode()) < 9000
    assert said(output).endswith("[the rest of the diff is left out; all of it is +2000 -2000 lines]")
    assert output.truncated
    assert diff_of(output).new_text == path.read_text()


async def test_of_a_large_file_only_the_difference_is_shown(ws: Playground) -> None:
    lines = [f"line {number}\n" for number in range(60_000)]
    path = ws.write("a", "".join(lines))
    await read(ws, "a")
    plan = await ws.plan(edit_file, path="a", edits=[one("line 7\n", ""), one("line 59998\n", "x" * 5000 + "\n")])
    (preview,) = plan.preview
    assert isinstance(preview, TextContent)
    output = await plan.carry_out()
    assert preview.text.startswith("--- a\n+++ a\n@@ -5,7 +5,6 @@\n line 4\n line 5\n line 6\n-line 7\n line 8\n")
    assert f"+{'x' * 5000}\n" in preview.text
    assert f"+{'x' * 999} [line cut]\n" in said(output)
    assert output.truncated
    assert [type(item) for item in output.content] == [TextContent]
    assert path.read_text() == "".join([*lines[:7], *lines[8:-2], "x" * 5000 + "\n", lines[-1]])


async def test_the_title_the_place_and_the_order_name_the_file(ws: Playground) -> None:
    path = ws.write("src/a b.py")
    space = ws.workspace()
    arguments = edit_file.validate({"path": "src/a b.py", "edits": [one("a", "b")]})
    assert edit_file.title(arguments) == "edit_file src/a b.py"
    assert edit_file.locate(space, arguments) == (Location(path.as_uri()),)
    assert edit_file.serial(space, arguments) == f"file:{path}"
    assert edit_file.serial(space, {**arguments, "path": str(path)}) == f"file:{path}"
    assert edit_file.serial(space, {**arguments, "path": "/etc/x"}) == "file:/etc/x"
    assert write_file.serial(space, {"path": "src/../src/a b.py"}) == f"file:{path}"
    several = edit_file.validate({"path": "a", "edits": [one("a", "b"), one("c", "d")]})
    assert edit_file.title(several) == "edit_file a (2 edits)"
    assert edit_file.title({**several, "path": "a\nb"}).isprintable()
    apart = edit_file.validate({"edits": [one("a", "b", path="src/a b.py"), one("c", "d", file="c")]})
    assert edit_file.title(apart) == "edit_file src/a b.py (2 edits in 2 files)"
    assert [item.uri for item in edit_file.locate(space, apart)] == [path.as_uri(), (ws.folder / "c").as_uri()]
    assert edit_file.serial(space, apart) == EVERYTHING


# What models write


async def test_the_schema_holds_no_references(ws: Playground) -> None:
    schema = edit_file.spec.input_schema
    jsonschema.Draft202012Validator.check_schema(schema)
    assert list(schema["properties"]) == ["path", "edits"]
    item = schema["properties"]["edits"]["items"]
    assert list(item["properties"]) == ["old_text", "new_text", "replace_all", "path"]
    assert item["required"] == ["old_text", "new_text"]
    assert item["additionalProperties"] is False
    assert item["properties"]["replace_all"]["default"] is False
    assert "$" not in str(schema)


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": "a", "edits": [one("x", "y")]},
        {"path": "a", "edits": one("x", "y")},
        {"path": "a", "edits": '[{"old_text": "x", "new_text": "y"}]'},
        {"path": "a", "edits": [one("x", "y", replace_all=None)]},
        {"path": "a", **one("x", "y")},
        {"path": "a", **one("x", "y", replace_all=False)},
        {"file_path": "a", "old_string": "x", "new_string": "y", "replace_all": False},
        {"filePath": "a", "edits": [{"oldText": "x", "newText": "y", "replaceAll": False}]},
        {"path": "a", "old_str": "x", "new_str": "y"},
    ],
)
async def test_edits_as_other_tools_spell_them_are_understood(arguments: dict[str, object]) -> None:
    assert edit_file.validate(arguments) == {"path": "a", "edits": [Edit("x", "y")]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"path": "a"}, "edit_file: edits: required"),
        ({"path": "a", "edits": [{"old_text": "x"}]}, "edit_file: edits.0.new_text: required"),
        ({"path": "a", "edits": [one("x", "y", why="z")]}, "edit_file: edits.0.why: no such argument"),
        ({"path": "a", "edits": [one("x", "y")], "old_text": "z"}, "old_text: no such argument; there are path, edits"),
        ({"path": "a", "edits": "replace x by y"}, "edit_file: edits.0: "),
        ({"path": "a", "edits": 3}, "edit_file: edits.0: "),
    ],
)
async def test_edits_that_do_not_fit_are_refused_in_words(
    ws: Playground, arguments: dict[str, object], words: str
) -> None:
    assert words in await refused(ws, edit_file, **arguments)


async def test_other_names_of_a_file_that_keep_the_old_text_are_told(ws: Playground) -> None:
    path = ws.write("a", "one\n")
    other = ws.folder / "b"
    other.hardlink_to(path)
    await read(ws, "a")
    assert "another name of it (hard links) kept the old text" in said(await change(ws, "a", one("one", "two")))
    assert (path.read_text(), other.read_text()) == ("two\n", "one\n")
    assert "hard links" not in said(await change(ws, "a", one("two", "three")))
