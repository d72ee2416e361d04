"""One conversation with its history and its one running turn, and the table of all conversations."""

from uuid import uuid4

from chatls.agent.history import History
from chatls.agent.instructions import Instructions
from chatls.agent.prompt import system_prompt
from chatls.agent.turn import Turn
from chatls.editor import Root
from chatls.events import Notice
from chatls.seen import Seen
from chatls.workspace import Workspace


class Session:
    """One conversation."""

    def __init__(self, session_id: str) -> None:
        self.id = session_id
        self.history = History()
        self.turn: Turn | None = None
        """The one that runs."""
        self.seen = Seen()
        """The texts that the model knows."""
        self._told: tuple[tuple[Root, ...], str] | None = None

    async def system(self, workspace: Workspace, instructions: Instructions) -> tuple[str, Notice | None]:
        """The system prompt: the same for as long as the folders are. A new date at midnight would cost the
        provider's cache, and Anthropic's thinking blocks are bound to the prompt that they were written under.

        With it, words for a person on the instructions that went into it, where they are new.
        """
        if self._told is not None and self._told[0] == workspace.roots:
            return self._told[1], None
        text, notice = await instructions.read(workspace)
        prompt = f"{system_prompt(workspace)}\n{text}" if text else system_prompt(workspace)
        self._told = workspace.roots, prompt
        return prompt, notice


class Sessions:
    """All conversations of this daemon, by name."""

    def __init__(self) -> None:
        self._all: dict[str, Session] = {}

    def find(self, session_id: str) -> Session | None:
        """The session of that name."""
        return self._all.get(session_id)

    def begin(self, session_id: str | None) -> Session | None:
        """A new session under this name, or under one of our own. None if the name is taken."""
        name = session_id or f"session-{uuid4().hex[:12]}"
        if name in self._all:
            return None
        session = self._all[name] = Session(name)
        return session

    def forget(self, session: Session) -> None:
        """A refused prompt begins no session."""
        self._all.pop(session.id, None)

    def running(self) -> list[Session]:
        """Those with a running turn; the one that started last comes last."""
        busy = [session for session in self._all.values() if session.turn is not None]
        return sorted(busy, key=lambda session: session.turn.tally.began if session.turn else 0)
