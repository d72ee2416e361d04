"""JSON-RPC with the client: the dispatcher of requests and notifications. Every request is answered exactly once."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import anyio

from chatls.content import to_wire
from chatls.editor import OpenDocument, Root
from chatls.errors import CLIENT_REFUSED, INTERNAL_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, RequestError
from chatls.lsp.documents import Documents
from chatls.lsp.handshake import Hello, lost
from chatls.seen.logs import about
from chatls.shapes import member
from chatls.wire import jsonrpc, methods
from chatls.wire.jsonrpc import Id, Notification, Refusal, Request, Response
from chatls.wire.outbox import Outbox
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
    params: type[methods.Params]
    handler: Handler


class Rpc:
    """One client."""

    def __init__(self, outbox: Outbox, hello: Hello) -> None:
        self._outbox = outbox
        self._reader = hello.reader
        self._documents = Documents(hello)
        self._methods: dict[str, _Service] = {}
        self._commands: dict[str, Callable[[Any], Any]] = {}
        self._owed: dict[Id, Answer] = {}
        self._asked: dict[str, _Asked] = {}
        self._notified: dict[str, Callable[[Any], None]] = {"$/cancelRequest": self._cancel}
        self._shut = False

    @property
    def shut(self) -> bool:
        """Whether `shutdown` was asked for."""
        return self._shut

    def serve(self, name: str, params: type[methods.Params], handler: Handler) -> None:
        """Answer a request by its name."""
        self._methods[name] = _Service(params, handler)

    def command(self, name: str, handler: Callable[[Any], Any]) -> None:
        """Answer `workspace/executeCommand` for one command; the handler gets the first argument or None."""
        self._commands[name] = handler

    def hear(self, name: str, handler: Callable[[Any], None]) -> None:
        """Take a notification by its name."""
        self._notified[name] = handler

    def begin(self, pending: list[bytes | Lost]) -> None:
        """Take what was read behind `initialize`."""
        for item in pending:
            self._take(item)

    def receive(self, data: bytes) -> None:
        """Take input. Nothing in it raises."""
        self.begin(self._reader.feed(data))

    def run_command(self, name: str, arguments: list[Any]) -> Any:
        """Run a command of ours. Raises `RequestError` if there is none of that name."""
        handler = self._commands.get(name)
        if handler is None:
            raise methods.invalid(f"command: {name!r} is not known; known: {', '.join(self._commands)}")
        return handler(arguments[0] if arguments else None)

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
                self.notify("$/cancelRequest", {"id": identifier})
            raise
        return asked.value()

    def roots(self) -> tuple[Root, ...]:
        """`Editor.roots`."""
        return self._documents.roots()

    def open_documents(self) -> Mapping[Path, OpenDocument]:
        """`Editor.open_documents`."""
        return self._documents.open()

    def on_look(self, look: Callable[[Callable[[], None]], None]) -> None:
        """Be given each look at the disk that the documents need, for a worker thread."""
        self._documents.on_look = look

    async def document_change(self) -> None:
        """Wait until the client opens, changes or closes a document."""
        await self._documents.change()

    def _take(self, item: bytes | Lost) -> None:
        message = lost(item) if isinstance(item, Lost) else jsonrpc.parse(item)
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
            method = self._admitted(request.method)
            method.handler(answer, methods.read(method.params, request.params))
            self._shut |= request.method == "shutdown"
        except RequestError as error:
            answer.refuse(error)
        except Exception:  # here exceptions meet the wire: a bug must not cost an answer
            log.exception("a bug while handling %s", request.method)
            answer.refuse(internal(request.method))
        finally:
            about.end(ids)

    def _admitted(self, method: str) -> _Service:
        """What is known of a method; raises `RequestError` where the life cycle forbids it or there is none."""
        if self._shut:
            raise _refused(f"{method!r} came after 'shutdown'")
        if method == "initialize":
            raise _refused("'initialize' was answered already")
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
            elif complaint := self._documents.hear(method, params):
                self.notify("window/logMessage", {"type": 2, "message": complaint})
        except Exception:  # here exceptions meet the wire: a notification has no answer to carry one
            log.exception("a bug while handling %s", method)

    def _cancel(self, params: Any) -> None:
        identifier = member(params, "id")
        if jsonrpc.is_id(identifier) and identifier in self._owed:
            self._owed[identifier].cancel()


def internal(what: str) -> RequestError:
    """The answer where a bug of ours left none."""
    return RequestError(INTERNAL_ERROR, f"{what} failed inside chatls; its log says more")


def _refused(text: str) -> RequestError:
    return RequestError(INVALID_REQUEST, text)


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
        raise RequestError(CLIENT_REFUSED, f"the client refused: {self._error}")
