"""A model server of OpenAI's kind on the loopback interface. The name of a model says which replies it plays, so that
conversations do not disturb each other; what it was asked is kept.

The actions of a reply are those of docs/protocol.md, section 10, and

    {"gate": NAME}                        silence until the conversation opens the gate
    {"flood": LETTERS}                    so much text, quickly
    {"status": 429, "headers"?, "body"?}  an answer of HTTP in place of the reply
    {"break": true}                       the connection ends in the middle
"""

import json
import select
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chatls_conformance.framing import Json

_FINISH = {"end_turn": "stop", "tool_calls": "tool_calls", "max_tokens": "length", "refusal": "content_filter"}
_PATIENCE = 30.0


class LeftError(Exception):
    """The daemon closed the connection."""


@dataclass
class Request:
    """What a model was asked."""

    body: Json
    left: threading.Event = field(default_factory=threading.Event)
    """The connection was closed before the reply was whole."""


class Models:
    """The server, from its first model to `close`."""

    def __init__(self) -> None:
        self._replies: dict[str, list[list[Json]]] = {}
        self._requests: dict[str, list[Request]] = {}
        self._gates: dict[str, threading.Event] = {}
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forget(self) -> None:
        """Another conversation begins."""
        with self._changed:
            self._replies.clear()
            self._requests.clear()
            self._gates.clear()

    def play(self, name: str, reply: list[Json]) -> None:
        """Have a model say one more thing."""
        with self._changed:
            self._replies.setdefault(name, []).append(reply)

    def open(self, gate: str) -> None:
        self.gate(gate).set()

    def gate(self, name: str) -> threading.Event:
        with self._changed:
            return self._gates.setdefault(name, threading.Event())

    def names(self) -> list[str]:
        return sorted({"plain", *self._replies})

    def asked(self, name: str, number: int, seconds: float) -> Request | None:
        """What a model was asked for the NUMBERth time, from 1; None if that does not happen in time."""
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self._requests.get(name, [])) >= number, seconds)
            return self._requests[name][number - 1] if enough else None

    def asks(self, body: Json) -> tuple[Request, list[Json]]:
        """Note a request, and find its reply: one after the other, beginning again after the last."""
        name = str(body.get("model"))
        request = Request(body)
        with self._changed:
            before = self._requests.setdefault(name, [])
            replies = self._replies.get(name) or [[{"text": "Hello."}]]
            reply = replies[len(before) % len(replies)]
            before.append(request)
            self._changed.notify_all()
        return request, reply


def _chunk(delta: Json, finish: str | None = None) -> Json:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


class _Speaker:
    """One reply on its way."""

    def __init__(self, models: Models, request: Request, handler: BaseHTTPRequestHandler) -> None:
        self._models = models
        self._request = request
        self._handler = handler
        self._calls = 0
        self._finish = "end_turn"
        self._usage: Json | None = None

    def speak(self, reply: list[Json]) -> None:
        if reply and "status" in reply[0]:
            _answer(self._handler, reply[0]["status"], reply[0].get("body", {}), reply[0].get("headers", {}))
            return
        self._handler.send_response(200)
        self._handler.send_header("content-type", "text/event-stream")
        self._handler.send_header("connection", "close")
        self._handler.end_headers()
        for action in reply:
            ((verb, value),) = action.items()
            if verb == "break":
                return
            self._act(verb, value)
        self._event(_chunk({}, _FINISH[self._finish]))
        if self._usage:
            details = {"cached_tokens": self._usage.get("cacheReadTokens", 0)}
            told = {"prompt_tokens": self._usage["inputTokens"], "completion_tokens": self._usage["outputTokens"]}
            self._event({"choices": [], "usage": {**told, "prompt_tokens_details": details}})
        self._send(b"data: [DONE]\n\n")

    def _act(self, verb: str, value: Any) -> None:
        match verb:
            case "text":
                self._pieces(value, lambda piece: {"content": piece})
            case "thinking":
                self._pieces(value, lambda piece: {"reasoning_content": piece})
            case "toolCall":
                self._call(value)
            case "flood":
                for number in range(value // 1000):
                    self._event(_chunk({"content": f"{number:04d}".ljust(1000, ".")}))
            case "usage":
                self._usage = value
            case "finish":
                self._finish = value
            case _:
                self._wait(verb, value)

    def _wait(self, verb: str, value: Any) -> None:
        match verb:
            case "gate":
                self._silence(self._models.gate(value).wait, _PATIENCE)
            case "delay":
                self._silence(lambda _: False, value)
            case "hang":
                self._silence(lambda _: False, 600.0)
            case _:
                raise ValueError(f"no action: {verb}")

    def _pieces(self, text: str, delta: Callable[[str], Json]) -> None:
        for start in range(0, len(text), 8):
            self._event(_chunk(delta(text[start : start + 8])))

    def _call(self, call: Json) -> None:
        self._finish = "tool_calls"
        index, self._calls = self._calls, self._calls + 1
        text = call.get("argumentsText", json.dumps(call.get("arguments", {})))
        function = {"name": call["name"], "arguments": ""}
        opening = {"index": index, "id": f"call-{index}", "type": "function", "function": function}
        self._event(_chunk({"tool_calls": [opening]}))
        for start in range(0, len(text), 16):
            piece = {"index": index, "function": {"arguments": text[start : start + 16]}}
            self._event(_chunk({"tool_calls": [piece]}))

    def _silence(self, over: Callable[[float], bool], seconds: float) -> None:
        """Until it is over; the daemon may leave meanwhile."""
        waited = 0.0
        while waited < seconds and not over(0.01):
            if select.select([self._handler.connection], [], [], 0.01)[0]:
                raise LeftError
            waited += 0.02

    def _event(self, value: Json) -> None:
        self._send(f"data: {json.dumps(value)}\n\n".encode())

    def _send(self, data: bytes) -> None:
        try:
            self._handler.wfile.write(data)
        except OSError:
            raise LeftError from None


def _answer(handler: BaseHTTPRequestHandler, status: int, body: Any, headers: dict[str, str]) -> None:
    data = json.dumps(body).encode()
    handler.send_response(status)
    for name, value in {"content-type": "application/json", "content-length": str(len(data)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(data)


def _handler(models: Models) -> type[BaseHTTPRequestHandler]:
    def get(handler: BaseHTTPRequestHandler) -> None:
        if handler.path.endswith("/models"):
            listed = [{"id": name, "object": "model"} for name in models.names()]
            _answer(handler, 200, {"object": "list", "data": listed}, {})
        else:
            _answer(handler, 404, {}, {})

    def post(handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
        request, reply = models.asks(body)
        handler.close_connection = True
        try:
            _Speaker(models, request, handler).speak(reply)
        except (LeftError, OSError):
            request.left.set()

    def silent(handler: BaseHTTPRequestHandler, *words: Any) -> None:
        del handler, words

    members: Json = {"do_GET": get, "do_POST": post, "log_message": silent}
    return type("Handler", (BaseHTTPRequestHandler,), members)
