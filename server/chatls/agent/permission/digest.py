"""What a file that decides holds, in a word that is another one when it changes. Looks at the disk."""

import stat
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

_LARGEST = 8 * 2**20
"""Bytes of a file of which we take a digest; of larger ones size and time count."""
GONE = ""
"""The digest of what is not there."""


def digest(path: Path) -> str:
    """The digest of a file as it is now; `GONE` where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return GONE
    if not stat.S_ISREG(status.st_mode):
        return f"mode {status.st_mode}"
    mark = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return _digest(str(path), mark)


@lru_cache(maxsize=4096)
def _digest(path: str, mark: tuple[int, ...]) -> str:
    if mark[2] > _LARGEST:
        return repr(mark)
    try:
        return sha256(Path(path).read_bytes()).hexdigest()[:32]
    except OSError:
        return f"unreadable {mark}"
