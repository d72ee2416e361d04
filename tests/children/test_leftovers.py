"""Old outputs go; new ones, links, and what is none of ours stay."""

import os
import time
from pathlib import Path

from chatls.children.leftovers import OLDEST, forget_old


def made(folder: Path, name: str, *, old: bool) -> Path:
    inner = folder / name
    inner.mkdir(parents=True)
    (inner / "out.txt").write_text("output")
    if old:
        then = time.time() - OLDEST - 60
        os.utime(inner, (then, then))
    return inner


def test_only_old_outputs_of_ours_are_removed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "output", made(tmp_path, "elsewhere", old=True)
    gone = made(folder, "12-0123abcd", old=True)
    kept = [made(folder, "13-0123abcd", old=False), made(folder, "notes", old=True)]
    link = folder / "14-0123abcd"
    link.symlink_to(elsewhere)
    os.utime(link, (0, 0), follow_symlinks=False)
    forget_old(folder)
    assert not gone.exists()
    assert all((path / "out.txt").exists() for path in (*kept, elsewhere))


def test_where_there_is_nothing_nothing_happens(tmp_path: Path) -> None:
    forget_old(tmp_path / "output")
