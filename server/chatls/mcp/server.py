"""One MCP server of the settings: started, greeted, asked for its tools, started again a few times if it ends."""

import logging
import math
from collections.abc import Callable, Mapping
from time import monotonic

import anyio
from anyio.abc import TaskGroup

from chatls.content import JsonObject
from chatls.errors import ToolError
from chatls.mcp.calls import ServerCall, roots_of
from chatls.mcp.greeting import Greeting, greeted
from chatls.mcp.http import HttpLink
from chatls.mcp.link import LinkError, ServerLink
from chatls.mcp.offered import MOST_LISTED, Offer, in_head, offers
from chatls.mcp.opening import linked
from chatls.mcp.peer import McpPeer, RefusedError, unknown
from chatls.mcp.standing import ServerHost, ServerState
from chatls.mcp.stdio import StdioLink
from chatls.settings.config import McpSettings
from chatls.shapes import as_list, as_object, as_text, member
from chatls.tools.tool import ToolContext, ToolOutput
from chatls.visible import visible_line

log = logging.getLogger(__name__)

START = 60.0
"""Seconds for a server to start, to be greeted and to list its tools: some load first what they are made of."""
PAUSES = (0.5, 2.0, 8.0)
"""Seconds before it is started again."""
STEADY = 60.0
"""Seconds that it ran for its failures to be forgotten."""
AGAIN = 300.0
"""Seconds until an address that failed is tried once more."""
_BETWEEN = 1.0
"""Seconds between two looks at its tools."""
_ASKED = 8
"""Requests of the server's that are answered at once."""
_PAGES = 100


