"""The daemon: one short function for every method, and the wiring: what there is one of is made here alone."""

import asyncio
import gc
import logging
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import anyio
import platformdirs
from anyio import move_on_after, to_thread
from anyio.abc import TaskGroup

from chatls.agent.accepted import Means
from chatls.agent.chats import Chats
from chatls.agent.instructions import Instructions
from chatls.agent.permission.grants import Grants
from chatls.agent.permission.permissions import Permissions
from chatls.agent.queues import Queues
from chatls.agent.session import Sessions
from chatls.agent.surroundings import Surroundings
from chatls.children import process
from chatls.children.commands import Commands, environment_without_keys
from chatls.children.leftovers import forget_old
from chatls.children.wall.wall import Wall
from chatls.configuration import Configuration
from chatls.errors import RequestError
from chatls.lsp.editor import LspEditor
from chatls.lsp.handshake import Hello
from chatls.lsp.later import Later
from chatls.lsp.listings import Listings
from chatls.lsp.rpc import Answer, Rpc
from chatls.lsp.sessions import KeptSessions
from chatls.lsp.turns import Turns
from chatls.mcp import ForeignTools
from chatls.models import Models
from chatls.providers.http.keys import known_keys
from chatls.providers.known.catalog import KNOWN
from chatls.shapes import member, says
from chatls.store.library import Library
from chatls.store.store import Store
from chatls.tools import TOOLS
from chatls.tools.toolbox import Toolbox
from chatls.wire import methods
from chatls.wire import sessions as session_methods
from chatls.wire.log import Log
from chatls.wire.outbox import Outbox
from chatls.wire.stdio import Input, Output, Pipes, frame, leave, on_terminate
from chatls.wire.steering import COMPACT, STEER, SteerParams

log = logging.getLogger(__name__)

GRACE = 0.5
"""Seconds that turns get to end by themselves when the daemon leaves."""
LAST_WORDS = 0.2
"""Seconds for those whose children were killed then."""
FAREWELL = 0.5
"""Seconds for the client to take its last messages, and as many for connections to close."""


def run(pipes: Pipes, hello: Hello) -> None:
    """Serve one client until it leaves. Ends the process."""
    lines = Log(os.environ.get("CHATLS_LOG", ""))
    try:
        anyio.run(_serve, pipes, hello, lines)
    except BaseException:  # a bug: nothing that was started may outlive it, and no thread may keep it
        log.exception("a bug ends chatls")
        process.kill_all()
        lines.flush()
        leave(1)


async def _serve(pipes: Pipes, hello: Hello, lines: Log) -> None:
    loop = asyncio.get_running_loop()
    async with anyio.create_task_group() as tasks:
        output = Output(pipes.sink, loop)
        outbox = Outbox(output, frame)
        app = App(tasks, outbox, hello)
        outbox.on_lost = app.leave
        on_terminate(loop, app.leave)
        app.greet(hello)
        Input(pipes.source, loop, app.receive)
        await app.left()
        await app.clean_up()
        output.close()
        lines.flush()
        leave(app.code)  # not one task, thread or finaliser more may keep the client waiting


