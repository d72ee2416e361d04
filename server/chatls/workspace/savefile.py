"""Atomic writes: a file below a folder is replaced or created whole or not at all, through no link, if it is as it was.

Its owner, group and permission bits stay where the system allows; other names of it (hard links) keep the old text.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from chatls.workspace.beneath import NO_LINK, Place, place_beneath
from chatls.workspace.openfile import open_at, require_regular

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINK
_PERMISSIONS = 0o777
_GROUP, _OTHERS = 0o070, 0o007
_CHECKS_AT = os.access in os.supports_dir_fd
_give = getattr(os, "fchown", None)
_permit = getattr(os, "fchmod", None)


class ChangedError(OSError):
    """The file is not what it was when the change was planned."""


def save_beneath(folder: Path, path: Path, data: bytes, *, was: bytes | None) -> None:
    """Give the file `path`, which lies below `folder`, the content `data`. The folders on the way are made.

    `was` is what it held when that was decided; None: there was none. Raises `ChangedError` if that is no longer so,
    `NotRegularError`, `PermissionError` also for a file without permission to write, and any other `OSError`. After
    an error all is as it was.
    """
    with place_beneath(folder, path, make_folders=was is None) as place:
        old = _unchanged(place, was)
        new = place.beside()
        try:
            _write(new, data, old)
            if old is None:
                _appear(new, place)
            else:
                _require_same(old, os.stat(place.name, dir_fd=place.folder, follow_symlinks=False))
                os.replace(new.name, place.name, src_dir_fd=new.folder, dst_dir_fd=place.folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(new.name, dir_fd=new.folder)
            raise


def _unchanged(place: Place, was: bytes | None) -> os.stat_result | None:
    """The file as it is: what it was."""
    if was is None:
        _require_nothing(place)
        return None
    with open_at(place) as file:
        status = os.fstat(file.fileno())
        if status.st_size != len(was) or _content(file.fileno(), len(was) + 1) != was:
            raise ChangedError(errno.ESTALE, "changed meanwhile")
    folder = place.folder if _CHECKS_AT else None
    writable = status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)  # who may do all is asked to mind it, too
    if not writable or not os.access(place.name, os.W_OK, dir_fd=folder):
        raise PermissionError(errno.EACCES, "it is read-only")
    return status


def _require_nothing(place: Place) -> None:
    try:
        require_regular(os.stat(place.name, dir_fd=place.folder, follow_symlinks=False))
    except FileNotFoundError:
        return
    raise ChangedError(errno.EEXIST, "there is one by now")


def _require_same(old: os.stat_result, now: os.stat_result) -> None:
    def mark(status: os.stat_result) -> tuple[int, ...]:
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns

    if mark(old) != mark(now):
        raise ChangedError(errno.ESTALE, "changed meanwhile")


def _content(descriptor: int, most: int) -> bytes:
    pieces, size = list[bytes](), 0
    while size < most and (piece := os.read(descriptor, most - size)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _write(place: Place, data: bytes, old: os.stat_result | None) -> None:
    """Make a new file, on the disk when this returns."""
    mode = 0o666 if old is None else 0o600  # the first is what the user's umask is for
    descriptor = os.open(place.name, _NEW, mode, dir_fd=place.folder)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        if old is not None:
            _hand_over(descriptor, old)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _hand_over(descriptor: int, old: os.stat_result) -> None:
    """Give a file the owner, group and permissions of another. If the group cannot stay, it may do what all may do."""
    mode = old.st_mode & _PERMISSIONS
    new = os.fstat(descriptor)
    if _give is not None and (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with suppress(OSError):
            _give(descriptor, -1, old.st_gid)
        with suppress(OSError):
            _give(descriptor, old.st_uid, -1)
        if os.fstat(descriptor).st_gid != old.st_gid:
            mode = mode & ~_GROUP | (mode & _OTHERS) << 3
    if _permit is not None:
        _permit(descriptor, mode)


def _appear(new: Place, place: Place) -> None:
    """Give a new file its name, unless there is something of that name by now."""
    try:
        os.link(new.name, place.name, src_dir_fd=new.folder, dst_dir_fd=place.folder, follow_symlinks=False)
    except FileExistsError as error:
        raise ChangedError(errno.EEXIST, "there is one by now") from error
    except (OSError, NotImplementedError):  # a file system without hard links
        _require_nothing(place)
        os.replace(new.name, place.name, src_dir_fd=new.folder, dst_dir_fd=place.folder)
    else:
        with suppress(OSError):
            os.unlink(new.name, dir_fd=new.folder)
