"""ACP's methods over `Chats`: sessions of one client, prompts and their answers, what is kept, what can be set."""

import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from uuid import uuid4

from anyio import current_time, to_thread
from anyio.abc import TaskGroup

from chatls import __version__
from chatls.acp import shapes
from chatls.acp.editor import AcpEditor, roots
from chatls.acp.lines import line
from chatls.acp.options import THINKING, UNSET, mode_of, modes, options
from chatls.acp.updates import Updates, usage
from chatls.agent.accepted import Ask, Ended
from chatls.agent.session import Begin
from chatls.configuration import Configuration
from chatls.content import ContentBlock, Image, JsonObject, Resource, ResourceLink, TextContent, to_wire
from chatls.core import Core
from chatls.editor import Root
from chatls.errors import (
    AUTH_REQUIRED,
    CREDENTIALS_MISSING,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    RESOURCE_NOT_FOUND,
    SESSION_NOT_FOUND,
    RequestError,
    ToolError,
)
from chatls.events import Event, WorkingMode
from chatls.jsontext import dumps
from chatls.models import LISTING, Listing
from chatls.shapes import says
from chatls.store.library import AT_ONCE
from chatls.store.reading import WantedSessions
from chatls.visible import LONGEST_NAME, visible_line
from chatls.wire.jsonrpc import notification
from chatls.wire.later import Later
from chatls.wire.outbox import Channel, Outbox
from chatls.wire.peer import Answer, Peer
from chatls.workspace.pathtext import local_path

VERSION = 1
"""Of the protocol."""


@dataclass(slots=True, eq=False)
class _Opened:
    """A session that the client has open."""

    id: str
    editor: AcpEditor
    configuration: Configuration
    begun: bool
    """It had a prompt, or is kept from before."""
    model: str | None = None
    mode: WorkingMode = "ask"
    thinking: str | None = None
    title: str = ""


