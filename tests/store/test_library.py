"""A prompt and a change of its session at the same moment: one waits for the other, and nothing of either is lost."""

from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from anyio import create_task_group, fail_after, to_thread, wait_all_tasks_blocked

from chatls.agent.accepted import Accepted, Ask, Ended
from chatls.agent.session import Begin, Session
from chatls.content import TextContent
from chatls.errors import RequestError
from chatls.message import UserMessage
from chatls.store import locks as module
from chatls.store import writing
from chatls.store.connection import Tables
from chatls.store.library import MANY, Library
from chatls.store.locks import SessionLocks
from chatls.store.reading import WantedSessions
from chatls.store.searching import WordIndex
from chatls.store.shelves import Shelves
from chatls.store.store import RESTING, Store, now
from chatls.store.writing import BegunTurn
from tests.agent.fakes import DEADLINE, plenty
from tests.agent.test_chats import Face

pytestmark = pytest.mark.asyncio


class Shop:
    """A chat whose sessions are kept."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "data"
        self.store = Store(self.folder, list, self._forget, lambda _: None)
        self.face = Face(folder, monkeypatch, [{"text": "."}], keeper=self.store)
        self.chats = self.face.chats
        self.chats.listeners = (self.store.listener,)
        self.library = Library(self.store, lambda: (self.face.root,), lambda name: self.chats.knows(name))

    def _forget(self, session: Session) -> None:
        self.face.sessions.forget(session)

    def accept(self, words: str, where: str) -> Accepted:
        """A prompt that is accepted, and does not run yet."""
        return self.chats.accept(where, Ask((TextContent(words),)), plenty)

    def said(self, session: str) -> list[str]:
        """The prompts that its model knows."""
        found = self.face.sessions.find(session)
        assert found is not None
        users = [message for message in found.history.messages if isinstance(message, UserMessage)]
        return [block.text for user in users for block in user.content if isinstance(block, TextContent)]

    async def names(self) -> set[str]:
        entries, _ = await self.library.entries(WantedSessions(None, "", branches=True, limit=500))
        return {entry.session_id for entry in entries}


@asynccontextmanager
async def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Shop]:
    """One with a session `s`, in which was said "one"."""
    shop = Shop(folder, monkeypatch)
    with fail_after(DEADLINE):
        async with create_task_group() as tasks:
            tasks.start_soon(shop.store.pen.run)
            await shop.face.ask("one", Begin("s"))
            yield shop
            tasks.cancel_scope.cancel()


async def refused(work: Awaitable[object]) -> int:
    """The code of the error that it is answered with."""
    with pytest.raises(RequestError) as error:
        await work
    return error.value.code[0]


class Stopped:
    """What deletes stands still before it begins, and says that it is there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._there, self._on = Event(), Event()
        remove = Shelves.remove

        def removing(shelves: Shelves, sessions: list[str]) -> None:
            self._there.set()
            assert self._on.wait(DEADLINE)
            remove(shelves, sessions)

        monkeypatch.setattr(Shelves, "remove", removing)

    async def wait(self) -> None:
        assert await to_thread.run_sync(self._there.wait, DEADLINE)

    def go_on(self) -> None:
        self._on.set()


async def test_a_session_with_an_accepted_prompt_is_not_changed_by_anybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, monkeypatch) as shop:
        accepted = shop.accept("two", "s")
        assert await refused(shop.library.delete("s")) == 1002
        assert await shop.library.forget(now() + 1) is False
        for number in range(RESTING + 1):  # so many more that it would not stay in memory
            await shop.face.ask("x", Begin(f"other-{number}"))
        assert (await accepted.run()).stop_reason == "end_turn"
        await shop.face.ask("three", "s")
        assert shop.said("s") == ["one", "two", "three"]


@pytest.mark.parametrize("by", ["a person", "its age"])
async def test_a_prompt_that_comes_while_its_session_is_deleted_waits_and_finds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    async with opened(tmp_path, monkeypatch) as shop, create_task_group() as tasks:
        stopped, codes, another = Stopped(monkeypatch), list[int](), SessionLocks(shop.folder / "running")

        async def prompt() -> None:
            codes.append(await refused(shop.accept("two", "s").run()))

        if by == "a person":
            tasks.start_soon(shop.library.delete, "s")
        else:
            tasks.start_soon(shop.library.forget, now() + 1)
        await stopped.wait()
        tasks.start_soon(prompt)
        await wait_all_tasks_blocked()
        assert codes == []
        assert not await to_thread.run_sync(another.take, "s"), "who deletes it has it to the end"
        stopped.go_on()
        while not codes:
            await wait_all_tasks_blocked()
        assert codes == [1001]
        assert await shop.names() == set()
        assert await to_thread.run_sync(another.take, "s"), "nobody has it any more"
        another.free("s")
        await shop.face.ask("anew", Begin("s"))
        assert shop.said("s") == ["anew"]


async def test_a_prompt_that_comes_while_its_session_is_rewound_goes_on_with_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, monkeypatch) as shop, create_task_group() as tasks:
        turn, ends = await shop.face.ask("two", "s"), list[Ended]()

        async def prompt() -> None:
            ends.append(await shop.accept("otherwise", "s").run())

        def finds(_changes: object) -> list[object]:
            tasks.start_soon(prompt)
            return []

        monkeypatch.setattr("chatls.store.library.stories", finds)
        desk = shop.face.desk
        await shop.library.rewind("s", turn.turn_id, desk, restore=True, dry=False, save=False)
        while not ends:
            await wait_all_tasks_blocked()
        assert (ends[0].stop_reason, shop.said("s")) == ("end_turn", ["one", "otherwise"])


async def test_who_changes_a_session_that_is_changed_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = list[int]()
    async with opened(tmp_path, monkeypatch) as shop, create_task_group() as tasks:
        stopped = Stopped(monkeypatch)

        async def again() -> None:
            codes.append(await refused(shop.library.delete("s")))

        tasks.start_soon(shop.library.delete, "s")
        await stopped.wait()
        tasks.start_soon(again)
        await wait_all_tasks_blocked()
        assert codes == []
        stopped.go_on()
    assert codes == [1001]


async def test_all_that_is_old_goes_however_much_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(connection: Tables, _words: WordIndex) -> None:
        for number in range(2 * MANY):
            writing.begin(connection, BegunTurn(f"old-{number}", "title", (), f"turn-{number}", 1000, b"[]"))

    async with opened(tmp_path, monkeypatch) as shop:
        await shop.store.pen.do("old", work)
        while await shop.library.forget(now() - 10**9):
            pass
        assert await shop.names() == {"s"}


async def test_two_threads_that_want_a_lock_at_the_same_moment_both_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks, real, other = SessionLocks(tmp_path), module.locked, list[Thread]()

    def locked(place: Path) -> int | None:
        if not other:  # between the look whether it is held, and the lock
            other.append(Thread(target=locks.take, args=("s",)))
            other[0].start()
            other[0].join()
        return real(place)

    monkeypatch.setattr(module, "locked", locked)
    assert await to_thread.run_sync(locks.take, "s")
    locks.free("s")
