"""One call of a server's tool: its time, how far it is, and what the server asks a person meanwhile."""

import math
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any

import anyio

from chatls.content import JsonObject, TextContent
from chatls.editor import FormAnswer, Root
from chatls.errors import INVALID_PARAMS, ToolError
from chatls.jsontext import printable
from chatls.mcp.forms import UnaskableError, answered, form_of
from chatls.mcp.link import LinkError
from chatls.mcp.peer import McpPeer, RefusedError, unknown
from chatls.mcp.results import output_of
from chatls.shapes import as_object, as_text
from chatls.tools.tool import ForeignCall, ToolContext, ToolOutput
from chatls.visible import visible_line

_PROGRESS = 0.1
"""Seconds between two words on how far it is."""
_LONGEST_PROGRESS = 300


class ServerCall:
    """A call that runs."""

    def __init__(self, server: str, context: ToolContext, limit: float) -> None:
        """`limit`: seconds; 0: none. While a person is asked, no clock runs."""
        self.ids = set[int]()
        """Of its requests."""
        self._server = server
        self._context = context
        self._limit = limit
        self._scope = anyio.CancelScope()
        self._questions = set[anyio.CancelScope]()
        self._left = limit or math.inf
        self._told = -math.inf

    async def run(self, peer: McpPeer, name: str, arguments: JsonObject, headers: Mapping[str, str]) -> ToolOutput:
        """Make the call. Raises `ToolError`."""
        params: JsonObject = {"name": name, "arguments": arguments}
        about = ForeignCall("tools/call", peer.link.version or "", peer.link.transport)
        if parent := self._context.traced(self._context.ids, about):
            params["_meta"] = {"traceparent": parent}
        try:
            with self._scope:
                self._scope.deadline = anyio.current_time() + self._left
                result = await peer.fulfilled("tools/call", params, self.inquire, self.ids.add, headers)
                return output_of(result)
        except LinkError as error:
            raise ToolError(f"the MCP server {self._server} did not answer: {error}") from error
        except RefusedError as error:
            raise ToolError(f"the MCP server {self._server} refused: {error}") from error
        finally:
            for question in self._questions:
                question.cancel()
        words = f"{name} of the MCP server {self._server} was cancelled: no result within {self._limit:g} s"
        return ToolOutput((TextContent(words),), status="timed_out")

    async def inquire(self, message: JsonObject) -> JsonObject:
        """Answer what the server asks because of this call. Raises `RefusedError`."""
        method, params = as_text(message.get("method")), as_object(message.get("params"))
        if method == "roots/list":
            return roots_of(self._context.editor.roots())
        if method != "elicitation/create":
            raise unknown(method)
        if not self._context.editor.elicits:
            return {"action": "cancel"}
        try:
            form = form_of(self._server, self._context.ids, params)
        except UnaskableError as error:
            raise RefusedError(INVALID_PARAMS.number, str(error)) from error
        answer = FormAnswer("cancel")
        with anyio.CancelScope() as scope, self._asking(scope):
            try:
                answer = await self._context.editor.elicit(form)
            except ToolError as error:
                self._context.notify(f"{self._server} could not ask you: {error}")
        return answered(form, answer)

    def progress(self, params: JsonObject) -> None:
        """The server says how far it is."""
        now = monotonic()
        if now - self._told >= _PROGRESS and (words := _far(params)):
            self._told = now
            self._context.output(f"{words}\n")

    @contextmanager
    def _asking(self, scope: anyio.CancelScope) -> Generator[None]:
        """The clock stands still."""
        if not self._questions:
            self._left = self._scope.deadline - anyio.current_time()
            self._scope.deadline = math.inf
        self._questions.add(scope)
        try:
            yield
        finally:
            self._questions.discard(scope)
            if not self._questions:
                self._scope.deadline = anyio.current_time() + self._left


def roots_of(roots: tuple[Root, ...]) -> JsonObject:
    """The result of `roots/list`."""
    return {"roots": [{"uri": root.path.as_uri(), "name": root.name} for root in roots]}


def _far(params: JsonObject) -> str:
    """How far it is, in a line.

    >>> _far({"progress": 2, "total": 5, "message": "reading"})
    '2/5 reading'
    """
    done, total = _number(params.get("progress")), _number(params.get("total"))
    words = visible_line(printable(as_text(params.get("message"))), _LONGEST_PROGRESS)
    return f"{done}{f'/{total}' if done and total else ''} {words}".strip()


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15 else ""
