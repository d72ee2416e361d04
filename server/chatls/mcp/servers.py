"""All MCP servers of a daemon: which there are by the settings, their tools, what people are told of them."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from anyio import move_on_after
from anyio.abc import TaskGroup

from chatls.config import McpSettings
from chatls.content import JsonObject, TextContent
from chatls.editor import Editor
from chatls.errors import ToolError
from chatls.jsontext import dumps
from chatls.mcp.offered import MOST, Offer, mended, problem
from chatls.mcp.server import McpServer
from chatls.mcp.standing import ServerStanding
from chatls.message import ToolSpec
from chatls.signals import Signal
from chatls.tools.tool import EVERYTHING, ForeignSubject, Plan, Tool, ToolContext
from chatls.visible import visible, visible_line
from chatls.workspace.workspace import Workspace

_LONGEST_TITLE = 160


class McpServers:
    """Those that run."""

    def __init__(self, tasks: TaskGroup, environment: Mapping[str, str], editor: Editor) -> None:
        self._tasks = tasks
        self._environment = environment
        self._editor = editor
        self._all: dict[str, McpServer] = {}
        self._moved = Signal()
        self._tools: dict[str, Tool] | None = None
        """None: they have to be made anew."""
        self._left_out: tuple[str, ...] = ()

    def configure(self, wanted: Mapping[str, McpSettings]) -> None:
        """End the servers whose settings changed, start those that are new."""
        kept = {name: server for name, server in self._all.items() if wanted.get(name) == server.settings}
        for name, server in self._all.items():
            if name not in kept:
                server.scope.cancel()
        made = {
            name: McpServer(name, settings, self._environment, self._editor, self._changed)
            for name, settings in wanted.items()
            if name not in kept
        }
        self._all = {name: kept.get(name) or made[name] for name in wanted}
        for server in made.values():
            self._tasks.start_soon(server.run)
        self._changed()

    def tools(self) -> Mapping[str, Tool]:
        """Those of all that are ready, by the names that models call them by."""
        if self._tools is None:
            found = [_tool(server, offer) for server in self._all.values() for offer in server.offers]
            self._left_out = tuple(tool.name for tool in found[MOST:])
            self._tools = {tool.name: tool for tool in found[:MOST]}
        return self._tools

    def news(self) -> tuple[str, ...]:
        """What a person is to be told: whose tools are missing, and why."""
        for server in self._all.values():
            server.wake()
        self.tools()
        words = [_words(server) for server in self._all.values() if server.state != "ready"]
        if self._left_out:
            names = ", ".join(self._left_out[:10]) + (", ..." if len(self._left_out) > 10 else "")
            words.append(
                f"MCP servers have {MOST + len(self._left_out)} tools, and {MOST} are offered. Left out: {names}. "
                "Name tools that you do not need in tools.disabled, or disable a server."
            )
        return tuple(words)

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
        self._tools = None
        self._moved.fire()


def _words(server: McpServer) -> str:
    if server.state == "failed":
        more = f"chatls mcp test {server.name} says more."
        return f"The tools of the MCP server {server.name} are missing: {server.why}. {more}"
    why = f" again, because {server.why}" if server.why else ""
    return f"The MCP server {server.name} is starting{why}: its tools are not there yet."


def _standing(server: McpServer) -> ServerStanding:
    greeting = server.greeting if server.state == "ready" else None
    where = server.settings.url or " ".join((server.settings.command or "", *server.settings.args))
    return ServerStanding(
        server.name,
        server.state,
        len(server.offers),
        visible_line(where.partition("?")[0] if server.settings.url else where, 200),
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
