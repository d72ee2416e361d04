"""`@diff`: what git is asked, that it runs nothing that a repository names, and that no secret is shown."""

import os
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from threading import Event as ThreadFlag

import pytest
from tests.agent.fakes import desk

from chatls.children.commands import Commands
from chatls.content import TextContent
from chatls.errors import ToolError
from chatls.tools.mentions import changes
from chatls.tools.mentions.changes import diff
from chatls.tools.tool import ToolContext
from chatls.workspace.seen import Seen
from chatls.workspace.workspace import Workspace

pytestmark = pytest.mark.asyncio

Ask = Callable[..., AsyncIterator[str]]


class Repository:
    """A folder with a commit, or without one."""

    def __init__(self, base: Path, *, fresh: bool = False) -> None:
        self.base = Path(os.path.realpath(base))
        self.folder = self.base / "project"
        self.folder.mkdir()
        self.git("init", "-q", "-b", "main")
        self.write("a.txt", "one\n")
        if not fresh:
            self.commit()

    def git(self, *arguments: str) -> str:
        who = {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.base), **who}
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")

    async def diff(self, argument: str | None = None, *folders: Path) -> str:
        editor = desk(*(folders or (self.folder,)))
        commands = Commands({"PATH": os.environ["PATH"], "HOME": str(self.base)}, self.base / "output")
        workspace = Workspace(editor)
        context = ToolContext(workspace, editor, Seen(), commands, lambda _: None, ThreadFlag())
        (block,) = await diff(context, argument)
        assert isinstance(block, TextContent)
        return block.text


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


async def test_all_that_has_changed_staged_or_not_and_what_is_new(repository: Repository) -> None:
    repository.write("b.txt", "staged\n")
    repository.git("add", "b.txt")
    repository.write("a.txt", "two\n")
    repository.write("c.txt", "new\n")
    told = await repository.diff()
    assert "-one\n+two" in told
    assert "+staged" in told
    assert "[new, and not known to git yet: c.txt]" in told
    staged = await repository.diff("staged")
    assert "+staged" in staged
    assert "two" not in staged
    assert "c.txt" not in staged


async def test_since_another_commit_and_between_two(repository: Repository) -> None:
    repository.write("a.txt", "two\n")
    repository.commit()
    repository.write("a.txt", "three\n")
    assert "-two\n+three" in await repository.diff()
    assert "-one\n+three" in await repository.diff("HEAD~1")
    assert "-one\n+two" in await repository.diff("main~1..main")
    assert "-one\n+two" in await repository.diff("HEAD~1...")
    for strange in ("none", "HEAD~9", "--output=x", "-O", "a b", "main..main..main"):
        with pytest.raises(ToolError):
            await repository.diff(strange)
    assert not (repository.folder / "x").exists()


async def test_before_the_first_commit(tmp_path: Path) -> None:
    repository = Repository(tmp_path, fresh=True)
    repository.git("add", "a.txt")
    assert "+one" in await repository.diff()


async def test_a_root_below_the_repositorys_top_is_told_of_its_own_changes(repository: Repository) -> None:
    for name in ("a.txt", "sub/b.txt"):
        repository.write(name, "x\n")
    repository.commit()
    for name in ("a.txt", "sub/b.txt"):
        repository.write(name, "changed\n")
    told = await repository.diff(None, repository.folder / "sub")
    assert "sub/b.txt" in told
    assert "a.txt" not in told


async def test_outside_of_a_repository_it_says_so(tmp_path: Path, repository: Repository) -> None:
    plain = repository.base / "plain"
    plain.mkdir()
    with pytest.raises(ToolError, match="is in no git repository"):
        await repository.diff(None, plain)
    assert "(nothing)" in await repository.diff(None, plain, repository.folder), "one of two roots is"


async def test_secrets_are_named_and_not_shown(repository: Repository) -> None:
    repository.write(".env", "KEY=old\n")
    repository.write("odd [x]*.pem", "old\n")
    repository.commit()
    repository.write(".env", "KEY=new-secret\n")
    repository.write("odd [x]*.pem", "new-secret\n")
    repository.write("a.txt", "two\n")
    told = await repository.diff()
    assert "+two" in told
    assert "new-secret" not in told
    assert "[changed, and not shown, since they usually hold secrets: .env, odd [x]*.pem]" in told


async def test_nothing_that_the_repository_names_is_run(repository: Repository) -> None:
    trap, mark = repository.base / "trap", repository.base / "sprung"
    trap.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    trap.chmod(0o755)
    repository.write(".gitattributes", "*.txt diff=evil filter=evil\n*.md filter=a=b.c\n")
    repository.write("b.md", "x\n")
    repository.commit()
    mark.unlink(missing_ok=True)
    for key, value in (
        ("core.fsmonitor", str(trap)),
        ("core.pager", str(trap)),
        ("core.hooksPath", str(trap.parent)),
        ("core.sshCommand", str(trap)),
        ("diff.external", str(trap)),
        ("diff.evil.command", str(trap)),
        ("diff.evil.textconv", str(trap)),
        ("filter.evil.clean", str(trap)),
        ("filter.evil.process", str(trap)),
        ("filter.evil.required", "true"),
        ("filter.a=b.c.clean", str(trap)),
    ):
        repository.git("config", key, value)
    (repository.folder / ".git" / "hooks" / "post-index-change").symlink_to(trap)
    repository.write("a.txt", "two\n")
    repository.write("b.md", "y\n")
    assert "+two" in await repository.diff()
    assert not mark.exists()
    with suppress(subprocess.CalledProcessError):
        repository.git("diff")
    assert mark.exists(), "the trap works"


async def test_a_git_of_the_workspace_is_not_run(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = repository.base / "sprung"
    planted = repository.write("node_modules/.bin/git", f"#!/bin/sh\ntouch {mark}\n")
    planted.chmod(0o755)
    monkeypatch.setenv("PATH", f"{planted.parent}{os.pathsep}{os.environ['PATH']}")
    await repository.diff()
    assert not mark.exists()


async def test_a_repository_that_points_elsewhere_shows_nothing_of_there(repository: Repository) -> None:
    outside = repository.base / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text("SECRET\n")
    repository.git("config", "core.worktree", str(outside))
    with pytest.raises(ToolError):
        await repository.diff()


async def test_a_long_difference_is_cut_and_says_so(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST", 10_000)
    repository.write("a.txt", "é" * 200_000)
    told = await repository.diff()
    assert told.endswith("[cut at 9 KiB; there is more]")
    assert len(told.encode()) < 11_000


async def test_control_characters_reach_no_terminal(repository: Repository) -> None:
    repository.write("a.txt", "two\x1b[2J\n")
    assert "+two\ufffd[2J" in await repository.diff()
