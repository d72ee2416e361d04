"""What git is asked before it reads or changes: a real git, in a real repository."""

import os
import subprocess
from pathlib import Path

import pytest

from chatls.agent.permission.git_names import asked_of_git
from chatls.agent.permission.lines import command_of
from chatls.agent.permission.look import Look
from chatls.agent.permission.matter import Command
from chatls.tools.tool import CommandSubject
from chatls.workspace.workspace import Workspace
from tests.agent.permission.shop import Shop

pytestmark = pytest.mark.asyncio


class Repository:
    """A project with secrets that git knows."""

    def __init__(self, base: Path) -> None:
        self.shop = Shop(base)
        self.root = self.shop.root
        (self.root / ".git/HEAD").unlink()
        self.git("init", "-q")
        for name in (".aws/credentials", "b.txt"):
            self.shop.put(name, "KEY=1\n")
        self.git("add", "-fA")
        self.git("commit", "-qm", "first")

    def git(self, *words: str, at: Path | None = None) -> str:
        me = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")
        done = subprocess.run(("git", *me, *words), cwd=at or self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    async def judged(self, line: str, folder: str = ".") -> Command:
        look = Look(Workspace(self.shop), {"PATH": os.environ["PATH"], "HOME": str(self.shop.outside)})
        return await asked_of_git(command_of("run_command", CommandSubject(line, self.root / folder, ()), look), look)

    async def kind(self, line: str, folder: str = ".") -> str:
        return (await self.judged(line, folder)).parts[-1].kind


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


async def test_what_shows_no_secret_only_reads(repository: Repository) -> None:
    repository.shop.put("b.txt", "KEY=2\n")
    for line in (
        "git diff",
        "git show -- b.txt",
        "git log -p -- src",
        "git grep KEY -- b.txt",
        "git status",
        "git show HEAD~0 --stat -- b.txt",
    ):
        assert await repository.kind(line) == "reader", line


async def test_what_shows_one_is_asked_about(repository: Repository) -> None:
    repository.shop.put(".env", "TOKEN=2\n")
    repository.git("tag", "v1", repository.git("rev-parse", "HEAD:.env"))
    for line in (
        "git diff",
        "git show",
        "git log -p",
        "git grep KEY",
        "git show v1",
        "git log --cc -p",
        "git diff --word-diff",
    ):
        assert await repository.kind(line) == "other", line
    assert await repository.kind("git grep KEY", ".aws") == "other", "names are relative to the folder"


async def test_what_was_put_aside_may_hold_one_that_git_did_not_know(repository: Repository) -> None:
    repository.shop.put("new/.env", "TOKEN=3\n")
    repository.git("stash", "-qu")
    assert await repository.kind("git stash show -p") == "reader"
    assert await repository.kind("git stash show -p -u") == "other"
    assert await repository.kind("git stash show -pu") == "other"


async def test_filters_and_a_working_tree_elsewhere_are_asked_about(repository: Repository) -> None:
    for key, value in (
        ("filter.a.clean", "x"),
        ("filter.b.process", "x"),
        ("core.worktree", str(repository.shop.outside)),
    ):
        repository.git("config", key, value)
        for line in ("git status", "git diff b.txt", "git blame b.txt", "git ls-files -m", "git grep KEY -- b.txt"):
            assert await repository.kind(line) == "other", (key, line)
        repository.git("config", "--unset", key)
    repository.git("config", "filter.lfs.process", "git-lfs filter-process")
    assert await repository.kind("git status") == "reader", "what everybody has"


async def test_a_stash_that_would_change_what_decides_is_no_changer(repository: Repository) -> None:
    repository.shop.put("b.txt", "more\n")
    assert await repository.kind("git stash") == "changer"
    repository.shop.put("package.json", '{"scripts": {}}')
    assert await repository.kind("git stash") == "other"
    assert await repository.kind("git stash push -m x", "src") == "other"


async def test_changes_with_hooks_that_may_be_edited_are_no_changers(repository: Repository) -> None:
    assert await repository.kind("git commit -m x") == "changer"
    repository.git("config", "core.hooksPath", ".husky/_")
    assert await repository.kind("git commit -m x") == "changer", "protected"
    repository.git("config", "core.hooksPath", "tools/hooks")
    for line in ("git commit -m x", "git switch -c x", "git add -A"):
        assert await repository.kind(line) == "other", line
