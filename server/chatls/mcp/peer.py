"""A server as one talks to it: requests and their answers, in either era of the protocol, and what it asks of us.

Until 2025-11-25 a connection begins with `initialize`, and the server sends its questions as requests. From 2026-07-28
on each request stands for itself: it says in `_meta` who we are, and a server that needs something more answers
`input_required` and is asked again with it.
"""

from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any

import anyio

from chatls import __version__
from chatls.content import JsonObject
from chatls.errors import METHOD_NOT_FOUND
from chatls.jsontext import printable
from chatls.mcp.link import ServerLink
from chatls.shapes import as_object, as_text, member, object_or_none
from chatls.visible import visible_line

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
_META = "io.modelcontextprotocol/"
_ROUNDS = 10
"""Times that a server may want something more for one request."""
_PAUSE = 0.25
_LONGEST = 500

Inquiry = Callable[[JsonObject], Awaitable[JsonObject]]
"""Answers a request of the server's: the whole of it -> the result. Raises `RefusedError`."""


class RefusedError(Exception):
    """A server answered with an error, or is answered with one."""

    def __init__(self, code: int, words: str, data: Any = None) -> None:
        super().__init__(visible_line(printable(words), _LONGEST) or f"error {code}")
        self.code = code
        self.data = data


class McpPeer:
    """One server."""

    def __init__(self, link: ServerLink, *, asks: bool) -> None:
        """`asks`: it may ask a person something."""
        self.link = link
        self._ids = count(1)
        self._capabilities: JsonObject = {"roots": {}, **({"elicitation": {"form": {}}} if asks else {})}
        self._us = {"name": "chatls", "version": __version__}

    def hello(self) -> JsonObject:
        """The parameters of `initialize`."""
        return {"protocolVersion": LEGACY, "capabilities": self._capabilities, "clientInfo": self._us}

    def next_id(self) -> int:
        """For a request."""
        return next(self._ids)

    async def request(
        self,
        method: str,
        params: JsonObject | None = None,
        *,
        modern: bool | None = None,
        identifier: int | None = None,
        progress: bool = False,
        headers: Mapping[str, str] | None = None,
        quiet: bool = False,
    ) -> JsonObject:
        """Ask, and wait for the result. `modern`: in that era, whatever was agreed on. `progress`: it may tell how far
        it is, under the id of the request. Raises `RefusedError`, `LinkError`."""
        number = self.next_id() if identifier is None else identifier
        whole = dict(params or {})
        meta: JsonObject = {**as_object(whole.get("_meta")), **({"progressToken": number} if progress else {})}
        if self.link.modern if modern is None else modern:
            meta |= {
                f"{_META}protocolVersion": MODERN,
                f"{_META}clientInfo": self._us,
                f"{_META}clientCapabilities": self._capabilities,
            }
        if meta:
            whole["_meta"] = meta
        message: JsonObject = {"jsonrpc": "2.0", "id": number, "method": method}
        if whole:
            message["params"] = whole
        return _result(await self.link.ask(message, headers=headers, quiet=quiet))

    async def fulfilled(
        self,
        method: str,
        params: JsonObject,
        inquiry: Inquiry,
        started: Callable[[int], None],
        headers: Mapping[str, str] | None = None,
    ) -> JsonObject:
        """Ask, give what it wants beside (`inquiry`), and ask again, until there is a result. `started` is told the id
        of each request. Raises `RefusedError`, `LinkError`."""
        more: JsonObject = {}
        for _ in range(_ROUNDS):
            number = self.next_id()
            started(number)
            found = await self.request(method, {**params, **more}, identifier=number, progress=True, headers=headers)
            if found.get("resultType") != "input_required":
                return found
            asked = as_object(found.get("inputRequests"))
            if not asked:
                await anyio.sleep(_PAUSE)
            answers = {name: await inquiry(as_object(one)) for name, one in asked.items()}
            more = {"inputResponses": answers} if answers else {}
            if "requestState" in found:
                more["requestState"] = found["requestState"]
        raise RefusedError(0, f"it wanted something more {_ROUNDS} times")

    async def answer(self, message: JsonObject, inquiry: Inquiry) -> None:
        """Answer a request of the server's."""
        reply: JsonObject = {"jsonrpc": "2.0", "id": message.get("id")}
        try:
            reply["result"] = {} if message.get("method") == "ping" else await inquiry(message)
        except RefusedError as error:
            reply["error"] = {"code": error.code, "message": str(error)}
        self.link.tell(reply)


def unknown(method: str) -> RefusedError:
    """The answer to what we do not know."""
    return RefusedError(METHOD_NOT_FOUND.number, f"the method {visible_line(method)!r} is not known")


def _result(answer: JsonObject) -> JsonObject:
    if (error := object_or_none(answer.get("error"))) is not None or "result" not in answer:
        code = member(error, "code")
        words = as_text(member(error, "message")) or "it refused, and does not say why"
        raise RefusedError(code if isinstance(code, int) else 0, words, member(error, "data"))
    return as_object(answer["result"])
