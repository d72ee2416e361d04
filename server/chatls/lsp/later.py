"""Requests that are answered when some work is done, and that the client may cancel meanwhile."""

import logging
from collections.abc import Awaitable, Callable

from anyio import CancelScope
from anyio.abc import TaskGroup

from chatls.errors import REQUEST_CANCELLED, RequestError
from chatls.lsp.rpc import Answer, internal

log = logging.getLogger(__name__)


class Later:
    """Does such work."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks

    def answer(self, answer: Answer, work: Callable[[], Awaitable[None]]) -> None:
        """Do work that answers; a cancel answers -32800 (LSP, `RequestCancelled`)."""
        scope = CancelScope()
        answer.cancel = scope.cancel
        self._tasks.start_soon(self._worked, answer, work, scope)

    async def _worked(self, answer: Answer, work: Callable[[], Awaitable[None]], scope: CancelScope) -> None:
        with scope:
            try:
                await work()
            except RequestError as error:
                answer.refuse(error)
            except Exception:  # here exceptions meet the wire
                log.exception("a bug while answering")
                answer.refuse(internal("the request"))
        if scope.cancelled_caught:
            answer.refuse(RequestError(REQUEST_CANCELLED, "cancelled"))
