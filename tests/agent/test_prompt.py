"""The prompt: where the model is, and what a linked file becomes."""

import errno
import os
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.agent import prompt
from chatls.agent.instructions import Instructions
from chatls.agent.prompt import LINK_CHARACTERS, read_links
from chatls.agent.system import SystemPrompt, system_prompt
from chatls.content import (
    ActiveDocument,
    EditorContext,
    Image,
    Position,
    Range,
    Resource,
    ResourceLink,
    TextContent,
    line_range,
)
from chatls.workspace.workspace import Workspace
from tests.agent.fakes import Desk, desk

pytestmark = pytest.mark.asyncio


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = Path(os.path.realpath(tmp_path)) / "app"
    folder.mkdir()
    return folder


def link(path: Path | str, part: Range | None = None) -> ResourceLink:
    return ResourceLink(path if isinstance(path, str) else path.as_uri(), part)


async def attached(link: ResourceLink, editor: Desk) -> tuple[str, list[str]]:
    """The text that a link becomes, and what the person is told."""
    (block,), notices = await read_links((link,), Workspace(editor))
    assert isinstance(block, Resource)
    assert block.uri == link.uri
    assert all(notice.level == "warning" for notice in notices)
    return block.text, [notice.text for notice in notices]


# Where the model is


async def test_without_a_folder_the_model_is_told_so() -> None:
    assert "No folder is open" in system_prompt(Workspace(desk()))


async def test_one_folder_is_named_by_its_path(root: Path) -> None:
    text = system_prompt(Workspace(desk(root)))
    assert f"The workspace is the folder {root}. Paths are relative to it." in text


async def test_several_folders_are_listed_by_name(root: Path) -> None:
    other = root.parent / "lib"
    text = system_prompt(Workspace(desk(root, other)))
    assert f"- app: {root}\n- lib: {other}\n" in text
    assert "begin with the folder's name" in text


async def test_the_system_prompt_is_stable_so_that_providers_can_cache_it(root: Path) -> None:
    first = system_prompt(Workspace(desk(root, texts={root / "a": "1"})))
    assert first == system_prompt(Workspace(desk(root, texts={root / "a": "2"})))
    assert date.today().isoformat() in first


async def test_a_session_keeps_its_system_prompt_over_midnight_and_changes_it_with_the_folders(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, today, none = SystemPrompt(), [date(2026, 11, 20)], Instructions(tmp_path / "none")
    monkeypatch.setattr("chatls.agent.system.date", SimpleNamespace(today=lambda: today[0]))
    first, _ = await session.read(Workspace(desk(root)), none)
    today[0] = date(2026, 11, 21)
    assert await session.read(Workspace(desk(root)), none) == (first, None)
    assert "2026-11-20" in first
    assert "2026-11-21" in (await session.read(Workspace(desk(root, tmp_path)), none))[0]


async def test_the_system_prompt_is_short_and_names_the_tools() -> None:
    text = system_prompt(Workspace(desk()))
    assert len(text) < 2000
    assert all(name in text for name in ("search", "list_files", "read_file"))


# Links


async def test_other_blocks_stay_as_they_are_and_in_their_order(root: Path) -> None:
    (root / "a").write_text("A")
    words, sent, picture = TextContent("see"), Resource("file:///x", "X"), Image("image/png", "AAAA")
    blocks, notices = await read_links((words, link(root / "a"), sent, picture), Workspace(desk(root)))
    assert blocks == (words, Resource((root / "a").as_uri(), "A"), sent, picture)
    assert notices == []


async def test_a_link_becomes_the_file_on_the_disk_as_it_is(root: Path) -> None:
    (root / "a.txt").write_bytes(b"one\r\ntwo\n\xfc\xe9")
    assert await attached(link(root / "a.txt"), desk(root)) == ("one\r\ntwo\n\ufffd\ufffd", [])


async def test_unsaved_text_wins_over_the_disk(root: Path) -> None:
    (root / "a.txt").write_text("old")
    editor = desk(root, texts={root / "a.txt": "new", root / "b.txt": "never saved"})
    assert await attached(link(root / "a.txt"), editor) == ("new", [])
    assert await attached(link(root / "b.txt"), editor) == ("never saved", [])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
async def test_a_mark_at_the_start_tells_the_encoding_and_is_no_text(root: Path, encoding: str) -> None:
    (root / "a.txt").write_bytes("Grüße\n".encode(encoding))
    assert await attached(link(root / "a.txt"), desk(root)) == ("Grüße\n", [])


@pytest.mark.parametrize("saved", [True, False])
@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (line_range(2, 3), "two\r\nthree\r"),
        (Range(Position(1, 1), Position(1, 2)), "two\r\n"),
        (Range(Position(1, 0), Position(1, 0)), "two\r\n"),
        (Range(Position(0, 0), Position(2, 1)), "one\ntwo\r\nthree\r"),
        (Range(Position(3, 0), Position(99, 0)), "four\f\u2028still four"),
        (Range(Position(2, 0), Position(1, 0)), "three\r"),
        (Range(Position(-3, 0), Position(1, 0)), "one\n"),
    ],
)
async def test_a_range_gives_whole_lines_as_lsp_counts_them(
    root: Path, part: Range, expected: str, saved: bool
) -> None:
    text = "one\ntwo\r\nthree\rfour\f\u2028still four"
    if saved:
        (root / "a").write_bytes(text.encode())
    assert await attached(link(root / "a", part), desk(root, texts={} if saved else {root / "a": text})) == (
        expected,
        [],
    )


