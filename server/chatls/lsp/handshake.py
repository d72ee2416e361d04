"""The first answer: `initialize`, before anything heavy is imported. Knows no chat.

Importing asyncio, anyio and pydantic takes hundreds of milliseconds. Editors wait for `initialize`, so it is answered
from here with nothing but the standard library and orjson; the rest of the daemon is imported right behind the answer.
"""

from time import monotonic
from typing import Any, NamedTuple, cast

from chatls import __version__
from chatls.errors import INVALID_PARAMS, NOT_INITIALIZED
from chatls.jsontext import dumps
from chatls.wire import jsonrpc
from chatls.wire.stdio import FrameReader, Lost, Pipes, frame, read_some, seen, write_all

CANCEL_COMMANDS = ("chatls.cancel", "chatls.cancelAll")
SUFFIX = "commandSuffix"
"""The member of `initializationOptions` that is no setting: what the client wants behind the names of commands."""
ASK_COMMAND = "chatls.ask"
"""For editors without a plugin of ours (`bare`)."""
ACTION_KINDS = (
    "quickfix",
    *(f"refactor.chatls.{name}" for name in ("explain", "document", "test", "ask", "send", "cancel")),
)
"""The kinds of code actions that they are offered (LSP, `CodeActionKind`)."""
ASKS = ("permission", "elicit", "diagnostics", "reload", "save", "editCells", "language")
"""What we may ask of a client that says in `experimental.chat` that it answers."""
OFFERS = {
    "sessions": "`chat/session/...`",
    "steer": "`chat/steer`",
    "modes": "the member `mode` of `chat/prompt`",
    "commands": "`chat/commands`, and blocks `mention`",
    "editedArguments": "the member `arguments` of an answer to `chat/requestPermission`",
}
"""What clients may ask of us that not every daemon serves."""
NOTEBOOKS = {"scheme": "file", "pattern": "**/*.ipynb"}
"""Those that we want to be told of (LSP, `NotebookDocumentFilter`)."""
ENCODINGS = ("utf-8", "utf-16", "utf-32")
PROTOCOL_VERSION = 1
"""Of docs/protocol.md."""

_Json = dict[str, Any]

_SUFFIX = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_TEXT = (str, type(None))
_TYPES: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("processId", (int, type(None)), "an integer or null"),
    ("rootUri", _TEXT, "a string or null"),
    ("rootPath", _TEXT, "a string or null"),
    ("capabilities", (dict, type(None)), "an object or null"),
    ("workspaceFolders", (list, type(None)), "an array or null"),
)


class Hello(NamedTuple):
    """A client that said `initialize` and was answered."""

    params: _Json
    position_encoding: str
    reader: FrameReader
    pending: list[bytes | Lost]
    """What was read behind `initialize`."""
    answered: float = 0.0
    """When it was answered (on `time.monotonic`'s clock): what is read first may have waited since then."""
    seen: bool = False
    """Whether the client's process (`processId`) could be seen before that."""


def greet(pipes: Pipes) -> Hello | None:
    """Wait for `initialize` and answer it. None if the client left first."""
    reader = FrameReader()
    while data := read_some(pipes.source):
        pending = reader.feed(data)
        while pending:
            item = pending.pop(0)
            message = jsonrpc.lost(item) if isinstance(item, Lost) else jsonrpc.parse(item)
            if isinstance(message, jsonrpc.Notification) and message.method == "exit":
                return None
            there = isinstance(message, jsonrpc.Request) and _seen(message.params)
            reply = _answer(message)
            if reply is not None and not _written(pipes, reply):
                return None
            if isinstance(message, jsonrpc.Request) and reply is not None and "result" in reply:
                params = cast("_Json", message.params or {})
                return Hello(params, position_encoding(params), reader, pending, monotonic(), there)
    return None


def _seen(params: object) -> bool:
    """It may end as soon as it has its answer; one that was never seen is of another machine or container."""
    client = cast("_Json", params).get("processId") if isinstance(params, dict) else None
    return isinstance(client, int) and seen(client)


