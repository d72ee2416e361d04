"""Time that passes at once: a limit runs out when a test says so, behind what has to come before it."""

import asyncio

import pytest


class Clock:
    """The clock of the running event loop, that can be put forward."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._ahead, loop = 0.0, asyncio.get_running_loop()
        real = loop.time
        patch.setattr(loop, "time", lambda: real() + self._ahead)

    def forward(self, seconds: float) -> None:
        """So many seconds have passed, for all that waits on the loop. `time.monotonic` does not know of it."""
        self._ahead += seconds
