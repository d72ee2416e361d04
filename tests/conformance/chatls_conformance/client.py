"""A fake daemon for a client to talk to: the words of a prompt choose what it plays, good conversations and bad ones.
It looks at all that the client sends, and says in the end which rules it kept."""

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from chatls_conformance.framing import Cutter, FramingError, Json, packed
from chatls_conformance.matching import Names
from chatls_conformance.notation import Line, Scene, read_talks
from chatls_conformance.rules import read_rules
from chatls_conformance.shapes import misshapen_method

_SOON = 5.0
_PERSON = 60.0
"""Seconds for what a machine does, and for what a person does."""

_KINDS = ("allow_once", "allow_always", "reject_once", "reject_always")
_OPTIONS = [{"id": f"opt-{kind}", "label": kind, "kind": kind, "scope": "once", "covers": "this"} for kind in _KINDS]
_FEATURES = (
    "permission",
    "elicit",
    "diagnostics",
    "reload",
    "save",
    "language",
    "sessions",
    "steer",
    "modes",
    "commands",
)
_GREETING: Json = {
    "capabilities": {
        "positionEncoding": "utf-16",
        "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
        "executeCommandProvider": {"commands": ["chatls.cancel", "chatls.cancelAll"]},
        "experimental": {"chat": {"version": 1, **dict.fromkeys(_FEATURES, True)}},
    },
    "serverInfo": {"name": "chatls-conformance", "version": "0.1.0"},
}


class LeftError(Exception):
    """The client closed its end, or a scene ends the daemon."""


class WrongError(Exception):
    """The client did not do what a scene waits for."""


STANDING_FOR_CLIENTS = {"frame", "jsonrpc", "first", "ids", "params", "leave", "session", "answers"}
"""Rules that all is held to that a client sends."""