@given(st.text("a\r\n\f", max_size=30), st.integers(0, 10))
async def test_two_ranges_together_are_the_text(text: str, first: int) -> None:
    place = Path("/folder/a")
    editor = desk(place.parent, texts={place: text})
    before, _ = await attached(link(place, Range(Position(0, 0), Position(first, 0))), editor)
    after, notices = await attached(link(place, Range(Position(first, 0), Position(first + 99, 0))), editor)
    assert (before if first else "") + ("" if notices else after) == text


async def test_a_range_behind_the_end_is_said_to_the_person_and_to_the_model(root: Path) -> None:
    (root / "a").write_text("one\n")
    text, notices = await attached(link(root / "a", line_range(9, 9)), desk(root))
    assert text == "(could not be read: a has no line 9)"
    assert notices == ["not attached: a has no line 9"]


async def test_a_range_far_down_a_long_file_is_found(root: Path) -> None:
    (root / "a").write_text("".join(f"line {number}\n" for number in range(1, 100_001)))
    assert await attached(link(root / "a", line_range(99_999, 99_999)), desk(root)) == ("line 99999\n", [])


async def test_a_range_too_far_down_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt, "_FURTHEST", 1000)
    (root / "a").write_text("x" * 99 + "\n" + "yyyyyyyyy\n" * 500)
    _, notices = await attached(link(root / "a", line_range(400, 400)), desk(root))
    assert notices == ["not attached: line 400 of a is too far down to be attached; read_file shows it"]


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f600"])
@pytest.mark.parametrize("part", [None, line_range(1, 10**6)])
async def test_a_text_that_is_too_long_is_cut_and_both_are_told(root: Path, letter: str, part: Range | None) -> None:
    (root / "a").write_text((letter * 99 + "\n") * 3000)
    text, notices = await attached(link(root / "a", part), desk(root))
    kept, note = text[:LINK_CHARACTERS], text[LINK_CHARACTERS:]
    assert kept.startswith(letter * 99)
    assert note == f"\n[cut at {LINK_CHARACTERS} characters; read_file shows the rest]"
    assert notices == [f"only the first {LINK_CHARACTERS} characters are attached: {(root / 'a').as_uri()}"]


async def test_a_text_of_just_the_limit_is_whole(root: Path) -> None:
    (root / "a").write_text("é" * LINK_CHARACTERS)
    assert await attached(link(root / "a"), desk(root)) == ("é" * LINK_CHARACTERS, [])


async def test_a_file_of_one_endless_line_is_read_no_further_than_needed(root: Path) -> None:
    with (root / "a").open("wb") as file:
        file.write(b"x" * 10)
        file.truncate(5 * 2**30)
    _, notices = await attached(link(root / "a"), desk(root))
    assert notices == ["not attached: a is a binary file"]


