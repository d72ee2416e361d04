"""The door of this wing for turns: keeps each while it happens (`agent/keeping.py`, `Keeper`).

A turn waits for the store where the protocol says so: before its first event, before a change, at its end; a moment at
most. It is the listeners of `Chats` and of each `History` through which all of this comes.
"""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial
from os import fsencode
from pathlib import Path
from secrets import token_hex
from time import time

from anyio import CancelScope, move_on_after
from anyio import Event as Happened

from chatls.agent.history import HistoryChange
from chatls.agent.keeping import PATIENCE, Holding, KeepsNothing, TurnOver, no_session
from chatls.agent.session import Session
from chatls.content import to_wire
from chatls.errors import SESSION_NOT_FOUND, RequestError
from chatls.events import Event, Prompt
from chatls.message import AssistantMessage, UserMessage
from chatls.store import reading, resuming
from chatls.store.coding import Blotted, packed
from chatls.store.connection import Tables
from chatls.store.filestates import FileChanges, states
from chatls.store.held import Held, HeldTurn
from chatls.store.locks import Changes, SessionLocks
from chatls.store.pen import Pen
from chatls.store.ports import Stroke
from chatls.store.recorder import Recorder, parts_of
from chatls.store.searching import WordIndex
from chatls.store.taking import Taking
from chatls.store.writing import BegunTurn, GoneError, compact
from chatls.tools.tool import FileSubject, Plan, ToolContext

RESTING = 4
"""Sessions that rest and stay in memory, for who goes on at once."""


