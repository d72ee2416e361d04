"""A session that went on in memory comes back onto the disk: nothing is lost, of nobody."""

from dataclasses import replace

from chatls.content import TextContent
from chatls.message import AssistantMessage, UserMessage
from chatls.store import copying, histories, reading, returning, writing
from chatls.store.coding import Blotted, message_value, packed
from chatls.store.database import Database
from chatls.store.reading import WantedSessions
from chatls.store.searching import WordIndex
from chatls.store.writing import BegunTurn, TurnPlace

KEYS = Blotted(())


class Shelf:
    """A store, and what happens in it."""

    def __init__(self, *, memory: bool = False) -> None:
        self.database = Database.in_memory()
        if not memory:
            self.database.writing.execute("UPDATE facts SET value = 0 WHERE name = 'floor'")

    @property
    def words(self) -> WordIndex:
        return WordIndex(self.database.writing, indexed=self.database.indexed)

    def begin(self, session: str, turn: str) -> TurnPlace:
        begun = BegunTurn(session, "title", (b"/ws",), turn, 1000, packed([{"type": "text", "text": turn}], KEYS))
        place = writing.begin(self.database.writing, begun)
        writing.put_title(self.database.writing, self.words, place.session)
        messages = [UserMessage((TextContent(turn),)), AssistantMessage(f"re {turn}")]
        rows = [(at, packed(message_value(message), KEYS)) for at, message in enumerate(messages)]
        writing.put_rows(self.database.writing, "messages", place.turn, rows, to=0)
        event = {"kind": "textChunk", "text": f"re {turn}"}
        writing.put_rows(self.database.writing, "events", place.turn, [(0, packed(event, KEYS))], to=None)
        writing.put_text(self.database.writing, f"hash-{turn}", b"=text")
        writing.put_change(self.database.writing, place.turn, "c", b"/ws/a", before=f"hash-{turn}", after="absent")
        writing.put_seen(self.database.writing, place.turn, b"/ws/a", "mark", f"hash-{turn}", None)
        self.words.put(2 * place.turn, turn)
        return place

    def end(self, place: TurnPlace) -> None:
        writing.end(self.database.writing, place, "end_turn", None, 2000, ["make"])

    def turn(self, session: str, *turns: str) -> None:
        for name in turns:
            self.end(self.begin(session, name))

    def fallen(self, session: str) -> tuple["Shelf", int | None]:
        """A session goes on in memory; and how often it was changed before."""
        memory = Shelf(memory=True)
        copying.copy_session(self.database.reading, memory.database.writing, memory.words, session)
        return memory, reading.revision(self.database.reading, session)

    def put_back(self, memory: "Shelf", session: str, was: int | None) -> str:
        return returning.put_back(memory.database.reading, self.database.writing, self.words, session, was)

    def said(self, session: str) -> list[str]:
        """What the model of a session is sent, and whether people see the same."""
        kept = histories.kept_session(self.database.reading, session)
        page = reading.page(self.database.reading, session, None, None, running=False)
        assert kept is not None
        assert page is not None
        turns = [turn.prompt for turn in page.turns]
        blocks = [block for one in kept.messages if isinstance(one, UserMessage) for block in one.content]
        words = [block.text for block in blocks if isinstance(block, TextContent)]
        assert words == turns or words[0] == "summary"
        for key, name in zip(page.keys, turns, strict=True):
            _, events, *_ = reading.events_of(self.database.reading, key, session)
            assert [event["text"] for event in events if event["kind"] == "textChunk"] == [f"re {name}"]
        assert [turn.files for turn in page.turns] == [1] * len(turns)
        return words

    def found(self, word: str) -> set[str]:
        wanted = WantedSessions(None, word, branches=True, limit=100)
        listed = reading.listed(self.database.reading, replace(wanted), indexed=self.database.indexed)
        return {entry.session_id for entry, _ in listed}

    def rows(self) -> dict[str, int]:
        tables = ("turns", "events", "messages", "changes", "seen", "texts", "words")
        return {name: self.database.reading.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}


