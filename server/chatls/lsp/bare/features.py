"""Code actions, in the types of LSP (lsprotocol). Loaded when an editor first asks for some; pure."""

from collections.abc import Iterator
from typing import Any

from lsprotocol import converters, types

from chatls.content import JsonObject, camel
from chatls.lsp.bare.kinds import CommandNames, Situation, is_wanted
from chatls.lsp.handshake import ACTION_KINDS, Hello
from chatls.shapes import as_list, member
from chatls.visible import visible_line
from chatls.wire import methods

MOST_PROBLEMS = 20
"""Problems that an action is offered for."""
LONGEST_TITLE = 80
"""Characters of one in an action's name."""

_LINE_END = "\n"
_SELECTED = {"explain": "Explain", "document": "Document", "test": "Write a test"}
_KINDS = {kind.rpartition(".")[2]: kind for kind in ACTION_KINDS}


class CodeActions:
    """Those of one client."""

    def __init__(self, hello: Hello, commands: CommandNames) -> None:
        able = member(member(hello.params.get("capabilities"), "textDocument"), "codeAction")
        self._literals = member(able, "codeActionLiteralSupport") is not None
        resolved = as_list(member(member(able, "resolveSupport"), "properties"))
        self._lazy = "command" in resolved and member(able, "dataSupport") is True
        self._commands = commands
        self._converter = converters.get_converter()

    def offered(self, params: JsonObject, now: Situation) -> Any:
        """The answer to `textDocument/codeAction`. Raises `RequestError` for parameters that do not fit."""
        asked = self._read(params, types.CodeActionParams)
        only = asked.context.only
        actions = [action for action in self._all(asked, now) if only is None or is_wanted(action.kind, only)]
        told = actions if self._literals else [action.command for action in actions]
        return self._told(told)

    def resolved(self, params: JsonObject) -> Any:
        """The answer to `codeAction/resolve`: with its command. Raises `RequestError`."""
        action = self._read(params, types.CodeAction)
        if action.command is None:
            action.command = self._command(
                action.title, member(action.data, "command"), member(action.data, "argument")
            )
        return self._told(action)

    def _read(self, params: JsonObject, kind: type[Any]) -> Any:
        try:
            return self._converter.structure(params, kind)
        except Exception as error:  # cattrs raises what it likes
            raise methods.invalid(_fault(error)) from error

    def _told(self, value: Any) -> Any:
        try:
            return self._converter.unstructure(value)
        except RecursionError as error:
            raise methods.invalid("data: is nested too deeply") from error

    def _all(self, asked: types.CodeActionParams, now: Situation) -> Iterator[types.CodeAction]:
        if asked.text_document.uri.startswith("file:") and not now.is_ours:  # nothing else can be read
            yield from self._about(asked, now)
        for title, argument in now.sends:
            yield self._action(title, _KINDS["send"], self._commands.ask, argument)
        for session_id, title in now.running:
            yield self._action(f"Cancel: {title}", _KINDS["cancel"], self._commands.cancel, {"sessionId": session_id})

    def _about(self, asked: types.CodeActionParams, now: Situation) -> Iterator[types.CodeAction]:
        """What can be asked about the document."""
        uri, ask = asked.text_document.uri, self._commands.ask
        here: JsonObject = {"uri": uri, "range": self._converter.unstructure(asked.range)}
        for problem in asked.context.diagnostics[:MOST_PROBLEMS]:
            there = {"uri": uri, "range": self._converter.unstructure(problem.range), "text": _words(problem)}
            title = f"Fix: {visible_line(problem.message.strip().partition(_LINE_END)[0], LONGEST_TITLE)}"
            yield self._action(title, _KINDS["quickfix"], ask, {"what": "fix", **there}, problem)
        selected = asked.range.start != asked.range.end
        for what, title in _SELECTED.items() if selected else ():
            yield self._action(title, _KINDS[what], ask, {"what": what, **here})
        if now.shows and (selected or asked.context.trigger_kind != types.CodeActionTriggerKind.Automatic):
            yield self._action("Ask about this ...", _KINDS["ask"], ask, here)

    def _action(
        self, title: str, kind: str, command: str, argument: JsonObject, problem: types.Diagnostic | None = None
    ) -> types.CodeAction:
        action = types.CodeAction(title, kind=kind, diagnostics=[problem] if problem else None)
        if self._lazy and self._literals:
            action.data = {"command": command, "argument": argument}
        else:
            action.command = self._command(title, command, argument)
        return action

    def _command(self, title: str, command: Any, argument: Any) -> types.Command:
        if command not in self._commands:
            raise methods.invalid("data.command: is no command of chatls")
        return types.Command(title, command, arguments=[argument])


def _fault(error: BaseException, path: str = "") -> str:
    """What does not fit: the first of what cattrs has found, which notes the attribute on the way there."""
    inner: Any = getattr(error, "exceptions", (None,))[0]
    if inner is None:
        return f"{path.removeprefix('.') or 'params'}: does not fit"
    notes: list[str] = getattr(inner, "__notes__", [""])
    return _fault(inner, f"{path}.{camel(notes[0].rpartition(' ')[2])}")


def _words(problem: types.Diagnostic) -> str:
    """A problem as its tool tells it."""
    origin = " ".join(str(part) for part in (problem.source, problem.code) if part is not None)
    return f"{problem.message} ({origin})" if origin else problem.message
