"""All MCP servers of a daemon: which there are by the settings, their tools, what people are told of them."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from anyio import move_on_after
from anyio.abc import TaskGroup

from chatls.content import JsonObject, TextContent
from chatls.errors import ToolError
from chatls.jsontext import dumps
from chatls.mcp.offered import MOST, Offer, mended, problem
from chatls.mcp.server import McpServer
from chatls.mcp.standing import ServerHost, ServerStanding
from chatls.message import ToolSpec
from chatls.seen.secrets import shown_arguments
from chatls.settings.config import McpSettings
from chatls.signals import Signal
from chatls.tools.tool import EVERYTHING, ForeignSubject, Plan, Tool, ToolContext
from chatls.visible import visible, visible_line
from chatls.workspace.workspace import Workspace

_LONGEST_TITLE = 160
_USER = re.compile(r"(?<=//)[^/]*@")


class McpServers:
    """Those that run."""

    def __init__(
        self,
        tasks: TaskGroup,
        environment: Mapping[str, str],
        host: ServerHost,
        tools: dict[str, Tool],
        news: list[str],
        others: Mapping[str, Tool] | None = None,
    ) -> None:
        """`tools` and `news` are kept as `ForeignTools` has them; what is in `news` stays. `others`: the tools of the
        settings' servers, where these are a session's."""
        self._tasks = tasks
        self._environment = environment
        self._host = host
        self._tools = tools
        self._news = news
        self._standing_news = tuple(news)
        self._others = others
        self._all: dict[str, McpServer] = {}
        self._moved = Signal()

    def configure(self, wanted: Mapping[str, McpSettings]) -> None:
        """End the servers whose settings changed, start those that are new."""
        kept = {name: server for name, server in self._all.items() if wanted.get(name) == server.settings}
        for name, server in self._all.items():
            if name not in kept:
                server.scope.cancel()
        made = {
            name: McpServer(name, settings, self._environment, self._host, self._changed)
            for name, settings in wanted.items()
            if name not in kept
        }
        self._all = {name: kept.get(name) or made[name] for name in wanted}
        for server in made.values():
            self._tasks.start_soon(server.run)
        self._changed()

    def standings(self) -> tuple[ServerStanding, ...]:
        """How they are, for a list."""
        return tuple(_standing(server) for server in self._all.values())

    async def settled(self, patience: float) -> None:
        """Wait until none is starting, at most so many seconds."""
        with move_on_after(patience):
            while any(server.state == "starting" for server in self._all.values()):
                await self._moved.wait()

    def let_go(self) -> None:
        """The daemon leaves: they have a moment to end by themselves."""
        for server in self._all.values():
            server.let_go()

    def _changed(self) -> None:
        """A server, or what it offers, is another one."""
        found = [_tool(server, offer) for server in self._all.values() for offer in server.offers]
        most = max(0, MOST - len(self._others or ()))
        self._tools.clear()
        self._tools.update((tool.name, tool) for tool in found[:most])
        missing = [self._words(server) for server in self._all.values() if server.state != "ready"]
        left_out = [_left_out([tool.name for tool in found[most:]])] if len(found) > most else []
        self._news[:] = [*self._standing_news, *missing, *left_out]
        self._moved.fire()

    def _words(self, server: McpServer) -> str:
        if server.state != "failed":
            return _starting(server)
        own = f"chatls mcp test {server.name} says more."
        more = own if self._others is None else "Your editor names it."
        return f"The tools of the MCP server {server.name} are missing: {server.why}. {more}"


def _left_out(names: list[str]) -> str:
    shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    return (
        f"MCP servers have {MOST + len(names)} tools, and {MOST} are offered. Left out: {shown}. "
        "Name tools that you do not need in tools.disabled, or disable a server."
    )


def _starting(server: McpServer) -> str:
    why = f" again, because {server.why}" if server.why else ""
    return f"The MCP server {server.name} is starting{why}: its tools are not there yet."


def _standing(server: McpServer) -> ServerStanding:
    greeting = server.greeting if server.state == "ready" else None
    url = _USER.sub("", (server.settings.url or "").partition("?")[0])
    where = url or " ".join((server.settings.command or "", *shown_arguments(server.settings.args)[0]))
    return ServerStanding(
        server.name,
        server.state,
        len(server.offers),
        visible_line(where, 200),
        server.why or None,
        greeting.name if greeting else None,
        greeting.version if greeting else None,
    )


def _tool(server: McpServer, offer: Offer) -> Tool:
    """What models call."""
    spec = ToolSpec(offer.name, offer.description, offer.schema)

    async def run(context: ToolContext, /, **arguments: Any) -> Plan:
        preview = TextContent(f"{offer.own_name} of the MCP server {server.name}\n{_all_of(arguments)}")
        subject = ForeignSubject(server.name)
        return Plan(subject, (preview,), partial(server.call, offer, arguments, context), time_limit=0)

    def validate(arguments: JsonObject) -> JsonObject:
        found = mended(offer.schema, arguments)
        if words := problem(offer.schema, found):
            raise ToolError(f"{offer.name}: {words}")
        return found

    def title(arguments: JsonObject) -> str:
        short = dumps(arguments)[: 2 * _LONGEST_TITLE].decode("utf-8", "replace") if arguments else ""
        return visible_line(f"{offer.name} {short}".strip(), _LONGEST_TITLE)

    serial = None if offer.only_reads else EVERYTHING
    return Tool(
        spec,
        "other",
        read_only=False,
        run=run,
        title=title,
        locate=_nowhere,
        validate=validate,
        serial=lambda _workspace, _arguments: serial,
        tidied=partial(mended, offer.schema),
        early=offer.only_reads,
    )


def _nowhere(_workspace: Workspace, _arguments: JsonObject) -> tuple[()]:
    return ()


def _all_of(arguments: JsonObject) -> str:
    """All of the arguments, a line for each; what is text as it is."""
    lines = (
        f"{visible_line(name)}: {visible(value) if isinstance(value, str) else visible(dumps(value).decode())}"
        for name, value in arguments.items()
    )
    return "\n".join(lines) or "(no arguments)"
