"""The door of this wing for requests: lists, loads, searches, forks, renames, deletes, exports what is kept."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from os import fsencode
from pathlib import Path

from anyio import move_on_after, sleep

from chatls.agent.keeping import no_session
from chatls.content import JsonObject
from chatls.editor import Editor
from chatls.errors import INVALID_PARAMS, TURN_IN_PROGRESS, RequestError
from chatls.signals import Signal
from chatls.store import exporting, reading, writing
from chatls.store.coding import Blotted, stretched
from chatls.store.connection import Tables
from chatls.store.entries import ExportForm, Rewinding, SessionEntry, SessionPage
from chatls.store.locks import elsewhere
from chatls.store.ports import Shelving
from chatls.store.reading import KeptTurn, WantedSessions
from chatls.store.rewinding import put_back, stories
from chatls.store.searching import WordIndex
from chatls.store.store import Store, new_name, now
from chatls.store.taking import name_taken
from chatls.values import dataclass

MOST = 500
"""Sessions in one list."""
LONGEST_TITLE = 200
AT_ONCE = 20
"""Turns that are read at once."""
MANY = 100
"""Sessions that are forgotten at once."""
SETTLING = 2.0
"""Seconds before what is old is looked for: whoever starts has better things to do."""
OFTEN = 3600.0
"""Seconds until it is looked for again."""
DAY = 24 * 3600 * 1_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class ToldTurn:
    """The events of one turn, for who sees it again."""

    turn_id: str
    events: tuple[JsonObject, ...]


class Library:
    """What is kept of sessions."""

    def __init__(self, store: Store, roots: Callable[[], tuple[Path, ...]], live: Callable[[str], bool]) -> None:
        """`roots`: the folders of the client; `live`: whether this process has a session of that name in memory."""
        self._store = store
        self._pen = store.pen
        self._roots = roots
        self._live = live
        self._other_days = Signal()

    async def known(self, session: str) -> bool:
        """Whether there is such a session."""
        found = await self._pen.read(session, lambda connection, _: reading.revision(connection, session))
        return found is not None

    async def entries(self, wanted: WantedSessions) -> tuple[list[SessionEntry], tuple[int, int] | None]:
        """Sessions, and behind which place there are more. Without folders, those of the client."""
        folders = tuple(fsencode(path) for path in self._roots()) if wanted.folders == () else wanted.folders
        asked = replace(wanted, folders=folders, limit=min(max(wanted.limit, 1), MOST))
        return await self._pen.ask(partial(self._listed, asked))

    async def page(self, session: str, last: int | None = None, before: str | None = None) -> SessionPage:
        """A session and its turns. Raises `RequestError` (1001, -32602)."""
        await self._settled(session)
        return await self._pen.ask(partial(self._page, session, last, before))

    async def transcript(self, page: SessionPage, keys: tuple[int, ...]) -> list[ToldTurn]:
        """What clients would have seen of some turns of a page, deltas merged, the prompt first. Raises `RequestError`
        (1001) where the session was deleted meanwhile."""
        final = page.keys[-1:] if page.entry.running else ()
        session = page.entry.session_id

        return await self._pen.read(
            session,
            lambda connection, _: [
                _told(connection, key, session, self._store.blotted, running=key in final) for key in keys
            ],
        )

    async def rename(self, session: str, title: str) -> None:
        """Call it otherwise. Raises `RequestError` (1001, -32602)."""
        title = " ".join(title.split())[:LONGEST_TITLE]
        if not title:
            raise RequestError(INVALID_PARAMS, "title: must not be empty")

        def work(connection: Tables, words: WordIndex) -> None:
            writing.rename(connection, words, session, title)

        await self._do(session, work)
        self._store.retitle(session, title)

    async def choose(self, session: str, model: str | None, mode: str) -> None:
        """Remember what a person chose for it: its model (None: by the settings) and its mode. Raises `RequestError`
        (1001)."""
        await self._do(session, lambda connection, _: writing.choose(connection, session, model, mode))

    async def delete(self, session: str) -> None:
        """Delete it, and all that no other one shares. Raises `RequestError` (1001, 1002)."""
        async with self._alone(session):
            await self._pen.ask(partial(self._deleted, session))
            self._store.leave(session)
        self._pen.deleted()
        self._store.changed()

    def look_again(self) -> None:
        """The number of days may be another one."""
        self._other_days.fire()

    async def age(self, days: Callable[[], int]) -> None:
        """Delete the sessions in which nothing happened for so many days (0: none), now and again until it is
        cancelled: a little after the start, every hour, and when it may be another number."""
        while True:
            await sleep(SETTLING)
            if not (days() and await self.forget(now() - days() * DAY)):
                with move_on_after(OFTEN):
                    await self._other_days.wait()

    async def forget(self, before: int) -> bool:
        """Delete some in which nothing happened since then (microseconds, UTC), if no turn runs that could notice it.
        Whether to look again soon."""
        if self._pen.running:
            return True
        found, gone = list[str](), list[str]()
        try:
            old = await self._pen.ask(partial(_older, before))
            found = self._store.changes.begin_all(name for name in old if not self._store.is_running(name))
            gone = await self._pen.ask(partial(self._forgotten, found))
        except RequestError:
            pass  # nothing can be deleted now
        finally:
            for session in gone:
                self._store.leave(session)
            self._store.changes.end(*found)
        if gone:
            self._pen.deleted()
            self._store.changed()
        return bool(gone)

    async def fork(self, session: str, turn_id: str | None, name: str | None) -> str:
        """A new session that shares another one's turns up to and including one of them, or all that ended. Gives its
        name. Raises `RequestError` (1001, 1007, -32602)."""
        name = name or new_name()
        if self._live(name):
            raise name_taken(name)
        await self._settled(session)
        busy = self._store.is_running(session) or await self._elsewhere(session)

        def work(connection: Tables, words: WordIndex) -> None:
            number = writing.required(connection, session)
            depth = _depth(reading.turns(connection, number), turn_id, busy=busy)
            writing.fork(connection, words, session, name, depth, now())

        await self._do(session, work)
        return name

    async def rewind(
        self, session: str, turn_id: str, editor: Editor, *, restore: bool, dry: bool, save: bool
    ) -> Rewinding:
        """Make it what it was before a turn; what goes lives on in a branch. `restore`: put files back as well; `dry`:
        only look what would be done. Raises `RequestError` (1001, 1002, -32602)."""
        async with self._alone(session):
            going, changes, texts = await self._pen.read(session, partial(_going, session, turn_id))
            found = stories(changes) if restore else []
            files = await put_back(editor, found, texts, dry=dry, save=save)
            branch = None if dry else new_name()
            if branch is not None:
                depth, at = going[0].depth - 1, now()
                await self._do(session, lambda one, words: writing.rewind(one, words, session, depth, branch, at))
                self._store.leave(session)
        commands = tuple(title for turn in going for title in turn.commands)
        return Rewinding(tuple(going[0].prompt), tuple(files), commands, branch)

    async def export(self, session: str, form: ExportForm) -> str:
        """All of it as one text. Raises `RequestError` (1001)."""
        page = await self.page(session)
        turns = [await self.transcript(page, (key,)) for key in page.keys]
        told = [turn for found in turns for turn in found]
        give = exporting.markdown if form == "markdown" else exporting.as_json
        return give(page, [(entry, list(turn.events)) for entry, turn in zip(page.turns, told, strict=True)])

    @asynccontextmanager
    async def _alone(self, session: str) -> AsyncGenerator[None]:
        """Have a session that rests, while it is changed; a prompt waits for that. Raises `RequestError` (1002)."""
        self._require_rest(session)
        await self._store.changes.begin(session)
        try:
            self._require_rest(session)
            await self._settled(session)
            if not await self._pen.ask(lambda _: self._store.locks.take(session)):
                raise elsewhere(session)
            try:
                yield
            finally:
                self._store.locks.free(session)
        finally:
            self._store.changes.end(session)

    def _require_rest(self, session: str) -> None:
        if self._store.is_running(session):
            text = f"a turn is running in the session {session!r}; wait for its end or cancel it"
            raise RequestError(TURN_IN_PROGRESS, text)

    async def _settled(self, session: str) -> None:
        """What happened here of it stands in the store."""
        if self._store.in_hand(session):
            await self._pen.settled(session)

    async def _elsewhere(self, session: str) -> bool:
        return bool(await self._pen.ask(lambda _: self._store.locks.elsewhere([session])))

    async def _do(self, session: str, work: Callable[[Tables, WordIndex], None]) -> None:
        try:
            await self._pen.do(session, work)
        except writing.GoneError as error:
            raise no_session(session) from error
        except writing.NameTakenError as error:
            raise name_taken(str(error)) from error
        self._store.changed()

    # In threads

    def _listed(self, wanted: WantedSessions, shelves: Shelving) -> tuple[list[SessionEntry], tuple[int, int] | None]:
        more = replace(wanted, limit=wanted.limit + 1)
        stores = shelves.read_all(lambda connection, indexed: reading.listed(connection, more, indexed=indexed))
        found = dict[str, tuple[SessionEntry, tuple[int, int]]]()
        for entry, place in (item for store in stores for item in store):
            found.setdefault(entry.session_id, (entry, place))  # what is in memory is newer
        ordered = sorted(found.values(), key=lambda item: item[1], reverse=True)
        shown = ordered[: wanted.limit]
        after = shown[-1][1] if len(ordered) > len(shown) else None
        return self._running([entry for entry, _ in shown]), after

    def _running(self, entries: list[SessionEntry]) -> list[SessionEntry]:
        others = self._store.locks.elsewhere([entry.session_id for entry in entries])
        return [
            replace(entry, running="here")
            if self._store.is_running(entry.session_id)
            else replace(entry, running="elsewhere")
            if entry.session_id in others
            else entry
            for entry in entries
        ]

    def _page(self, session: str, last: int | None, before: str | None, shelves: Shelving) -> SessionPage:
        running = self._store.is_running(session) or bool(self._store.locks.elsewhere([session]))
        try:
            page = shelves.read(
                session, lambda connection, _: reading.page(connection, session, last, before, running=running)
            )
        except LookupError as error:
            raise RequestError(INVALID_PARAMS, f"before: there is no turn {before!r} in this session") from error
        if page is None:
            raise no_session(session)
        (entry,) = self._running([page.entry])
        return replace(page, entry=entry)

    def _forgotten(self, old: list[str], shelves: Shelving) -> list[str]:
        """Those that were deleted. One that runs elsewhere is passed over."""
        held = [name for name in old if self._store.locks.take(name)]
        try:
            if held:
                shelves.remove(held)
        finally:
            for name in held:
                self._store.locks.free(name)
        return held

    def _deleted(self, session: str, shelves: Shelving) -> None:
        found = shelves.read(session, lambda connection, _: reading.revision(connection, session))
        if found is None:
            raise no_session(session)
        shelves.remove([session])


def _older(before: int, shelves: Shelving) -> list[str]:
    return [name for one in shelves.read_all(lambda tables, _: reading.older(tables, before, MANY)) for name in one]


def _going(
    session: str, turn_id: str, connection: Tables, _indexed: object
) -> tuple[list[KeptTurn], list[tuple[Path, str, str]], dict[str, bytes]]:
    """The turns from one on, what their tools changed, and what files were, by name. Raises `RequestError`."""
    number = writing.number_of(connection, session)
    if number is None:
        raise no_session(session)
    turns = reading.turns(connection, number)
    at = next((at for at, turn in enumerate(turns) if turn.name == turn_id), None)
    if at is None:
        raise RequestError(INVALID_PARAMS, f"turnId: there is no turn {turn_id!r} in this session")
    changes = reading.changes_of(connection, [turn.number for turn in turns[at:]])
    kept = ((name, reading.text_of(connection, name)) for _, *names in changes for name in names)
    return turns[at:], changes, {name: stretched(data) for name, data in kept if data is not None}


def _told(connection: Tables, key: int, session: str, blotted: Callable[[], Blotted], *, running: bool) -> ToldTurn:
    prompt, events, name, stop = reading.events_of(connection, key, session)
    if stop is None and not running:
        events = reading.without_keys(reading.closed(events), blotted())
    return ToldTurn(name, (*prompt, *events))


def _depth(turns: list[KeptTurn], turn_id: str | None, *, busy: bool) -> int:
    """How many turns a fork shares. Raises `RequestError` (-32602)."""
    ended = turns[:-1] if busy and turns and turns[-1].stop is None else turns
    if turn_id is None:
        return ended[-1].depth if ended else 0
    depth = next((turn.depth for turn in ended if turn.name == turn_id), None)
    if depth is None:
        raise RequestError(INVALID_PARAMS, f"turnId: there is no turn {turn_id!r} in this session that has ended")
    return depth
