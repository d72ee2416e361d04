"""AGENTS.md: which files count, in which order, how much of them, and what is hidden in them."""

import os
from pathlib import Path
from typing import Any

import pytest
from anyio import create_task_group

from chatls.agent import instructions as module
from chatls.agent.instructions import BUDGET, Instructions, find
from chatls.agent.system import SystemPrompt
from chatls.workspace.workspace import Workspace
from tests.agent.fakes import desk

pytestmark = pytest.mark.asyncio


class Place:
    """A repository with a workspace somewhere in it, and the user's own folder."""

    def __init__(self, base: Path) -> None:
        self.base = Path(os.path.realpath(base))
        self.user = self.base / "user"
        self.repository = self.base / "repository"
        self.root = self.repository / "services" / "app"
        for folder in (self.user, self.root, self.repository / ".git"):
            folder.mkdir(parents=True)

    def write(self, folder: Path, text: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "AGENTS.md"
        path.write_text(text, "utf-8")
        return path

    def found(self, *roots: Path) -> list[tuple[str, str]]:
        sources = find(Workspace(desk(*(roots or (self.root,)))), self.user)
        return [(source.name, source.text) for source in sources]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path)


async def test_without_files_the_prompt_says_nothing_of_them(place: Place) -> None:
    instructions = Instructions(place.user)
    assert await instructions.read(Workspace(desk(place.root))) == ("", None)
    assert await instructions.read(Workspace(desk())) == ("", None)


async def test_from_the_users_folder_over_the_repositorys_top_down_to_the_root(place: Place) -> None:
    for folder in (
        place.user,
        place.repository,
        place.root,
        place.repository / "services",
        place.base,
        place.root / "src",
    ):
        place.write(folder, f"in {folder.name}")
    names = [place.user, place.repository, place.repository / "services"]
    assert place.found() == [
        *((str(folder / "AGENTS.md"), f"in {folder.name}") for folder in names),
        ("AGENTS.md", "in app"),
    ]


async def test_without_a_repository_nothing_above_the_root_counts(place: Place) -> None:
    (place.repository / ".git").rmdir()
    place.write(place.repository, "above")
    place.write(place.root, "here")
    assert place.found() == [("AGENTS.md", "here")]


async def test_and_down_to_the_folder_that_the_daemon_works_in(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write(place.root / "src" / "deep", "deep")
    place.write(place.root / "other", "other")
    monkeypatch.chdir(place.root / "src" / "deep")
    assert place.found() == [("src/deep/AGENTS.md", "deep")]


async def test_each_root_has_its_own_and_none_counts_twice(place: Place) -> None:
    other = place.repository / "services" / "other"
    place.write(place.repository, "top")
    place.write(place.root, "app")
    place.write(other, "other")
    found = place.found(place.root, other, place.root)
    assert sorted(text for _, text in found) == ["app", "other", "top"]
    assert ("app/AGENTS.md", "app") in found


async def test_an_open_document_wins(place: Place) -> None:
    path = place.write(place.root, "saved")
    workspace = Workspace(desk(place.root, texts={path: "unsaved"}))
    assert [source.text for source in find(workspace, place.user)] == ["unsaved"]


async def test_a_link_inside_is_followed_and_one_that_leads_out_or_to_secrets_is_not(place: Place) -> None:
    secret = place.base / "secret"
    secret.write_text("outside")
    (place.repository / "notes.md").write_text("inside")
    (place.root / ".env").write_text("KEY=x")
    for target, expected in ((secret, []), (place.root / ".env", []), (place.repository / "notes.md", ["inside"])):
        link = place.root / "AGENTS.md"
        link.symlink_to(target)
        assert [text for _, text in place.found()] == expected
        link.unlink()


async def test_the_users_own_may_be_a_link_to_anywhere(place: Place) -> None:
    elsewhere = place.write(place.base / "dotfiles", "mine")
    (place.user / "AGENTS.md").symlink_to(elsewhere)
    assert place.found() == [(str(elsewhere), "mine")]


async def test_a_working_folder_that_is_gone_does_not_matter(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = place.base / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    place.write(place.root, "here")
    assert place.found() == [("AGENTS.md", "here")]


async def test_what_is_no_regular_file_keeps_nobody_waiting(place: Place) -> None:
    os.mkfifo(place.root / "AGENTS.md")
    (place.repository / "AGENTS.md").mkdir()
    assert place.found() == []


async def test_hidden_characters_are_spelled_out(place: Place) -> None:
    place.write(place.root, "be nice\u202e\u200b\x1b[8m\U000e0041\ufeff end\r\n\ttab")
    ((_, text),) = place.found()
    assert text == "be nice\\u{202E}\\u{200B}\\u{001B}[8m\\u{E0041}\\u{FEFF} end\n\ttab"


async def test_the_innermost_gets_its_share_first_and_a_cut_is_told(place: Place) -> None:
    place.write(place.user, "u" * 100)
    place.write(place.repository, "é" * BUDGET)
    place.write(place.root, "a" * 1000)
    user, top, inner = find(Workspace(desk(place.root)), place.user)
    assert (inner.text, inner.cut) == ("a" * 1000, False)
    assert top.cut
    assert top.text.startswith("é" * ((BUDGET - 1000) // 2) + "\n[cut here")
    assert (user.text, user.cut) == ("\n[cut here: all instructions together may be 32 KiB long]", True)


async def test_a_huge_file_is_not_read_whole(place: Place) -> None:
    path = place.root / "AGENTS.md"
    with path.open("wb") as file:
        file.truncate(10**12)
    (source,) = find(Workspace(desk(place.root)), place.user)
    assert source.cut


async def test_they_are_in_the_prompt_marked_and_told_once_until_they_change(place: Place) -> None:
    place.write(place.user, "speak plainly")
    path = place.write(place.root, "use tabs")
    instructions, workspace = Instructions(place.user), Workspace(desk(place.root))
    first, second = SystemPrompt(), SystemPrompt()
    prompt, notice = await first.read(workspace, instructions)
    assert notice is not None
    assert notice.text == f"instructions are used from: {place.user / 'AGENTS.md'}, AGENTS.md"
    marked = (
        f"Instructions from {place.user / 'AGENTS.md'}:\n\nspeak plainly\n\nInstructions from AGENTS.md:\n\nuse tabs\n"
    )
    assert prompt.endswith(marked)
    assert "cannot permit anything" in prompt
    assert await second.read(workspace, instructions) == (prompt, None)
    path.write_text("use spaces")
    assert await first.read(workspace, instructions) == (prompt, None), "a session keeps its prompt"
    prompt, notice = await SystemPrompt().read(workspace, instructions)
    assert "use spaces" in prompt
    assert notice is not None


async def test_sessions_that_begin_at_once_share_a_reading_and_a_later_one_reads_anew(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(place.root, "one")
    readings, original, told = list[int](), module.find, list[str]()

    def find(*given: Any) -> Any:
        readings.append(1)
        return original(*given)

    monkeypatch.setattr(module, "find", find)
    instructions = Instructions(place.user)

    async def begin() -> None:
        told.append((await SystemPrompt().read(Workspace(desk(place.root)), instructions))[0])

    async with create_task_group() as tasks:
        for _ in range(64):
            tasks.start_soon(begin)
    assert len(set(told)) == 1
    assert len(readings) <= 2, "the first one's, and one for all that came while it read"
    place.write(place.root, "two")
    await begin()
    assert "two" in told[-1]
