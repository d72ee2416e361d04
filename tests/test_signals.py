"""The wake-up: all that wait are woken by the next time, and nobody by one that was before."""

import pytest
from anyio import create_task_group, fail_after
from anyio.lowlevel import checkpoint

from chatls.signals import Signal

pytestmark = pytest.mark.asyncio


async def test_all_that_wait_are_woken_and_may_wait_again() -> None:
    signal, woken = Signal(), list[str]()

    async def wait(name: str) -> None:
        for turn in range(2):
            await signal.wait()
            woken.append(f"{name} {turn}")

    with fail_after(120):
        async with create_task_group() as tasks:
            tasks.start_soon(wait, "a")
            tasks.start_soon(wait, "b")
            for count in (2, 4):
                while len(woken) < count:
                    await checkpoint()
                    signal.fire()
    assert sorted(woken) == ["a 0", "a 1", "b 0", "b 1"]


async def test_who_comes_late_waits_for_the_next_time() -> None:
    signal, woken = Signal(), list[int]()
    signal.fire()

    async def wait() -> None:
        await signal.wait()
        woken.append(1)

    async with create_task_group() as tasks:
        tasks.start_soon(wait)
        for _ in range(5):
            await checkpoint()
        assert woken == []
        signal.fire()
