"""A compaction that a person asked for: nobody prompts meanwhile, and a cancel leaves the history as it was."""

from collections.abc import Callable
from dataclasses import field
from functools import partial
from typing import Any
from uuid import uuid4

from anyio import CancelScope

from chatls.agent.accepted import Listener, Means
from chatls.agent.context.layout import again
from chatls.agent.context.room import ContextRoom
from chatls.agent.fallback import Answering
from chatls.agent.longest import cut_off
from chatls.agent.request import Requests
from chatls.agent.session import Session
from chatls.content import TurnError, Usage
from chatls.errors import RequestError
from chatls.events import Event
from chatls.models import Served
from chatls.providers.provider import Parameters
from chatls.settings.config import Settings
from chatls.tools.tool import Tool
from chatls.values import dataclass
from chatls.workspace.skills.handbook import tells_skills
from chatls.workspace.workspace import Workspace

_ENOUGH = 0.9
"""Of what it was; where that cannot be had of the older turns, all are summarised."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What came of it."""

    before: int
    """Tokens."""
    after: int
    """By the same measure; as before where nothing was changed."""
    usage: Usage | None
    error: TurnError | None = None
    """Why there is no summary."""


@dataclass(slots=True, eq=False)
class Compacting:
    """One of them."""

    means: Means
    session: Session
    settings: Settings
    tools: dict[str, Tool]
    wish: str
    """What a person wants to be in the summary."""
    refused: Callable[[], None]
    """There is no such session after all."""
    over: Callable[[], None]
    listeners: tuple[Listener, ...] = ()
    id: str = field(default_factory=lambda: f"turn-{uuid4().hex[:12]}")
    scope: CancelScope = field(default_factory=CancelScope)
    usage: Usage | None = None

    async def run(self, *listeners: Listener) -> Compacted:
        """Have the model of the session write the summary. Raises `RequestError`: 1001 where there is no such session,
        1002 where a turn of it runs elsewhere, 1004, 1005 and 1007 where there is no model."""
        self.listeners += listeners
        session, keeper = self.session, self.means.keeper
        done = Compacted(0, 0, None, TurnError("internal", "cancelled", retryable=True))
        try:
            try:
                await keeper.take(session, self.id, new=False)
            except RequestError:
                self.refused()
                raise
            try:
                with self.scope:
                    async with self.means.models.serving(session.model, self.settings) as served:
                        done = await self._compacted(Answering(served))
            finally:
                with CancelScope(shield=True):
                    await keeper.compacted(session, done.after)
        finally:
            self.over()
        return done

    def steer(self, said: Any) -> bool:
        """Nobody would hear it."""
        del said
        return False

    def cancel_call(self, call_id: str) -> bool:
        """There is none."""
        del call_id
        return False

    async def _compacted(self, answering: Answering) -> Compacted:
        session, served = self.session, answering.served
        workspace = Workspace(session.editor, beside=self.means.commands.folder)
        means, tools = self.means, self.tools.values()
        handbook = means.handbook if any(tool.needs == "skills" for tool in tools) else None
        system, _ = await session.system.read(workspace, means.instructions, means.surroundings, handbook)
        skills = tells_skills(system)
        useful = (tool for tool in tools if skills or tool.needs != "skills")
        offered = served.provider.offered(served.model, tuple(tool.spec for tool in useful))
        parameters = Parameters(**self.settings.parameters.model_dump())
        requests = Requests(served.model, system, session.history, offered, parameters, "auto")
        room = ContextRoom(
            requests,
            session.measure,
            served.window,
            self.settings.context,
            partial(cut_off, answering.stream, self.settings.limits),
            self._emit,
            self._spend,
            lambda window: self.means.models.learn(answering.served.name, self.settings, window),
            partial(again, self.tools),
            self._renew,
            running=False,
            wish=self.wish,
        )

        def moved(served: Served, _failure: TurnError) -> None:
            room.moved(served.window)

        answering.moved = moved
        before = room.tokens().count
        await room.give_way("asked", int(before * _ENOUGH))
        return Compacted(before, room.tokens().count, self.usage, room.failure)

    async def _renew(self, *, now: bool) -> str | None:
        """When the next turn begins."""
        del now
        self.session.system.forget()

    def _spend(self, usage: Usage) -> None:
        self.usage = usage + (self.usage or Usage())

    def _emit(self, event: Event) -> None:
        for hear in self.listeners:
            hear(event)
