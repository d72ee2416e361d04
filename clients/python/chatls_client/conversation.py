"""One question and its answer: starts the daemon, has the turn shown, and obeys Ctrl-C. Knows no terminal.

The first Ctrl-C cancels the turn, the second one leaves at once; so do SIGTERM, SIGHUP and a reader that has gone.
"""

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from anyio import CancelScope, create_task_group, move_on_after, open_signal_receiver, to_thread

from chatls_client.asked import FormAnswer, PermissionAnswer, PermissionQuestion
from chatls_client.client import Client, Message
from chatls_client.errors import ClientError, RpcError
from chatls_client.faces import Face
from chatls_client.harmless import plain
from chatls_client.mentions import content
from chatls_client.protocol import Elicitation, ErrorKind, Event, JsonObject, StopReason, TurnError
from chatls_client.turn import Turn
from chatls_client.view import View, fail, finish, fold

EXIT_CODES: dict[StopReason, int] = {
    "end_turn": 0,
    "error": 1,
    "max_tokens": 3,
    "max_turn_requests": 3,
    "refusal": 3,
    "cancelled": 130,
}
SERVERS = 10
"""Seconds that MCP servers may take to start before the question is asked without them."""
_BROKEN_PIPE = 128 + 13


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of whom, about what."""

    prompt: str
    model: str | None = None
    """"provider/model"; by the settings if None."""
    folders: tuple[Path, ...] = ()
    settings: JsonObject = field(default_factory=dict[str, object])
    command: tuple[str, ...] | None = None
    """How the daemon is started; the one beside this package if None."""
    session: str | None = None
    """Go on with this session."""
    latest: bool = False
    """Go on with the one of these folders that was changed last, if there is one."""


def _wants_log() -> bool:
    """Whether somebody asked for the daemon's log, and reads it elsewhere than where the answer is painted."""
    return bool(os.environ.get("CHATLS_LOG")) and not sys.stderr.isatty()


def _log(line: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{plain(line)}\n")
        sys.stderr.flush()


class Conversation:
    """Asks one question, once."""

    def __init__(self, question: Question, face: Face, heard: Callable[[Event], None] | None = None) -> None:
        """`heard` is called with every event as it comes."""
        self._question = question
        self._face = face
        self._heard = heard
        self._client = Client.start(
            question.command,
            roots=question.folders,
            settings=question.settings,
            on_message=self._message,
            permission=self._permit,
            form=self._fill if face.fills else None,
            on_stderr=_log if _wants_log() else None,
        )
        self._turn: Turn | None = None
        self._messages: list[str] = []
        """What the daemon said and nobody was shown yet."""
        self._asked_to_cancel = False
        self._code: int | None = None
        """The exit code for somebody who leaves in the middle."""
        self.view = View()
        """How things stand."""

    async def run(self) -> int:
        """Ask, have it shown, end the daemon. Returns the exit code of a command that does nothing else."""
        with open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
            async with create_task_group() as tasks:
                tasks.start_soon(self._obey, signals, tasks.cancel_scope)
                async with create_task_group() as work:
                    work.start_soon(self._show, tasks.cancel_scope)
                    work.start_soon(self._talk)
                tasks.cancel_scope.cancel()
        if self._code is not None:
            self._face.leave()
            return self._code
        return EXIT_CODES.get(self.view.stop_reason or "error", 3)

    async def _obey(self, signals: AsyncIterator[signal.Signals], everything: CancelScope) -> None:
        async for number in signals:
            if self.view.status == "ended":
                self._client.hurry()
            elif number == signal.SIGINT and self._turn is not None and not self._asked_to_cancel:
                self._asked_to_cancel = True
                self._turn.cancel_soon()
                self._face.cancelling()
            else:
                self._leave(128 + number, everything)

    def _leave(self, code: int, everything: CancelScope) -> None:
        self._code = code
        self._client.hurry()
        everything.cancel()

    async def _show(self, everything: CancelScope) -> None:
        try:
            await self._face.run()
        except OSError:
            self._leave(_BROKEN_PIPE, everything)

    async def _talk(self) -> None:
        try:
            async with self._client:
                await self._ask()
        except ClientError as error:
            self._flush(str(error))
            self._update(fail(self.view, _as_turn_error(error)))

    async def _ask(self) -> None:
        self._face.doing("waiting for the answer")
        session = self._question.session
        if self._question.latest:
            session = next((entry.session_id for entry in await self._client.sessions(limit=1)), None)
        question = self._question
        await self._servers()
        said = await to_thread.run_sync(content, question.prompt, question.folders, abandon_on_cancel=True)
        self._turn = self._client.prompt(said, session=session, model=self._question.model)
        async for event in self._turn:
            self._flush("")
            if self._heard is not None:
                self._heard(event)
            self._update(fold(self.view, event))
        self._update(finish(self.view, self._turn.result))

    async def _servers(self) -> None:
        """Wait a while for MCP servers that are starting: there is no later prompt that could have their tools."""
        with suppress(RpcError):
            servers: list[JsonObject] = (await self._client.request("chat/tools")).get("servers") or []
            if starting := [str(server["name"]) for server in servers if server["state"] == "starting"]:
                self._face.doing(f"waiting for MCP servers: {', '.join(starting)}", long=True)
                with move_on_after(SERVERS):
                    await self._client.request("chat/tools", {"settled": True})
        self._face.doing("waiting for the answer")

    def _update(self, view: View) -> None:
        self.view = view
        self._face.show(view)

    async def _permit(self, question: PermissionQuestion) -> PermissionAnswer:
        return await self._face.ask(question, edits=self._client.offers("editedArguments"))

    async def _fill(self, form: Elicitation) -> FormAnswer:
        return await self._face.fill(form)

    def _message(self, message: Message) -> None:
        if message.shown:
            self._messages.append(message.text)

    def _flush(self, error: str) -> None:
        """Show what the daemon said, but not what the error says in the same words."""
        messages, self._messages = self._messages, []
        for text in messages:
            if not error or error not in text:
                self._face.say(text)


def _as_turn_error(error: ClientError) -> TurnError:
    if isinstance(error, RpcError):
        kind = error.kind or f"error {error.code}"
        return TurnError(cast(ErrorKind, kind), str(error), error.retryable, error.retry_after_ms)
    return TurnError(cast(ErrorKind, "daemon"), str(error), retryable=False)
