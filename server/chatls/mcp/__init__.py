"""Tools of MCP servers (Model Context Protocol): the door. Nothing behind it is loaded where no server is configured.

The protocol is written here by hand, for its two eras, over pipes and over HTTP (docs/decisions/0024).
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from anyio.abc import TaskGroup

from chatls.mcp.standing import PROJECT_FILES, ServerHost, ServerStanding
from chatls.settings.config import McpSettings
from chatls.tools.tool import Tool


def named_by_projects(folder: Path, roots: Sequence[Path], own: Mapping[str, McpSettings]) -> list[str]:
    """What a person is to be told of servers that these folders name (`projects.told_of`). Blocks."""
    if not any(os.access(root / name, os.R_OK) for root in roots for name in PROJECT_FILES):
        return []
    from chatls.mcp.projects import told_of

    return told_of(folder, roots, own)


class RunningServers(Protocol):
    """What is behind the door (`servers.py`)."""

    def configure(self, wanted: Mapping[str, McpSettings]) -> None:
        """End the servers whose settings changed, start those that are new."""
        ...

    def standings(self) -> tuple[ServerStanding, ...]:
        """`ForeignTools.standings`."""
        ...

    async def settled(self, patience: float) -> None:
        """`ForeignTools.settled`."""
        ...

    def let_go(self) -> None:
        """`ForeignTools.let_go`."""
        ...


class ForeignTools:
    """Those of the servers of one daemon's settings, or of what one session brings (`beside`)."""

    def __init__(
        self,
        tasks: TaskGroup,
        environment: Mapping[str, str],
        host: ServerHost,
        others: Mapping[str, Tool] | None = None,
    ) -> None:
        """`environment`: what programs may have. `others`: the tools of the settings' servers, where these are a
        session's."""
        self.tools: dict[str, Tool] = {}
        """The tools of those that are ready, by name; it stays the same object."""
        self.news: list[str] = []
        """What a person is to be told: whose tools are missing, and why. So does it."""
        self._means = (tasks, environment, host)
        self._others = others
        self._beside = set[ForeignTools]()
        self._wanted: Mapping[str, McpSettings] = {}
        self._begun = False
        self._running: RunningServers | None = None

    def configure(self, servers: Mapping[str, McpSettings]) -> None:
        """The servers of the settings, as they are now."""
        self._wanted = {name: settings for name, settings in servers.items() if not settings.disabled}
        if self._begun:
            self.begin()

    def begin(self) -> None:
        """Start them, and from now on at once."""
        self._begun = True
        if self._running is None and self._wanted:
            from chatls.mcp.servers import McpServers

            self._running = McpServers(*self._means, self.tools, self.news, self._others)
        if self._running is not None:
            self._running.configure(self._wanted)

    def standings(self) -> tuple[ServerStanding, ...]:
        """The servers, for a list."""
        return self._running.standings() if self._running else ()

    async def settled(self, patience: float) -> None:
        """Wait until none is starting, at most so many seconds."""
        if self._running:
            await self._running.settled(patience)

    def beside(self, host: ServerHost, servers: Mapping[str, McpSettings], news: Iterable[str]) -> "ForeignTools":
        """Start servers for one session, until `end`. `news`: what its person is to be told anyway."""
        found = ForeignTools(*self._means[:2], host, self.tools)
        found.news += news
        self._beside.add(found)
        found.configure(servers)
        found.begin()
        return found

    def end(self, one: "ForeignTools") -> None:
        """That session is closed: its servers end."""
        self._beside.discard(one)
        one.configure({})

    def let_go(self) -> None:
        """The daemon leaves: servers have a moment to end by themselves."""
        for one in self._beside:
            one.let_go()
        if self._running:
            self._running.let_go()
