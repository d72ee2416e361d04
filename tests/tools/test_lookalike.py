"""Names that only look the same, and names of files that lie elsewhere."""

import unicodedata

import pytest
from playground import Playground

from chatls.content import TextContent
from chatls.errors import ToolError
from chatls.tools import delete_file, edit_file, edit_notebook, list_files, move_file, read_file, search, write_file
from chatls.tools.lookalike import Meant, meant
from chatls.tools.tool import FileSubject

pytestmark = pytest.mark.asyncio


async def path_of(ws: Playground, text: str, *, folders: bool = False) -> str:
    return (await meant(ws.workspace(), text, folders=folders)).path


async def test_a_path_that_is_there_means_itself(ws: Playground) -> None:
    ws.write("a/App.py")
    ws.write("app.py")
    ws.open("new.py", "")
    for text in ("app.py", "a/App.py", "a", "new.py", ".", str(ws.folder / "app.py"), "a//App.py"):
        assert await meant(ws.workspace(), text) == Meant(text)


async def test_a_name_that_only_looks_the_same_is_taken_and_that_is_said(ws: Playground) -> None:
    composed, decomposed = (unicodedata.normalize(form, "grün/öl.txt") for form in ("NFC", "NFD"))
    for there, asked in (
        (decomposed, composed),
        ("Ünïcode.md", unicodedata.normalize("NFD", "Ünïcode.md")),
        ("Shot at 3.45\u202fPM.png", "Shot at 3.45 PM.png"),
        ("it\u2019s \u2013 a\u00a0note.txt", "it's - a note.txt"),
        ("src/Main.PY", "SRC/main.py"),
        ("wide\uff21.txt", "wideA.txt"),
        ("zero\u200bwidth.txt", " zerowidth.txt "),
    ):
        ws.write(there, "x")
        found = await meant(ws.workspace(), asked)
        assert ws.workspace().resolve(found.path) == ws.folder / there
        assert found.word.startswith(f'there is no "{asked}": this is "')
    found = await meant(ws.workspace(), composed)
    assert (ws.folder / decomposed).as_uri() in found.word
    assert await path_of(ws, (ws.folder / composed).as_posix()) == decomposed


async def test_what_is_not_unique_is_not_taken(ws: Playground) -> None:
    for name in ("Read.me", "read.ME", "a/util.py", "b/util.py", "b/c/other.py"):
        ws.write(name)
    for text, several in (("READ.me", '"Read.me", "read.ME"'), ("util.py", '"a/util.py", "b/util.py"')):
        with pytest.raises(ToolError) as caught:
            await meant(ws.workspace(), text)
        assert str(caught.value) == f'there is no "{text}"; several are called like that: {several}'
    assert await path_of(ws, "a/other.py") == "a/other.py"
    assert await path_of(ws, "nothing.py") == "nothing.py"


async def test_the_last_names_of_a_path_are_enough(ws: Playground) -> None:
    (ws.folder / ".git").mkdir()
    ws.write(".gitignore", "out/\n")
    for name in ("server/src/app.py", "out/hidden.py", "web/Components/Button.tsx"):
        ws.write(name)
    ws.open("new/draft.md", "")
    assert await path_of(ws, "app.py") == await path_of(ws, "src/app.py") == "server/src/app.py"
    assert await path_of(ws, "components/button.tsx") == "web/Components/Button.tsx"
    assert await path_of(ws, "draft.md") == "new/draft.md"
    assert await path_of(ws, "hidden.py") == "hidden.py"
    assert await path_of(ws, "Components") == "Components"
    assert await path_of(ws, "components", folders=True) == "web/Components"
    assert await path_of(ws, str(ws.folder / "app.py")) == str(ws.folder / "app.py")


async def test_nothing_outside_is_meant_or_looked_at(ws: Playground) -> None:
    (ws.folder.parent / "Far").mkdir()
    (ws.folder.parent / "Far/secret.txt").write_text("x")
    (ws.folder / "link").symlink_to("../Far")
    for text in ("../far/secret.txt", "link/Secret.txt", "Link/secret.txt", "secret.txt", "a\nb", "file:///far", ""):
        assert await path_of(ws, text) == text
    ws.folders.clear()
    assert await path_of(ws, "x") == "x"


async def test_the_names_of_several_roots_are_known(ws: Playground) -> None:
    other = ws.folder.parent / "other"
    other.mkdir()
    (other / "only.py").write_text("")
    ws.folders["other"] = other
    ws.write("a/B.py")
    assert await path_of(ws, "only.py") == "only.py", "a root that has it is meant anyway"
    assert await path_of(ws, "b.py") == await path_of(ws, "ws/a/b.py") == "ws/a/B.py"


async def test_search_takes_them_and_says_so(ws: Playground) -> None:
    ws.write("src/Core/a.py", "hit")
    text = await ws.ask(search, pattern="hit", path="src/core")
    assert text.startswith('there is no "src/core": this is "src/Core"')
    assert "src/Core/a.py:1: hit" in text
    text = await ws.ask(search, pattern="miss", path="A.py")
    assert text.startswith('there is no "A.py": this is "src/Core/a.py"')
    assert "1 file was searched" in text


async def test_reading_listing_and_editing_take_them_and_say_so(ws: Playground) -> None:
    decomposed = unicodedata.normalize("NFD", "src/café.py")
    ws.write(decomposed, "x = 1\n")
    word = 'there is no "src/café.py": this is "'
    text = await ws.ask(read_file, path="src/café.py")
    assert text.startswith(word)
    assert "1\tx = 1" in text
    text = await ws.ask(list_files, path="SRC")
    assert text.startswith('there is no "SRC": this is "src"')
    assert decomposed in text
    edit = {"old_text": "x = 1", "new_text": "x = 2"}
    plan = await ws.plan(edit_file, path="src/café.py", edits=[edit])
    assert plan.subject == FileSubject(ws.folder / decomposed)
    told = (await plan.carry_out()).content[0]
    assert isinstance(told, TextContent)
    assert told.text.startswith(word)
    assert (ws.folder / decomposed).read_text() == "x = 2\n"
    plan = await ws.plan(move_file, path="src/café.py", to="src/tea.py")
    assert plan.subject == FileSubject(ws.folder / decomposed, (ws.folder / "src/tea.py",))
    with pytest.raises(ToolError):
        await ws.plan(delete_file, path="src/café.py")  # nothing is deleted that was not named
    await ws.call(write_file, path="src/café.py", content="new\n")
    assert (ws.folder / "src/café.py").read_text() == "new\n", "a new file is called as it is written"
    assert (ws.folder / decomposed).read_text() == "x = 2\n"


async def test_a_notebook_is_changed_that_only_looks_the_same(ws: Playground) -> None:
    place = ws.write("Notes.ipynb", '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}')
    await ws.call(read_file, path="notes.ipynb")
    plan = await ws.plan(edit_notebook, path="notes.ipynb", changes=[{"cell": "0", "action": "insert", "text": "x"}])
    assert plan.subject == FileSubject(place)
    told = (await plan.carry_out()).content[0]
    assert isinstance(told, TextContent)
    assert told.text.startswith('there is no "notes.ipynb": this is "Notes.ipynb"')
