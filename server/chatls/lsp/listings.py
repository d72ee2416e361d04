"""What can be listed: models, tools, permissions. Makes the wire's entries of what those who know it say."""

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

from anyio import current_time, to_thread

from chatls.agent.permission.grants import NotKeptError
from chatls.agent.permission.permissions import Permissions
from chatls.editor import Editor
from chatls.errors import NOT_KEPT, RequestError
from chatls.mcp import ForeignTools
from chatls.mcp.standing import ServerStanding
from chatls.models import LEAST, LISTING, Listed, Listing, Models
from chatls.settings.configuration import Configuration
from chatls.settings.permissions import SandboxState
from chatls.tools.tool import Tool
from chatls.tools.toolbox import Toolbox
from chatls.visible import LONGEST_NAME, visible_line
from chatls.wire import methods
from chatls.wire.commands import CommandEntry, CommandsResult, MentionEntry
from chatls.wire.later import Later
from chatls.wire.params import NoParams
from chatls.wire.peer import Answer
from chatls.workspace.skills.handbook import Handbook
from chatls.workspace.workspace import Workspace

SETTLED = 120.0
"""Seconds for MCP servers to have started."""


class Listings:
    """Those of one client."""

    def __init__(
        self,
        later: Later,
        begun: float,
        editor: Editor,
        configuration: Configuration,
        models: Models,
        toolbox: Toolbox,
        permissions: Permissions,
        wall: Callable[[], Any],
        handbook: Handbook,
        foreign: ForeignTools,
    ) -> None:
        """`begun`: when a client could first ask (on `time.monotonic`'s clock); `wall`: gives the sandbox."""
        self._later = later
        self._begun = begun
        self._editor = editor
        self._configuration = configuration
        self._models = models
        self._toolbox = toolbox
        self._permissions = permissions
        self._wall = wall
        self._handbook = handbook
        self._foreign = foreign

    def models(self, answer: Answer, _params: NoParams) -> None:
        """`chat/models`. The time that servers get counts from here, where it is read; of what may have waited for the
        daemon to be loaded, from when it may have been sent.
        """
        waited = monotonic() - self._begun
        deadline = current_time() + (max(LISTING - waited, LEAST) if waited < LISTING else LISTING)

        def give(listing: Listing) -> None:
            default = visible_line(listing.default.id, LONGEST_NAME) if listing.default else None
            answer.give(methods.ModelsResult(tuple(map(_model, listing.models)), default))

        self._later.answer(answer, partial(self._models.listing, self._configuration.settings(), deadline, give))

    def tools(self, answer: Answer, params: methods.ToolsParams) -> None:
        """`chat/tools`."""
        settings = self._configuration.settings()
        workspace, setting = Workspace(self._editor), settings.commands.sandbox

        async def listed() -> None:
            await self._foreign.settled(SETTLED if params.settled else 0)
            offered = self._toolbox.offered(self._editor, settings)
            servers = tuple(map(_server, self._foreign.standings()))
            why, words = await to_thread.run_sync(self._sandbox, workspace, abandon_on_cancel=True)
            sandbox = SandboxState(setting, why is None, words)
            skills = any(skill.for_models for skill in (await self._handbook.shelf(workspace)).skills)
            tools = (tool for tool in offered.values() if skills or tool.needs != "skills")
            answer.give(methods.ToolsResult(tuple(map(_tool, tools)), sandbox, servers or None))

        self._later.answer(answer, listed)

    def _sandbox(self, workspace: Workspace) -> tuple[str | None, str]:
        """Why there is none, and the same for people. Looks at the disk."""
        roots = tuple(folder for _, folder in workspace.folders)
        wall = self._wall()
        return wall.refusal(roots), wall.words(roots)

    def commands(self, answer: Answer, _params: NoParams) -> None:
        """`chat/commands`."""
        workspace = Workspace(self._editor)

        async def listed() -> None:
            shelf = await self._handbook.shelf(workspace)
            commands = (CommandEntry(one.name, one.description, one.source, one.hint or None) for one in shelf.commands)
            mentions = (
                MentionEntry(one.name, one.description, one.hint or None) for one in self._toolbox.mentions.values()
            )
            answer.give(CommandsResult(tuple(commands), tuple(mentions)))

        self._later.answer(answer, listed)

    def permissions(self, answer: Answer, params: methods.PermissionsParams) -> None:
        """`chat/permissions`."""

        async def listed() -> None:
            try:
                await self._permissions.revoke(params.revoke)
            except NotKeptError as error:
                raise RequestError(NOT_KEPT, str(error)) from error
            answer.give(methods.PermissionsResult(await self._permissions.listing(params.session_id)))

        self._later.answer(answer, listed)


def _model(listed: Listed) -> methods.ModelEntry:
    """Names as they can be seen: a server may have made them up."""
    info = listed.info
    name, title = visible_line(listed.id, LONGEST_NAME), visible_line(info.title, LONGEST_NAME)
    return methods.ModelEntry(name, listed.provider, title, listed.local, info.context_window)


def _tool(tool: Tool) -> methods.ToolEntry:
    return methods.ToolEntry(tool.name, tool.spec.description, tool.kind, tool.read_only, tool.spec.input_schema)


def _server(server: ServerStanding) -> methods.ServerEntry:
    return methods.ServerEntry(
        server.name, server.state, server.tools, server.where, server.why, server.calls_itself, server.version
    )
