"""Listing files: all of them, or as much as helps."""

import os
from pathlib import Path

import anyio
import pytest
from playground import Playground, text_of

from chatls.content import Location
from chatls.errors import ToolError
from chatls.tools import list_files as tool
from chatls.tools import read_file
from chatls.tools.searching import ripgrep

pytestmark = pytest.mark.asyncio

LONG = 120.0


async def refusal(ws: Playground, **arguments: object) -> str:
    with pytest.raises(ToolError) as caught:
        await ws.call(tool, **arguments)
    return str(caught.value)


async def listed(ws: Playground, **arguments: object) -> list[str]:
    header, _, rest = (await ws.ask(tool, **arguments)).partition("\n\n")
    assert header
    return rest.split("\n") if rest else []


async def test_files_are_listed_in_order_hidden_ones_too(ws: Playground) -> None:
    for name in ("b.py", "a/c.py", ".hidden", "a/.env", "empty"):
        ws.write(name)
    output = await ws.call(tool)
    assert text_of(output) == "5 files\n\n.hidden\na/.env\na/c.py\nb.py\nempty"
    assert not output.truncated


async def test_what_is_ignored_and_the_repository_are_not_listed(ws: Playground) -> None:
    for name in (".git/config", "build/x", "a.log", "b"):
        ws.write(name)
    ws.write(".gitignore", "build/\n*.log\n")
    assert await listed(ws) == [".gitignore", "b"]
    for glob in ("*", "**/*"):
        assert await listed(ws, glob=glob) == [".gitignore", "b"]
    assert await listed(ws, path="build") == ["build/x"]
    assert await ws.ask(tool, glob="*.log") == 'no files like "*.log"; files that .gitignore hides are not listed'


async def test_a_folder_a_file_or_a_glob_can_be_asked_for(ws: Playground) -> None:
    for name in ("a.py", "src/b.py", "src/c.js", "src/deep/d.py"):
        ws.write(name)
    assert await listed(ws, path="src") == ["src/b.py", "src/c.js", "src/deep/d.py"]
    assert await listed(ws, path="src/b.py") == ["src/b.py"]
    assert await listed(ws, glob="*.py") == ["a.py", "src/b.py", "src/deep/d.py"]
    assert await listed(ws, path="src", glob="*.py") == ["src/b.py", "src/deep/d.py"]
    assert await listed(ws, glob="!src") == ["a.py"]
    assert (await ws.ask(tool, path="src", glob="*.md")).startswith('no files like "*.md" in "src"')
    assert 'did you mean "src"?' in await refusal(ws, path="scr")
    assert "outside the workspace" in await refusal(ws, path="..")


async def test_where_there_are_too_many_folders_stand_for_their_files(ws: Playground) -> None:
    for number in range(30):
        ws.write(f"docs/{number:02}.md")
        ws.write(f"src/deep/{number:02}.py")
    for name in ("README.md", "src/main.py", "one/only.txt"):
        ws.write(name)
    output = await ws.call(tool, max_results=6)
    assert text_of(output) == (
        "63 files; list a folder by its path to see what is in it\n\n"
        "README.md\ndocs/ (30 files)\none/only.txt\nsrc/deep/ (30 files)\nsrc/main.py"
    )
    assert output.truncated
    assert len(await listed(ws, path="docs")) == 30
    assert len(await listed(ws, max_results=63)) == 63


async def test_a_folder_with_too_many_files_is_cut_and_that_is_said(ws: Playground) -> None:
    for number in range(30):
        ws.write(f"{number:02}.md")
    output = await ws.call(tool, max_results=3)
    assert text_of(output) == (
        "30 files; not all are shown: give a narrower path or glob, or a larger max_results\n\n00.md\n01.md\n02.md"
    )
    assert output.truncated


async def test_an_answer_holds_at_most_50_kb(ws: Playground) -> None:
    for number in range(400):
        ws.write(f"{number:03}{'x' * 200}")
    output = await ws.call(tool, max_results=10_000)
    assert "not all are shown" in text_of(output)


