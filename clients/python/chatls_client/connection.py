"""JSON-RPC with one daemon: requests and their answers, whatever becomes of the process. Knows nothing of chat."""

import itertools
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, cast

import anyio
from anyio import CancelScope, create_task_group, get_cancelled_exc_class, move_on_after
from anyio.abc import TaskGroup

from chatls_client.child import Child
from chatls_client.errors import ClientError, DaemonError, ProtocolError, RpcError
from chatls_client.framing import Unframer, frame

log = logging.getLogger(__name__)

METHOD_NOT_FOUND = -32601
INTERNAL_ERROR = -32603
REQUEST_CANCELLED = -32800
SHUTDOWN_GRACE = 2.0
"""Seconds for the answer to `shutdown`, and as many again from `exit` to the end of the process."""
HURRY_GRACE = 1.0
"""Seconds from `exit` to the end of the process for somebody who will not wait."""
LAST_WORDS_GRACE = 0.5
"""Seconds in which a daemon that died is heard out."""

Params = dict[str, Any]


class Waiter(Protocol):
    """Who waits for an answer. Gets exactly one."""

    def settle(self, result: Any) -> None:
        """The answer came."""
        ...

    def fail(self, error: ClientError) -> None:
        """No answer, or a refusal."""
        ...


@dataclass(frozen=True, slots=True)
class Peer:
    """Where the daemon's own messages go. Called while reading: none of these may wait."""

    notified: Callable[[str, Params], None]
    """The daemon notifies."""
    requested: Callable[[str, Params], Any]
    """The daemon asks; the return value is the answer. Raises `RpcError` for a refusal."""
    considered: Callable[[str], Callable[[Params], Awaitable[Any]] | None]
    """Who answers this method, where the answer takes time; None for those that `requested` answers. Is cancelled when
    the daemon withdraws its request. Raises `RpcError` for a refusal."""
    heard: Callable[[str], None]
    """The daemon wrote a line to its error stream."""


class _Call:
    """An answer that one caller waits for."""

    def __init__(self) -> None:
        self._done = anyio.Event()
        self._result: Any = None
        self._error: ClientError | None = None

    def settle(self, result: Any) -> None:
        self._result = result
        self._done.set()

    def fail(self, error: ClientError) -> None:
        self._error = error
        self._done.set()

    async def answer(self) -> Any:
        await self._done.wait()
        if self._error is not None:
            raise self._error
        return self._result