class FakeDaemon:
    """From the first byte to the last."""

    def __init__(self, play: str, report: Path | None) -> None:
        self._play = play
        self._report = report
        self._scenes = {line.words[0]: scene for scene in read_talks("clients")[0].scenes for line in scene.lines[:1]}
        self._incoming: queue.Queue[Json | None] = queue.Queue()
        self._broken: dict[str, str] = {}
        self._kept: set[str] = set()
        self._skipped: dict[str, str] = {}
        self._flight: set[str] = set()
        self._asked: dict[str, str] = {}
        """Requests of ours that are open, by id: their method."""
        self._withdrawn: set[str] = set()
        self._answers: dict[str, Json] = {}
        self._told = {"", None}
        """Sessions that the client can know."""
        self._abilities: Json = {}
        self._documents: dict[str, int] = {}
        self._changed: set[str] = set()
        self._cancels: list[Json] = []
        self._prompts: list[Json] = []
        self._greeted = self._shut = False
        self._piece = 0
        self._turns = 0
        self._seq = 0
        self._names = Names({})

    def serve(self) -> int:
        """Until the client leaves; gives the exit code."""
        threading.Thread(target=self._read, daemon=True).start()
        try:
            while True:
                self._take(self._next(None))
                while self._prompts:
                    self._perform(self._prompts.pop(0))
        except LeftError:
            self._keep("leave")  # the end of the pipe is an end, too
        self._say_report()
        return 1 if self._broken else 0

    # What comes

    def _read(self) -> None:
        cutter = Cutter()
        try:
            while data := os.read(0, 2**16):
                for body in cutter.feed(data):
                    self._incoming.put(self._parsed(body))
        except (FramingError, ValueError) as error:
            self._broken["frame"] = str(error)
        self._incoming.put(None)

    def _parsed(self, body: bytes) -> Json:
        value: Any = json.loads(body)
        if not isinstance(value, dict):
            raise FramingError(f"no object: {body[:80]!r}")
        return cast("Json", value)

    def _next(self, deadline: float | None) -> Json:
        try:
            message = self._incoming.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise WrongError("nothing came") from None
        if message is None:
            raise LeftError
        return message

    def _break(self, rule: str, why: str) -> None:
        self._broken.setdefault(rule, why)

    def _keep(self, *rules: str) -> None:
        self._kept |= set(rules)

    def _take(self, message: Json) -> None:
        """Look at a message, and answer it if it is none that scenes are for."""
        self._keep("frame", "jsonrpc")
        if message.get("jsonrpc") != "2.0":
            self._break("jsonrpc", f"jsonrpc is {message.get('jsonrpc')!r}")
        method = message.get("method")
        if not isinstance(method, str):
            self._answered(message)
        elif "id" in message:
            self._requested(method, message)
        else:
            self._notified(method, _object(message.get("params")))

    def _answered(self, message: Json) -> None:
        name = str(message.get("id"))
        method = self._asked.pop(name, None)
        if method is None:
            if name not in self._withdrawn:
                self._break("answers", f"an answer to {name!r}, which was not open")
            return
        self._keep("answers")
        self._answers[name] = message
        if "result" in message and (why := misshapen_method(method, "result", message["result"])):
            self._break("answers", f"the answer to {method}: {why}")

    def _requested(self, method: str, message: Json) -> None:
        identifier: Any = message["id"]
        name = json.dumps(identifier)
        self._keep("ids", "first")
        if isinstance(identifier, bool) or not isinstance(identifier, str | int) or name in self._flight:
            self._break("ids", f"a request with the id {name}")
        if not self._greeted and method != "initialize":
            self._break("first", f"{method} came before initialize")
        self._flight.add(name)
        params = message.get("params")
        if why := misshapen_method(method, "params", {} if params is None else params):
            self._break("params", f"{method}: {why}")
        self._keep("params")
        session = _object(params).get("sessionId")
        if session is not None and session not in self._told:
            self._break("session", f"{method} names the session {session!r}, which nobody told")
        self._keep("session")
        if method == "chat/prompt":
            self._prompts.append(message)
        else:
            self._serve(method, message, _object(params))

    def _serve(self, method: str, message: Json, params: Json) -> None:
        if self._shut:
            self._break("leave", f"{method} came behind shutdown")
        match method:
            case "initialize":
                self._greeted = True
                self._abilities = _object(params.get("capabilities"))
                self._reply(message, _GREETING)
            case "shutdown":
                self._shut = True
                self._reply(message, None)
            case "chat/cancel" | "workspace/executeCommand":
                self._cancels.append(message)
                self._reply(message, {"state": "cancelling"} if method == "chat/cancel" else {"cancelled": 1})
            case _:
                if method in _LISTS:
                    self._reply(message, _LISTS[method])
                else:
                    self._send({"id": message["id"], "error": {"code": -32601, "message": f"{method} is not known"}})
                    self._flight.discard(json.dumps(message["id"]))

    def _notified(self, method: str, params: Json) -> None:
        document = _object(params.get("textDocument"))
        match method:
            case "exit":
                if not self._shut:
                    self._break("leave", "exit came without shutdown")
                raise LeftError
            case "$/cancelRequest" | "window/workDoneProgress/cancel":
                self._cancels.append({"method": method, "params": params})
            case "textDocument/didOpen" | "textDocument/didChange":
                self._documents[str(document.get("uri"))] = document.get("version") or 0
                self._changed.add(str(document.get("uri")))
            case "textDocument/didClose":
                self._documents.pop(str(document.get("uri")), None)
            case _:
                pass

    # What goes

    def _send(self, message: Json) -> None:
        self._write(packed(message))

    def _write(self, data: bytes) -> None:
        try:
            step = self._piece or len(data)
            for start in range(0, len(data), step):
                view = memoryview(data[start : start + step])
                while view:
                    view = view[os.write(1, view) :]
        except OSError:
            raise LeftError from None

    def _reply(self, message: Json, result: Any) -> None:
        self._flight.discard(json.dumps(message["id"]))
        self._send({"id": message["id"], "result": result})

    # Scenes

    def _perform(self, prompt: Json) -> None:
        word = self._play or _first_word(prompt["params"].get("content"))
        scene = self._scenes.get(word)
        self._turns += 1
        self._seq = 0
        params = _object(prompt.get("params"))
        session = params.get("sessionId") or params.get("newSessionId") or f"kit-session-{self._turns}"
        self._told.add(session)
        given: Json = {"session": session, "turn": f"kit-turn-{self._turns}", "prompt": prompt["id"]}
        self._names = Names(
            {**given, "token": params.get("partialResultToken"), "spinner": params.get("workDoneToken")}
        )
        self._cancels.clear()
        self._event({"kind": "turnStart", "sessionId": session, "model": "kit/play", "mode": "ask", "title": word})
        if scene is None:
            self._event({"kind": "textChunk", "text": f"I play: {', '.join(self._scenes)}."})
            self._answer({"stopReason": "end_turn", "text": f"I play: {', '.join(self._scenes)}."})
            return
        self._try(scene)

    def _try(self, scene: Scene) -> None:
        (rule,), line = scene.rules, scene.lines[0]
        try:
            for line in scene.lines[1:]:
                if line.verb == "needs" and (why := self._lacks(line.words[0])):
                    self._skipped[rule] = why
                    self._answer({"stopReason": "end_turn"})
                    return
                _VERBS[line.verb](self, line)
            self._keep(rule)
        except WrongError as error:
            self._break(rule, f"line {line.number}: {error}")
            self._piece = 0
            if json.dumps(self._names.values["prompt"]) in self._flight:
                self._answer({"stopReason": "error"})

    def _lacks(self, need: str) -> str:
        chat = _object(_object(self._abilities.get("experimental")).get("chat"))
        workspace = _object(self._abilities.get("workspace"))
        if need != "document":
            return "" if chat.get(need) is True else f"the client does not say `experimental.chat.{need}`"
        if workspace.get("applyEdit") is not True:
            return "the client does not say `workspace.applyEdit`"
        if not self._documents:
            return "no document is open"
        uri, version = next(reversed(self._documents.items()))
        self._names.values |= {"document": uri, "version": version}
        return ""

    def _event(self, value: Json) -> None:
        self._seq += 1
        if self._names.values["token"] is not None:
            whole = {"turnId": self._names.values["turn"], "seq": self._seq, **value}
            self._send({"method": "$/progress", "params": {"token": self._names.values["token"], "value": whole}})

    def _answer(self, result: Json) -> None:
        values = self._names.values
        whole: Json = {"sessionId": values["session"], "turnId": values["turn"], "usage": None, "steps": 1, "chunks": 1}
        whole |= {"tools": {}, "durationMs": 5, "timeToFirstChunkMs": 2, "title": "kit", "model": "kit/play", **result}
        self._reply({"id": values["prompt"]}, whole)

    def _until(self, done: Callable[[], bool], seconds: float, what: str) -> None:
        """Take what comes until something has happened."""
        deadline = time.monotonic() + seconds
        while not done():
            try:
                self._take(self._next(deadline))
            except WrongError:
                raise WrongError(f"{what} did not come within {seconds:.0f} s") from None

    # Verbs

    def do_event(self, line: Line) -> None:
        self._event(line.values[0])

    def do_many(self, line: Line) -> None:
        for _ in range(int(line.words[0])):
            self._event(line.values[0])

    def do_answer(self, line: Line) -> None:
        self._answer(line.values[0])

    def do_refuse(self, line: Line) -> None:
        self._flight.discard(json.dumps(self._names.values["prompt"]))
        self._send({"id": self._names.values["prompt"], "error": line.values[0]})

    def do_send(self, line: Line) -> None:
        message: Json = self._names.filled(line.values[0])
        if "method" in message and "id" in message:
            self._asked[message["id"]] = message["method"]
        elif message.get("method") == "$/cancelRequest":
            name = str(message["params"]["id"])
            self._asked.pop(name, None)
            self._withdrawn.add(name)
        self._send(message)

    def do_write(self, line: Line) -> None:
        self._write(line.values[0].encode())

    def do_wait(self, line: Line) -> None:
        """An answer of the client's, by its id."""
        pattern: Json = line.values[0]
        answer = self._awaited(str(pattern["id"]), line.within or _SOON)
        if why := self._names.misfit(pattern, answer):
            raise WrongError(why)

    def _awaited(self, name: str, seconds: float) -> Json:
        self._until(lambda: name in self._answers, seconds, f"an answer to {name}")
        return self._answers.pop(name)

    def do_ask(self, line: Line) -> None:
        values = self._names.values
        params = {"sessionId": values["session"], "turnId": values["turn"], "toolKind": "edit", "options": _OPTIONS}
        (name,) = line.words
        self._asked[name] = "chat/requestPermission"
        self._withdrawn.discard(name)
        whole = {**params, "sandbox": False, **line.values[0]}
        self._send({"id": name, "method": "chat/requestPermission", "params": whole})

    def do_chosen(self, line: Line) -> None:
        """A question is answered with an option that was offered, or was closed."""
        answer = self._awaited(line.words[0], line.within or _PERSON)
        result = _object(answer.get("result"))
        offered = {option["id"] for option in _OPTIONS}
        if result.get("outcome") == "selected" and result.get("optionId") not in offered:
            raise WrongError(f"the option {result.get('optionId')!r} was not offered")
        if result.get("outcome") not in ("selected", "cancelled"):
            raise WrongError(f"the answer is {answer}")

    def do_cancelled(self, line: Line) -> None:
        """The client cancels the turn, in one of the four ways."""
        values = self._names.values
        ways: list[Json] = [
            {"method": "$/cancelRequest", "params": {"id": values["prompt"]}},
            {"method": "window/workDoneProgress/cancel", "params": {"token": values["spinner"]}},
            {"method": "chat/cancel", "params": {"sessionId": values["session"]}},
            {"method": "workspace/executeCommand", "params": {"command": "<~^chatls.cancel>"}},
        ]

        def came() -> bool:
            return any(Names({}).misfit(way, cancel) is None for cancel in self._cancels for way in ways)

        self._until(came, line.within or _PERSON, "a cancel of this turn")

    def do_applied(self, line: Line) -> None:
        """An edit was taken, and its text told before; or refused with a reason."""
        self._changed.clear()
        result = _object(self._awaited(line.words[0], line.within or _PERSON).get("result"))
        if result.get("applied") is True and self._names.values["document"] not in self._changed:
            raise WrongError("`applied: true` came, and no didChange before it")
        if not isinstance(result.get("applied"), bool):
            raise WrongError(f"the answer is {result}")

    def do_alive(self, line: Line) -> None:
        """The client answers a request that it cannot know."""
        name = f"alive-{self._turns}-{line.number}"
        self._asked[name] = "kit/alive"
        self._send({"id": name, "method": "kit/alive", "params": {}})
        answer = self._awaited(name, line.within or _SOON)
        if _object(answer.get("error")).get("code") != -32601:
            raise WrongError(f"a request that no client knows was answered with {answer}")

    def do_alive_or_left(self, line: Line) -> None:
        """It goes on, or it ends this daemon; it does not hang."""
        try:
            self.do_alive(line)
        except LeftError:
            self._keep("garbage")
            raise

    def do_pieces(self, line: Line) -> None:
        """Write so many bytes at a time; 0: all."""
        self._piece = int(line.words[0])

    def do_leave(self, line: Line) -> None:
        """The daemon ends."""
        self._say_report()
        os._exit(int(line.words[0]))

    def do_sleep(self, line: Line) -> None:
        time.sleep(float(line.words[0]))

    # The end

    def _say_report(self) -> None:
        lines: list[str] = []
        for rule in read_rules("client_rules.txt").values():
            if rule.id in self._broken:
                lines.append(f"{'failed':14} {rule.id:14} {rule.words[:120]}\n{'':29} -> {self._broken[rule.id]}")
            elif rule.id in self._kept:
                lines.append(f"{'passed':14} {rule.id:14} {rule.words[:120]}")
            else:
                why = self._skipped.get(rule.id, "it was not played: ask for it, or the client has not left yet")
                lines.append(f"{'not applicable':14} {rule.id:14} {rule.words[:120]}\n{'':29} -> {why}")
        text = "\n".join(lines) + "\n"
        if self._report:
            self._report.write_text(text, "utf-8")
        else:
            sys.stderr.write(text)