async def test_a_tree_without_end_is_looked_at_only_so_far(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    script = ws.folder.parent / "rg"
    script.write_text("#!/bin/sh\nexec yes ./name | tr '\\n' '\\0'\n")
    script.chmod(0o755)
    monkeypatch.setattr(ripgrep, "_own", lambda: script)
    with anyio.fail_after(LONG):
        output = await ws.call(tool)
    assert text_of(output).startswith("at least 1 file\n")
    assert output.truncated


async def test_many_files_are_counted(ws: Playground) -> None:
    for folder in range(30):
        (ws.folder / f"{folder}").mkdir()
        for number in range(100):
            (ws.folder / f"{folder}/{number}").touch()
    assert (await ws.ask(tool)).startswith("3000 files; list a folder by its path")


async def test_documents_that_are_not_saved_yet_are_listed_and_marked(ws: Playground) -> None:
    ws.write("a.py")
    ws.open("a.py", "changed")
    ws.open("new/b.py", "")
    assert await listed(ws) == ["a.py", "new/b.py (not saved yet)"]
    assert await listed(ws, path="new") == ["new/b.py (not saved yet)"]
    assert await listed(ws, path="new/b.py") == ["new/b.py (not saved yet)"]
    assert await listed(ws, glob="*.js") == []


async def test_odd_names_are_listed_in_a_form_that_can_be_read(ws: Playground) -> None:
    (ws.folder / os.fsdecode(b"bad\xff")).write_text("text")
    ws.write("dir/two\nlines", "text")
    uri = ws.folder.as_uri()
    names = await listed(ws)
    assert names == [f"{uri}/bad%FF", f"{uri}/dir/two%0Alines"]
    for name in names:
        assert (await ws.ask(read_file, path=name)).endswith("1\ttext")


async def test_loops_of_links_end(ws: Playground) -> None:
    ws.write("a/b")
    (ws.folder / "a/loop").symlink_to("../a")
    (ws.folder / "self").symlink_to("self")
    (ws.folder / "out").symlink_to("/")
    with anyio.fail_after(LONG):
        assert await listed(ws) == ["a/b"]


async def test_all_roots_are_listed_and_named(ws: Playground) -> None:
    other = ws.folder.parent / "other"
    ws.folders["other"] = other
    other.mkdir()
    (other / "b").touch()
    ws.write("a")
    assert await listed(ws) == ["other/b", "ws/a"]
    assert await listed(ws, path="other") == ["other/b"]
    assert await listed(ws, glob="ws/a") == ["ws/a"]
    ws.folders["in/ner"] = other  # a name that looks like a path
    assert await listed(ws, path="in/ner")


async def test_without_a_root_there_is_nothing_to_list(ws: Playground) -> None:
    ws.folders.clear()
    assert "no folder is open" in await refusal(ws)


async def test_what_could_not_be_listed_is_said(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    script = ws.folder.parent / "rg"
    monkeypatch.setattr(ripgrep, "_own", lambda: script)
    for found, answer in [("printf './a\\0'", "1 file; not everything could be listed: rg: ./locked"), ("true", "")]:
        script.write_text(f"#!/bin/sh\n{found}; echo 'rg: ./locked: Permission denied' >&2; exit 2\n")
        script.chmod(0o755)
        if answer:
            assert (await ws.ask(tool)).startswith(answer)
        else:
            assert "nothing could be listed: rg: ./locked: Permission denied" in await refusal(ws)


async def test_the_title_and_the_place_name_what_is_listed(ws: Playground) -> None:
    space = ws.workspace()
    assert tool.title({}) == "list_files"
    assert tool.title({"path": "src", "glob": "*.py"}) == "list_files src *.py"
    assert tool.locate(space, {}) == ()
    assert tool.locate(space, {"path": "src"}) == (Location((ws.folder / "src").as_uri()),)
    assert tool.locate(space, {"path": str(Path("/etc"))}) == ()
