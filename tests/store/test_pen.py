"""The pen lets the daemon leave while something is being written."""

import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import NoReturn

import pytest
from anyio import create_task_group, fail_after, to_thread

from chatls.store.connection import Tables
from chatls.store.pen import Pen
from chatls.store.ports import Stroke
from chatls.store.searching import WordIndex

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    """Ends a loop that never turns, which `fail_after` cannot."""

    def fail(*_: object) -> NoReturn:
        raise TimeoutError("the loop does not turn")

    former = signal.signal(signal.SIGALRM, fail)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)


async def test_it_closes_while_something_is_being_written(tmp_path: Path) -> None:
    begun, go = Event(), Event()

    def slow(_tables: Tables, _words: WordIndex) -> None:
        begun.set()
        go.wait(30)

    pen = Pen(tmp_path, list, lambda _: None, lambda _: False)
    with fail_after(20):
        async with create_task_group() as tasks:
            tasks.start_soon(pen.run)
            pen.put(Stroke("s", slow))
            await to_thread.run_sync(begun.wait)
            try:
                await pen.close()
            finally:
                go.set()
            tasks.cancel_scope.cancel()
