"""The chat without a wire: which prompts are accepted, how turns are found and cancelled. The door of all faces."""

from collections.abc import Callable
from functools import partial
from typing import Literal

from chatls.agent.accepted import Accepted, Ask, Ended, Listener, Means, Room, TurnWatch
from chatls.agent.compacting import Compacting
from chatls.agent.keeping import no_session
from chatls.agent.session import Begin, Session, Sessions
from chatls.content import ContentBlock
from chatls.errors import OVERLOADED, TURN_IN_PROGRESS, RequestError
from chatls.signals import Signal
from chatls.tools.toolbox import Toolbox

MOST = 64
"""Turns that may run at once."""

Cancelled = Literal["cancelling", "idle", "not_found"]
"""What became of a cancel. `idle`: no such turn runs. `not_found`: no such session, or no such open call."""
Steer = Literal["queued", "idle"]
"""What became of words for a turn. `idle`: no such turn runs, nothing was kept."""


class Chats:
    """All conversations of a connection, and the turns that run."""

    def __init__(self, sessions: Sessions, toolbox: Toolbox, means: Means) -> None:
        self._sessions = sessions
        self._toolbox = toolbox
        self._means = means
        self._running: dict[str, Accepted | Compacting] = {}
        """By session, the one that started last at the end."""
        self._ended = Signal()
        self.listeners: tuple[Callable[[Session, str], Listener], ...] = ()
        """Make, for a session and the id of its turn, what hears all that happens in it, whichever face began it."""
        self.watching: Callable[[Session, str], TurnWatch] | None = None
        """Makes what sees a turn from outside."""

    async def prompt(self, where: str | Begin, ask: Ask, emit: Listener, room: Room) -> Ended:
        """Accept a prompt and answer it: `accept`, `Accepted.run`."""
        return await self.accept(where, ask, room).run(emit)

    def accept(self, where: str | Begin, ask: Ask, room: Room) -> Accepted:
        """Accept a prompt, to a session or to one that it begins. From here on a cancel finds it.

        Whoever accepts it runs it. Raises `RequestError` if it cannot begin: 1007, 1006, 1003, 1001, 1002, in this
        order.
        """
        begun = Begin(where, new=False) if isinstance(where, str) else where
        session = self._sessions.find(begun.name) if begun.name and not begun.new else None
        new = session is None
        configuration = session.configuration if session else begun.configuration or self._sessions.configuration
        editor = session.editor if session else begun.editor or self._sessions.editor
        settings = configuration.settings()
        mode = ask.mode or (session.mode if session else "ask")
        tools = self._toolbox.offered(editor, settings, ask.tools, mode, session.more if session else begun.more)
        if len(self._running) >= MOST:
            raise RequestError(OVERLOADED, f"{MOST} turns are running; try again when one has ended")
        if session is None:  # one that rests is a name alone, until the keeper was asked
            session = self._sessions.begin(begun)
        self._must_be_free(session)
        session.mode = mode
        refused = partial(self._sessions.forget, session) if new else _nothing
        over = partial(self._free, session)
        accepted = Accepted(self._means, session, ask, settings, tools, room, new=begun.new, refused=refused, over=over)
        accepted.listeners = tuple(listen(session, accepted.id) for listen in self.listeners)
        accepted.watch = self.watching(session, accepted.id) if self.watching else None
        self._running[session.id] = accepted
        return accepted

    def running(self, session_id: str) -> Accepted | None:
        """The turn of a session, if one runs here."""
        found = self._running.get(session_id)
        return found if isinstance(found, Accepted) else None

    def knows(self, session_id: str) -> bool:
        """Whether a session of that name is in memory."""
        return self._sessions.find(session_id) is not None

    def compact(self, where: str | Begin, wish: str) -> Compacting:
        """Have the history of a session summarised. From here on a cancel finds it, and nobody prompts.

        Whoever asks for it runs it. Raises `RequestError` (1002, 1007).
        """
        begun = Begin(where, new=False) if isinstance(where, str) else where
        session = self._sessions.find(begun.name or "")
        settings = (session or self._sessions).configuration.settings()
        refused = _nothing
        if session is None:  # a name alone, until the keeper was asked
            session = self._sessions.begin(begun)
            refused = partial(self._sessions.forget, session)
        self._must_be_free(session)
        tools = self._toolbox.offered(session.editor, settings, more=session.more)
        over = partial(self._free, session)
        compacting = Compacting(self._means, session, settings, tools, wish, refused, over)
        compacting.listeners = tuple(listen(session, compacting.id) for listen in self.listeners)
        self._running[session.id] = compacting
        return compacting

    def begin(self, new: Begin) -> Session:
        """Begin a session without a prompt. Raises `RequestError` (1007) if its name is taken."""
        session = self._sessions.begin(new)
        session.known = True
        return session

    def choose(self, session_id: str, model: str | None) -> None:
        """A person chose the model of a session; None: by the settings, from now on."""
        if session := self._sessions.find(session_id):
            session.model = model

    def adopt(self, begun: Begin) -> None:
        """A session that may be in memory is another editor's from now on."""
        if session := self._sessions.find(begun.name or ""):
            session.editor = begun.editor or session.editor
            session.configuration = begun.configuration or session.configuration
            session.more = begun.more

    def steer(self, session_id: str, turn_id: str | None, content: tuple[ContentBlock, ...]) -> Steer:
        """Words for the turn of a session, or for this very turn. Raises `RequestError` (1001)."""
        accepted = self._running.get(session_id)
        if accepted is None and self._sessions.find(session_id) is None:
            raise no_session(session_id)
        if accepted is None or turn_id not in (None, accepted.id):
            return "idle"
        return "queued" if accepted.steer(content) else "idle"

    def cancel(self, session_id: str, turn_id: str | None = None, call_id: str | None = None) -> Cancelled:
        """End the turn of a session, only this very turn, or one call of it."""
        accepted = self._running.get(session_id)
        if accepted is None or turn_id not in (None, accepted.id):
            return "idle" if self._sessions.find(session_id) else "not_found"
        if call_id is not None:
            return "cancelling" if accepted.cancel_call(call_id) else "not_found"
        accepted.scope.cancel()
        return "cancelling"

    def cancel_last(self) -> int:
        """Cancel the turn that started last. Gives how many turns this call cancelled."""
        return _cancel(list(self._running.values())[-1:])

    def cancel_session(self, session_id: str) -> int:
        """Cancel a session's turn."""
        return _cancel([accepted for name, accepted in self._running.items() if name == session_id])

    def cancel_all(self) -> int:
        """Cancel every turn."""
        return _cancel(list(self._running.values()))

    async def idle(self) -> None:
        """Wait until no turn runs."""
        while self._running:
            await self._ended.wait()

    def _must_be_free(self, session: Session) -> None:
        if session.id in self._running:
            text = f"a turn is running in the session {session.id!r}; wait for its end or cancel it"
            raise RequestError(TURN_IN_PROGRESS, text)

    def _free(self, session: Session) -> None:
        del self._running[session.id]
        self._ended.fire()


def _nothing() -> None:
    """A session that was there stays."""


def _cancel(turns: list[Accepted | Compacting]) -> int:
    running = [accepted for accepted in turns if not accepted.scope.cancel_called]
    for accepted in running:
        accepted.scope.cancel()
    return len(running)
