"""Which skills and commands there are, who wins where two have one name, and what a hostile workspace cannot do."""

import os
from pathlib import Path

import pytest

from chatls.errors import ToolError
from chatls.workspace.skills import handbook as module
from chatls.workspace.skills.entries import Shelf
from chatls.workspace.skills.finding import LONGEST, MOST, find
from chatls.workspace.skills.handbook import BUDGET, LONGEST_TEXT, Handbook, listing, tells_skills
from chatls.workspace.workspace import Workspace
from tests.agent.fakes import desk

pytestmark = pytest.mark.asyncio

OURS = ["commit", "document", "explain", "fix", "review", "tests"]


class Place:
    """A workspace with two roots, and the user's own folder."""

    def __init__(self, base: Path) -> None:
        self.base = Path(os.path.realpath(base))
        self.user, self.root, self.other = (self.base / name for name in ("user", "app", "lib"))
        for folder in (self.user, self.root, self.other):
            folder.mkdir()
        self.handbook = Handbook(self.user)

    @property
    def workspace(self) -> Workspace:
        return Workspace(desk(self.root, self.other))

    def find(self) -> Shelf:
        return find(self.workspace, self.user)

    def skill(self, folder: Path, name: str, text: str | None = None) -> Path:
        path = folder / "skills" / name / "SKILL.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\ndescription: {name} of {folder.name}\n---\nDo it.\n" if text is None else text)
        return path

    def command(self, folder: Path, name: str, text: str = "Do it.") -> Path:
        path = folder / "commands" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_with_nothing_there_are_the_commands_that_come_along(place: Place) -> None:
    shelf = place.find()
    assert [command.name for command in shelf.commands] == OURS
    assert all(command.description and command.source == "built-in" for command in shelf.commands)
    assert (shelf.skills, shelf.complaints) == ((), ())
    for command in shelf.commands:
        text = (await place.handbook.read(command, place.workspace)).text
        assert "$ARGUMENTS" in text
        assert "---" not in text


async def test_the_users_come_first_then_those_of_the_roots_in_their_order(place: Place) -> None:
    for folder, name in (
        (place.other / ".claude", "d"),
        (place.root / ".claude", "c"),
        (place.root / ".chatls", "b"),
        (place.user, "a"),
    ):
        place.skill(folder, name)
    shelf = place.find()
    assert [(skill.name, skill.source) for skill in shelf.skills] == [
        ("a", "user"),
        ("b", "workspace"),
        ("c", "workspace"),
        ("d", "workspace"),
    ]


async def test_the_user_overrides_what_comes_along_and_a_workspace_overrides_nothing(place: Place) -> None:
    place.command(place.user, "review", "---\ndescription: mine\nargument-hint: [file]\n---\nMine.")
    for name in ("review", "fix", "deploy"):
        place.command(place.root / ".claude", name, f"theirs: {name}")
    place.command(place.other / ".chatls", "fix", "another one")
    shelf = place.find()
    assert {
        one.name: (one.description, one.source, one.hint) for one in shelf.commands if one.name not in OURS[:3]
    } == {
        "review": ("mine", "user", "[file]"),
        "fix": ("Mend the problems that the editor shows, or what you say", "built-in", "[what is wrong]"),
        "tests": ("Write tests for what is selected, or the file that you look at", "built-in", "[what]"),
        "workspace:review": ("theirs: review", "workspace", ""),
        "workspace:fix": ("theirs: fix", "workspace", ""),
        "deploy": ("theirs: deploy", "workspace", ""),
    }
    assert "app/.claude/commands/fix.md: it is called workspace:fix here: fix is another one" in shelf.complaints
    assert "lib/.chatls/commands/fix.md: there is another one that is called fix" in shelf.complaints


async def test_a_skill_is_a_command_too_unless_it_says_no_or_its_name_is_taken(place: Place) -> None:
    place.skill(place.user, "pdf")
    place.skill(place.user, "quiet", "---\ndescription: q\nuser-invocable: false\n---\nDo.")
    place.skill(place.user, "shy", "---\ndescription: s\ndisable-model-invocation: true\n---\nDo.")
    place.skill(place.user, "fix")
    shelf = place.find()
    assert [one.name for one in shelf.commands] == [*OURS, "pdf", "shy"]
    assert "shy" not in listing(shelf)
    assert "- quiet: q\n" in listing(shelf)
    told = shelf.command("fix")
    assert told is not None
    assert told.source == "built-in"


