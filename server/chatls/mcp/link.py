"""What lies between us and an MCP server: a way for JSON-RPC messages, over pipes (`stdio.py`) or HTTP (`http.py`)."""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from chatls.content import JsonObject

LONGEST_LINE = 16 * 2**20
"""Bytes of one message that is read."""


class LinkError(Exception):
    """A server cannot be reached, or not any more. The text says why, for people."""

    def __init__(self, why: str, *, final: bool = False, status: int | None = None) -> None:
        """`final`: to try again would bring the same. `status`: what HTTP said."""
        super().__init__(why)
        self.final = final
        self.status = status


Hear = Callable[[JsonObject, int | None], None]
"""Takes what a server says that is no answer; with the id of our request whose answer it comes beside, if that is
known. Does not raise, does not wait."""


class ServerLink(Protocol):
    """One way to one server."""

    transport: Literal["pipe", "tcp"]
    version: str | None
    """The version of the protocol that was agreed on; None until then."""
    modern: bool
    """It speaks the protocol of 2026-07-28 or a later one: each request stands for itself."""

    async def serve(self) -> None:
        """Keep it going. Raises `LinkError` when it is over."""
        ...

    async def ask(
        self, message: JsonObject, *, headers: Mapping[str, str] | None = None, quiet: bool = False
    ) -> JsonObject:
        """Send a request and wait for the answer to it, an error or a result. Cancelled, it tells the server, unless
        `quiet`. `headers`: for HTTP alone. Raises `LinkError`."""
        ...

    def tell(self, message: JsonObject) -> None:
        """Send what gets no answer, soon. Never raises."""
        ...

    def last_words(self) -> str:
        """What the server wrote for people, last; empty if nothing."""
        ...

    async def aclose(self) -> None:
        """End it, and the program behind it."""
        ...


def cancelled(request: JsonObject) -> JsonObject:
    """The notification that nobody waits for the answer any more."""
    params = {"requestId": request["id"], "reason": "cancelled"}
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}
