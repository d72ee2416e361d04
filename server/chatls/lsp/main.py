"""The daemon with its native face: one short function for every method, and the wiring of what LSP needs."""

import os
from collections.abc import Callable
from typing import Any

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup

from chatls import __version__
from chatls.children import process
from chatls.children.procfs import is_entered
from chatls.core import Core
from chatls.lsp.bare import BareFace
from chatls.lsp.bare.editor import BareEditor
from chatls.lsp.editor import LspEditor
from chatls.lsp.handshake import CANCEL_COMMANDS, SUFFIX, Hello, bare, suffix
from chatls.lsp.listings import Listings
from chatls.lsp.rpc import Rpc
from chatls.lsp.sessions import KeptSessions
from chatls.lsp.turns import Turns
from chatls.lsp.workdone import Spinners
from chatls.seen.logs.log import Log
from chatls.shapes import member, object_or_none, says
from chatls.wire import methods
from chatls.wire import sessions as session_methods
from chatls.wire.commands import COMMANDS
from chatls.wire.later import Later
from chatls.wire.life import live
from chatls.wire.outbox import Outbox
from chatls.wire.params import NoParams
from chatls.wire.peer import Answer
from chatls.wire.stdio import Pipes, frame
from chatls.wire.steering import COMPACT, STEER, SteerParams


def run(pipes: Pipes, hello: Hello) -> None:
    """Serve one client until it leaves. Ends the process."""
    live(pipes, frame, lambda tasks, outbox, lines: App(tasks, outbox, hello, lines))