async def test_what_cannot_be_read_is_said_with_the_reason_and_the_rest_is_attached(root: Path) -> None:
    outside = root.parent / "outside.txt"
    outside.write_text("x")
    (root / ".env").write_text("KEY=1")
    (root / "image").write_bytes(b"\x89PNG\0\0")
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")
    (root / "out").symlink_to(outside)
    (root / "fine").write_text("fine")
    reasons = {
        outside: "outside the workspace",
        root / "out": "outside the workspace",
        root / ".env": "secrets",
        root / "image": "binary file",
        root / "folder": "is a directory",
        root / "pipe": "is a named pipe",
        root / "missing": "there is no",
        "untitled:Untitled-1": "",
        "https://example.org/a": "no file on this machine",
        "": "",
    }
    for place, reason in reasons.items():
        blocks, (notice,) = await read_links((link(place), link(root / "fine")), Workspace(desk(root)))
        refused, fine = blocks
        assert isinstance(refused, Resource)
        assert isinstance(fine, Resource)
        assert reason in notice.text
        assert notice.text.startswith("not attached: ")
        assert refused.text == f"(could not be read: {notice.text.removeprefix('not attached: ')})"
        assert "KEY" not in refused.text
        assert fine.text == "fine"


async def test_without_a_folder_nothing_is_attached(root: Path) -> None:
    (root / "a").write_text("x")
    _, notices = await attached(link(root / "a"), desk())
    assert notices == ["not attached: no folder is open in the editor, so there are no files to look at"]


async def test_a_disk_that_fails_is_said_and_ends_no_turn(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(workspace: Workspace, path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    (root / "a").write_text("x")
    monkeypatch.setattr(Workspace, "open_file", broken)
    _, notices = await attached(link(root / "a"), desk(root))
    assert notices == ['not attached: "a" cannot be read: Input/output error']


# What a person has before them


async def context(block: EditorContext, editor: Desk) -> list[str]:
    """What the model is told of it."""
    blocks, notices = await read_links((block,), Workspace(editor))
    assert notices == []
    return [block.text for block in blocks if isinstance(block, TextContent)]


async def test_what_a_person_looks_at_is_named_with_what_is_selected(root: Path) -> None:
    path = root / "a.py"
    path.write_text("one\ntwo\nthree\nfour\n")
    other = (root / "b.py").as_uri()
    chosen = ActiveDocument(path.as_uri(), Range(Position(1, 2), Position(2, 3)))
    assert await context(EditorContext(chosen, (path.as_uri(), other)), desk(root)) == [
        "The user is looking at a.py, lines 2-3 are selected:\ntwo\nthree\n",
        "Open in the editor: b.py.",
    ]
    assert await context(EditorContext(chosen), desk(root, texts={path: "1\n2\n3\n"})) == [
        "The user is looking at a.py, lines 2-3 are selected:\n2\n3\n"
    ]
    cursor = ActiveDocument(path.as_uri(), Range(Position(1, 2), Position(1, 2)))
    assert await context(EditorContext(cursor), desk(root)) == ["The user is looking at a.py, the cursor is in line 2."]
    assert await context(EditorContext(ActiveDocument(path.as_uri())), desk(root)) == ["The user is looking at a.py."]
    assert await context(EditorContext(), desk(root)) == []


async def test_secrets_and_what_lies_outside_are_named_alone(root: Path) -> None:
    (root / ".env").write_text("KEY=canary\n")
    (root.parent / "outside.txt").write_text("canary\n")
    part = Range(Position(0, 0), Position(1, 0))
    for path, name in ((root / ".env", ".env"), (root.parent / "outside.txt", "outside.txt")):
        told = await context(EditorContext(ActiveDocument(path.as_uri(), part)), desk(root))
        assert told == [f"The user is looking at {name}, line 1 is selected."]
    told = await context(EditorContext(None, ("untitled:Untitled-1", "git:/x/y%0Az.py?ref=1")), desk(root))
    assert len(told) == 1
    assert "\n" not in told[0]


async def test_of_very_many_open_documents_some_are_named(root: Path) -> None:
    uris = tuple((root / f"{number}.py").as_uri() for number in range(80))
    (told,) = await context(EditorContext(None, uris), desk(root))
    assert told.endswith("49.py and 30 more.")


async def test_what_a_person_has_before_them_is_told_ahead_of_what_they_say(root: Path) -> None:
    seen = EditorContext(ActiveDocument((root / "a.py").as_uri()))
    (first, last), _ = await read_links((TextContent("Explain."), seen), Workspace(desk(root)))
    assert isinstance(first, TextContent)
    assert first.text == "The user is looking at a.py."
    assert last == TextContent("Explain.")