class App:
    """One client's daemon."""

    def __init__(self, tasks: TaskGroup, outbox: Outbox, hello: Hello) -> None:
        can_create = says(hello.params, "capabilities", "window", "workDoneProgress")
        self._tasks = tasks
        self._outbox = outbox
        self._rpc = Rpc(outbox, hello)
        self._rpc.on_look(self._look)
        self._configuration = Configuration([tool.name for tool in TOOLS])
        self._models = Models(os.environ)
        editor = LspEditor(self._rpc, hello)
        self._later = Later(tasks)
        self._environment: dict[str, str] = {}
        self._foreign = ForeignTools(tasks, self._environment, editor)
        toolbox = Toolbox(TOOLS, self._foreign.tools)
        self._key_variables = {variable for entry in KNOWN for variable in entry.key_variables}
        self._outputs = platformdirs.user_cache_path("chatls", appauthor=False) / "output"
        outputs = self._outputs / f"{os.getpid()}-{secrets.token_hex(4)}"
        wall = Wall(self._environment, self._outputs.parent / "walls", outputs)
        commands = Commands(self._environment, outputs, tasks, wall)
        sessions = Sessions(editor, self._configuration)
        grants = Grants(platformdirs.user_state_path("chatls", appauthor=False))
        permissions = Permissions(grants, self._environment, sessions.rules)
        known = partial(known_keys, os.environ, self._key_variables)
        self._store = Store(platformdirs.user_data_path("chatls", appauthor=False), known, sessions.forget, self._warn)
        around = Surroundings(self._environment)
        means = Means(
            self._models, permissions, Instructions(), around, Queues(), commands, self._store, self._foreign.news
        )
        self._chats = Chats(sessions, toolbox, means)
        self._chats.listeners = (self._store.listener,)
        self._turns = Turns(tasks, outbox, self._rpc, self._chats, self._later, can_create=can_create)
        listed = (editor, self._configuration, self._models, toolbox, permissions, wall, self._foreign)
        self._listings = Listings(self._later, hello.answered, *listed)
        library = Library(
            self._store,
            lambda: tuple(root.path for root in editor.roots()),
            lambda name: sessions.find(name) is not None,
        )
        self._sessions = KeptSessions(
            self._later, outbox, self._chats, self._store, library, editor, self._configuration
        )
        self.code = 1
        self._left = anyio.Event()
        self._register()

    def greet(self, hello: Hello) -> None:
        """Take settings and what came behind `initialize`; watch the parent."""
        self._configure("initializationOptions", hello.params.get("initializationOptions"))
        parent = hello.params.get("processId")
        if parent is not None:
            self._tasks.start_soon(self._watch, parent)
        self._rpc.begin(hello.pending)
        self._tasks.start_soon(self._warm_up)
        self._tasks.start_soon(self._tidy)
        self._tasks.start_soon(self._store.pen.run)
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
        """End everything: turns, children, connections; let the client take its last messages. Under two seconds."""
        self._chats.cancel_all()
        self._foreign.let_go()
        with move_on_after(GRACE):
            await self._turns.idle()
            await self._later.idle()
        process.kill_all()
        with move_on_after(LAST_WORDS):
            await self._turns.idle()
        await self._store.pen.close()
        with move_on_after(FAREWELL):
            await self._outbox.flush()
        with move_on_after(FAREWELL):
            await self._models.close()

    def _register(self) -> None:
        self._rpc.serve(methods.PROMPT.name, methods.PROMPT.params, self._turns.accept)
        self._rpc.serve(STEER.name, STEER.params, self._steer)
        self._rpc.serve(COMPACT.name, COMPACT.params, self._turns.compact)
        self._rpc.serve(methods.CANCEL.name, methods.CANCEL.params, self._cancel_turn)
        self._rpc.serve(methods.MODELS.name, methods.MODELS.params, self._listings.models)
        self._rpc.serve(methods.TOOLS.name, methods.TOOLS.params, self._listings.tools)
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
        self._rpc.serve("workspace/executeCommand", methods.CommandParams, self._execute)
        self._rpc.serve("shutdown", methods.NoParams, self._shutdown)
        self._rpc.command("chatls.cancel", self._cancel)
        self._rpc.command("chatls.cancelAll", lambda _: methods.CommandResult(self._chats.cancel_all()))
        self._rpc.hear("initialized", lambda _: self._foreign.begin())
        self._rpc.hear("exit", lambda _: self.leave())
        self._rpc.hear("window/workDoneProgress/cancel", self._cancel_token)
        self._rpc.hear("workspace/didChangeConfiguration", self._reconfigure)

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

    def _execute(self, answer: Answer, params: methods.CommandParams) -> None:
        answer.give(self._rpc.run_command(params.command, params.arguments))

    def _cancel(self, argument: object) -> methods.CommandResult:
        session_id = methods.read(methods.CancelCommand, argument).session_id
        count = self._chats.cancel_last() if session_id is None else self._chats.cancel_session(session_id)
        return methods.CommandResult(count)

    def _cancel_token(self, params: Any) -> None:
        self._turns.cancel_token(member(params, "token"))

    def _shutdown(self, answer: Answer, _params: methods.NoParams) -> None:
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
        if problem := self._configuration.configure(source, values):
            self._rpc.notify("window/showMessage", {"type": 1, "message": f"chatls: {problem}"})
        else:
            self._models.retire(self._configuration.settings())
        self._hide_keys()
        with suppress(RequestError):
            self._foreign.configure(self._configuration.settings().mcp)
        self._tasks.start_soon(self._models.close_retired)

    def _hide_keys(self) -> None:
        """Keep from commands what holds a key by the settings as they are, or as they once were."""
        with suppress(RequestError):
            providers = self._configuration.settings().providers.values()
            self._key_variables |= {own.api_key_env for own in providers if own.api_key_env}
        keys = (os.environ.get(name, "") for name in self._key_variables)
        found = environment_without_keys(os.environ, self._key_variables, keys)
        self._environment.clear()
        self._environment.update(found)

    def _warn(self, words: str) -> None:
        self._rpc.notify("window/showMessage", {"type": 2, "message": f"chatls: {words}"})

    async def _warm_up(self) -> None:
        try:
            with suppress(RequestError):
                await self._models.warm_up(self._configuration.settings())
        finally:
            gc.freeze()  # what is imported stays: a full collection would stop the stream for some 30 ms
            gc.enable()

    def _look(self, look: Callable[[], None]) -> None:
        self._tasks.start_soon(to_thread.run_sync, look)

    async def _tidy(self) -> None:
        await to_thread.run_sync(forget_old, self._outputs, abandon_on_cancel=True)

    async def _watch(self, parent: int) -> None:
        await process.gone(parent)
        self.leave()
