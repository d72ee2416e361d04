"""The conversation with the client: every request answered exactly once. With documents.py all that knows pygls.

pygls keeps the table of features and commands, the open documents and the LSP types. Reading, checking, answering and
writing are ours: pygls 2.1.1 leaves requests unanswered, drops nested "jsonrpc" members, blocks on a slow client, and
keeps a future for every notification (tests/daemon/test_wire.py holds each of these against us).
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast
from uuid import uuid4

import anyio
from pygls.lsp.server import LanguageServer

from chatls import __version__, jsonrpc, wire
from chatls.documents import Sync
from chatls.editor import OpenDocument, Root
from chatls.errors import CLIENT_REFUSED, INTERNAL_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, RequestError
from chatls.handshake import Hello, lost
from chatls.jsonrpc import Id, Notification, Refusal, Request, Response
from chatls.outbox import Outbox
from chatls.stdio import Lost

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
        self._send(self.id, jsonrpc.result(self.id, wire.to_wire(value)))

    def refuse(self, error: RequestError) -> None:
        """Answer with an error."""
        data = {"kind": error.code.kind, "retryable": error.code.retryable}
        self._send(self.id, jsonrpc.error(self.id, error.code, str(error), data))


Handler = Callable[[Answer, Any], None]
"""Gives or refuses the answer now or later; a `RequestError` that it raises is the answer."""


class _Table(Protocol):
    """pygls's features and commands, typed."""

    features: dict[str, Handler]
    commands: dict[str, Callable[[Any], Any]]


class Rpc:
    """One client."""

    def __init__(self, outbox: Outbox, hello: Hello) -> None:
        self._outbox = outbox
        self._reader = hello.reader
        self._pygls = LanguageServer("chatls", __version__, protocol_cls=Sync)
        self._sync = cast("Sync", self._pygls.protocol)
        self._sync.begin(hello)
        self._table = cast("_Table", self._sync.fm)
        self._owed: dict[Id, Answer] = {}
        self._asked: dict[str, _Asked] = {}
        self._notified: dict[str, Callable[[Any], None]] = {"$/cancelRequest": self._cancel}
        self._shut = False

    @property
    def shut(self) -> bool:
        """Whether `shutdown` was asked for."""
        return self._shut

    def serve(self, name: str, params: type[wire.Params], handler: Handler) -> None:
        """Answer a request by its name."""
        self._pygls.feature(name)(partial(self._served, params, handler))

    def command(self, name: str, handler: Callable[[Any], Any]) -> None:
        """Answer `workspace/executeCommand` for one command; the handler gets the first argument or None."""
        self._pygls.command(name)(partial(handler))

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
        commands = self._table.commands
        handler = commands.get(name)
        if handler is None:
            raise wire.invalid(f"command: {name!r} is not known; known: {', '.join(commands)}")
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
        return self._sync.documents.roots()

    def open_documents(self) -> Mapping[Path, OpenDocument]:
        """`Editor.open_documents`."""
        return self._sync.documents.open()

    async def document_change(self) -> None:
        """Wait until the client opens, changes or closes a document."""
        await self._sync.documents.change()

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
        try:
            self._admitted(request.method)(answer, request.params)
            self._shut |= request.method == "shutdown"
        except RequestError as error:
            answer.refuse(error)
        except Exception:  # here exceptions meet the wire: a bug must not cost an answer
            log.exception("a bug while handling %s", request.method)
            answer.refuse(internal(request.method))

    def _admitted(self, method: str) -> Handler:
        """The handler of a method; raises `RequestError` where the life cycle forbids it or there is none."""
        if self._shut:
            raise _refused(f"{method!r} came after 'shutdown'")
        if method == "initialize":
            raise _refused("'initialize' was answered already")
        handler = self._table.features.get(method)
        if handler is None:
            raise RequestError(METHOD_NOT_FOUND, f"the method {method!r} is not known")
        return handler

    def _served(self, params: type[wire.Params], handler: Handler, answer: Answer, raw: Any) -> None:
        handler(answer, wire.read(params, raw))

    def _settle(self, identifier: Id, message: dict[str, Any]) -> None:
        if identifier in self._owed:
            self._outbox.message(message)  # first: one that cannot be written is still owed
            del self._owed[identifier]

    def _notification(self, method: str, params: Any) -> None:
        try:
            if method in self._notified:
                self._notified[method](params)
            elif complaint := self._sync.hear(method, params):
                self.notify("window/logMessage", {"type": 2, "message": complaint})
        except Exception:  # here exceptions meet the wire: a notification has no answer to carry one
            log.exception("a bug while handling %s", method)

    def _cancel(self, params: Any) -> None:
        identifier = cast("dict[str, Any]", params).get("id") if isinstance(params, dict) else None
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
