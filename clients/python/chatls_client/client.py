"""A daemon to talk to: starts it, asks it, hands out what it says as typed values, and ends it.

    async with Client.start(roots=["."]) as client:
        async for event in client.prompt("What is this?"):
            ...

Everything here runs in one event loop; the only concurrency is the connection's task group.
"""

import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, cast

from anyio import fail_after

from chatls_client.asked import (
    ApplyEdit,
    Diagnose,
    Fill,
    Permit,
    on_diagnostics,
    on_edit,
    on_form,
    on_permission,
)
from chatls_client.connection import METHOD_NOT_FOUND, Connection, Params, Peer
from chatls_client.errors import DaemonError, ProtocolError, RpcError
from chatls_client.protocol import (
    CommandsResult,
    CompactResult,
    JsonObject,
    ListResult,
    ModelsResult,
    PermissionEntry,
    PermissionsResult,
    PromptResult,
    SessionEntry,
    ToolEntry,
    ToolsResult,
)
from chatls_client.turn import Content, Turn

VERSION = 1
"""Of the protocol (docs/protocol.md)."""

ToolChoice = Literal["auto", "none", "required"]

_LEVELS: dict[Any, Literal["error", "warning", "info", "log"]] = {1: "error", 2: "warning", 3: "info", 4: "log"}


@dataclass(frozen=True, slots=True)
class Message:
    """What the daemon says outside of any turn: `window/showMessage` and `window/logMessage`."""

    level: Literal["error", "warning", "info", "log"]
    text: str
    shown: bool
    """Meant for the user's eyes, not only for a log."""


def to_uri(document: Path | str) -> str:
    """A path as a `file:` URI; what is a URI already stays as it is.

    >>> to_uri("/a b"), to_uri("untitled:one")
    ('file:///a%20b', 'untitled:one')
    """
    if isinstance(document, str) and re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", document):
        return document
    return Path(document).absolute().as_uri()


