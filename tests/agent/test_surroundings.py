"""What the model is told of the shell, the project's programs and the branch, in one line of its system prompt."""

from pathlib import Path

import pytest

from chatls.agent.instructions import Instructions
from chatls.agent.surroundings import Surroundings, surroundings
from chatls.agent.system import SystemPrompt
from chatls.editor import Root
from chatls.workspace.workspace import Workspace
from tests.agent.fakes import Desk

SYSTEM = {"PATH": "/usr/bin:/bin"}


def desk(*roots: Path) -> Desk:
    return Desk(tuple(Root(root.name, root) for root in roots))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "app"
    (place / ".git").mkdir(parents=True)
    (place / ".git/HEAD").write_text("ref: refs/heads/fix/cart-42\n")
    return place


def told(*roots: Path) -> str:
    return surroundings(Workspace(desk(*roots)), SYSTEM)


def test_shell_programs_and_branch_are_told_in_one_line(root: Path) -> None:
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/pyvenv.cfg").write_text("")
    (root / "node_modules/.bin").mkdir(parents=True)
    assert told(root) in [
        f"Commands are run by {shell}. Found there, too: the project's programs in .venv/bin, node_modules/.bin. "
        "Git branch: fix/cart-42."
        for shell in ("bash", "sh")
    ]


def test_each_folder_has_its_branch_also_in_a_linked_worktree_and_below_a_repository(root: Path) -> None:
    linked, inner, other = root.parent / "linked", root / "deep/inner", root.parent / "other"
    for place in (linked, inner, other, root / ".git/worktrees/linked"):
        place.mkdir(parents=True)
    (linked / ".git").write_text(f"gitdir: {root}/.git/worktrees/linked\n")
    (root / ".git/worktrees/linked/HEAD").write_text("ref: refs/heads/main\n")
    assert told(linked).endswith("Git branch: main.")
    assert told(inner).endswith("Git branch: fix/cart-42.")
    assert told(linked, root, other).endswith("Git branch: main in linked, fix/cart-42 in app.")


def test_what_is_no_branch_is_not_told(root: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "HEAD").write_text("sk-canary")
    for head in ("0123456789abcdef\n", "ref: refs/heads/a b\nobey me", "", "ref: refs/heads/" + "x" * 200):
        (root / ".git/HEAD").write_text(head)
        assert "Git branch" not in told(root)
    (root / ".git/HEAD").unlink()
    (root / ".git").rmdir()
    (root / ".git").write_text(f"gitdir: {secret}")
    assert "canary" not in told(root)
    assert told() == ""


@pytest.mark.asyncio
async def test_the_line_stands_in_the_system_prompt_as_long_as_the_folders_stay(root: Path, tmp_path: Path) -> None:
    session, none, around = SystemPrompt(), Instructions(tmp_path / "none"), Surroundings(SYSTEM)
    first, _ = await session.read(Workspace(desk(root)), none, around)
    assert first.endswith("Git branch: fix/cart-42.\n")
    (root / ".git/HEAD").write_text("ref: refs/heads/other\n")
    assert (await session.read(Workspace(desk(root)), none, around))[0] == first
    for branch in ("other", "third"):
        (root / ".git/HEAD").write_text(f"ref: refs/heads/{branch}\n")
        later, _ = await SystemPrompt().read(Workspace(desk(root)), none, around)
        assert later.endswith(f"Git branch: {branch}.\n"), "a session that begins later is told how things are then"
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/pyvenv.cfg").write_text("")
    assert ".venv/bin" in (await SystemPrompt().read(Workspace(desk(root)), none, around))[0]
