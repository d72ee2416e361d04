"""Editors without a plugin: code actions, and answers as documents. The door: what is behind it is loaded when an
editor first asks for it, LSP's types with the first code action (docs/decisions/0028).
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from anyio import to_thread
from pydantic import ConfigDict

from chatls.agent.chats import Chats
from chatls.content import JsonObject
from chatls.errors import ToolError
from chatls.lsp.bare.editor import BareEditor
from chatls.lsp.bare.kinds import CommandNames, Situation, may_offer
from chatls.lsp.handshake import ASK_COMMAND, CANCEL_COMMANDS, Hello
from chatls.lsp.rpc import Rpc
from chatls.lsp.workdone import Spinners
from chatls.shapes import as_text, member
from chatls.wire.later import Later
from chatls.wire.methods import CommandParams
from chatls.wire.outbox import Outbox
from chatls.wire.params import Params
from chatls.wire.peer import Answer
from chatls.workspace.pathtext import local_path


class LspParams(Params):
    """Parameters of a request of LSP's own, as they came."""

    model_config = ConfigDict(extra="allow")

    def told(self) -> JsonObject:
        """All of them."""
        return dict(self.model_extra or {})


class Offering(Protocol):
    """What is behind the door of code actions (`features.py`)."""

    def offered(self, params: JsonObject, now: Situation) -> Any:
        """The answer to `textDocument/codeAction`. Raises `RequestError` for parameters that do not fit."""
        ...

    def resolved(self, params: JsonObject) -> Any:
        """The answer to `codeAction/resolve`. Raises `RequestError`."""
        ...


class BareTurns(Protocol):
    """What is behind the command `chatls.ask` (`asks.py`)."""

    def command(self, answer: Answer, params: CommandParams) -> None:
        """Answer it. Raises `RequestError` where nothing can begin."""
        ...

    def running(self) -> Iterator[tuple[str, str]]:
        """The sessions that are asked at the moment, and what that is called."""
        ...

    async def sendable(self, path: Path | None) -> list[tuple[str, JsonObject]]:
        """What a person wrote and could send, looking at this file: its name, and the command's argument."""
        ...


class BareFace:
    """What one such editor is offered."""

    def __init__(
        self, rpc: Rpc, hello: Hello, editor: BareEditor, chats: Chats, spinners: Spinners, later: Later, outbox: Outbox
    ) -> None:
        self._rpc = rpc
        self._hello = hello
        self._editor = editor
        self._commands = CommandNames(ASK_COMMAND, CANCEL_COMMANDS[0])
        self._later = later
        self._means = (chats, spinners, later, outbox, editor.screen, editor)
        self._offering: Offering | None = None
        self._asks: BareTurns | None = None

    def begin(self, suffix: str) -> None:
        """Answer its requests. `suffix`: what stands behind the names of commands."""
        self._commands = CommandNames(f"{ASK_COMMAND}{suffix}", f"{CANCEL_COMMANDS[0]}{suffix}")
        self._rpc.serve("textDocument/codeAction", LspParams, self._offer)
        self._rpc.serve("codeAction/resolve", LspParams, self._resolve)
        self._rpc.command(self._commands.ask, self._ask)

    def leave(self, *, keep: bool) -> None:
        """The daemon leaves. `keep`: what was said may stay on the disk. Blocks."""
        if not keep:
            self._editor.screen.forget()

    def _ask(self, answer: Answer, params: CommandParams) -> None:
        self._asking().command(answer, params)

    def _asking(self) -> BareTurns:
        if self._asks is None:
            from chatls.lsp.bare.asks import Asks

            self._asks = Asks(*self._means)
        return self._asks

    def _offer(self, answer: Answer, params: LspParams) -> None:
        told = params.told()
        if may_offer(told):
            self._later.answer(answer, partial(self._offered, answer, told))
        else:
            answer.give([])

    async def _offered(self, answer: Answer, params: JsonObject) -> None:
        path, asks = _path(member(params.get("textDocument"), "uri")), self._asking()
        ours = path is not None and self._editor.screen.is_ours(path)
        now = Situation(ours, await asks.sendable(path), tuple(asks.running()), self._editor.screen.shows)
        offering = await self._loaded()
        answer.give(offering.offered(params, now))

    def _resolve(self, answer: Answer, params: LspParams) -> None:
        async def resolved() -> None:
            offering = await self._loaded()
            answer.give(offering.resolved(params.told()))

        self._later.answer(answer, resolved)

    async def _loaded(self) -> Offering:
        """LSP's types take a quarter of a second to load: in a thread, so that nothing else waits."""
        if self._offering is None:
            self._offering = await to_thread.run_sync(_load, self._hello, self._commands)
        return self._offering


def _load(hello: Hello, commands: CommandNames) -> Offering:
    from chatls.lsp.bare.features import CodeActions

    return CodeActions(hello, commands)


def _path(uri: Any) -> Path | None:
    try:
        return Path(local_path(as_text(uri))) if uri else None
    except ToolError:
        return None