async def test_the_head_tells_the_name_and_the_first_line_what_it_is_for(place: Place) -> None:
    place.skill(place.user, "folder", "---\nname: forms\n---\n# Fill forms\nSo.")
    place.command(place.user, "go", "\n\n## Go there  now\nSo.")
    shelf = place.find()
    assert [(skill.name, skill.description) for skill in shelf.skills] == [("forms", "Fill forms")]
    assert [one.description for one in shelf.commands if one.source == "user"] == ["Go there now", "Fill forms"]


async def test_names_with_something_hidden_in_them_are_none(place: Place) -> None:
    claude = place.root / ".claude"
    for name in ("a\x1b[2J", "re\u202eview", "r\u0435view", "..", "a b", "x" * 65):
        place.skill(claude, f"s{len(list(claude.rglob('*')))}", f"---\nname: '{name}'\ndescription: x\n---\n")
    place.skill(claude, "bad\u202e")
    place.command(claude, "bad\x1b")
    place.command(place.user, "überarbeiten")
    shelf = place.find()
    assert shelf.skills == ()
    assert [one.name for one in shelf.commands] == [*OURS, "überarbeiten"]
    assert all(line.isprintable() for line in shelf.complaints)


async def test_descriptions_are_one_line_in_which_nothing_hides(place: Place) -> None:
    text = "---\ndescription: |\n  one\n  two\u202e\x1b " + "x" * 2000 + "\n---\n"
    place.skill(place.root / ".claude", "a", text)
    (skill,) = place.find().skills
    assert skill.description.startswith("one two\\u{202E}\\u{001B} xxx")
    assert len(skill.description) == LONGEST
    assert skill.description.endswith("…")


async def test_nothing_outside_of_a_workspace_is_read_by_way_of_it(place: Place) -> None:
    outside = place.base / "outside"
    place.skill(outside, "secret", "---\ndescription: secret\n---\nSECRET")
    place.command(outside, "secret", "SECRET")
    claude = place.root / ".claude"
    (claude / "skills" / "linked").mkdir(parents=True)
    (claude / "skills" / "linked" / "SKILL.md").symlink_to(outside / "skills" / "secret" / "SKILL.md")
    (claude / "skills" / "folder").symlink_to(outside / "skills" / "secret")
    (claude / "commands").symlink_to(outside / "commands")
    (place.root / ".chatls").symlink_to(outside)
    (place.other / ".claude").mkdir()
    (place.other / ".claude" / "skills").symlink_to(place.other / ".claude" / "skills")  # a circle
    shelf = place.find()
    assert shelf.skills == ()
    assert [one.name for one in shelf.commands] == OURS
    assert "SECRET" not in repr(shelf)
    assert any("it leads out of the workspace" in line for line in shelf.complaints)


async def test_the_users_own_may_be_links_to_anywhere(place: Place) -> None:
    dotfiles = place.base / "dotfiles"
    place.skill(dotfiles, "mine")
    place.command(dotfiles, "go", "Go.")
    (place.user / "skills").symlink_to(dotfiles / "skills")
    (place.user / "commands").symlink_to(dotfiles / "commands")
    shelf = place.find()
    assert [skill.name for skill in shelf.skills] == ["mine"]
    command = shelf.command("go")
    assert command is not None
    assert (await place.handbook.read(command, place.workspace)).text == "Go."


async def test_what_is_no_regular_file_keeps_nobody_waiting(place: Place) -> None:
    claude = place.root / ".claude"
    (claude / "skills" / "pipe").mkdir(parents=True)
    os.mkfifo(claude / "skills" / "pipe" / "SKILL.md")
    (claude / "skills" / "folder" / "SKILL.md").mkdir(parents=True)
    (claude / "skills" / "none").mkdir()
    os.mkfifo(claude / "commands")
    shelf = place.find()
    assert shelf.skills == ()
    assert len(shelf.complaints) == 2