class AcpAgent:
    """The agent that one client talks to."""

    def __init__(self, tasks: TaskGroup, outbox: Outbox, peer: Peer, core: Core, later: Later) -> None:
        self._tasks = tasks
        self._outbox = outbox
        self._peer = peer
        self._core = core
        self._later = later
        self._opened: dict[str, _Opened] = {}
        self._models: tuple[str, ...] = ()
        self._tells = False
        peer.serve("initialize", shapes.InitializeParams, self._initialize)
        peer.serve("authenticate", shapes.AuthenticateParams, lambda answer, _: answer.give({}))
        peer.serve("session/new", shapes.Folders, self._new)
        peer.serve("session/load", shapes.KeptFolders, partial(self._known, replay=True))
        peer.serve("session/resume", shapes.KeptFolders, partial(self._known, replay=False))
        peer.serve("session/list", shapes.ListParams, self._list)
        peer.serve("session/close", shapes.OfSession, self._close)
        peer.serve("session/delete", shapes.OfSession, self._delete)
        peer.serve("session/set_mode", shapes.ModeParams, self._set_mode)
        peer.serve("session/set_config_option", shapes.OptionParams, self._set_option)
        peer.serve("session/prompt", shapes.PromptParams, self._prompt)
        peer.hear("session/cancel", self._cancel)

    def _initialize(self, answer: Answer, params: shapes.InitializeParams) -> None:
        self._tells = says(params.client_capabilities, "fs", "readTextFile")
        answer.give(
            {
                "protocolVersion": VERSION,
                "agentCapabilities": {
                    "loadSession": True,
                    "promptCapabilities": {"image": True, "audio": False, "embeddedContext": True},
                    "mcpCapabilities": {"http": False, "sse": False},
                    "sessionCapabilities": {
                        name: {} for name in ("list", "delete", "additionalDirectories", "resume", "close")
                    },
                },
                "agentInfo": {"name": "chatls", "title": "chatls", "version": __version__},
                "authMethods": [],
            }
        )

    # Sessions

    def _new(self, answer: Answer, params: shapes.Folders) -> None:
        async def made() -> None:
            opened = self._open(f"session-{uuid4().hex[:12]}", await self._folders(params), begun=False)
            answer.give({"sessionId": opened.id, **self._settings(opened)})
            self._tasks.start_soon(self._list_models, opened)

        self._later.answer(answer, made)

    def _known(self, answer: Answer, params: shapes.KeptFolders, *, replay: bool) -> None:
        """`session/load` and `session/resume`."""

        async def loaded() -> None:
            folders = await self._folders(params)
            page = await self._core.library.page(params.session_id)
            opened = self._open(params.session_id, folders, begun=True)
            opened.title, opened.mode = page.entry.title, mode_of(page.entry.mode) or "ask"
            for at in range(0, len(page.keys) if replay else 0, AT_ONCE):
                for turn in await self._core.library.transcript(page, page.keys[at : at + AT_ONCE]):
                    self._tell(opened.id, _replayed(turn.events))
                    await self._outbox.room()
            answer.give(self._settings(opened))
            self._tell(opened.id, [{"sessionUpdate": "session_info_update", "title": opened.title}])
            self._tasks.start_soon(self._list_models, opened)

        self._later.answer(answer, _told_as_acp(loaded))

    def _list(self, answer: Answer, params: shapes.ListParams) -> None:
        async def listed() -> None:
            folders = None if params.cwd is None else (await to_thread.run_sync(_folder, params.cwd),)
            first, _, second = (params.cursor or "").partition("-")
            after = (int(first), int(second)) if first.isdecimal() and second.isdecimal() else None
            if params.cursor and after is None:
                raise RequestError(INVALID_PARAMS, "cursor: is none that a list gave")
            entries, more = await self._core.library.entries(WantedSessions(folders, after=after))
            found = [
                {"sessionId": one.session_id, "cwd": places[0], "title": one.title, "updatedAt": one.updated_at}
                | ({"additionalDirectories": places[1:]} if places[1:] else {})
                for one in entries
                if (places := [local_path(uri) for uri in one.folders])
            ]
            answer.give({"sessions": found} | ({} if more is None else {"nextCursor": f"{more[0]}-{more[1]}"}))

        self._later.answer(answer, listed)

    def _close(self, answer: Answer, params: shapes.OfSession) -> None:
        self._find(params.session_id)
        self._core.chats.cancel_session(params.session_id)
        del self._opened[params.session_id]
        answer.give({})

    def _delete(self, answer: Answer, params: shapes.OfSession) -> None:
        async def deleted() -> None:
            try:
                await self._core.library.delete(params.session_id)
            except RequestError as error:
                if error.code != SESSION_NOT_FOUND:
                    raise
            self._opened.pop(params.session_id, None)
            answer.give({})

        self._later.answer(answer, deleted)

    async def _folders(self, params: shapes.Folders) -> tuple[Root, ...]:
        try:
            return await to_thread.run_sync(roots, (params.cwd, *params.additional_directories))
        except ToolError as error:
            raise RequestError(INVALID_PARAMS, f"cwd: {error}") from error

    def _open(self, name: str, folders: tuple[Root, ...], *, begun: bool) -> _Opened:
        editor = AcpEditor(self._peer, name, folders, tells=self._tells)
        opened = self._opened[name] = _Opened(name, editor, self._core.configured(), begun)
        return opened

    def _find(self, name: str) -> _Opened:
        found = self._opened.get(name)
        if found is None:
            raise RequestError(RESOURCE_NOT_FOUND, f"there is no session {name!r} here; load it, or begin a new one")
        return found

    # What can be set

    def _set_mode(self, answer: Answer, params: shapes.ModeParams) -> None:
        self._set(self._find(params.session_id), "mode", params.mode_id)
        answer.give({})

    def _set_option(self, answer: Answer, params: shapes.OptionParams) -> None:
        opened = self._find(params.session_id)
        self._set(opened, params.config_id, params.value)
        answer.give({"configOptions": self._options(opened)})
        self._tell(opened.id, [{"sessionUpdate": "current_mode_update", "currentModeId": opened.mode}])

    def _set(self, opened: _Opened, name: str, value: object) -> None:
        text = value if isinstance(value, str) else ""
        mode = mode_of(text)
        match name:
            case "mode" if mode is not None:
                opened.mode = mode
            case "model" if text:
                opened.model = None if text == UNSET else text
            case "thinking" if text in THINKING:
                opened.thinking = None if text == UNSET else text
                opened.configuration.configure("the client", {"parameters": {"thinking": opened.thinking}})
            case _:
                raise RequestError(INVALID_PARAMS, f"{name}: {value!r} cannot be chosen")

    def _settings(self, opened: _Opened) -> JsonObject:
        return {"modes": modes(opened.mode), "configOptions": self._options(opened)}

    def _options(self, opened: _Opened) -> list[JsonObject]:
        return options(opened.model, opened.mode, opened.thinking, self._models)

    async def _list_models(self, opened: _Opened) -> None:
        """Tell which models there are, once servers have: no session waits for it."""

        def tell(listing: Listing) -> None:
            self._models = tuple(visible_line(model.id, LONGEST_NAME) for model in listing.models)

        try:
            await self._core.models.listing(self._core.configuration.settings(), current_time() + LISTING, tell)
        except RequestError:
            return
        if self._models and self._opened.get(opened.id) is opened:
            update = {"sessionUpdate": "config_option_update", "configOptions": self._options(opened)}
            self._tell(opened.id, [update])

    # Turns

    def _prompt(self, answer: Answer, params: shapes.PromptParams) -> None:
        opened = self._find(params.session_id)
        ask = Ask(tuple(map(_block, params.prompt)), opened.model, mode=opened.mode)
        begun = opened.begun
        try:
            where = Begin(opened.id, opened.editor, opened.configuration, new=not begun)
            accepted = self._core.chats.accept(where, ask, self._outbox.room)
        except RequestError as error:
            raise _as_acp(error) from error
        opened.begun = True

        async def answered() -> None:
            try:
                ended = await accepted.run(self._teller(opened.id))
            except RequestError as error:
                opened.begun = begun
                raise _as_acp(error) from error
            answer.give(_result(ended))

        self._later.answer(answer, answered)
        answer.cancel = accepted.scope.cancel

    def _teller(self, session_id: str) -> Callable[[Event], None]:
        """Tells what happens in a turn, in order; what the client is behind with is joined."""
        updates = Updates()

        def framed(_number: int, event: Event) -> bytes:
            found = updates.of(to_wire(event), monotonic())
            return b"".join(line(dumps(_notice(session_id, update))) for update in found)

        return partial(self._outbox.event, Channel(framed))

    def _cancel(self, params: object) -> None:
        name = shapes.OfSession.model_validate(params).session_id
        self._core.chats.cancel_session(name)

    def _tell(self, session_id: str, updates: Iterable[JsonObject]) -> None:
        for update in updates:
            self._outbox.message(_notice(session_id, update))


