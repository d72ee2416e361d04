"""Hosted model servers as a desk reaches them: by their real names, over TLS, through a proxy; all on loopback.

    with Hosted(folder) as hosted:
        run("chatls", "setup", "--provider", "gemini", env=hosted.variables)

Each takes the key `GOOD`, refuses others, and has no credit left for `POOR`. The model reads the file that it is told
of, and says what stands in it.
"""

import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from tests.providers import cases
from tests.providers import cases_native as native
from tests.providers.reading import stream_bytes
from tests.support.http_server import Chunk, End, Head, Reply, Request, ScriptedServer, answered

GOOD, BAD, POOR = "sk-canary-good-4711", "sk-canary-bad-4711", "sk-canary-poor-4711"
HOSTS = {
    "anthropic": "api.anthropic.com",
    "openai": "api.openai.com",
    "gemini": "generativelanguage.googleapis.com",
    "openrouter": "openrouter.ai",
}
KEY_HEADERS = ("x-api-key", "x-goog-api-key", "authorization")
_WORD = re.compile(rb"word-[0-9a-f]{8}")
_ARGUMENTS = {"path": "word.txt"}
_TEXT = json.dumps(_ARGUMENTS)
_CALLS: dict[Any, tuple[Any, ...]] = {
    "openai_chat": (cases.call(_TEXT, name="read_file", call_id="c1", index=0), cases.end("tool_calls"), cases.DONE),
    "openai_responses": (native.CREATED, *native.called(0, _TEXT, whole=_TEXT), native.over()),
    "anthropic": (native.START, *native.call_block(0, _TEXT), *native.stopped("tool_use")),
    "gemini": (native.part(native.asks(_ARGUMENTS)), native.STOP),
}


class Hosted:
    """The servers, and the proxy in front of them."""

    def __init__(self, folder: Path) -> None:
        certificate = _certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, f"{certificate}.key")
        self.server = ScriptedServer(context)
        self.server.answer(_answer)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.asked_for: list[str] = []
        """What the proxy was asked for: host and port."""
        proxy = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.variables = {"HTTPS_PROXY": proxy, "SSL_CERT_FILE": str(certificate)}
        """What a person's environment has."""

    def __enter__(self) -> Self:
        self.server.__enter__()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.server.__exit__(kind, error, trace)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection(("127.0.0.1", self.server.port)) as server:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.asked_for.append(head.split()[1].decode())
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _certificate(folder: Path) -> Path:
    """For all hosts, signed by its owner himself; the key beside it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no program openssl: NO HOSTED SERVER IS PLAYED")
    path = folder / "hosts.pem"
    options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=chatls-test"
    names = ",".join(f"DNS:{host}" for host in HOSTS.values())
    more = ["-addext", f"subjectAltName={names}", "-keyout", f"{path}.key", "-out", str(path)]
    subprocess.run([openssl, *options.split(), *more], check=True, capture_output=True, timeout=60)
    return path


def _answer(request: Request) -> Reply:
    if request.method != "POST":
        return answered({}, 404)
    kind, key = _kind(request.path), _key(request)
    if key != GOOD:
        return _POOR.get(kind, _NO_CREDIT) if key == POOR else _BAD.get(kind, _WRONG_KEY)
    word = _WORD.search(request.body)
    events = _said(kind, word[0].decode()) if word else _CALLS[kind]
    data = stream_bytes(events, kind).replace(b'"weather"', b'"read_file"')
    return [Head(), Chunk(data), End()]


def _said(kind: Any, word: str) -> tuple[Any, ...]:
    said: dict[Any, tuple[Any, ...]] = {
        "openai_chat": (cases.say(word), cases.end(), cases.DONE),
        "openai_responses": (native.CREATED, *native.message(0, word), native.over()),
        "anthropic": (native.START, *native.text_block(0, word), *native.stopped("end_turn")),
        "gemini": (native.part({"text": word}), native.STOP),
    }
    return said[kind]


def _kind(path: str) -> Any:
    words = {"/v1/messages": "anthropic", "/v1/responses": "openai_responses", "/v1beta/": "gemini"}
    return next((kind for start, kind in words.items() if path.startswith(start)), "openai_chat")


def _key(request: Request) -> str:
    found = (request.headers[name] for name in KEY_HEADERS if name in request.headers)
    return next(found, "").removeprefix("Bearer ")


_WRONG_KEY = answered({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}, 401)
_NO_CREDIT = answered({"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}, 429)
_BAD: dict[Any, Reply] = {
    "anthropic": answered({"error": {"type": "authentication_error", "message": "invalid x-api-key"}}, 401),
    "gemini": answered(
        {"error": {"code": 400, "message": "API key not valid", "details": [{"reason": "API_KEY_INVALID"}]}}, 400
    ),
}
_POOR: dict[Any, Reply] = {
    "anthropic": answered(
        {"error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}}, 400
    ),
    "gemini": answered({"error": {"code": 429, "message": "You exceeded your current quota"}}, 429),
}
