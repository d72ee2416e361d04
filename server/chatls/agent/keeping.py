"""The port to whoever keeps sessions beyond this process. A store implements it; without one nothing lasts."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from anyio import Event as Happened

from chatls.agent.session import Session
from chatls.content import ContentBlock, Mention, Resource, ResourceLink, TextContent, TurnError, Usage
from chatls.errors import SESSION_NOT_FOUND, RequestError
from chatls.events import StopReason
from chatls.message import AssistantMessage
from chatls.tools.tool import Plan, ToolContext
from chatls.values import dataclass

PATIENCE = 0.2
"""Seconds that a turn waits until something is kept; then it goes on, and it is written behind it."""
TITLE = 60
"""Characters of a title, nearly."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A session that is held for one turn."""

    kept: Happened
    """Set once the turn's prompt is kept."""
    notice: str | None = None
    """Something that the person should know."""


@dataclass(frozen=True, slots=True)
class TurnOver:
    """How a turn ended, for whoever keeps it."""

    stop_reason: StopReason
    usage: Usage | None
    error: TurnError | None


class Keeper(Protocol):
    """Keeps sessions. What it cannot keep it says to a person, and the turn goes on."""

    async def take(self, session: Session, turn_id: str, *, new: bool) -> Holding:
        """Make a session what it is by now, wherever it was changed, and hold it for one turn.

        Raises `RequestError`: 1001 where it is not `new` and there is none, 1002 where a turn of it runs elsewhere,
        1007 where it is `new` and its name is taken.
        """
        ...

    def changing(
        self, session: Session, call_id: str, plan: Plan, context: ToolContext
    ) -> AbstractAsyncContextManager[None]:
        """Around a plan that is carried out: before it all that was said is kept, and what the files are."""
        ...

    def said(self, session: Session, message: AssistantMessage) -> None:
        """A reply is whole, and its tools may still run: what the history will have of it."""
        ...

    async def end(self, session: Session, over: TurnOver) -> None:
        """The turn is over, whatever happened: keep how it ended, and let others have the session."""
        ...

    def drop(self, session: Session) -> None:
        """The turn never began: nothing of it is kept."""
        ...

    async def compacted(self, session: Session, tokens: int) -> None:
        """What was held was no turn but a compaction: keep what became of the history, which is so long now. Others may
        have the session."""
        ...


class KeepsNothing:
    """A `Keeper` for who has no store: sessions end with the process."""

    async def take(self, session: Session, turn_id: str, *, new: bool) -> Holding:
        """`Keeper.take`."""
        del turn_id
        if not new and not session.known:
            raise no_session(session.id)
        session.known = True
        kept = Happened()
        kept.set()
        return Holding(kept)

    @asynccontextmanager
    async def changing(self, session: Session, call_id: str, plan: Plan, context: ToolContext) -> AsyncGenerator[None]:
        """`Keeper.changing`."""
        del session, call_id, plan, context
        yield

    def said(self, session: Session, message: AssistantMessage) -> None:
        """`Keeper.said`."""

    async def end(self, session: Session, over: TurnOver) -> None:
        """`Keeper.end`."""

    def drop(self, session: Session) -> None:
        """`Keeper.drop`."""

    async def compacted(self, session: Session, tokens: int) -> None:
        """`Keeper.compacted`."""


def no_session(name: str) -> RequestError:
    """What is said where there is no session of this name."""
    return RequestError(SESSION_NOT_FOUND, f"there is no session {name!r}")


def title_of(content: tuple[ContentBlock, ...]) -> str:
    """What a session is called after its first prompt: the first line of it, cut at a word.

    >>> title_of((TextContent("\\n  Mend the test\\nplease"),))
    'Mend the test'
    """
    texts = (block.text for block in content if isinstance(block, TextContent))
    lines = (" ".join(line.split()) for text in texts for line in text.splitlines())
    line = next((line for line in lines if line), "")
    if not line:
        addresses = (block.uri for block in content if isinstance(block, Resource | ResourceLink))
        names = (address.rstrip("/").rpartition("/")[2] for address in addresses)
        mentions = (f"@{block.name}" for block in content if isinstance(block, Mention))
        return next((name for name in (*names, *mentions) if name), "a picture" if content else "")
    if len(line) <= TITLE:
        return line
    head, blank, _ = line[: TITLE + 1].rpartition(" ")
    return f"{head if blank and len(head) > TITLE // 2 else line[:TITLE]}..."