def _notice(session_id: str, update: JsonObject) -> JsonObject:
    return notification("session/update", {"sessionId": session_id, "update": update})


def _folder(path: str) -> bytes:
    return os.fsencode(os.path.realpath(path))


def _block(block: shapes.Block) -> ContentBlock:
    match block:
        case shapes.TextBlock():
            return TextContent(block.text)
        case shapes.ImageBlock():
            return Image(block.mime_type, block.data)
        case shapes.LinkBlock():
            return ResourceLink(block.uri)
        case shapes.ResourceBlock():
            inner = block.resource
            return ResourceLink(inner.uri) if inner.text is None else Resource(inner.uri, inner.text)


def _replayed(events: Iterable[JsonObject]) -> Iterable[JsonObject]:
    updates = Updates(replay=True)
    return [update for event in events for update in updates.of(event, 0.0)]


def _result(ended: Ended) -> JsonObject:
    """The answer to a prompt. A turn that failed is an error. Raises `RequestError`."""
    if ended.error is not None:
        code = AUTH_REQUIRED if ended.error.kind == "unauthorized" else INTERNAL_ERROR
        raise RequestError(code, ended.error.message)
    spent = ended.tally.usage
    told = {} if spent is None else {"usage": usage(to_wire(spent))}
    return {"stopReason": ended.stop_reason, **told}


def _as_acp(error: RequestError) -> RequestError:
    """The same with the code that clients of this protocol know."""
    codes = {SESSION_NOT_FOUND: RESOURCE_NOT_FOUND, CREDENTIALS_MISSING: AUTH_REQUIRED}
    own = error.code.number > 0 and error.code not in codes
    code = INTERNAL_ERROR._replace(kind=error.code.kind) if own else codes.get(error.code, error.code)
    return RequestError(code, str(error))


def _told_as_acp(work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    async def told() -> None:
        try:
            await work()
        except RequestError as error:
            raise _as_acp(error) from error

    return told
