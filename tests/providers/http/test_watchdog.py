"""The watchdog: it bites who is late, and nobody else."""

import asyncio
import time

import anyio
import pytest

from chatls.providers.http.watchdog import OverdueError, Watchdog, no_later

pytestmark = pytest.mark.asyncio


async def guarded(watchdog: Watchdog, event: asyncio.Event) -> str:
    watchdog.start()
    try:
        await event.wait()
    except asyncio.CancelledError:
        if watchdog.barked():
            return "late"
        raise
    finally:
        watchdog.stop()
    return "in time"


async def test_a_wait_that_is_too_long_ends() -> None:
    with anyio.fail_after(10):
        assert await guarded(Watchdog(0.01), asyncio.Event()) == "late"
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0


async def test_it_rings_for_the_wait_that_is_late_and_not_for_those_before() -> None:
    watchdog = Watchdog(0.2)
    done = asyncio.Event()
    done.set()
    with anyio.fail_after(10):
        start = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < start + 0.3:
            assert await guarded(watchdog, done) == "in time"
            await asyncio.sleep(0)
        assert await guarded(watchdog, asyncio.Event()) == "late"
        assert await guarded(watchdog, asyncio.Event()) == "late"


async def test_a_wait_that_began_later_is_given_its_whole_time() -> None:
    watchdog, event = Watchdog(0.3), asyncio.Event()
    event.set()
    assert await guarded(watchdog, event) == "in time"
    assert await guarded(Watchdog(0.2), asyncio.Event()) == "late"  # only to pass the time
    event.clear()
    asyncio.get_running_loop().call_later(0.2, event.set)
    assert await guarded(watchdog, event) == "in time"
    watchdog.close()


async def test_between_two_waits_nobody_is_late() -> None:
    watchdog = Watchdog(0.01)
    done = asyncio.Event()
    done.set()
    assert await guarded(watchdog, done) == "in time"
    assert await guarded(Watchdog(0.05), asyncio.Event()) == "late"  # only to pass the time
    assert await guarded(watchdog, done) == "in time"
    watchdog.close()


async def test_a_limit_of_nothing_is_none() -> None:
    event = asyncio.Event()
    with anyio.move_on_after(0.05) as scope:
        await guarded(Watchdog(0), event)
    assert scope.cancelled_caught


async def test_somebody_elses_cancel_is_not_swallowed() -> None:
    watchdog = Watchdog(5)
    with anyio.move_on_after(0.01) as scope:
        await guarded(watchdog, asyncio.Event())
    assert scope.cancelled_caught
    task = asyncio.ensure_future(guarded(watchdog, asyncio.Event()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    watchdog.close()


async def test_a_cancel_at_the_same_moment_wins() -> None:
    watchdog = Watchdog(0.01)

    async def wait() -> str:
        return await guarded(watchdog, asyncio.Event())

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.01, task.cancel)
    asyncio.get_running_loop().call_later(0.01, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task


async def handed_on(event: asyncio.Event) -> str:
    """What takes the loop some rounds, as layers of a transport do."""
    await event.wait()
    for _ in range(5):
        await asyncio.sleep(0)
    return "in time"


async def test_who_was_not_awake_looks_first_at_what_came_meanwhile() -> None:
    """Stopped for longer than the limit, with data that waits: as SIGSTOP and SIGCONT do it, or a busy machine."""
    loop = asyncio.get_running_loop()
    for limit in (0.01, 0.1):
        event = asyncio.Event()
        loop.call_soon(time.sleep, 2 * limit)  # the loop does nothing else
        loop.call_later(1.5 * limit, event.set)
        assert await no_later(limit, handed_on(event)) == "in time"


async def test_who_is_awake_gets_what_does_not_come_as_too_late() -> None:
    with anyio.fail_after(10), pytest.raises(OverdueError):
        await no_later(0, handed_on(asyncio.Event()))
    event = asyncio.Event()
    asyncio.get_running_loop().call_soon(event.set)
    assert await no_later(None, handed_on(event)) == "in time"
