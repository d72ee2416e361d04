"""A session that this daemon has in hand, and the turn of it that runs: what of both is written, and how.

The `write_...` are called in the thread that writes, each inside a transaction of its own that may be tried again.
"""

from collections.abc import Callable, Sequence
from dataclasses import field

from anyio import Event as Happened

from chatls.agent.keeping import TurnOver
from chatls.agent.session import Session
from chatls.content import to_wire
from chatls.message import Message
from chatls.store import reading, resuming, writing
from chatls.store.coding import Blotted, packed
from chatls.store.connection import Tables
from chatls.store.recorder import Recorder
from chatls.store.resuming import KnownLines, KnownTexts
from chatls.store.searching import WordIndex
from chatls.store.writing import BegunTurn, TurnPlace
from chatls.values import dataclass


@dataclass(slots=True, eq=False)
class Held:
    """One session."""

    session: Session
    revision: int = -1
    """As the store was when it was last looked at, or written; -1: never."""
    epoch: int = 0
    """Of the store at that time."""
    history: tuple[Message, ...] = ()
    """As the store knows it, when no turn runs."""
    turn: "HeldTurn | None" = None
    """The one that runs."""
    taking: bool = False
    """One was accepted, and it is being looked what the session is by now."""
    endings: int = 0
    """Turns that are over and of which not all is written."""
    goes_on: bool = False
    """Another turn began before that: it stays ours."""
    system: object = None
    """The system prompt as the store has it."""

    @property
    def used(self) -> bool:
        """Whether a turn runs, or was accepted."""
        return self.taking or self.turn is not None

    @property
    def ending(self) -> bool:
        """Whether a turn is over and not all of it is written."""
        return self.endings > 0


@dataclass(slots=True, eq=False)
class HeldTurn:
    """A turn that runs."""

    held: Held
    recorder: Recorder
    keys: Blotted
    epoch: Callable[[], int]
    """Counts how often what was written may have been lost."""
    files: KnownTexts
    lines: KnownLines
    """What the model knew before it."""
    kept: Happened = field(default_factory=Happened)
    """Set once its prompt is kept."""
    begun: BegunTurn | None = None
    """How it began; until then nothing is written."""
    place: TurnPlace | None = None
    """Where it stands in the store; set where it is written."""
    written: int = -1
    """The epoch that it was written in."""
    titled: bool = False
    """Whether its session is found by its title."""

    def write_begin(self, connection: Tables, words: WordIndex) -> None:
        """The prompt, and what there is behind it by now."""
        del words
        assert self.begun is not None
        self.place = writing.begin(connection, self.begun)
        self.held.revision = self.place.revision
        self._write_anew()
        self._write_rows(connection, self.place)

    def write_news(self, connection: Tables, words: WordIndex) -> TurnPlace | None:
        """What is new since the last time. Gives its place."""
        if self.begun is None or self.place is None:
            return None
        if self.written != self.epoch():
            self._write_anew()
            self.held.system, self.files, self.lines = None, {}, {}
            if not writing.is_there(connection, self.place.turn):
                self.place = writing.begin(connection, self.begun)
                self.held.revision = self.place.revision
        if not self.titled:
            writing.put_title(connection, words, self.place.session)
            self.titled = True
        self._write_rows(connection, self.place)
        return self.place

    def write_end(self, connection: Tables, words: WordIndex, over: TurnOver, at: int) -> None:
        """All that is left, and how it ended."""
        self.recorder.blot(self.keys)
        place, session, recorder, keys = self.write_news(connection, words), self.held.session, self.recorder, self.keys
        if place is None:
            return
        usage = None if over.usage is None else to_wire(over.usage)
        commands = [keys.clean(title) for title in recorder.commands]
        now = writing.end(connection, place, over.stop_reason, usage, at, commands)
        if now == self.held.revision + 1:  # else somebody else changed it meanwhile, and it is looked at anew
            self.held.revision = now
        told = session.system.told if session.system.told is not self.held.system else None
        system = None if told is None else packed(resuming.system_value(told), keys)
        writing.set_facts(
            connection, place.session, model=recorder.model, chosen=session.model, mode=session.mode, system=system
        )
        self.held.system = session.system.told
        for known in resuming.learnt(session.seen, self.files, self.lines):
            resuming.write_known(connection, place.turn, keys, known)
        words.put(2 * place.turn, keys.clean("\n".join(self._said())))

    def _said(self) -> Sequence[str]:
        prompt = self.recorder.prompt.content if self.recorder.prompt else ()
        return [reading.words_in(to_wire(prompt)), *reading.texts_of(reading.merged(self.recorder.values()))]

    def _write_anew(self) -> None:
        self.recorder.again()
        self.written, self.titled = self.epoch(), False

    def _write_rows(self, connection: Tables, place: TurnPlace) -> None:
        self.recorder.changed = False
        rows = [(at, packed(value, self.keys)) for at, value in self.recorder.rows()]
        writing.put_rows(connection, "events", place.turn, rows, to=None)
        changed = self.recorder.message_rows()
        if changed is not None:
            start, values = changed
            messages = [(at, packed(value, self.keys)) for at, value in values]
            writing.put_rows(connection, "messages", place.turn, messages, to=start)
