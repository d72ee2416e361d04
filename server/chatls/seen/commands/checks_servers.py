"""Checks of MCP servers: those of the user's own settings are started for a moment, as every editor starts them.

They are told of no folder, so nothing of a workspace is started; they are offered no form, and no tool is called.
"""

import os
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlsplit

import anyio

from chatls.children.commands import environment_without_keys
from chatls.editor import Root
from chatls.mcp.servers import McpServers
from chatls.mcp.standing import ServerStanding
from chatls.providers.known.catalog import KNOWN
from chatls.seen.commands.checks_models import MachineSettings
from chatls.seen.commands.findings import Diagnosis
from chatls.settings.config import McpSettings, Settings

_PATIENCE = 12.0
"""Seconds until they should be ready, or have failed once."""
_LOOK = 0.2
"""Seconds between two looks at whether they have."""
_AREA = "MCP servers"


class _Nobody:
    """A host without a folder, and without a person."""

    elicits = False

    def roots(self) -> tuple[Root, ...]:
        """None."""
        return ()


async def servers(read: MachineSettings) -> AsyncIterator[Diagnosis]:
    """How each is. Nothing where none is named."""
    for name, own in read.settings.mcp.items():
        if own.disabled:
            yield Diagnosis(_AREA, "note", f"{name}: disabled")
    for standing in await _tried(read.settings):
        yield _told(standing, read.settings.mcp[standing.name])


async def _tried(settings: Settings) -> tuple[ServerStanding, ...]:
    async with anyio.create_task_group() as tasks:
        running = McpServers(tasks, _environment(os.environ, settings), _Nobody(), {}, [])
        running.configure({name: own for name, own in settings.mcp.items() if not own.disabled})
        with anyio.move_on_after(_PATIENCE):
            while any(one.state == "starting" and not one.why for one in running.standings()):
                await running.settled(_LOOK)
        found = running.standings()
        running.let_go()
        tasks.cancel_scope.cancel()
        return found
    return ()


def _environment(environment: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """What programs may have: no provider's key."""
    variables = {variable for entry in KNOWN for variable in entry.key_variables}
    variables |= {own.api_key_env for own in settings.providers.values() if own.api_key_env}
    return environment_without_keys(environment, variables, [environment.get(name, "") for name in variables])


def _told(standing: ServerStanding, own: McpSettings) -> Diagnosis:
    """A server in a sentence. Its arguments are left out: a key may stand there."""
    name = standing.name
    where = (urlsplit(own.url).hostname or own.url) if own.url else own.command
    if standing.state == "ready":
        tools = f"{standing.tools} tool{'' if standing.tools == 1 else 's'}"
        if standing.tools:
            return Diagnosis(_AREA, "good", f"{name} ({where}): {tools}")
        return Diagnosis(
            _AREA, "warning", f"{name} ({where}) has no tools", f"leave it out: [mcp.{name}] disabled = true"
        )
    if standing.why:
        text = f"{name} ({where}) does not work: {standing.why}"
        advice = (
            f"mend [mcp.{name}] in your settings, or write disabled = true there; chatls mcp test {name} tries it again"
        )
        return Diagnosis(_AREA, "warning", text, advice)
    text = f"{name} ({where}) was not ready after {_PATIENCE:.0f} s"
    return Diagnosis(
        _AREA, "warning", text, f"it may be loading what it is made of; chatls mcp test {name} waits longer"
    )