class McpServer:
    """One of them."""

    def __init__(
        self,
        name: str,
        settings: McpSettings,
        environment: Mapping[str, str],
        host: ServerHost,
        changed: Callable[[], None],
    ) -> None:
        """`environment`: what programs may have. `changed` is called whenever its state or its tools did."""
        self.name = name
        self.settings = settings
        self.state: ServerState = "starting"
        self.why = ""
        """For people: why it is not ready, or has no tools."""
        self.greeting: Greeting | None = None
        self.offers: tuple[Offer, ...] = ()
        self.scope = anyio.CancelScope()
        self._environment = environment
        self._host = host
        self._changed = changed
        self._peer: McpPeer | None = None
        self._calls = list[ServerCall]()
        self._answering = 0
        self._tasks: TaskGroup | None = None
        self._news = anyio.Event()

    async def run(self) -> None:
        """Live, until the scope is cancelled."""
        with self.scope:
            try:
                await self._lives()
            except Exception:  # a bug here costs its tools, not the daemon
                log.exception("a bug with the MCP server %s", self.name)
                self._become("failed", "a bug in chatls; its log says more")

    async def _lives(self) -> None:
        tries = 0
        while True:
            began = monotonic()
            error = await self._life()
            log.info("the MCP server %s: %s", self.name, error)
            tries = 0 if monotonic() - began > STEADY else tries
            if error.final or tries == len(PAUSES):
                await self._failed(str(error))
                tries = 0
            else:
                self._become("starting", str(error))
                await anyio.sleep(PAUSES[tries])
                tries += 1

    def let_go(self) -> None:
        """The daemon leaves: it has a moment to end by itself."""
        if self._peer and isinstance(self._peer.link, StdioLink):
            self._peer.link.let_go()

    async def call(self, offer: Offer, arguments: JsonObject, context: ToolContext) -> ToolOutput:
        """Call a tool. Raises `ToolError`."""
        if self._peer is None or self.state != "ready":
            raise ToolError(f"the MCP server {self.name} is not there any more ({self.why or self.state})")
        limit = context.time_limit if self.settings.timeout is None else self.settings.timeout
        call = ServerCall(self.name, context, limit)
        self._calls.append(call)
        try:
            return await call.run(self._peer, offer.own_name, arguments, in_head(offer, arguments))
        finally:
            self._calls.remove(call)

    def _become(self, state: ServerState, why: str = "") -> None:
        self.state, self.why = state, why
        self._changed()

    async def _failed(self, why: str) -> None:
        """For good, if it is a program; an address is tried again, now and then."""
        self._become("failed", why)
        await anyio.sleep(AGAIN if self.settings.url else math.inf)
        self._become("starting")

    async def _life(self) -> LinkError:
        """From its start to its end: how it ended."""
        link, ends = None, list[LinkError]()
        try:
            link = await linked(self.name, self.settings, self._environment, self._hear)
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                tasks.start_soon(self._serving, link, ends, tasks.cancel_scope)
                tasks.start_soon(self._living, link, ends, tasks.cancel_scope)
        except LinkError as error:
            ends.append(error)
        finally:
            self._peer, self._tasks, self.offers = None, None, ()
            if link is not None:
                await link.aclose()
        return ends[0] if ends else LinkError("it ended")

    async def _serving(self, link: ServerLink, ends: list[LinkError], scope: anyio.CancelScope) -> None:
        try:
            await link.serve()
        except LinkError as error:
            ends.append(error)
        scope.cancel()

    async def _living(self, link: ServerLink, ends: list[LinkError], scope: anyio.CancelScope) -> None:
        """Greet it, and look at its tools whenever they change."""
        self._peer = peer = McpPeer(link, asks=self._host.elicits)
        try:
            with anyio.fail_after(START):
                self.greeting = await greeted(peer)
                self.offers = await self._listed(peer)
            self._become("ready", "" if self.offers else "it has no tools")
            if self.greeting.changes and self._tasks:
                self._tasks.start_soon(self._told, peer)
            await self._looking(peer)
        except TimeoutError:
            words = f": {link.last_words()}" if link.last_words() else ""
            ends.append(LinkError(f"it did not answer within {START:g} s{words}"))
        except RefusedError as error:
            ends.append(LinkError(f"it refused: {error}", final=True))
        except LinkError as error:
            ends.append(error)
        scope.cancel()

    async def _looking(self, peer: McpPeer) -> None:
        while True:
            await self._news.wait()
            self._news = anyio.Event()
            try:
                self.offers = await self._listed(peer)
            except RefusedError as error:
                log.info("the MCP server %s does not list its tools: %s", self.name, error)
            self._become("ready", "" if self.offers else "it has no tools")
            await anyio.sleep(_BETWEEN)

    async def _listed(self, peer: McpPeer) -> tuple[Offer, ...]:
        """All of its tools. Raises `RefusedError`, `LinkError`."""
        if self.greeting is None or not self.greeting.tools:
            return ()
        found, seen, cursor = list[object](), set[str](), ""
        while len(found) < MOST_LISTED and len(seen) < _PAGES:
            page = await peer.request("tools/list", {"cursor": cursor} if cursor else {})
            found += as_list(page.get("tools"))
            cursor = as_text(page.get("nextCursor"))
            if not cursor or cursor in seen:
                break
            seen.add(cursor)
        return offers(self.name, found[:MOST_LISTED])

    async def _told(self, peer: McpPeer) -> None:
        """Hear of changes: a modern server has to be asked to tell them, one on HTTP to be listened to."""
        for pause in PAUSES:
            try:
                if peer.link.modern:
                    await peer.request("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
                elif isinstance(peer.link, HttpLink):
                    await peer.link.listen()
                else:
                    return
            except (LinkError, RefusedError) as error:
                log.info("the MCP server %s does not tell changes: %s", self.name, error)
            await anyio.sleep(pause)

    def _hear(self, message: JsonObject, beside: int | None) -> None:
        """What it says unasked. `beside`: the request whose answer it comes with."""
        method, params = as_text(message.get("method")), as_object(message.get("params"))
        if "id" in message:
            self._inquired(message, beside)
        elif method == "notifications/progress":
            token = params.get("progressToken")
            for call in self._calls:
                if token in call.ids:
                    call.progress(params)
        elif method == "notifications/tools/list_changed":
            self._news.set()
        elif method == "notifications/message":
            log.info("%s: %s", self.name, visible_line(str(member(params, "data")), 500))

    def _inquired(self, message: JsonObject, beside: int | None) -> None:
        """It asks us something: because of the call that it names, or else of the one that began last."""
        if self._tasks is None:
            return
        if self._answering < _ASKED and self._peer is not None:
            named = [call for call in self._calls if beside in call.ids]
            call = next(iter(named), None) or (self._calls[-1] if self._calls and beside is None else None)
            self._answering += 1
            self._tasks.start_soon(self._answer, self._peer, message, call)

    async def _answer(self, peer: McpPeer, message: JsonObject, call: ServerCall | None) -> None:
        try:
            await peer.answer(message, self._outside if call is None else call.inquire)
        finally:
            self._answering -= 1

    async def _outside(self, message: JsonObject) -> JsonObject:
        """What it asks where no call runs."""
        match message.get("method"):
            case "roots/list":
                return roots_of(self._host.roots())
            case "elicitation/create":
                return {"action": "cancel"}
            case method:
                raise unknown(as_text(method))