class Connection:
    """A running daemon, from `async with` to its end. Sending never waits: one task writes, in order."""

    def __init__(self, command: Sequence[str], peer: Peer, *, cwd: Path | None, env: Mapping[str, str] | None) -> None:
        self._command, self._cwd, self._env = command, cwd, env
        self._peer = peer
        self._ids = itertools.count(1)
        self._waiting: dict[int, Waiter] = {}
        self._asked: dict[Any, CancelScope] = {}
        """The daemon's requests that are being considered, by id."""
        self._outgoing = deque[bytes | None]()
        self._written = anyio.Event()
        self._errors_read = anyio.Event()
        self._lost: ClientError | None = None
        self._hurry = False

    async def __aenter__(self) -> Self:
        self._child = Child(self._command, self._cwd, self._env)
        # Shielded: a cancelled block still needs the reader and the writer to end its daemon politely.
        self._background = CancelScope(shield=True)
        self._tasks: TaskGroup = create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._run)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            with CancelScope(shield=True):
                await self._end()
        finally:
            self._background.cancel()
            # A cancellation must pass through the group; anything else would come out of it as an ExceptionGroup.
            cancelled = isinstance(error, get_cancelled_exc_class())
            passed = (kind, error, trace) if cancelled else (None, None, None)
            try:
                await self._tasks.__aexit__(*passed)
            finally:
                self._child.release()
        return False

    @property
    def pid(self) -> int:
        """Of the process, once it was started."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """Of the process; None while it runs."""
        return self._child.exit_code

    def notify(self, method: str, params: Params | None = None) -> None:
        """Say something that has no answer."""
        self._send({"jsonrpc": "2.0", "method": method, **_with(params)})

    def request(self, method: str, params: Params | None, waiter: Waiter) -> int:
        """Ask; the answer goes to `waiter`. Returns the request's id."""
        identifier = next(self._ids)
        if self._lost is not None:
            waiter.fail(self._lost)
            return identifier
        self._waiting[identifier] = waiter
        self._send({"jsonrpc": "2.0", "id": identifier, "method": method, **_with(params)})
        return identifier

    async def call(self, method: str, params: Params | None = None) -> Any:
        """Ask and wait. Raises `RpcError` and `DaemonError`; a caller that is cancelled cancels the request."""
        call = _Call()
        identifier = self.request(method, params, call)
        try:
            return await call.answer()
        except get_cancelled_exc_class():
            self.notify("$/cancelRequest", {"id": identifier})
            raise

    def hurry(self) -> None:
        """Let the daemon leave now, whatever it is doing: the end of this connection will not be polite."""
        if not self._hurry:
            self._hurry = True
            self.notify("exit")
            self._queue(None)

    def _send(self, message: dict[str, Any]) -> None:
        if self._lost is None:
            self._queue(frame(message))

    def _queue(self, data: bytes | None) -> None:
        self._outgoing.append(data)
        self._written.set()

    async def _run(self) -> None:
        """All that goes on behind the caller's back, until the connection is lost or left."""
        with self._background:
            async with create_task_group() as tasks:
                self._considering = tasks
                tasks.start_soon(self._child.reap)
                tasks.start_soon(self._write)
                tasks.start_soon(self._read_errors)
                tasks.start_soon(self._read, reading := CancelScope())
                tasks.start_soon(self._outlive, reading)

    async def _write(self) -> None:
        try:
            while True:
                while self._outgoing:
                    data = self._outgoing.popleft()
                    if data is None:
                        return self._child.close_input()
                    await self._child.write(data)
                self._written = anyio.Event()
                await self._written.wait()
        except OSError:
            return None  # nobody reads any more: the reading side tells what became of the daemon

    async def _read_errors(self) -> None:
        await self._child.read_errors(self._peer.heard)
        self._errors_read.set()

    async def _outlive(self, reading: CancelScope) -> None:
        """End the reading where a child of a dead daemon holds its pipe open."""
        await self._child.exited.wait()
        await anyio.sleep(LAST_WORDS_GRACE)
        reading.cancel()

    async def _read(self, reading: CancelScope) -> None:
        unframer = Unframer()
        fault: ProtocolError | None = None
        try:
            with reading:
                while data := await self._child.read():
                    for message in unframer.feed(data):
                        self._receive(message)
        except ProtocolError as error:
            fault = error
        self._lose(fault or await self._obituary())

    async def _obituary(self) -> DaemonError:
        with move_on_after(LAST_WORDS_GRACE):
            await self._child.exited.wait()
            await self._errors_read.wait()
        child = self._child
        return DaemonError(f"the daemon {child.fate}", child.exit_code, child.last_words())

    def _lose(self, error: ClientError) -> None:
        self._lost = error
        waiting, self._waiting = self._waiting, {}
        for waiter in waiting.values():
            waiter.fail(error)
        for scope in self._asked.values():
            scope.cancel()

    def _receive(self, message: Any) -> None:
        match message:
            case {"id": identifier, "method": str(method)}:
                self._answer(identifier, method, _object(cast(Params, message).get("params")))
            case {"method": "$/cancelRequest", "params": {"id": identifier}}:
                self._withdraw(identifier)
            case {"method": str(method)}:
                self._peer.notified(method, _object(cast(Params, message).get("params")))
            case {"id": int(identifier), "error": {"code": int(code), "message": str(text), **rest}}:
                self._settle(identifier, RpcError(code, text, cast(Params, rest).get("data")))
            case {"id": int(identifier), "result": result}:
                self._settle(identifier, result)
            case {"id": identifier, "error": _} | {"id": identifier, "result": _}:
                log.warning("an answer to nothing that was asked: %r", identifier)
            case _:
                raise ProtocolError(f"the daemon wrote no JSON-RPC message but {message!r:.80}")

    def _settle(self, identifier: int, outcome: Any) -> None:
        waiter = self._waiting.pop(identifier, None)
        if waiter is None:
            return
        if isinstance(outcome, RpcError):
            waiter.fail(outcome)
        else:
            waiter.settle(outcome)

    def _answer(self, identifier: Any, method: str, params: Params) -> None:
        consider = self._peer.considered(method)
        if consider is not None:
            scope = self._asked[identifier] = CancelScope()
            self._considering.start_soon(self._consider, identifier, scope, consider, params)
            return
        try:
            self._result(identifier, self._peer.requested(method, params))
        except RpcError as error:
            self._refuse(identifier, error.code, str(error))

    async def _consider(
        self, identifier: Any, scope: CancelScope, consider: Callable[[Params], Awaitable[Any]], params: Params
    ) -> None:
        """Answer one request in one's own time: exactly once, whatever becomes of it."""
        try:
            with scope:
                return self._result(identifier, await consider(params))
            self._refuse(identifier, REQUEST_CANCELLED, "the request was withdrawn")
        except ClientError as error:
            code = error.code if isinstance(error, RpcError) else INTERNAL_ERROR
            self._refuse(identifier, code, str(error))
        except Exception:  # a bug of whoever considers it must not end the conversation; the daemon takes it for a no
            log.exception("a request of the daemon could not be answered")
            self._refuse(identifier, INTERNAL_ERROR, "the client failed to answer")
        finally:
            self._asked.pop(identifier, None)

    def _withdraw(self, identifier: Any) -> None:
        # What is no id, or not open any more, withdraws nothing.
        if isinstance(identifier, int | str) and (scope := self._asked.get(identifier)) is not None:
            scope.cancel()

    def _result(self, identifier: Any, result: Any) -> None:
        self._send({"jsonrpc": "2.0", "id": identifier, "result": result})

    def _refuse(self, identifier: Any, code: int, text: str) -> None:
        self._send({"jsonrpc": "2.0", "id": identifier, "error": {"code": code, "message": text}})

    async def _end(self) -> None:
        if self._lost is None and not self._hurry:
            with move_on_after(SHUTDOWN_GRACE):
                # What refuses or is gone does not matter: what follows makes sure of it.
                with suppress(ClientError):
                    await self.call("shutdown")
        grace = HURRY_GRACE if self._hurry else SHUTDOWN_GRACE
        self.hurry()
        await self._child.end(grace)


def _with(params: Params | None) -> Params:
    return {} if params is None else {"params": params}


def _object(params: Any) -> Params:
    return cast(Params, params) if isinstance(params, dict) else {}