class Store:
    """Keeps the sessions of one daemon."""

    def __init__(
        self,
        folder: Path,
        keys: Callable[[], Iterable[str]],
        forget: Callable[[Session], None],
        say: Callable[[str], None],
    ) -> None:
        """`keys`: what must not be written down; `forget`: a session need not be in memory any more."""
        self.pen = Pen(folder, self._fresh, say, self.in_hand)
        self.locks = SessionLocks(folder / "running")
        self._taking = Taking(self.locks, lambda: self.pen.epoch)
        self.changes = Changes()
        self.changed: Callable[[], None] = lambda: None
        """Called when lists of sessions are others."""
        self._keys = keys
        self._forget = forget
        self._held: dict[str, Held] = {}
        """The one that was used last at the end."""

    # For the agent

    async def take(self, session: Session, turn_id: str, *, new: bool) -> Holding:
        """`Keeper.take`."""
        if not session.keep:
            return await KeepsNothing().take(session, turn_id, new=new)
        held = self._accept(session)
        try:
            await self.changes.over(session.id)
            notice = await self._looked(held, new=new)
        except BaseException as error:
            held.taking = False
            if held.revision < 0:
                del self._held[session.id]
            elif isinstance(error, RequestError) and error.code == SESSION_NOT_FOUND:
                self.leave(session.id)
            raise
        held.taking = False
        seen, recorder = session.seen, Recorder(turn_id, held.history)
        turn = HeldTurn(held, recorder, self.blotted(), self._epoch, seen.files(), seen.all_lines())
        held.turn = turn
        if not session.history.listeners:
            session.history.listeners = (partial(self._remember, held),)
        self.pen.running += 1
        return Holding(turn.kept, notice)

    def listener(self, session: Session, turn_id: str) -> Callable[[Event], None]:
        """What hears a turn (`Chats.listeners`), which is accepted from here on."""
        del turn_id
        name = session.id
        if session.keep:
            self._accept(session)

        def hear(event: Event) -> None:
            held = self._held.get(name)
            turn = held.turn if held else None
            if turn is None:
                return
            turn.recorder.hear(event)
            if isinstance(event, Prompt):
                self._begin(turn, event)
            elif turn.recorder.changed:
                self.pen.hurry()
            elif not self.pen.growing:
                self.pen.grow()

        return hear

    def said(self, session: Session, message: AssistantMessage) -> None:
        """`Keeper.said`."""
        if turn := self._turn(session.id):
            turn.recorder.said(message)
            self.pen.hurry()

    @asynccontextmanager
    async def changing(self, session: Session, call_id: str, plan: Plan, context: ToolContext) -> AsyncGenerator[None]:
        """`Keeper.changing`."""
        turn, subject = self._turn(session.id), plan.subject
        if turn is None:
            yield
            return
        paths = (subject.path, *subject.more) if isinstance(subject, FileSubject) else ()
        change = FileChanges(turn, call_id, await states(paths, context))
        kept = Happened()
        self.pen.put(Stroke(session.id, change.write_before, done=kept.set))
        with move_on_after(PATIENCE):
            await kept.wait()
        try:
            yield
        finally:
            if paths:
                with CancelScope(shield=True):
                    change.after = await states(paths, context)
                self.pen.put(Stroke(session.id, change.write_after))

    async def end(self, session: Session, over: TurnOver) -> None:
        """`Keeper.end`."""
        turn = self._turn(session.id)
        if turn is None:
            return
        if turn.begun is None and turn.recorder.own:  # cancelled before anything was heard of it
            first = turn.recorder.own[0]
            content = first.content if isinstance(first, UserMessage) else ()
            turn.recorder.prompt = Prompt(content, reading.iso(now()))
            self._begin(turn, turn.recorder.prompt)
        if turn.begun is None:
            self.drop(session)
            return
        written = Happened()
        self._end(turn, over, written)
        with move_on_after(PATIENCE):
            await written.wait()
        turn.held.turn, turn.held.history = None, session.history.messages
        self._rest()

    def drop(self, session: Session) -> None:
        """`Keeper.drop`."""
        turn = self._turn(session.id)
        if turn is not None and turn.begun is None:
            turn.held.turn = None
            self.pen.running -= 1
            self.locks.free(session.id)
            if turn.held.revision < 0:
                session.history.listeners = ()
                del self._held[session.id]

    async def compacted(self, session: Session, tokens: int) -> None:
        """`Keeper.compacted`."""
        turn = self._turn(session.id)
        if turn is None:
            return
        held, before, history = turn.held, turn.recorder.before, session.history.messages
        if history is before or held.revision < 0:
            self.drop(session)
        else:
            parts, at, written = packed(parts_of(before, history), turn.keys), now(), Happened()

            def work(connection: Tables, words: WordIndex) -> None:
                del words
                with suppress(GoneError):  # it was deleted, or is lost with its store
                    held.revision = compact(connection, session.id, parts, tokens, at)

            self._write_last(held, work, written)
            with move_on_after(PATIENCE):
                await written.wait()
            held.turn, held.history = None, history
        self._rest()

    # For who lists, loads and changes sessions

    def recorder(self, session: str) -> Recorder | None:
        """What is heard of the turn of a session that runs here, once it began."""
        turn = self._turn(session)
        return turn.recorder if turn and turn.begun else None

    def blotted(self) -> Blotted:
        """What must not be written down, as it is known now."""
        return Blotted(self._keys())

    def is_running(self, session: str) -> bool:
        """Whether a turn of it runs here, or was accepted."""
        held = self._held.get(session)
        return held is not None and held.used

    def in_hand(self, session: str) -> bool:
        """Whether something of it may not be written yet."""
        held = self._held.get(session)
        return held is not None and (held.turn is not None or held.ending)

    def leave(self, session: str) -> None:
        """What is known of it in memory does not count any more, unless a turn has just been accepted."""
        held = self._held.get(session)
        if held is not None and not held.used:
            del self._held[session]
            held.session.history.listeners = ()
            self._forget(held.session)

    def retitle(self, session: str, title: str) -> None:
        """It has another title."""
        held = self._held.get(session)
        if held is not None:
            held.session.title = title

    # Inside

    def _accept(self, session: Session) -> Held:
        held = self._held.pop(session.id, None) or Held(session)
        self._held[session.id] = held
        held.taking = True
        return held

    async def _looked(self, held: Held, *, new: bool) -> str | None:
        """Look what a session is by now, and take it. Raises `RequestError`."""
        session = held.session
        if new and not session.named and self.pen.used:  # nobody else can have it: it is held as its prompt is kept
            session.known, held.epoch = True, self.pen.epoch
            return None
        if held.ending:  # it is ours still, so nobody else changed it
            with move_on_after(PATIENCE):
                await self.pen.settled(session.id)
            if held.ending:  # the store is far behind, and is not waited for
                held.goes_on = True
                await self.pen.ask(lambda _: self.locks.take(session.id))
                return None
        keep = session.configuration.settings().sessions.keep
        look = partial(self._taking.look, session.id, held.revision, held.epoch, new=new, keep=keep)
        kept, texts = await self.pen.ask(look)
        if kept is None and not new and held.revision < 0 and not session.known:
            self.locks.free(session.id)
            raise no_session(session.id)
        session.known = True
        held.epoch = self.pen.epoch
        if kept is None:
            return None
        held.revision = kept.revision
        notice = resuming.restore(session, kept, texts)
        held.system, held.history = session.system.told, session.history.messages
        return notice

    def _begin(self, turn: HeldTurn, prompt: Prompt) -> None:
        """The prompt was heard: from here on all of the turn is written."""
        session = turn.held.session
        turn.begun = BegunTurn(
            session.id,
            turn.keys.clean(session.title),
            tuple(fsencode(root.path) for root in session.editor.roots()),
            turn.recorder.turn,
            reading.microseconds(prompt.at),
            packed([to_wire(block) for block in prompt.content], turn.keys),
        )
        hold = partial(self._taking.hold, session.id, keep=session.configuration.settings().sessions.keep)
        self.pen.put(Stroke(session.id, turn.write_begin, hold, turn.kept.set))
        self.changed()

    def _end(self, turn: HeldTurn, over: TurnOver, written: Happened) -> None:
        at = now()

        def work(connection: Tables, words: WordIndex) -> None:
            turn.write_end(connection, words, over, at)

        self._write_last(turn.held, work, written)

    def _write_last(self, held: Held, work: Callable[[Tables, WordIndex], None], written: Happened) -> None:
        """The last that is written of a session that was held; then others may have it."""
        held.endings, held.goes_on = held.endings + 1, False

        def after() -> None:
            held.endings -= 1
            if not (held.ending or held.goes_on):
                self.locks.free(held.session.id)

        def done() -> None:
            self.pen.running -= 1
            written.set()
            self.changed()

        self.pen.put(Stroke(held.session.id, work, done=done, after=after))

    def _turn(self, session: str) -> HeldTurn | None:
        held = self._held.get(session)
        return held.turn if held else None

    def _epoch(self) -> int:
        return self.pen.epoch

    def _fresh(self) -> list[Stroke]:
        """What turns that run have to write by now."""
        turns = [held.turn for held in self._held.values() if held.turn and not held.ending]
        return [
            Stroke(turn.held.session.id, _news(turn))
            for turn in turns
            if turn.begun is not None and turn.recorder.fresh
        ]

    def _remember(self, held: Held, _change: HistoryChange) -> None:
        if held.turn is not None:
            held.turn.recorder.remember(held.session.history.messages)
            if held.turn.begun is not None:
                self.pen.hurry()

    def _rest(self) -> None:
        """Sessions that rest are on the disk only, but for a few."""
        resting = [held for held in self._held.values() if not (held.used or held.ending)]
        for held in resting[: max(0, len(resting) - RESTING)]:
            self.leave(held.session.id)


def _news(turn: HeldTurn) -> Callable[[Tables, WordIndex], None]:
    def work(connection: Tables, words: WordIndex) -> None:
        turn.write_news(connection, words)

    return work


def new_name() -> str:
    """A name for a session of ours."""
    return f"session-{token_hex(6)}"


def now() -> int:
    return round(time() * 1_000_000)
