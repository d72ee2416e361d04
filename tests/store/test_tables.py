"""Sessions, turns, forks, rewinds and deletions in the tables, against a plain model: a session is a list of turns."""

import json
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from chatls.agent.keeping import title_of
from chatls.content import TextContent
from chatls.message import AssistantMessage, Message, UserMessage
from chatls.store import copying, histories, reading, writing
from chatls.store.coding import Blotted, message_value, packed
from chatls.store.database import Database
from chatls.store.reading import WantedSessions
from chatls.store.searching import WordIndex
from chatls.store.writing import BegunTurn

KEYS = Blotted(())


@dataclass
class Turn:
    name: str
    word: str
    stop: str | None


@dataclass
class Model:
    """What should be there."""

    turns: list[Turn] = field(default_factory=list[Turn])
    title: str = ""
    branch: bool = False
    parent: tuple[str, str | None] | None = None
    compactions: list[tuple[int, str, int]] = field(default_factory=list[tuple[int, str, int]])
    """Behind which turn, what the summary says, and how many messages it stands for."""

    def history(self) -> list[str]:
        """What the model is sent, as words."""
        said = list[str]()
        for depth, turn in enumerate([None, *self.turns]):
            said += [turn.word, f"re {turn.word}"] if turn else []
            for behind, summary, count in self.compactions:
                if behind == depth:
                    said[:count] = [summary]
        return said

    def cut(self, depth: int) -> list[tuple[int, str, int]]:
        """The compactions up to a turn."""
        return [one for one in self.compactions if one[0] <= depth]