class Client:
    """One daemon, from `async with Client.start(...)` to the end of the block."""

    def __init__(
        self,
        command: Sequence[str],
        roots: Sequence[Path],
        settings: JsonObject,
        on_message: Callable[[Message], None],
        on_stderr: Callable[[str], None],
        *,
        permission: Permit | None,
        form: Fill | None,
        apply_edit: ApplyEdit | None,
        diagnostics: Diagnose | None,
        cwd: Path | None,
        env: Mapping[str, str] | None,
        start_timeout: float,
    ) -> None:
        self._roots = [{"uri": root.as_uri(), "name": root.name or str(root)} for root in roots]
        self._settings = settings
        self._on_message = on_message
        self._start_timeout = start_timeout
        self._considered: dict[str, Callable[[JsonObject], Awaitable[Any]]] = {
            "workspace/applyEdit": on_edit(apply_edit)
        }
        if permission is not None:
            self._considered["chat/requestPermission"] = on_permission(permission)
        if form is not None:
            self._considered["chat/elicit"] = on_form(form)
        if diagnostics is not None:
            self._considered["chat/diagnostics"] = on_diagnostics(diagnostics)
        self._edits = apply_edit is not None
        peer = Peer(self._notified, self._requested, self._considered.get, on_stderr)
        self._connection = Connection(command, peer, cwd=cwd, env=env)
        self._turns: dict[str, Turn] = {}
        self._versions: dict[str, int] = {}
        self.server: JsonObject = {}
        """The daemon's answer to `initialize`."""

    def offers(self, feature: str) -> bool:
        """Whether the daemon says that it serves a feature: `sessions`, `steer`, `modes`, `editedArguments`."""
        match self.server:
            case {"capabilities": {"experimental": {"chat": {**features}}}}:
                return features.get(feature) is True
            case _:
                return False

    @classmethod
    def start(
        cls,
        command: Sequence[str] | None = None,
        *,
        roots: Iterable[Path | str] = (),
        settings: JsonObject | None = None,
        on_message: Callable[[Message], None] | None = None,
        on_stderr: Callable[[str], None] | None = None,
        permission: Permit | None = None,
        form: Fill | None = None,
        apply_edit: ApplyEdit | None = None,
        diagnostics: Diagnose | None = None,
        cwd: Path | str | None = None,
        env: Mapping[str, str] | None = None,
        start_timeout: float = 30,
    ) -> "Client":
        """A client whose daemon starts with `async with` and ends with its block.

        `command`: how the daemon is started; the one beside this package if None. `roots`: the folders that tools may
        read. `settings`: docs/protocol.md, section 8. `on_message` and `on_stderr` are called with what the daemon
        says outside of turns; they must not wait. `permission` puts a question to a person and may take its time; it is
        cancelled when the question is withdrawn. Without it models get no tool that changes anything. `form`
        shows the forms of MCP servers, in the same way; without it they are told that it was closed. `apply_edit`
        changes open documents; without it what is open is not changed. `diagnostics` tells an editor's problems.
        `env`: its whole environment; this process's own if None. `start_timeout`: seconds for the answer to
        `initialize`. Entering the block raises `DaemonError`.
        """
        return cls(
            tuple(command or (sys.executable, "-m", "chatls")),
            [Path(root).absolute() for root in roots],
            settings or {},
            on_message or _ignore,
            on_stderr or _ignore,
            permission=permission,
            form=form,
            apply_edit=apply_edit,
            diagnostics=diagnostics,
            cwd=None if cwd is None else Path(cwd),
            env=env,
            start_timeout=start_timeout,
        )

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        try:
            with fail_after(self._start_timeout):
                await self._initialize()
        except BaseException as error:
            self.hurry()
            await self._connection.__aexit__(type(error), error, error.__traceback__)
            if isinstance(error, TimeoutError):
                raise DaemonError(f"the daemon did not start within {self._start_timeout} s") from error
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.__aexit__(kind, error, trace)

    @property
    def pid(self) -> int:
        """The daemon's process, once it was started."""
        return self._connection.pid

    @property
    def exit_code(self) -> int | None:
        """Of the daemon, negative for a signal; None while it runs."""
        return self._connection.exit_code

    def hurry(self) -> None:
        """Let the daemon leave now, whatever it is doing. The block must still be left, and ends without waiting."""
        self._connection.hurry()

    # Asking

    def prompt(
        self,
        content: Content,
        *,
        session: str | None = None,
        new_session: str | None = None,
        model: str | None = None,
        tool_choice: ToolChoice = "auto",
        tools: Sequence[str] | None = None,
    ) -> Turn:
        """Ask, and get the turn that answers, at once.

        `session` continues a session, `new_session` begins one under this name, neither under a name of the daemon's
        own. `model`: "provider/model", else the settings' one. `tools`: only these. A refusal is raised as `RpcError`
        where the turn is iterated or awaited.
        """
        params = _prompt(content, session, new_session, model, tool_choice, tools)
        return Turn(self._connection, self._turns, params)

    async def ask(
        self,
        content: Content,
        *,
        session: str | None = None,
        new_session: str | None = None,
        model: str | None = None,
        tool_choice: ToolChoice = "auto",
        tools: Sequence[str] | None = None,
    ) -> PromptResult:
        """Ask without events: the result's `text` is the answer. A caller that is cancelled cancels the turn.

        Raises `RpcError` for a refusal, `DaemonError` if the daemon ends first.
        """
        params = _prompt(content, session, new_session, model, tool_choice, tools)
        return PromptResult.from_wire(await self._connection.call("chat/prompt", params))

    async def models(self) -> ModelsResult:
        """The models that are known by now, and the one that a prompt without a model gets."""
        return ModelsResult.from_wire(await self._connection.call("chat/models", {}))

    async def tools(self) -> tuple[ToolEntry, ...]:
        """The tools that models are offered."""
        return ToolsResult.from_wire(await self._connection.call("chat/tools", {})).tools

    async def commands(self) -> CommandsResult:
        """The slash commands that a prompt may begin with, and what it may mention."""
        return CommandsResult.from_wire(await self._connection.call("chat/commands", {}))

    async def compact(self, session: str, *, instructions: str = "") -> CompactResult:
        """Have what the model is sent of a session summarised. `instructions`: what the summary must hold.

        Raises `RpcError` (1001, 1002). `error` in the result says why there is no summary.
        """
        params = {"sessionId": session, "instructions": instructions}
        return CompactResult.from_wire(await self._connection.call("chat/session/compact", params))

    async def permissions(
        self, *, session: str | None = None, revoke: Sequence[str] = ()
    ) -> tuple[PermissionEntry, ...]:
        """The rules and remembered answers that hold, those of one session too if it is named.

        `revoke`: remembered answers that hold no longer, by their ids; the rest is returned. Rules of the settings are
        changed where they stand.
        """
        params: Params = {"revoke": list(revoke)} if revoke else {}
        params |= {} if session is None else {"sessionId": session}
        return PermissionsResult.from_wire(await self._connection.call("chat/permissions", params)).permissions

    async def sessions(
        self, query: str = "", *, everywhere: bool = False, branches: bool = False, limit: int = 50
    ) -> tuple[SessionEntry, ...]:
        """The sessions that are kept, the one that was changed last first: those about a folder of ours, or all
        (`everywhere`), that have all words of `query`. `branches`: also what rewinds took away."""
        params: Params = {"everywhere": everywhere, "branches": branches, "limit": limit}
        params |= {"query": query} if query else {}
        return ListResult.from_wire(await self._connection.call("chat/session/list", params)).sessions

    async def request(self, method: str, params: Params | None = None) -> Any:
        """Any other request; returns the result as JSON. Raises `RpcError` and `DaemonError`."""
        return await self._connection.call(method, params)

    def configure(self, settings: JsonObject) -> None:
        """Replace the settings that were given to `start`."""
        self._settings = settings
        self._connection.notify("workspace/didChangeConfiguration", {"settings": {"chatls": settings}})

    # Open documents: their text wins over the disk's

    def open(self, document: Path | str, text: str, *, language: str = "plaintext") -> None:
        """Tell the daemon that a document (a path or a URI) is open, with this text, saved or not."""
        uri = to_uri(document)
        self._versions[uri] = 1
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self._connection.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, document: Path | str, text: str) -> None:
        """The whole new text of an open document. Raises `KeyError` for one that is not open."""
        uri = to_uri(document)
        self._versions[uri] += 1
        item = {"uri": uri, "version": self._versions[uri]}
        changes = [{"text": text}]
        self._connection.notify("textDocument/didChange", {"textDocument": item, "contentChanges": changes})

    def close(self, document: Path | str) -> None:
        """The disk's text counts again. Raises `KeyError` for a document that is not open."""
        uri = to_uri(document)
        del self._versions[uri]
        self._connection.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def _notified(self, method: str, params: Params) -> None:
        match method, params:
            case "$/progress", {"token": token, "value": value}:
                if (turn := self._turns.get(token)) is not None:
                    turn.receive(value)
            case (("window/showMessage" | "window/logMessage"), {"message": str(text)}):
                level = _LEVELS.get(params.get("type"), "log")
                self._on_message(Message(level, text, shown=method == "window/showMessage"))
            case _:
                pass

    def _requested(self, method: str, params: Params) -> Any:
        match method:
            case "workspace/configuration":
                items = cast(list[JsonObject], params.get("items") or [])
                return [self._settings if item.get("section") == "chatls" else None for item in items]
            case "workspace/workspaceFolders":
                return self._roots
            case "window/workDoneProgress/create" | "window/showMessageRequest":
                return None
            case "client/registerCapability" | "client/unregisterCapability":
                return None
            case _:
                raise RpcError(METHOD_NOT_FOUND, f"unknown method {method!r}")

    def _capabilities(self) -> JsonObject:
        chat: JsonObject = {"version": VERSION}
        chat |= {"permission": True} if "chat/requestPermission" in self._considered else {}
        chat |= {"elicit": True} if "chat/elicit" in self._considered else {}
        chat |= {"diagnostics": True} if "chat/diagnostics" in self._considered else {}
        workspace: JsonObject = {"workspaceFolders": True, "configuration": True}
        if self._edits:
            workspace |= {"applyEdit": True, "workspaceEdit": {"documentChanges": True}}
        return {
            "general": {"positionEncodings": ["utf-32", "utf-16"]},  # Python counts characters as UTF-32 does
            "workspace": workspace,
            "experimental": {"chat": chat},
        }

    async def _initialize(self) -> None:
        params = {
            "processId": os.getpid(),
            "clientInfo": {"name": "chatls-client"},
            "rootUri": self._roots[0]["uri"] if self._roots else None,
            "workspaceFolders": self._roots,
            "capabilities": self._capabilities(),
            "initializationOptions": self._settings,
        }
        self.server = await self._connection.call("initialize", params)
        match self.server:
            case {"capabilities": {"experimental": {"chat": {"version": version}}}} if version == VERSION:
                self._connection.notify("initialized", {})
            case _:
                raise ProtocolError(f"the daemon does not speak version {VERSION} of the chat protocol")


def _prompt(
    content: Content,
    session: str | None,
    new_session: str | None,
    model: str | None,
    tool_choice: ToolChoice,
    tools: Sequence[str] | None,
) -> Params:
    params = {
        "content": content if isinstance(content, str) else [block.to_wire() for block in content],
        "sessionId": session,
        "newSessionId": new_session,
        "model": model,
        "toolChoice": None if tool_choice == "auto" else tool_choice,
        "tools": None if tools is None else list(tools),
    }
    return {name: value for name, value in params.items() if value is not None}


def _ignore(_said: object) -> None:
    pass
