"""Which era of the protocol a server speaks: `server/discover` finds the modern one, `initialize` the other.

A server of old may say nothing at all to what it does not know, so that after two seconds it is greeted in the old way
as well. The first usable answer decides, also a late one.
"""

from typing import Any

import anyio
from anyio import move_on_after

from chatls.content import JsonObject
from chatls.mcp.link import LinkError
from chatls.mcp.peer import MODERN, McpPeer, RefusedError
from chatls.shapes import as_list, as_object, as_text, member, says
from chatls.values import dataclass
from chatls.visible import LONGEST_NAME, visible_line

PATIENCE = 2.0
"""Seconds for an answer to `server/discover`, until the server is greeted in the old way as well."""
UNSUPPORTED = -32022
"""A modern server does not speak this version (MCP 2026-07-28, `UnsupportedProtocolVersionError`)."""
_FORBIDDEN = (401, 403, 407)


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a server says of itself."""

    version: str
    """Of the protocol, as it was agreed on."""
    name: str
    """For people; it may have made it up."""
    tools: bool
    """It has some."""
    changes: bool
    """It tells when they change."""


async def greeted(peer: McpPeer) -> Greeting:
    """Greet a server. From here on its link knows the version. Raises `LinkError`, `RefusedError` with what the server
    said last."""
    race = _Race(peer)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(race.modern)
        with move_on_after(PATIENCE):
            await race.looked.wait()
        if not race.settled.is_set():
            tasks.start_soon(race.legacy)
        await race.settled.wait()
        tasks.cancel_scope.cancel()
    if race.greeting is None:
        raise race.error or LinkError("it does not answer")
    return race.greeting


class _Race:
    """Both ways, side by side."""

    def __init__(self, peer: McpPeer) -> None:
        self._peer = peer
        self.greeting: Greeting | None = None
        self.error: LinkError | RefusedError | None = None
        self.settled = anyio.Event()
        self.looked = anyio.Event()
        """The modern way came to its end."""
        self._failed: set[str] = set()

    async def modern(self) -> None:
        """The way of 2026-07-28."""
        try:
            await self._discovered()
        except (LinkError, RefusedError) as error:
            versions = _supported(error)
            alien = bool(versions) and not any(version < MODERN for version in versions)
            self._lost("modern", error, both=alien or _is_final(error))
        finally:
            self.looked.set()

    async def legacy(self) -> None:
        """The way until then."""
        try:
            await self._initialized()
        except (LinkError, RefusedError) as error:
            if isinstance(error, RefusedError) and error.code == UNSUPPORTED and "modern" in self._failed:
                self._failed.clear()  # it is a modern one, that was too slow the first time
                self._failed.add("legacy")
                await self.modern()
            else:
                self._lost("legacy", error, both=_is_final(error))

    async def _discovered(self) -> None:
        found = await self._peer.request("server/discover", modern=True, quiet=True)
        if MODERN not in as_list(found.get("supportedVersions")):
            raise RefusedError(0, "it speaks no version of the protocol that is known here")
        self._won(MODERN, found, modern=True)

    async def _initialized(self) -> None:
        found = await self._peer.request("initialize", self._peer.hello(), modern=False, quiet=True)
        version = as_text(found.get("protocolVersion"))
        if not version:
            raise RefusedError(0, "its answer to initialize names no version of the protocol")
        if self.greeting is None:
            self._won(version, found, modern=False)
            self._peer.link.tell({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _won(self, version: str, found: JsonObject, *, modern: bool) -> None:
        if self.greeting is not None:
            return
        link = self._peer.link
        link.version, link.modern = version, modern
        us = as_object(found.get("serverInfo")) or as_object(_meta(found, "serverInfo"))
        name = f"{as_text(us.get('title')) or as_text(us.get('name'))} {as_text(us.get('version'))}".strip()
        tools = member(found.get("capabilities"), "tools")
        self.greeting = Greeting(
            visible_line(version, 40), visible_line(name, LONGEST_NAME), tools is not None, says(tools, "listChanged")
        )
        self.settled.set()

    def _lost(self, way: str, error: LinkError | RefusedError, *, both: bool) -> None:
        self._failed.add(way)
        if way == "legacy" or self.error is None:
            self.error = error
        if both or len(self._failed) == 2:
            self.settled.set()


def _is_final(error: LinkError | RefusedError) -> bool:
    """The other way would end in the same way."""
    return isinstance(error, LinkError) and (error.status is None or error.status in _FORBIDDEN or error.status >= 500)


def _supported(error: LinkError | RefusedError) -> list[str]:
    if not isinstance(error, RefusedError) or error.code != UNSUPPORTED:
        return []
    return [version for version in as_list(member(error.data, "supported")) if isinstance(version, str)]


def _meta(found: JsonObject, name: str) -> Any:
    return member(found.get("_meta"), f"io.modelcontextprotocol/{name}")