def position_encoding(params: _Json) -> str:
    """The client's first choice among those that we know; UTF-16 where it names none (LSP, `positionEncodings`)."""
    capabilities: _Json = params.get("capabilities") or {}
    general = capabilities.get("general")
    offered = cast("_Json", general).get("positionEncodings") if isinstance(general, dict) else None
    names = cast("list[Any]", offered) if isinstance(offered, list) else []
    return next((name for name in names if name in ENCODINGS), "utf-16")


def bare(params: _Json) -> bool:
    """Whether the editor has no plugin of ours: its client says nothing of chats (`experimental.chat`)."""
    capabilities: _Json = params.get("capabilities") or {}
    experimental = capabilities.get("experimental")
    said = cast("_Json", experimental).get("chat") if isinstance(experimental, dict) else None
    return not isinstance(said, dict)


def suffix(params: _Json) -> str:
    """What stands behind the names of commands, its dot included: `commandSuffix` of `initializationOptions`. Raises
    `ValueError` for one that cannot stand there."""
    options = params.get("initializationOptions")
    wanted = cast("_Json", options).get(SUFFIX) if isinstance(options, dict) else None
    if wanted is None:
        return ""
    if not isinstance(wanted, str) or not 0 < len(wanted) <= 64 or not _SUFFIX.issuperset(wanted):
        raise ValueError(f"{SUFFIX}: must be letters, digits, `_` and `-`, at most 64 of them")
    return f".{wanted}"


def _commands(params: _Json) -> list[str]:
    try:
        behind = suffix(params)
    except ValueError:
        behind = ""  # it is told when the settings are read
    return [f"{name}{behind}" for name in (*CANCEL_COMMANDS, *((ASK_COMMAND,) if bare(params) else ()))]


def _written(pipes: Pipes, reply: _Json) -> bool:
    try:
        write_all(pipes.sink, frame(dumps(reply)))
    except OSError:
        return False
    return True


def _answer(message: object) -> _Json | None:
    match message:
        case jsonrpc.Refusal(identifier, code, text):
            return jsonrpc.error(identifier, code, text)
        case jsonrpc.Request(identifier, "initialize", params):
            return _initialize(identifier, {} if params is None else params)
        case jsonrpc.Request(identifier, method, _):
            text = f"{method!r} came before 'initialize'"
            return jsonrpc.error(identifier, NOT_INITIALIZED, text)
        case _:
            return None


def _initialize(identifier: jsonrpc.Id, params: object) -> _Json:
    if complaint := _complaint(params):
        return jsonrpc.error(identifier, INVALID_PARAMS, complaint)
    return jsonrpc.result(identifier, answer(cast("_Json", params)))


def _complaint(params: object) -> str | None:
    if not isinstance(params, dict):
        return "params: must be an object"
    values = cast("_Json", params)
    for name, types, wanted in _TYPES:
        if name in values and (not isinstance(values[name], types) or isinstance(values[name], bool)):
            return f"{name}: must be {wanted}"
    for index, folder in enumerate(cast("list[Any]", values.get("workspaceFolders") or [])):
        if not isinstance(folder, dict) or not isinstance(cast("_Json", folder).get("uri"), str):
            return f"workspaceFolders.{index}.uri: must be a string"
    return None


def answer(params: _Json) -> _Json:
    """What this server can do (LSP, `InitializeResult`)."""
    capabilities: _Json = {
        "positionEncoding": position_encoding(params),
        "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
        "notebookDocumentSync": {"notebookSelector": [{"notebook": NOTEBOOKS}], "save": True},
        "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
        "executeCommandProvider": {"commands": _commands(params)},
        "experimental": {"chat": {"version": PROTOCOL_VERSION, **dict.fromkeys((*ASKS, *OFFERS), True)}},
    }
    if bare(params):
        capabilities["codeActionProvider"] = {"codeActionKinds": list(ACTION_KINDS), "resolveProvider": True}
    return {"capabilities": capabilities, "serverInfo": {"name": "chatls", "version": __version__}}
