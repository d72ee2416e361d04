"""One turn as it comes: its events, its result, and the way to cancel it."""

import itertools
from collections import deque
from collections.abc import Generator, MutableMapping, Sequence
from types import TracebackType
from typing import Any, Self, cast

import anyio
from anyio import get_cancelled_exc_class

from chatls_client.connection import Connection, Params
from chatls_client.errors import ClientError, ProtocolError
from chatls_client.protocol import (
    CancelResult,
    ContentBlock,
    Event,
    JsonObject,
    PromptResult,
    SteerResult,
    TurnStart,
    event_from_wire,
)

_TOKENS = itertools.count(1)

Content = str | Sequence[ContentBlock]
"""What a person says."""


class Turn:
    """What answers a prompt.

    `async for event in turn` yields events as they come and ends with the turn; `await turn` waits for the result
    (`turn.result` afterwards). Both raise `RpcError` if the prompt was refused, and `DaemonError` if the daemon ended
    first. Events that nobody has taken yet are kept, without a bound. Whoever is cancelled while waiting here cancels
    the turn; leaving `async with turn` does so too, if it still runs.
    """

    def __init__(self, connection: Connection, turns: "MutableMapping[str, Turn]", params: Params) -> None:
        """Send the prompt. `turns`: the turns that run, by progress token; this one adds and removes itself."""
        self._events = deque[Event]()
        self._changed = anyio.Event()
        self._result: PromptResult | None = None
        self._error: ClientError | None = None
        self.session_id: str | None = params.get("sessionId") or params.get("newSessionId")
        """The session's name; None until the daemon has told it."""
        self.turn_id: str | None = None
        """The turn's name; None until its first event."""
        self._connection = connection
        self._turns = turns
        self._token = f"turn-{next(_TOKENS)}"
        turns[self._token] = self
        self._request = connection.request("chat/prompt", {**params, "partialResultToken": self._token}, self)

    @property
    def ended(self) -> bool:
        """Whether the daemon has answered. Events may be left to take."""
        return self._result is not None or self._error is not None

    @property
    def result(self) -> PromptResult:
        """How the turn ended. Raises what `await turn` raises, and `RuntimeError` while it runs."""
        if self._error is not None:
            raise self._error
        if self._result is None:
            raise RuntimeError("the turn still runs")
        return self._result

    async def cancel(self) -> PromptResult:
        """Ask the daemon to end the turn, and wait for the result: `cancelled`, unless it was over already."""
        self.cancel_soon()
        return await self

    def cancel_soon(self) -> None:
        """Ask the daemon to end the turn, without waiting."""
        if not self.ended:
            self._connection.notify("$/cancelRequest", {"id": self._request})

    async def cancel_tool(self, tool_call_id: str) -> CancelResult:
        """End one tool call; the model is told, and the turn goes on."""
        params = {"sessionId": self.session_id, "turnId": self.turn_id, "toolCallId": tool_call_id}
        return CancelResult.from_wire(await self._connection.call("chat/cancel", params))

    async def steer(self, content: Content) -> SteerResult:
        """Say something to the model while the turn runs. The event `Steered` says when it was told; what it was not
        stands in `result.unsent`. `idle`: the turn is over, nothing was kept."""
        said = content if isinstance(content, str) else [block.to_wire() for block in content]
        params = {"sessionId": self.session_id, "turnId": self.turn_id, "content": said}
        return SteerResult.from_wire(await self._connection.call("chat/steer", params))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            if self._error is not None:
                raise self._error
            if self._result is not None:
                raise StopAsyncIteration
            await self._change()
        return self._events.popleft()

    def __await__(self) -> Generator[Any, Any, PromptResult]:
        return self._end().__await__()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel_soon()

    def receive(self, value: Any) -> None:
        """Take a `$/progress` value. One of a kind that this client does not know is left out."""
        try:
            event = event_from_wire(value)
        except ProtocolError as error:
            self.cancel_soon()
            return self.fail(error)
        if isinstance(event, TurnStart):
            self.session_id = event.session_id
            self.turn_id = cast(JsonObject, value).get("turnId")
        if event is not None:
            self._events.append(event)
            self._wake()
        return None

    def settle(self, result: Any) -> None:
        """Take the daemon's answer."""
        if self.ended:
            return None
        try:
            self._result = PromptResult.from_wire(result)
        except ProtocolError as error:
            return self.fail(error)
        self.session_id = self._result.session_id
        self.turn_id = self._result.turn_id
        return self._over()

    def fail(self, error: ClientError) -> None:
        """End without an answer."""
        self._error = error
        self._over()

    def _over(self) -> None:
        self._turns.pop(self._token, None)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def _change(self) -> None:
        try:
            await self._changed.wait()
        except get_cancelled_exc_class():
            self.cancel_soon()
            raise

    async def _end(self) -> PromptResult:
        while not self.ended:
            await self._change()
        return self.result
