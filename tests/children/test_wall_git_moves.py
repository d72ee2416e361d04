"""Which lines of git would change protected files, so that they do not run in the sandbox."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatls.children.wall.git_moves import UNKNOWN, moved_by
from tests.support.cases import for_each

GIT = shutil.which("git")
pytestmark = pytest.mark.skipif(GIT is None, reason="there is no git here")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository: `other` brings .vscode/x, `plain` brings b.txt, a stash has AGENTS.md."""
    place = tmp_path_factory.mktemp("moves")

    def git(*words: str) -> None:
        options = ("-c", "user.name=Me", "-c", "user.email=me@example.org", "-c", "commit.gpgsign=false")
        subprocess.run((GIT or "git", *options, *words), cwd=place, check=True, capture_output=True)

    def write(name: str, text: str) -> None:
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)
        git("add", "-A")

    git("init", "-q", "-b", "main")
    write("a.txt", "1")
    write("AGENTS.md", "mine")
    git("commit", "-qm", "first")
    git("switch", "-qc", "plain")
    write("b.txt", "1")
    git("commit", "-qm", "plain")
    git("switch", "-qc", "other", "main")
    write(".vscode/x", "1")
    git("commit", "-qm", "other")
    git("switch", "-q", "main")
    write("AGENTS.md", "changed")
    git("stash", "-q")
    return_to = os.environ.get("PWD", "")
    yield place
    assert os.environ.get("PWD", "") == return_to


def moved(command: str | list[str], root: Path) -> tuple[str, ...]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(root)}
    return moved_by(command, root, Path(GIT or "git"), environment)


@for_each(
    ("command", "names"),
    [
        ("git switch other", (".vscode/x",)),
        ("git checkout other", (".vscode/x",)),
        ("git checkout -q other -- .vscode", (".vscode/x",)),
        ("git checkout other -- a.txt", ()),
        ("git switch plain", ()),
        ("git switch -c new", ()),
        ("git checkout -b new plain", ()),
        ("git switch -c new other", (".vscode/x",)),
        ("git merge other", (".vscode/x",)),
        ("git merge --no-ff plain", ()),
        ("git rebase other", (".vscode/x",)),
        ("git rebase plain", ()),
        ("git cherry-pick other", (".vscode/x",)),
        ("git cherry-pick plain", ()),
        ("git reset --hard other", (".vscode/x",)),
        ("git reset --hard", ()),
        ("git reset other", ()),
        ("git stash pop", ("AGENTS.md",)),
        ("git stash apply stash@{0}", (UNKNOWN,)),
        ("git stash list", ()),
        ("git stash", ()),
        ("git pull", (UNKNOWN,)),
        ("git switch $BRANCH", (UNKNOWN,)),
        ("git -c core.x=y switch other", (UNKNOWN,)),
        ("git -C . switch other", (".vscode/x",)),
        ("git --no-pager switch other", (".vscode/x",)),
        ("cd . && git switch other", (".vscode/x",)),
        ("CI=1 git switch other", (".vscode/x",)),
        ("true; git switch other", (".vscode/x",)),
        ("git status && git switch plain\ngit switch other", (".vscode/x",)),
        ("git switch 'other", (UNKNOWN,)),
        ("git checkout AGENTS.md", ()),
        ("git status", ()),
        ("git log other", ()),
        ("git commit -m 'switch other'", ()),
        ("echo git switch other", ()),
        ("npm test", ()),
    ],
)
def test_a_move_that_touches_a_protected_file_is_told(root: Path, command: str, names: tuple[str, ...]) -> None:
    assert moved(command, root) == names


def test_an_argument_vector_is_read_as_it_is(root: Path) -> None:
    assert moved(["git", "switch", "other"], root) == (".vscode/x",)
    assert moved(["git", "switch", "plain"], root) == ()


def test_outside_of_a_repository_nothing_moves(tmp_path: Path) -> None:
    assert moved("git switch other", tmp_path) == ()
    assert moved_by("git switch other", tmp_path, None, {}) == ()