class App:
    """One client's daemon."""

    def __init__(self, tasks: TaskGroup, outbox: Outbox, hello: Hello, lines: Log) -> None:
        can_create = says(hello.params, "capabilities", "window", "workDoneProgress")
        self._lines = lines
        self._tasks = tasks
        self._outbox = outbox
        self._hello = hello
        self._rpc = Rpc(outbox, hello)
        self._rpc.on_look(self._look)
        editor = LspEditor(self._rpc, hello)
        core = self._core = Core(tasks, editor, self._warn, lines)
        self._chats = core.chats
        self._later = Later(tasks)
        self._spinners = Spinners(tasks, self._rpc.notify, self._rpc.ask, can_create=can_create)
        self._turns = Turns(tasks, outbox, self._spinners, self._chats, self._later)
        self._bare = None
        if bare(hello.params):
            asking = BareEditor(self._rpc, hello)
            self._bare = BareFace(self._rpc, hello, asking, core.chats, self._spinners, self._later, outbox)
        listed = (editor, core.configuration, core.models, core.toolbox, core.permissions, core.wall)
        self._listings = Listings(self._later, hello.answered, *listed, core.handbook, core.foreign)
        kept = (core.chats, core.store, core.library, editor, core.configuration)
        self._sessions = KeptSessions(self._later, outbox, *kept)
        self.code = 1
        self._left = anyio.Event()
        self._register()

    def begin(self) -> None:
        """Take settings and what came behind `initialize`; watch the parent."""
        hello = self._hello
        self._lines.trace(hello.params.get("trace"))
        client = hello.params.get("clientInfo")
        named = (member(client, "name"), member(client, "version"))
        self._lines.note("daemon_begins", version=__version__, client=" ".join(str(part) for part in named if part))
        self._configure("initializationOptions", self._settings_of(hello.params.get("initializationOptions")))
        parent = hello.params.get("processId")
        if parent is not None and _is_here(parent, seen=hello.seen):
            self._tasks.start_soon(self._watch, parent)
        self._rpc.begin(hello.pending)
        self._core.begin()
        if says(hello.params, "capabilities", "experimental", "chat", "sessionsChanged"):
            self._tasks.start_soon(self._sessions.tell, self._rpc.notify)

    def receive(self, data: bytes) -> None:
        """Take input; its end is the client's."""
        if data:
            self._rpc.receive(data)
        else:
            self.leave()

    def leave(self) -> None:
        """Begin to leave, whoever wants it. What counts is whether `shutdown` came before."""
        if not self._left.is_set():
            self.code = 0 if self._rpc.shut else 1
            self._left.set()

    async def left(self) -> None:
        """Wait for the end."""
        await self._left.wait()

    async def clean_up(self) -> None:
        """End everything; let the client take its last messages. Under two seconds."""
        self._lines.note("daemon_leaves", code=self.code)
        if self._bare is not None:
            self._bare.leave(keep=self._core.keeps)
        await self._core.end(self._answered, self._outbox.flush)

    def _register(self) -> None:
        self._rpc.serve(methods.PROMPT.name, methods.PROMPT.params, self._turns.accept)
        self._rpc.serve(STEER.name, STEER.params, self._steer)
        self._rpc.serve(COMPACT.name, COMPACT.params, self._turns.compact)
        self._rpc.serve(methods.CANCEL.name, methods.CANCEL.params, self._cancel_turn)
        self._rpc.serve(methods.MODELS.name, methods.MODELS.params, self._listings.models)
        self._rpc.serve(methods.TOOLS.name, methods.TOOLS.params, self._listings.tools)
        self._rpc.serve(COMMANDS.name, COMMANDS.params, self._listings.commands)
        self._rpc.serve(methods.PERMISSIONS.name, methods.PERMISSIONS.params, self._listings.permissions)
        for method, handler in (
            (session_methods.LIST, self._sessions.list),
            (session_methods.LOAD, self._sessions.load),
            (session_methods.FORK, self._sessions.fork),
            (session_methods.REWIND, self._sessions.rewind),
            (session_methods.RENAME, self._sessions.rename),
            (session_methods.DELETE, self._sessions.delete),
            (session_methods.EXPORT, self._sessions.export),
        ):
            self._rpc.serve(method.name, method.params, handler)
        self._rpc.serve("shutdown", NoParams, self._shutdown)
        self._rpc.hear("initialized", lambda _: self._core.foreign.begin())
        self._rpc.hear("exit", lambda _: self.leave())
        self._rpc.hear("window/workDoneProgress/cancel", lambda params: self._spinners.cancel(member(params, "token")))
        self._rpc.hear("workspace/didChangeConfiguration", self._reconfigure)
        self._rpc.hear("$/setTrace", lambda params: self._lines.trace(member(params, "value")))

    def _steer(self, answer: Answer, params: SteerParams) -> None:
        if self._chats.running(params.session_id) is None and not self._chats.knows(params.session_id):
            self._sessions.steer(answer, params.session_id)
        else:
            answer.give(self._turns.steer(params))

    def _cancel_turn(self, answer: Answer, params: methods.CancelParams) -> None:
        result = self._turns.cancel(params)
        if result.state == "not_found" and self._chats.running(params.session_id) is None:
            self._sessions.cancel(answer, params)
        else:
            answer.give(result)

    def _settings_of(self, options: Any) -> Any:
        """The settings in `initializationOptions`; what else stands there is taken out of them, and obeyed."""
        behind = ""
        try:
            behind = suffix(self._hello.params)
        except ValueError as error:
            self._warn(str(error))
        for name, command in zip(CANCEL_COMMANDS, (self._cancel, self._cancel_all), strict=True):
            self._rpc.command(f"{name}{behind}", command)
        if self._bare is not None:
            self._bare.begin(behind)
        found = object_or_none(options)
        return options if found is None else {name: value for name, value in found.items() if name != SUFFIX}

    def _cancel(self, answer: Answer, params: methods.CommandParams) -> None:
        session_id = methods.read(methods.CancelCommand, params.argument).session_id
        count = self._chats.cancel_last() if session_id is None else self._chats.cancel_session(session_id)
        answer.give(methods.CommandResult(count))

    def _cancel_all(self, answer: Answer, _params: methods.CommandParams) -> None:
        answer.give(methods.CommandResult(self._chats.cancel_all()))

    def _shutdown(self, answer: Answer, _params: NoParams) -> None:
        async def quiet() -> None:
            self._chats.cancel_all()
            await self._turns.idle()
            answer.give(None)

        self._later.answer(answer, quiet)

    def _reconfigure(self, params: Any) -> None:
        settings = member(params, "settings")
        if isinstance(settings, dict) and "chatls" in settings:
            self._configure("workspace/didChangeConfiguration", member(settings, "chatls"))

    def _configure(self, source: str, values: Any) -> None:
        if problem := self._core.configure(source, values):
            self._rpc.notify("window/showMessage", {"type": 1, "message": f"chatls: {problem}"})
            self._lines.note("settings_refused", "warning", source=source, text=str(problem))

    def _warn(self, words: str) -> None:
        self._lines.note("warned", "warning", text=words)
        self._rpc.notify("window/showMessage", {"type": 2, "message": f"chatls: {words}"})

    def _look(self, look: Callable[[], None]) -> None:
        self._tasks.start_soon(to_thread.run_sync, look)

    async def _answered(self) -> None:
        await self._turns.idle()
        await self._later.idle()

    async def _watch(self, parent: int) -> None:
        await process.gone(parent)
        self.leave()


def _is_here(client: int, *, seen: bool) -> bool:
    """Whether that is, or was, a process of this machine and of this container: the number may be one of another's."""
    parent = os.getppid()  # 0 is outside of our container
    if client == parent or parent == 0 or "SSH_CONNECTION" in os.environ:
        return client == parent
    return seen or not is_entered(os.getpid())
