"""`session/...` of ACP: what is begun, loaded, listed, closed, deleted, and what can be set for it."""

import os
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from uuid import uuid4

from anyio import current_time, to_thread

from chatls.acp import shapes
from chatls.acp.opened import OpenSession, OpenSessions
from chatls.acp.options import THINKING, UNSET, mode_of, modes, options
from chatls.acp.refusals import refusing
from chatls.acp.updates import Updates, path_of
from chatls.content import JsonObject
from chatls.core import Core
from chatls.errors import INVALID_PARAMS, SESSION_NOT_FOUND, RequestError
from chatls.models import LISTING, Listing
from chatls.store.library import AT_ONCE
from chatls.store.reading import WantedSessions
from chatls.visible import LONGEST_NAME, visible_line
from chatls.wire.later import Later
from chatls.wire.peer import Answer
from chatls.wire.sessions import cursor_of, place_of
from chatls.workspace.workspace import Workspace

COMMANDS = {
    "compact": ("Make the conversation shorter: a summary takes the place of its earlier turns", "what to keep"),
    "undo": ("Take the last turn back, and put the files that it changed back", None),
}
"""Ours, beside those that any client gets."""


class AcpSessions:
    """Those of one client."""

    def __init__(self, core: Core, later: Later, opened: OpenSessions) -> None:
        self._core = core
        self._later = later
        self._open = opened
        self._models: tuple[str, ...] = ()

    def new(self, answer: Answer, params: shapes.Folders) -> None:
        """`session/new`."""

        async def made() -> None:
            opened = await self._open.open(f"session-{uuid4().hex[:12]}", params, begun=False)
            answer.give({"sessionId": opened.id, **self._settings(opened)})
            self._later.begin(partial(self._introduce, opened))

        self._later.answer(answer, made)

    def known(self, answer: Answer, params: shapes.KeptFolders, *, replay: bool) -> None:
        """`session/load` and `session/resume`."""

        async def loaded() -> None:
            page = await self._core.library.page(params.session_id)
            opened = await self._open.open(params.session_id, params, begun=True)
            opened.mode, opened.model = mode_of(page.entry.mode) or "ask", page.chosen
            for at in range(0, len(page.keys) if replay else 0, AT_ONCE):
                for turn in await self._core.library.transcript(page, page.keys[at : at + AT_ONCE]):
                    self._open.tell(opened.id, _replayed(turn.events))
                    await self._open.room()
            answer.give(self._settings(opened))
            self._open.tell(opened.id, [{"sessionUpdate": "session_info_update", "title": page.entry.title}])
            self._later.begin(partial(self._introduce, opened))

        self._later.answer(answer, refusing(loaded))

    def listing(self, answer: Answer, params: shapes.ListSessions) -> None:
        """`session/list`."""

        async def listed() -> None:
            folders = None if params.cwd is None else (await to_thread.run_sync(_folder, params.cwd),)
            wanted = WantedSessions(folders, after=place_of(params.cursor))
            entries, more = await self._core.library.entries(wanted)
            found = [
                {"sessionId": one.session_id, "cwd": places[0], "title": one.title, "updatedAt": one.updated_at}
                | ({"additionalDirectories": places[1:]} if places[1:] else {})
                for one in entries
                if (places := [path for uri in one.folders if (path := path_of(uri))])
            ]
            answer.give({"sessions": found} | ({} if more is None else {"nextCursor": cursor_of(more)}))

        self._later.answer(answer, listed)

    def close(self, answer: Answer, params: shapes.OfSession) -> None:
        """`session/close`."""
        self._open.find(params.session_id)
        self._core.chats.cancel_session(params.session_id)
        self._open.close(params.session_id)
        answer.give({})

    def delete(self, answer: Answer, params: shapes.OfSession) -> None:
        """`session/delete`. One that is not there is deleted already."""

        async def deleted() -> None:
            try:
                await self._core.library.delete(params.session_id)
            except RequestError as error:
                if error.code != SESSION_NOT_FOUND:
                    raise
            self._open.close(params.session_id)
            answer.give({})

        self._later.answer(answer, refusing(deleted))

    # What can be set

    def set_mode(self, answer: Answer, params: shapes.ModeParams) -> None:
        """`session/set_mode`."""
        opened = self._open.find(params.session_id)
        self._set(opened, "mode", params.mode_id)
        self._later.answer(answer, partial(self._keep, opened, answer, {}))

    def set_option(self, answer: Answer, params: shapes.OptionParams) -> None:
        """`session/set_config_option`."""
        opened = self._open.find(params.session_id)
        self._set(opened, params.config_id, params.value)
        self._later.answer(answer, partial(self._keep, opened, answer, {"configOptions": self._options(opened)}))

    async def _keep(self, opened: OpenSession, answer: Answer, result: JsonObject) -> None:
        """Answer, once what was set is remembered with the session: the next process may go on with it."""
        if opened.begun:
            with suppress(RequestError):  # its first turn has not come to the disk: that remembers it
                await self._core.library.choose(opened.id, opened.model, opened.mode)
        answer.give(result)
        self._open.tell(opened.id, [{"sessionUpdate": "current_mode_update", "currentModeId": opened.mode}])

    def _set(self, opened: OpenSession, name: str, value: object) -> None:
        text = value if isinstance(value, str) else ""
        mode = mode_of(text)
        match name:
            case "mode" if mode is not None:
                opened.mode = mode
            case "model" if text:
                opened.model = self._model(opened, text)
                self._core.chats.choose(opened.id, opened.model)
            case "thinking" if text in THINKING:
                opened.thinking = None if text == UNSET else text
                opened.configuration.configure("the client", {"parameters": {"thinking": opened.thinking}})
            case _:
                raise RequestError(INVALID_PARAMS, f"{name}: {value!r} cannot be chosen")

    def _model(self, opened: OpenSession, text: str) -> str | None:
        if text == UNSET:
            return None
        try:
            self._core.models.check(text, opened.configuration.settings())
        except RequestError as error:
            raise RequestError(INVALID_PARAMS, f"model: {error}") from error
        return text

    def _settings(self, opened: OpenSession) -> JsonObject:
        return {"modes": modes(opened.mode), "configOptions": self._options(opened)}

    def _options(self, opened: OpenSession) -> list[JsonObject]:
        return options(opened.model, opened.mode, opened.thinking, self._models)

    async def _introduce(self, opened: OpenSession) -> None:
        """Tell which commands there are, and which models once servers have told: no session waits for it."""
        shelf = await self._core.handbook.shelf(Workspace(opened.editor))
        known = [(one.name, one.description, one.hint) for one in shelf.commands if one.name not in COMMANDS]
        known += [(name, text, hint) for name, (text, hint) in COMMANDS.items()]
        listed = [
            {"name": name, "description": text} | ({"input": {"hint": hint}} if hint else {})
            for name, text, hint in known
        ]
        self._open.tell(opened.id, [{"sessionUpdate": "available_commands_update", "availableCommands": listed}])

        def tell(listing: Listing) -> None:
            self._models = tuple(visible_line(model.id, LONGEST_NAME) for model in listing.models)

        try:
            await self._core.models.listing(self._core.configuration.settings(), current_time() + LISTING, tell)
        except RequestError:
            return
        if self._models and self._open.has(opened):
            update = {"sessionUpdate": "config_option_update", "configOptions": self._options(opened)}
            self._open.tell(opened.id, [update])


def _folder(path: str) -> bytes:
    """A folder as it is kept, links resolved. Raises `RequestError` (-32602)."""
    try:
        return os.fsencode(os.path.realpath(path))
    except ValueError as error:
        raise RequestError(INVALID_PARAMS, f"cwd: {error}") from error


def _replayed(events: Iterable[JsonObject]) -> list[JsonObject]:
    updates = Updates(replay=True)
    return [update for event in events for update in updates.of(event, 0.0)]