class Tables(RuleBasedStateMachine):
    """What people do with sessions."""

    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.database = Database.in_memory()
        self.model: dict[str, Model] = {}
        self.count = 0

    @initialize(indexed=st.booleans())
    def choose(self, indexed: bool) -> None:
        if not indexed:
            self.database.writing.execute("DROP TABLE search")
            self.database.indexed = False

    @property
    def words(self) -> WordIndex:
        return WordIndex(self.database.writing, indexed=self.database.indexed)

    def at(self) -> int:
        self.count += 1
        return self.count * 1000

    def turn(self, session: str, stop: str | None) -> None:
        number = self.at()
        name, word = f"turn-{number}", f"word{number}x"
        content = [{"type": "text", "text": word}]
        known = self.model.setdefault(session, Model(title=word))
        begun = BegunTurn(session, known.title, (b"/ws",), name, number, packed(content, KEYS))
        connection = self.database.writing
        place = writing.begin(connection, begun)
        writing.put_title(connection, self.words, place.session)
        messages = [UserMessage((TextContent(word),)), AssistantMessage(f"re {word}")]
        rows = [(at, packed(message_value(message), KEYS)) for at, message in enumerate(messages)]
        writing.put_rows(connection, "messages", place.turn, rows, to=0)
        event = {"kind": "textChunk", "text": f"re {word}"}
        writing.put_rows(connection, "events", place.turn, [(0, packed(event, KEYS))], to=None)
        writing.put_text(connection, f"hash-{name}", b"=text")
        writing.put_change(connection, place.turn, "c", b"/ws/a", before=f"hash-{name}", after="absent")
        self.words.put(2 * place.turn, word)
        if stop is not None:
            writing.end(connection, place, stop, None, number + 1, ["make"])
        known.turns.append(Turn(name, word, stop))

    @rule(target=sessions, stop=st.sampled_from(["end_turn", "cancelled", None]))
    def begin(self, stop: str | None) -> str:
        name = f"s{self.at()}"
        self.turn(name, stop)
        return name

    @rule(session=sessions, stop=st.sampled_from(["end_turn", None]))
    def go_on(self, session: str, stop: str | None) -> None:
        if session in self.model:
            self.turn(session, stop)

    @rule(target=sessions, session=sessions, part=st.floats(0, 1))
    def fork(self, session: str, part: float) -> str:
        name = f"f{self.at()}"
        if session in self.model:
            old = self.model[session]
            depth = round(part * len(old.turns))
            writing.fork(self.database.writing, self.words, session, name, depth, self.at())
            last = old.turns[depth - 1].name if depth else None
            self.model[name] = Model(old.turns[:depth], old.title, parent=(session, last), compactions=old.cut(depth))
        return name

    @rule(target=sessions, session=sessions, part=st.floats(0, 1))
    def rewind(self, session: str, part: float) -> str:
        name = f"b{self.at()}"
        if session in self.model and self.model[session].turns:
            old = self.model[session]
            depth = min(int(part * len(old.turns)), len(old.turns) - 1)
            writing.rewind(self.database.writing, self.words, session, depth, name, self.at())
            self.model[name] = Model(
                list(old.turns), old.title, True, (session, old.turns[-1].name), compactions=list(old.compactions)
            )
            del old.turns[depth:]
            old.compactions = old.cut(depth)
        return name

    @rule(session=sessions, part=st.floats(0, 1))
    def compact(self, session: str, part: float) -> None:
        if session in self.model:
            known, at = self.model[session], self.at()
            said = known.history()
            count = round(part * len(said))
            summary = message_value(UserMessage((TextContent(f"summary{at}"),), "summary"))
            parts = packed([summary, [count, len(said)]], KEYS)
            writing.compact(self.database.writing, session, parts, 10, at)
            known.compactions.append((len(known.turns), f"summary{at}", count))

    @rule(session=sessions)
    def rename(self, session: str) -> None:
        if session in self.model:
            title = f"title{self.at()}"
            writing.rename(self.database.writing, self.words, session, title)
            self.model[session].title = title

    @rule(session=sessions)
    def delete(self, session: str) -> None:
        if self.model.pop(session, None):
            writing.delete(self.database.writing, self.words, [session])

    @rule()
    def move(self) -> None:
        """All sessions are put into another store, one by one."""
        new = Database.in_memory()
        words = WordIndex(new.writing, indexed=new.indexed)
        for name in self.model:
            copying.copy_session(self.database.writing, new.writing, words, name)
        self.database = new

    @rule()
    def lose(self) -> None:
        """All is read out of what is left of a store."""
        new = Database.in_memory()
        copying.salvage(self.database.writing, new.writing)
        self.database = new

    @invariant()
    def all_is_there(self) -> None:
        connection, indexed = self.database.reading, self.database.indexed
        wanted = WantedSessions(None, branches=True, limit=1000)
        entries = {entry.session_id: entry for entry, _ in reading.listed(connection, wanted, indexed=indexed)}
        assert entries.keys() == self.model.keys()
        for name, known in self.model.items():
            entry = entries[name]
            assert (entry.title, entry.turns, bool(entry.branch)) == (known.title, len(known.turns), known.branch)
            assert (entry.parent and (entry.parent.session_id, entry.parent.turn_id)) == known.parent
            page = reading.page(connection, name, None, None, running=False)
            assert page is not None
            assert [(turn.turn_id, turn.prompt, turn.stop_reason) for turn in page.turns] == [
                (turn.name, turn.word, turn.stop or "interrupted") for turn in known.turns
            ]
            assert [(turn.files, turn.commands) for turn in page.turns] == [
                (1, 0 if turn.stop is None else 1) for turn in known.turns
            ]
            kept = histories.kept_session(connection, name)
            assert kept is not None
            assert list(map(words, kept.messages)) == known.history()

    @invariant()
    def nothing_else_is_there(self) -> None:
        connection = self.database.reading
        turns = {turn.name for known in self.model.values() for turn in known.turns}
        assert {row[0] for row in connection.execute("SELECT name FROM turns")} == turns
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("events", "changes", "texts", "messages", "words", "compactions")
        }
        count = len(turns)
        assert counts == {
            "events": count,
            "changes": count,
            "texts": count,
            "messages": 2 * count,
            "compactions": sum(len(known.compactions) for known in self.model.values()),
            "words": count + len(self.model),
        }

    @invariant()
    def words_are_found_where_they_are(self) -> None:
        connection, indexed = self.database.reading, self.database.indexed
        for turn in [turn for known in self.model.values() for turn in known.turns][:3]:
            wanted = WantedSessions(None, turn.word, branches=True, limit=1000)
            found = {entry.session_id for entry, _ in reading.listed(connection, wanted, indexed=indexed)}
            with_title = {name for name, known in self.model.items() if known.title == turn.word}
            assert found == with_title | {name for name, known in self.model.items() if turn in known.turns}


def words(message: Message) -> str:
    match message:
        case UserMessage((TextContent(text),)) | AssistantMessage(text):
            return text
        case _:
            raise AssertionError(message)


Tables.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
TestTables = Tables.TestCase


def test_a_title_is_the_first_line_cut_at_a_word() -> None:
    assert title_of((TextContent("a " * 100),)) == f"{'a ' * 29}a..."
    assert json.dumps(title_of((TextContent("x" * 100),))) == json.dumps(f"{'x' * 60}...")
