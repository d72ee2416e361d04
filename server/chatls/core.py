"""What every face stands on: all that there is one of is made here, and joined. Knows no wire."""

import gc
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from time import monotonic
from typing import Any

import platformdirs
from anyio import move_on_after, to_thread
from anyio.abc import TaskGroup

from chatls.agent.accepted import Means
from chatls.agent.chats import Chats
from chatls.agent.instructions import Instructions
from chatls.agent.permission.grants import Grants
from chatls.agent.permission.permissions import Permissions
from chatls.agent.queues import Queues
from chatls.agent.session import Sessions
from chatls.agent.surroundings import Surroundings
from chatls.children import process
from chatls.children.commands import Commands, environment_without_keys
from chatls.children.leftovers import forget_old
from chatls.editor import Editor
from chatls.errors import RequestError, SettingsError
from chatls.mcp import ForeignTools, named_by_projects
from chatls.models import Models
from chatls.providers.http.keys import known_keys, without_keys
from chatls.providers.known.catalog import KNOWN
from chatls.seen.logs.log import Log
from chatls.seen.telemetry.notes import Notes
from chatls.seen.telemetry.telemetry import Telemetry
from chatls.seen.telemetry.watching import Watching
from chatls.settings.configuration import Configuration
from chatls.store.library import Library
from chatls.store.store import Store
from chatls.tools import TOOLS
from chatls.tools.mentions import MENTIONS
from chatls.tools.toolbox import Toolbox
from chatls.workspace.skills.handbook import Handbook

GRACE = 0.5
"""Seconds that turns get to end by themselves when the daemon leaves."""
LAST_WORDS = 0.2
"""Seconds for those whose children were killed then."""
FAREWELL = 0.5
"""Seconds for the client to take its last messages, and as many for connections to close."""
FLUSHING = 1.0
"""Seconds for telemetry to send what waits, if the rest took no longer than it should."""
LEAVING = 1.8
"""Seconds for all of that."""


class Core:
    """The daemon of one client, but for the face that it speaks with."""

    def __init__(self, tasks: TaskGroup, editor: Editor, warn: Callable[[str], None], lines: Log) -> None:
        """`editor`: of sessions that bring none of their own. `warn`: tells a person something about the daemon.
        `lines`: the log."""
        self._lines = lines
        self._tasks = tasks
        self._environment: dict[str, str] = {}
        self._key_variables = {variable for entry in KNOWN for variable in entry.key_variables}
        known = partial(known_keys, dict(os.environ), self._key_variables)
        self._telemetry = Telemetry(os.environ, lambda text: without_keys(known(), text))
        self._outputs = platformdirs.user_cache_path("chatls", appauthor=False) / "output"
        outputs = self._outputs / f"{os.getpid()}-{secrets.token_hex(4)}"
        self.wall = cache(partial(_made_wall, self._environment, self._outputs.parent / "walls", outputs))
        self.configuration = self.configured()
        self.models = Models(os.environ)
        self.foreign = ForeignTools(tasks, self._environment, editor)
        self.toolbox = Toolbox(TOOLS, MENTIONS, self.foreign.tools)
        self.handbook = Handbook()
        sessions = Sessions(editor, self.configuration)
        grants = Grants(platformdirs.user_state_path("chatls", appauthor=False))
        self.permissions = Permissions(grants, self._environment, sessions.rules)
        self.store = Store(platformdirs.user_data_path("chatls", appauthor=False), known, sessions.forget, warn)
        means = Means(
            self.models,
            self.permissions,
            Instructions(),
            Surroundings(self._environment),
            Queues(),
            Commands(self._environment, outputs, tasks, self.wall),
            self.handbook,
            self.toolbox.mentions,
            self.store,
            self.foreign.news,
            partial(named_by_projects, platformdirs.user_state_path("chatls", appauthor=False) / "projects"),
            self._telemetry.traceparent,
        )
        self.chats = Chats(sessions, self.toolbox, means)
        self.chats.listeners = (self.store.listener,)
        self.chats.watching = partial(Watching, (Notes(lines), self._telemetry))
        lines.hide(lambda text: without_keys(known(), text))
        self.library = Library(
            self.store,
            lambda: tuple(root.path for root in editor.roots()),
            lambda name: sessions.find(name) is not None,
        )

    def configure(self, source: str, values: Any) -> SettingsError | None:
        """Take the client's settings instead of those that it gave before. Gives what is wrong with them."""
        problem = self.configuration.configure(source, values)
        if problem is None:
            self.models.retire(self.configuration.settings())
            self._lines.set(self.configuration.settings().log.level)
            self._telemetry.begin(enabled=self.configuration.settings().telemetry.enabled)
        self._hide_keys()
        with suppress(RequestError):
            self.foreign.configure(self.configuration.settings().mcp)
        self.library.look_again()
        self._tasks.start_soon(self.models.close_retired)
        return problem

    def configured(self) -> Configuration:
        """Settings for a session that has its own; the user's file lies below them. Nothing is read yet."""
        return Configuration([tool.name for tool in TOOLS])

    def begin(self) -> None:
        """Begin what goes on behind all turns. Settings are there."""
        self._tasks.start_soon(self._warm_up)
        self._tasks.start_soon(self._tidy)
        self._tasks.start_soon(self.store.pen.run)
        self._tasks.start_soon(self.library.age, self._days)

    async def end(self, answered: Callable[[], Awaitable[None]], flushed: Callable[[], Awaitable[None]]) -> None:
        """End everything: turns, children, connections. Under two seconds. `answered` waits until the client has an
        answer to all that it asked, `flushed` until it has taken all that was said.
        """
        began = monotonic()
        self.chats.cancel_all()
        self.foreign.let_go()
        with move_on_after(GRACE):
            await answered()
        process.kill_all()
        with move_on_after(LAST_WORDS):
            await answered()
        await self.store.pen.close()
        with move_on_after(FAREWELL):
            await flushed()
        with move_on_after(FAREWELL):
            await self.models.close()
        patience = max(0.0, min(FLUSHING, LEAVING - (monotonic() - began)))
        await to_thread.run_sync(self._telemetry.end, patience, abandon_on_cancel=True)

    @property
    def keeps(self) -> bool:
        """Whether conversations may lie on the disk, as far as the settings can be read."""
        try:
            return self.configuration.settings().sessions.keep
        except RequestError:
            return True

    def _days(self) -> int:
        """After how many days sessions are forgotten; 0: never, also where the settings are not sound."""
        try:
            return self.configuration.settings().sessions.days
        except RequestError:
            return 0

    def _hide_keys(self) -> None:
        """Keep from commands what holds a key by the settings as they are, or as they once were."""
        with suppress(RequestError):
            providers = self.configuration.settings().providers.values()
            self._key_variables |= {own.api_key_env for own in providers if own.api_key_env}
        keys = (os.environ.get(name, "") for name in self._key_variables)
        found = environment_without_keys(os.environ, self._key_variables, keys)
        self._environment.clear()
        self._environment.update(found)

    async def _warm_up(self) -> None:
        try:
            with suppress(RequestError):
                await self.models.warm_up(self.configuration.settings())
        finally:
            gc.freeze()  # what is imported stays: a full collection would stop the stream for some 30 ms
            gc.enable()

    async def _tidy(self) -> None:
        await to_thread.run_sync(forget_old, self._outputs, abandon_on_cancel=True)


def _made_wall(environment: Mapping[str, str], folder: Path, outputs: Path) -> Any:
    """The sandbox, a `Wall`, which is loaded with the first command."""
    from chatls.children.wall.wall import Wall

    return Wall(environment, folder, outputs)
