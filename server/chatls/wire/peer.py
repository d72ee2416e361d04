"""The JSON-RPC dispatcher of all faces: requests and notifications by name. Every request is answered exactly once."""

import logging
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

import anyio

from chatls.content import to_wire
from chatls.errors import INTERNAL_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, ClientRefusedError, RequestError
from chatls.seen.logs import about
from chatls.shapes import as_text, member
from chatls.wire import jsonrpc, methods
from chatls.wire.jsonrpc import Id, Notification, Refusal, Request, Response
from chatls.wire.outbox import Outbox
from chatls.wire.params import Params
from chatls.wire.stdio import Lost

log = logging.getLogger(__name__)


class Answer:
    """The one answer that a request is owed."""

    def __init__(self, request_id: Id, send: Callable[[Id, dict[str, Any]], None]) -> None:
        self.id = request_id
        self.cancel: Callable[[], None] = lambda: None
        """Called when the client cancels the request; it is answered all the same."""
        self._send = send

    def give(self, value: Any) -> None:
        """Answer with a result."""
        self._send(self.id, jsonrpc.result(self.id, to_wire(value)))

    def refuse(self, error: RequestError) -> None:
        """Answer with an error."""
        log.info("refused: %d %s", error.code.number, error.code.kind)
        data = {"kind": error.code.kind, "retryable": error.code.retryable}
        self._send(self.id, jsonrpc.error(self.id, error.code, str(error), data))


Handler = Callable[[Answer, Any], None]
"""Gives or refuses the answer now or later; a `RequestError` that it raises is the answer."""


class _Service(NamedTuple):
    params: type[Params]
    handler: Handler


class Peer:
    """One client."""

    def __init__(
        self, outbox: Outbox, *, cancels: str, names: str, first: str | None = None, last: str | None = None
    ) -> None:
        """`cancels`: the notification that cancels a request, `names`: the member of it that says which. `first`: a
        request that was answered already, `last`: one behind which none is served."""
        self.shut = False
        """The last one was served."""
        self._outbox = outbox
        self._cancels = cancels
        self._names = names
        self._first = first
        self._last = last
        self._methods: dict[str, _Service] = {}
        self._owed: dict[Id, Answer] = {}
        self._asked: dict[str, _Asked] = {}
        self._notified: dict[str, Callable[[Any], None]] = {cancels: self._cancel}

    def serve(self, name: str, params: type[Params], handler: Handler) -> None:
        """Answer a request by its name."""
        self._methods[name] = _Service(params, handler)

    def hear(self, name: str, handler: Callable[[Any], None]) -> None:
        """Take a notification by its name."""
        self._notified[name] = handler

    def begin(self, pending: list[bytes | Lost]) -> None:
        """Take messages that were read. Nothing in them raises."""
        for item in pending:
            self._take(item)

    def notify(self, method: str, params: Any) -> None:
        """Tell the client something."""
        self._outbox.message(jsonrpc.notification(method, params))

    async def ask(self, method: str, params: Any) -> Any:
        """Ask the client something. Raises `RequestError` with its words if it refuses.

        Cancelled, it tells the client so and forgets; a late answer is ignored.
        """
        identifier, asked = f"chatls-{uuid4().hex[:12]}", _Asked()
        self._asked[identifier] = asked
        self._outbox.message(jsonrpc.request(identifier, method, params))
        try:
            await asked.answered.wait()
        except BaseException:
            if self._asked.pop(identifier, None) is not None:
                self.notify(self._cancels, {self._names: identifier})
            raise
        return asked.value()

    def unknown(self, method: str, params: Any) -> None:
        """A notification that nobody hears."""

    def _take(self, item: bytes | Lost) -> None:
        message = jsonrpc.lost(item) if isinstance(item, Lost) else jsonrpc.parse(item)
        match message:
            case Refusal(identifier, code, text):
                named = None if identifier in self._owed else identifier  # no id gets two answers
                self._outbox.message(jsonrpc.error(named, code, text))
            case Request():
                self._request(message)
            case Notification(method, params):
                self._notification(method, params)
            case Response(identifier, value, error):
                asked = self._asked.pop(identifier if isinstance(identifier, str) else "", None)
                if asked is not None:  # the first answer counts
                    asked.settle(value, error)

    def _request(self, request: Request) -> None:
        if request.id in self._owed:
            text = f"the id {request.id!r} is in flight already"
            self._outbox.message(jsonrpc.error(None, INVALID_REQUEST, text))
            return
        answer = self._owed[request.id] = Answer(request.id, self._settle)
        ids = about.begin(request=str(request.id))
        try:
            service = self._admitted(request.method)
            service.handler(answer, methods.read(service.params, request.params))
            self.shut |= request.method == self._last
        except RequestError as error:
            answer.refuse(error)
        except Exception:  # here exceptions meet the wire: a bug must not cost an answer
            log.exception("a bug while handling %s", request.method)
            answer.refuse(internal(request.method))
        finally:
            about.end(ids)

    def _admitted(self, method: str) -> _Service:
        """What is known of a method. Raises `RequestError` where the life cycle forbids it or there is none."""
        if self.shut:
            raise RequestError(INVALID_REQUEST, f"{method!r} came after {self._last!r}")
        if method == self._first:
            raise RequestError(INVALID_REQUEST, f"{method!r} was answered already")
        known = self._methods.get(method)
        if known is None:
            raise RequestError(METHOD_NOT_FOUND, f"the method {method!r} is not known")
        return known

    def _settle(self, identifier: Id, message: dict[str, Any]) -> None:
        if identifier in self._owed:
            self._outbox.message(message)  # first: one that cannot be written is still owed
            del self._owed[identifier]

    def _notification(self, method: str, params: Any) -> None:
        try:
            if method in self._notified:
                self._notified[method](params)
            else:
                self.unknown(method, params)
        except Exception:  # here exceptions meet the wire: a notification has no answer to carry one
            log.exception("a bug while handling %s", method)

    def _cancel(self, params: Any) -> None:
        identifier = member(params, self._names)
        if jsonrpc.is_id(identifier) and identifier in self._owed:
            self._owed[identifier].cancel()


def internal(what: str) -> RequestError:
    """The answer where a bug of ours left none."""
    return RequestError(INTERNAL_ERROR, f"{what} failed inside chatls; its log says more")


class _Asked:
    """A request of ours that waits for the client."""

    def __init__(self) -> None:
        self.answered = anyio.Event()
        self._value: Any = None
        self._error: Any = None

    def settle(self, value: Any, error: Any) -> None:
        self._value, self._error = value, error
        self.answered.set()

    def value(self) -> Any:
        if self._error is None:
            return self._value
        said = as_text(member(self._error, "message")) or "it does not say why"
        raise ClientRefusedError(member(self._error, "code"), said)
