"""Files are replaced whole or not at all, and never anywhere but below the folder."""

import errno
import itertools
import os
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from chatls.workspace import beneath, savefile
from chatls.workspace.openfile import NotRegularError
from chatls.workspace.savefile import ChangedError, save_beneath


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = Path(os.path.realpath(tmp_path)) / "ws"
    folder.mkdir()
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@contextmanager
def umask(value: int) -> Generator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


def descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.fixture(params=["stepwise", "whole paths", "no hard links"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Systems that know less than this one."""

    def no_link(*arguments: Any, **keywords: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if request.param == "whole paths":
        monkeypatch.setattr(beneath, "_STEPWISE", False)
    elif request.param == "no hard links":
        monkeypatch.setattr(os, "link", no_link)
    return request.param


def test_a_file_is_replaced_and_keeps_its_permissions(root: Path, system: str) -> None:
    path = root / "run.sh"
    path.write_text("old")
    path.chmod(0o751)
    before = descriptors()
    save_beneath(root, path, b"new", was=b"old")
    assert path.read_text() == "new"
    assert mode(path) == 0o751
    assert names(root) == ["run.sh"]
    assert descriptors() == before


def test_a_new_file_gets_the_permissions_that_the_umask_leaves(root: Path, system: str) -> None:
    before = descriptors()
    for mask, expected in ((0o022, 0o644), (0o077, 0o600), (0o002, 0o664)):
        with umask(mask):
            path = root / f"{mask}" / "deep" / "a.py"
            save_beneath(root, path, b"text", was=None)
        assert mode(path) == expected
        assert mode(path.parent) == 0o777 & ~mask
        assert path.read_text() == "text"
        assert names(path.parent) == ["a.py"]
    assert descriptors() == before


def test_what_changed_meanwhile_is_left_alone(root: Path, system: str) -> None:
    path = root / "a"
    path.write_text("other")
    for was in (b"text", b"othes", b"longer than it is", None):
        with pytest.raises(ChangedError):
            save_beneath(root, path, b"mine", was=was)
    assert path.read_text() == "other"
    assert names(root) == ["a"]
    path.unlink()
    with pytest.raises(FileNotFoundError):
        save_beneath(root, path, b"mine", was=b"other")
    assert names(root) == []


def test_what_changes_while_the_new_text_is_written_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = root / "a"
    path.write_text("old")

    def interfere(descriptor: int) -> None:
        path.write_text("theirs")

    monkeypatch.setattr(os, "fsync", interfere)
    with pytest.raises(ChangedError):
        save_beneath(root, path, b"mine", was=b"old")
    assert path.read_text() == "theirs"
    path.unlink()
    with pytest.raises(ChangedError):
        save_beneath(root, path, b"mine", was=None)
    assert path.read_text() == "theirs"
    assert names(root) == ["a"]


@pytest.mark.parametrize("call", ["open", "write", "fchmod", "fsync", "replace"])
def test_whatever_fails_the_old_text_stays_and_nothing_else(
    root: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A disk that is full, for one; at each step."""
    path = root / "a"
    path.write_text("old" * 1000)
    real: Callable[..., Any] = getattr(os, call)
    calls = 0

    def fail(*arguments: Any, **keywords: Any) -> Any:
        nonlocal calls
        calls += 1
        if call == "write" and calls == 1:
            return real(arguments[0], bytes(arguments[1])[:10])
        if call == "open" and not arguments[1] & os.O_CREAT:
            return real(*arguments, **keywords)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = descriptors()
    with monkeypatch.context() as patch:
        patch.setattr(savefile, "_permit", fail) if call == "fchmod" else patch.setattr(os, call, fail)
        with pytest.raises(OSError, match="No space left"):
            save_beneath(root, path, b"new" * 1000, was=b"old" * 1000)
        if call in ("open", "write", "fsync"):
            with pytest.raises(OSError, match="No space left"):
                save_beneath(root, root / "x" / "y" / "new", b"new" * 1000, was=None)
    assert calls
    assert path.read_text() == "old" * 1000
    assert names(root) == ["a"]
    assert descriptors() == before


def test_a_limit_of_the_system_in_the_middle_of_writing_leaves_the_old_file(root: Path) -> None:
    """The kernel's own refusal, in a process of its own: it holds for all of its files."""
    path = root / "a"
    path.write_text("old")
    script = (
        "import resource, sys; from pathlib import Path; from chatls.workspace.savefile import save_beneath\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))\n"
        "root = Path(sys.argv[1])\n"
        "for name, was in (('a', b'old'), ('x/b', None)):\n"
        "    try: save_beneath(root, root / name, b'x' * 5000, was=was)\n"
        "    except OSError as error: print(error.strerror)\n"
    )
    child = subprocess.run(
        [sys.executable, "-B", "-c", script, str(root)], capture_output=True, text=True, timeout=60, check=True
    )
    assert child.stdout == "File too large\nFile too large\n"
    assert path.read_text() == "old"
    assert names(root) == ["a"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 4096


def test_a_read_only_file_stays(root: Path) -> None:
    """Also for who may do all: the permissions say what its owner wants."""
    path = root / "a"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(PermissionError):
        save_beneath(root, path, b"new", was=b"old")
    assert path.read_text() == "old"
    assert mode(path) == 0o444


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_owner_and_group_stay(root: Path) -> None:
    path = root / "a"
    path.write_text("old")
    os.chown(path, 12345, 23456)
    save_beneath(root, path, b"new", was=b"old")
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_group_that_cannot_stay_leaves_no_permission_to_another(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: int) -> None:
        raise PermissionError(errno.EPERM, "no")

    path = root / "a"
    path.write_text("old")
    os.chown(path, 12345, 23456)
    path.chmod(0o664)
    monkeypatch.setattr(savefile, "_give", refuse)
    save_beneath(root, path, b"new", was=b"old")
    assert mode(path) == 0o644


# Links


def test_another_name_of_the_file_keeps_the_old_text(root: Path) -> None:
    """A hard link to a file outside cannot be told from any other file; what is outside stays (A7)."""
    secret = root.parent / "secret"
    secret.write_text("old")
    os.link(secret, root / "a")
    save_beneath(root, root / "a", b"new", was=b"old")
    assert secret.read_text() == "old"
    assert (root / "a").read_text() == "new"


@pytest.mark.parametrize("name", ["link", "folder/a", "folder/new/a", "dangling", "pipe", "."])
@pytest.mark.parametrize("was", [b"old", None])
def test_no_link_is_followed_and_nothing_but_a_file_is_written(root: Path, name: str, was: bytes | None) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "a").write_text("old")
    (root / "link").symlink_to(outside / "a")
    (root / "folder").symlink_to(outside)
    (root / "dangling").symlink_to(outside / "new")
    os.mkfifo(root / "pipe")
    before = names(root)
    with pytest.raises(OSError) as caught:
        save_beneath(root, root / name, b"new", was=was)
    assert isinstance(caught.value, NotRegularError | NotADirectoryError) or caught.value.errno == errno.ELOOP
    assert names(outside) == ["a"]
    assert (outside / "a").read_text() == "old"
    assert names(root) == before


@pytest.mark.parametrize("swapped", ["file", "folder"])
@pytest.mark.parametrize("new", [False, True])
def test_a_link_that_comes_and_goes_never_leads_outside(root: Path, swapped: str, new: bool) -> None:
    """A6: the way is swapped for a link to the outside, over and over, while files are written."""
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "a").write_text("old")
    inner = root / "inner"
    inner.mkdir()
    (inner / "a").write_text("old")
    spare = root / "spare"
    goal, target = (inner, outside) if swapped == "folder" else (inner / "a", outside / "a")
    ended = threading.Event()

    def swap() -> None:
        numbers = itertools.count()
        while not ended.is_set():
            goal.rename(spare)
            with suppress(FileExistsError):
                goal.symlink_to(target)
                goal.unlink()
            while spare.exists():
                try:
                    spare.rename(goal)
                except OSError:  # a folder was made for a new file
                    goal.rename(root / f"made{next(numbers)}")

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for number in range(200):
            with suppress(OSError):
                if new:
                    save_beneath(root, inner / f"new{number}", b"mine", was=None)
                else:
                    save_beneath(root, inner / "a", b"old", was=b"old")
    finally:
        ended.set()
        swapper.join()
    save_beneath(root, inner / "a", b"new", was=b"old")
    assert names(outside) == ["a"]
    assert (outside / "a").read_text() == "old"
    assert not [name for name in names(root) if ".chatls-" in name]
