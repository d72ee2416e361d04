"""What a program says: run without input, for so long and for so much of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import anyio

from chatls.children.process import Child


class Overheard(NamedTuple):
    """How it ended."""

    code: int | None
    """None: it could not be started, did not end in time, or was ended because it said too much (`cut`)."""
    data: bytes
    """The beginning of its standard output."""
    cut: bool = False
    """It said more."""

    @property
    def text(self) -> str:
        """The same to be read; what is no UTF-8 is replaced."""
        return self.data.decode("utf-8", "replace")


async def overhear(
    words: Sequence[str], folder: Path, environment: Mapping[str, str], most: int, patience: float
) -> Overheard:
    """Run a program. `environment` is all that it has; `most` in bytes, `patience` in seconds. Raises nothing;
    cancelled, it is gone at once."""
    heard, code = bytearray(), None
    with anyio.move_on_after(patience):
        try:
            child = await Child.start(words, cwd=folder, env=environment, guarded=True)
        except OSError:
            return Overheard(None, b"")
        async with child, anyio.create_task_group() as tasks:
            tasks.start_soon(_drain, child)
            async for data in child.stdout:
                heard += data
                if len(heard) > most:
                    break
            else:
                code = await child.wait()
            tasks.cancel_scope.cancel()
    return Overheard(code, bytes(heard[:most]), len(heard) > most)


async def _drain(child: Child) -> None:
    """A full pipe would stop it."""
    async for _ in child.stderr:
        pass
