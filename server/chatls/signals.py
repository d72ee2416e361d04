"""A wake-up for whoever waits at that moment, as often as it is wanted (a condition without a lock). One event loop."""

from anyio import Event


class Signal:
    """Fires again and again; who waits is woken by the next time."""

    def __init__(self) -> None:
        self._next: Event | None = None
        """There only while somebody waits."""

    def fire(self) -> None:
        """Wake all that wait."""
        if self._next is not None:
            self._next.set()
            self._next = None

    async def wait(self) -> None:
        """Wait until it fires. Look at what you wait for before and after."""
        if self._next is None:
            self._next = Event()
        await self._next.wait()