async def test_of_ten_thousand_a_hundred_count_and_it_is_told(place: Place) -> None:
    skills = place.root / ".claude" / "skills"
    skills.mkdir(parents=True)
    text = f"---\ndescription: {'x' * 900}\n---\n"
    for number in range(10_000):
        folder = skills / f"s{number:05}"
        folder.mkdir()
        if number < 150:
            (folder / "SKILL.md").write_text(text)
    place.skill(place.user, "mine")
    shelf = place.find()
    assert [skill.name for skill in shelf.skills] == ["mine", *(f"s{number:05}" for number in range(MOST))]
    assert shelf.complaints == ("app/.claude/skills: 9900 more are passed over; the first 100 count",)
    told = listing(shelf)
    assert len(told) < BUDGET + 1000
    assert "\n- mine: mine of user\n" in told
    assert "more are not listed" in told


async def test_a_skill_of_ten_megabytes_is_cut_and_says_so(place: Place) -> None:
    head = "---\ndescription: long\n---\n"
    path = place.skill(place.root / ".claude", "long", head + "é" * 5_000_000)
    (skill,) = place.find().skills
    told = await place.handbook.read(skill, place.workspace)
    assert told.cut
    assert told.text.endswith("é\n[cut here: 64 KiB of it count]")
    assert len(told.text.encode()) <= LONGEST_TEXT + 100
    path.unlink()
    with pytest.raises(ToolError, match="is gone, or cannot be read"):
        await place.handbook.read(skill, place.workspace)


async def test_an_open_document_wins_and_a_file_beside_is_read_from_its_folder_alone(place: Place) -> None:
    path = place.skill(place.root / ".claude", "pdf")
    (path.parent / "forms.md").write_text("how forms are filled")
    (path.parent / "out.md").symlink_to(place.base)
    workspace = Workspace(desk(place.root, place.other, texts={path: "---\ndescription: x\n---\nunsaved"}))
    (skill,) = place.find().skills
    assert (await place.handbook.read(skill, workspace)).text == "unsaved"
    assert (await place.handbook.read_beside(skill, "forms.md", workspace)).text == "how forms are filled"
    for name in ("../../../secret", "out.md", "none.md", "/etc/hostname", "", "a\0b"):
        with pytest.raises(ToolError, match="the skill pdf has no text"):
            await place.handbook.read_beside(skill, name, workspace)


async def test_nothing_is_read_again_while_nothing_changes_and_what_changes_is_seen(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings, original = list[int](), module.find

    def counted(workspace: Workspace, user_folder: Path) -> Shelf:
        readings.append(1)
        return original(workspace, user_folder)

    monkeypatch.setattr(module, "find", counted)
    path = place.skill(place.user, "one")
    for old in (path, path.parent, path.parent.parent):
        os.utime(old, ns=(1, 1))

    async def names() -> list[str]:
        return [skill.name for skill in (await place.handbook.shelf(place.workspace)).skills]

    await names()
    settled = len(readings)
    while await names() == ["one"] and len(readings) > settled:  # what was written a moment ago is read again
        settled = len(readings)
    assert len(readings) == settled
    place.skill(place.user, "two")
    assert await names() == ["one", "two"]
    place.skill(place.root / ".claude", "three")
    assert await names() == ["one", "two", "three"]
    path.write_text("---\nname: four\ndescription: x\n---\n")
    assert await names() == ["four", "two", "three"]


async def test_people_are_told_once_of_what_a_workspace_tells_the_model(place: Place) -> None:
    assert await place.handbook.told(place.workspace) == ("", "")
    place.skill(place.user, "mine")
    told, words = await place.handbook.told(place.workspace)
    assert tells_skills(told)
    assert words == ""
    place.skill(place.root / ".claude", "theirs")
    told, words = await place.handbook.told(place.workspace)
    assert "- theirs: theirs of .claude" in told
    assert words == "skills of this workspace are told to the model: theirs"
    assert (await place.handbook.told(place.workspace))[1] == ""
