"""Sessions that are kept, over LSP: `chat/session/...`, transcripts on the client's token, `chat/sessionsChanged`."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import anyio
from anyio import CancelScope, to_thread

from chatls.agent.chats import Chats
from chatls.content import JsonObject
from chatls.editor import Editor
from chatls.errors import INVALID_PARAMS, RequestError, ToolError
from chatls.events import Event
from chatls.settings.configuration import Configuration
from chatls.signals import Signal
from chatls.store.coding import block_of
from chatls.store.entries import SessionPage
from chatls.store.library import AT_ONCE, Library
from chatls.store.locks import elsewhere
from chatls.store.reading import WantedSessions, merged
from chatls.store.store import Store
from chatls.wire import sessions as wire
from chatls.wire.jsonrpc import Id, notification
from chatls.wire.later import Later
from chatls.wire.methods import CancelParams, CancelResult
from chatls.wire.outbox import Channel, Outbox
from chatls.wire.peer import Answer
from chatls.wire.progress import progress
from chatls.wire.steering import SteerResult
from chatls.workspace.pathtext import local_path

RARELY = 1.0
"""Seconds between two notifications that sessions changed."""


class KeptSessions:
    """Those of one client."""

    def __init__(
        self,
        later: Later,
        outbox: Outbox,
        chats: Chats,
        store: Store,
        library: Library,
        editor: Editor,
        configuration: Configuration,
    ) -> None:
        self._editor = editor
        self._configuration = configuration
        self._later = later
        self._outbox = outbox
        self._chats = chats
        self._store = store
        self._library = library
        self._changed = Signal()
        self._news = False
        store.changed = self._heard

    def list(self, answer: Answer, params: wire.ListParams) -> None:
        """`chat/session/list`."""

        async def listed() -> None:
            folders = () if params.folder is None else (await to_thread.run_sync(_folder, params.folder),)
            wanted = WantedSessions(
                None if params.everywhere else folders,
                params.query or "",
                params.branches,
                params.limit,
                wire.place_of(params.cursor),
            )
            entries, more = await self._library.entries(wanted)
            answer.give(wire.ListResult(tuple(entries), None if more is None else wire.cursor_of(more)))

        self._later.answer(answer, listed)

    def load(self, answer: Answer, params: wire.LoadParams) -> None:
        """`chat/session/load`."""

        async def loaded() -> None:
            page = await self._library.page(params.session_id, params.last, params.before)
            if params.partial_result_token is not None:
                await self._replay(page, params.partial_result_token)
            answer.give(_result(page))

        self._later.answer(answer, loaded)

    def fork(self, answer: Answer, params: wire.ForkParams) -> None:
        """`chat/session/fork`."""

        async def forked() -> None:
            name = await self._library.fork(params.session_id, params.turn_id, params.new_session_id)
            answer.give(wire.ForkResult(name))

        self._later.answer(answer, forked)

    def rewind(self, answer: Answer, params: wire.RewindParams) -> None:
        """`chat/session/rewind`. Not cut short: what is begun is done."""

        async def rewound() -> None:
            save = self._configuration.settings().edits.save != "never"
            with CancelScope(shield=True):
                done = await self._library.rewind(
                    params.session_id,
                    params.turn_id,
                    self._editor,
                    restore=params.files == "restore",
                    dry=params.dry_run,
                    save=save,
                )
                prompt = tuple(block for value in done.prompt if (block := block_of(value)))
                answer.give(wire.RewindResult(prompt, done.files, done.commands, done.branch))

        self._later.answer(answer, rewound)

    def rename(self, answer: Answer, params: wire.RenameParams) -> None:
        """`chat/session/rename`."""

        async def renamed() -> None:
            await self._library.rename(params.session_id, params.title)
            answer.give(wire.DoneResult())

        self._later.answer(answer, renamed)

    def delete(self, answer: Answer, params: wire.DeleteParams) -> None:
        """`chat/session/delete`."""

        async def deleted() -> None:
            await self._library.delete(params.session_id)
            answer.give(wire.DoneResult())

        self._later.answer(answer, deleted)

    def export(self, answer: Answer, params: wire.ExportParams) -> None:
        """`chat/session/export`."""

        async def exported() -> None:
            answer.give(wire.ExportResult(await self._library.export(params.session_id, params.format)))

        self._later.answer(answer, exported)

    def cancel(self, answer: Answer, params: CancelParams) -> None:
        """`chat/cancel` of what is not in memory: a session that rests is `idle`."""

        async def looked() -> None:
            found = await self._library.known(params.session_id)
            answer.give(CancelResult("idle" if found else "not_found"))

        self._later.answer(answer, looked)

    def steer(self, answer: Answer, session_id: str) -> None:
        """`chat/steer` where no turn runs here: 1002 if one runs elsewhere, 1001 if there is no such session."""

        async def looked() -> None:
            page = await self._library.page(session_id, last=0)
            if page.entry.running == "elsewhere":
                raise elsewhere(session_id)
            answer.give(SteerResult("idle"))

        self._later.answer(answer, looked)

    async def tell(self, notify: Callable[[str, Any], None]) -> None:
        """Tell a client that sessions changed, here or elsewhere, at most once a second, until it is cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._store.pen.watch, self._heard)
            while True:
                while not self._news:
                    await self._changed.wait()
                self._news = False
                notify("chat/sessionsChanged", {})
                await anyio.sleep(RARELY)

    def _heard(self) -> None:
        self._news = True
        self._changed.fire()

    async def _replay(self, page: SessionPage, token: Id) -> None:
        """Send what clients would have seen; of a turn that runs here, all that is to come as well."""
        name, keys = page.entry.session_id, page.keys
        runs = page.entry.running == "here" and bool(keys)
        for at in range(0, len(keys), AT_ONCE):
            for turn in await self._library.transcript(page, keys[at : at + AT_ONCE]):
                recorder, accepted = self._store.recorder(name), self._chats.running(name)
                if runs and accepted is not None and recorder is not None and recorder.turn == turn.turn_id:
                    events = [*turn.events[:1], *merged(recorder.values())]  # from here on nobody else runs
                    accepted.listen(self._sender(token, turn.turn_id, self._send(token, turn.turn_id, events)))
                else:
                    self._send(token, turn.turn_id, turn.events)
                await self._outbox.room()

    def _send(self, token: Id, turn_id: str, events: Iterable[JsonObject]) -> int:
        count = 0
        for event in events:
            count += 1
            value = {"turnId": turn_id, "seq": count, **event, "replay": True}
            self._outbox.message(notification("$/progress", {"token": token, "value": value}))
        return count

    def _sender(self, token: Id, turn_id: str, count: int) -> Callable[[Event], None]:
        outbox, channel = self._outbox, Channel(progress(token, turn_id), count)

        def send(event: Event) -> None:
            outbox.event(channel, event)

        return send


def _result(page: SessionPage) -> wire.LoadResult:
    entry = page.entry
    return wire.LoadResult(
        entry.session_id,
        entry.title,
        entry.folders,
        entry.created_at,
        entry.updated_at,
        entry.model,
        entry.mode,
        page.turns,
        page.usage,
        *page.fill,
        entry.running,
        entry.parent,
        entry.branch,
    )


def _folder(uri: str) -> bytes:
    """A folder as it is kept, links resolved. Raises `RequestError` (-32602)."""
    try:
        return os.fsencode(Path(local_path(uri)).resolve())
    except (ToolError, OSError, RuntimeError) as error:
        raise RequestError(INVALID_PARAMS, f"folder: {error}") from error