def whole(shelf: Shelf, turns: int, sessions: int) -> None:
    """No row is there that belongs to nobody."""
    assert shelf.rows() == {
        **dict.fromkeys(("turns", "events", "changes", "seen", "texts"), turns),
        "messages": 2 * turns,
        "words": turns + sessions,
    }


def test_one_that_began_in_memory_is_put_beside_others() -> None:
    disk, memory = Shelf(), Shelf(memory=True)
    disk.turn("other", "x1", "x2")
    memory.turn("s", "one", "two")
    assert disk.put_back(memory, "s", None) == "s"
    assert disk.said("s") == ["one", "two"]
    assert disk.said("other") == ["x1", "x2"]
    assert disk.found("two") == {"s"}
    whole(disk, 4, 2)
    disk.turn("s", "three")
    assert disk.said("s") == ["one", "two", "three"]


def test_one_that_went_on_in_memory_has_what_it_had_and_what_came() -> None:
    disk = Shelf()
    disk.turn("s", "one", "two")
    memory, was = disk.fallen("s")
    memory.turn("s", "three")
    assert disk.put_back(memory, "s", was) == "s"
    assert disk.said("s") == ["one", "two", "three"]
    whole(disk, 3, 1)


def test_a_turn_that_was_under_way_is_completed() -> None:
    disk = Shelf()
    disk.turn("s", "one")
    place = disk.begin("s", "two")
    writing.put_rows(disk.database.writing, "events", place.turn, (), to=0)
    memory, was = disk.fallen("s")
    event = {"kind": "textChunk", "text": "re two"}
    writing.put_rows(memory.database.writing, "events", place.turn, [(0, packed(event, KEYS))], to=0)
    memory.end(place)
    disk.put_back(memory, "s", was)
    assert disk.said("s") == ["one", "two"]
    page = reading.page(disk.database.reading, "s", None, None, running=False)
    assert page is not None
    assert [turn.stop_reason for turn in page.turns] == ["end_turn", "end_turn"]
    whole(disk, 2, 1)


def test_what_was_rewound_and_compacted_in_memory_is_so_on_the_disk() -> None:
    disk = Shelf()
    disk.turn("s", "one", "two", "three")
    memory, was = disk.fallen("s")
    writing.rewind(memory.database.writing, memory.words, "s", 1, "branch", 3000)
    summary = message_value(UserMessage((TextContent("summary"),), "summary"))
    writing.compact(memory.database.writing, "s", packed([summary], KEYS), 10, 3000)
    memory.turn("s", "other")
    for name, revision in (("s", was), ("branch", None)):
        assert disk.put_back(memory, name, revision) == name
    assert disk.said("s") == ["summary", "other"]
    assert disk.said("branch") == ["one", "two", "three"]
    whole(disk, 4, 2)


def test_where_another_daemon_went_on_both_are_kept() -> None:
    disk = Shelf()
    disk.turn("s", "one")
    memory, was = disk.fallen("s")
    memory.turn("s", "mine")
    disk.turn("s", "theirs", "more")
    mine = disk.put_back(memory, "s", was)
    assert mine != "s"
    assert disk.said("s") == ["one", "theirs", "more"]
    assert disk.said(mine) == ["one", "mine"]
    whole(disk, 4, 2)
    disk.turn("s", "on")
    disk.turn(mine, "and on")
    assert disk.said("s") == ["one", "theirs", "more", "on"]
    assert disk.said(mine) == ["one", "mine", "and on"]
    writing.delete(disk.database.writing, disk.words, ["s"])
    assert disk.said(mine) == ["one", "mine", "and on"]
    whole(disk, 3, 1)


def test_a_fork_on_the_disk_keeps_what_it_shares() -> None:
    disk = Shelf()
    disk.turn("s", "one", "two")
    writing.fork(disk.database.writing, disk.words, "s", "fork", 2, 2500)
    memory, was = disk.fallen("s")
    writing.rewind(memory.database.writing, memory.words, "s", 0, "branch", 3000)
    memory.turn("s", "new")
    disk.put_back(memory, "s", was)
    assert disk.said("fork") == ["one", "two"]
    assert disk.said("s") == ["new"]
