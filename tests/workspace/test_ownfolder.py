"""Folders of our own: private whatever the umask, and never behind a link."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatls.workspace.beneath import folder_beneath
from chatls.workspace.ownfolder import make_private, open_own


@pytest.fixture(autouse=True)
def careless() -> Iterator[None]:
    """Everybody may do everything with what is new."""
    mask = os.umask(0)
    yield
    os.umask(mask)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_all_that_is_made_is_private_and_what_was_there_stays_as_it_was(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir(mode=0o755)
    make_private(there / "a/b")
    assert [mode(there), mode(there / "a"), mode(there / "a/b")] == [0o755, 0o700, 0o700]
    make_private(there / "a/b")


def test_our_own_folders_become_private_even_if_they_were_not(tmp_path: Path) -> None:
    (tmp_path / "cache/ours").mkdir(parents=True, mode=0o777)
    os.close(open_own(tmp_path / "cache/ours/output/1", 3))
    assert mode(tmp_path / "cache") == 0o777
    assert [mode(tmp_path / "cache" / name) for name in ("ours", "ours/output", "ours/output/1")] == [0o700] * 3


@pytest.mark.parametrize("place", ["ours", "ours/output", "ours/output/1"])
def test_a_link_in_the_place_of_one_of_ours_is_refused(tmp_path: Path, place: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    link = tmp_path / "cache" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    with pytest.raises(OSError, match=r"\[Errno"):
        open_own(tmp_path / "cache/ours/output/1", 3)
    assert list(outside.iterdir()) == []
    assert mode(outside) == 0o755


def test_the_users_own_folder_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "cache").symlink_to(tmp_path / "disk")
    os.close(open_own(tmp_path / "cache/ours/output/1", 3))
    assert (tmp_path / "disk/ours/output/1").is_dir()


def test_a_folder_is_reached_through_no_link(tmp_path: Path) -> None:
    (tmp_path / "root/inner").mkdir(parents=True)
    (tmp_path / "root/link").symlink_to(tmp_path)
    with folder_beneath(tmp_path / "root", tmp_path / "root/inner") as found:
        assert found.samefile(tmp_path / "root/inner")
    with folder_beneath(tmp_path / "root", tmp_path / "root") as found:
        assert found.samefile(tmp_path / "root")
    with (
        pytest.raises(OSError, match=r"\[Errno"),
        folder_beneath(tmp_path / "root", tmp_path / "root/link/root"),
    ):
        pass
