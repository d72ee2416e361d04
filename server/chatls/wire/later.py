"""Requests that are answered when some work is done, and that the client may cancel meanwhile."""

import logging
from collections.abc import Awaitable, Callable

from anyio import CancelScope, get_cancelled_exc_class
from anyio.abc import TaskGroup

from chatls.errors import REQUEST_CANCELLED, RequestError
from chatls.signals import Signal
from chatls.wire.peer import Answer, internal

log = logging.getLogger(__name__)


class Later:
    """Does such work."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._pending = 0
        self._done = Signal()

    def answer(self, answer: Answer, work: Callable[[], Awaitable[None]]) -> None:
        """Do work that answers; a cancel answers -32800 (LSP, `RequestCancelled`)."""
        scope = CancelScope()
        answer.cancel = scope.cancel
        self._pending += 1
        self._tasks.start_soon(self._worked, answer, work, scope)

    def begin(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do work that nobody waits for; a bug in it costs nothing else."""
        self._tasks.start_soon(self._unawaited, work)

    async def idle(self) -> None:
        """Wait until all of it is answered."""
        while self._pending:
            await self._done.wait()

    async def _unawaited(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:  # here exceptions would meet the wire
            log.exception("a bug in what goes on behind an answer")

    async def _worked(self, answer: Answer, work: Callable[[], Awaitable[None]], scope: CancelScope) -> None:
        with scope:
            try:
                await work()
            except RequestError as error:
                answer.refuse(error)
            except get_cancelled_exc_class():
                answer.refuse(RequestError(REQUEST_CANCELLED, "cancelled"))  # also where the daemon leaves
                raise
            except Exception:  # here exceptions meet the wire
                log.exception("a bug while answering")
                answer.refuse(internal("the request"))
            finally:
                self._pending -= 1
                self._done.fire()
