"""Every option that a reader may have is run once, beside what must be neither read nor changed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatls.agent.permission.git_readers import GIT_READERS
from chatls.agent.permission.options import ANY, NAME, NUMBER, PATH, NotListedError, Shape
from chatls.agent.permission.readers import READERS
from chatls.agent.permission.reading import reading_of
from chatls.agent.permission.shell import Words

CANARY = "CANARY-4711"
OPERANDS: dict[str, Words] = {
    "diff": ("a.txt", "b.txt"),
    "cmp": ("a.txt", "b.txt"),
    "uniq": ("a.txt",),
    "tr": ("a", "b"),
    "grep": ("one", "."),
    "rg": ("one", "."),
    "jq": (".", "a.json"),
    "date": (),
    "pwd": (),
    "sed": ("1,2p", "a.txt"),
    "which": ("ls",),
}
OF_GIT: dict[str, Words] = {
    "blame": ("a.txt",),
    "grep": ("one",),
    "ls-tree": ("HEAD",),
    "stash": ("list",),
    "worktree": ("list",),
    "shortlog": ("HEAD",),
    "merge-base": ("HEAD", "HEAD"),
    "rev-list": ("HEAD",),
    "version": (),
}
PROGRAMS = [name for name in READERS if name not in ("find", "git") and shutil.which(name)]


def lines(shape: Shape) -> Iterator[Words]:
    """Each option once."""
    yield ()
    for flag in sorted(shape.flags):
        yield (flag,)
    for name, kind in {**shape.valued, **shape.attached}.items():
        value = "a.txt" if kind is PATH else next((one for one in SAMPLES if kind.fullmatch(one)), "1")
        yield (f"{name}={value}",) if name.startswith("--") else (name, value)


SAMPLES = ("1", "one", "always", "short", "+1", "%h")
assert all(kind.fullmatch("1") for kind in (ANY, NAME, NUMBER))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("canary")
    root, outside = base / "root", base / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text(f"one {CANARY}\n")
    root.mkdir()
    for name in ("a.txt", "b.txt"):
        (root / name).write_text(f"one {name}\ntwo\n")
    (root / "a.json").write_text('{"one": 1}')
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "-q"], cwd=root, check=True)
    subprocess.run([*git, "add", "-A"], cwd=root, check=True)
    subprocess.run([*git, "commit", "-qm", "first"], cwd=root, check=True)
    (root / "a.txt").write_text("one changed\n")
    (root / ".env").write_text(f"one {CANARY}\n")
    (root / "id_rsa").write_text(f"one {CANARY}\n")
    (root / "out.lnk").symlink_to(outside / "secret.txt")
    (root / "away").symlink_to(outside)
    return base


def look(base: Path) -> dict[str, bytes]:
    found = {str(path): path.read_bytes() for path in base.rglob("*") if path.is_file() and not path.is_symlink()}
    return {name: data for name, data in found.items() if not name.endswith(("/index", ".git/FETCH_HEAD"))}


def harms(base: Path, words: Words) -> str | None:
    """What one run does that it must not."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(base / "outside"), "GIT_OPTIONAL_LOCKS": "0"}
    try:
        ran = subprocess.run(
            words, cwd=base / "root", env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=20
        )
    except subprocess.TimeoutExpired:
        return f"{words} does not end"
    return f"{words} shows a secret" if CANARY.encode() in ran.stdout + ran.stderr else None


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_option_of_a_reader_reads_or_changes_what_it_must_not(place: Path, program: str) -> None:
    before, found = look(place), list[str | None]()
    for options in lines(READERS[program].shape):
        operands = OPERANDS.get(program, ("a.txt",))
        if program == "sed":
            options = ("-n", *options)
        try:
            words = reading_of((program, *options, *operands)).words
        except NotListedError:
            continue  # together they do not fit
        found.append(harms(place, words))
    assert len(found) > 0
    assert list(filter(None, found)) == []
    assert look(place) == before


@pytest.mark.parametrize("name", list(GIT_READERS))
def test_no_option_of_git_reads_or_changes_what_it_must_not(place: Path, name: str) -> None:
    before, found = look(place), list[str | None]()
    for options in lines(GIT_READERS[name].shape):
        try:
            words = reading_of(("git", name, *OF_GIT.get(name, ()), *options)).words
        except NotListedError:
            continue
        found.append(harms(place, words))
    assert len(found) > 0
    assert list(filter(None, found)) == []
    assert look(place) == before