_LISTS: Json = {
    "chat/models": {"models": [], "default": None},
    "chat/tools": {"tools": []},
    "chat/commands": {"commands": [], "mentions": []},
    "chat/permissions": {"permissions": []},
    "chat/session/list": {"sessions": []},
}

_VERBS: dict[str, Callable[[FakeDaemon, Line], None]] = {
    "event": FakeDaemon.do_event,
    "many": FakeDaemon.do_many,
    "answer": FakeDaemon.do_answer,
    "refuse": FakeDaemon.do_refuse,
    "<--": FakeDaemon.do_send,
    "-->": FakeDaemon.do_wait,
    "write": FakeDaemon.do_write,
    "ask": FakeDaemon.do_ask,
    "chosen": FakeDaemon.do_chosen,
    "cancelled": FakeDaemon.do_cancelled,
    "applied": FakeDaemon.do_applied,
    "alive": FakeDaemon.do_alive,
    "alive-or-left": FakeDaemon.do_alive_or_left,
    "needs": lambda daemon, line: None,
    "pieces": FakeDaemon.do_pieces,
    "leave": FakeDaemon.do_leave,
    "sleep": FakeDaemon.do_sleep,
}


def _object(value: Any) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _first_word(content: Any) -> str:
    if isinstance(content, list):
        texts = [str(_object(block).get("text", "")) for block in cast("list[Any]", content)]
        content = next((text for text in texts if text.strip()), "")
    return (str(content).split() or [""])[0].strip(".,!?")
