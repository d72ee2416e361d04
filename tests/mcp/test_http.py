"""MCP servers behind an address, with the real daemon: both eras, sessions, keys, and what goes wrong."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.conftest import Start, start
from tests.daemon.raw import KEY, KEY_VARIABLE, Daemon, Json

__all__ = ["start"]

DONE: list[Json] = [{"text": "done"}]
MODERN = "2026-07-28"
SCHEMA = {"type": "object", "properties": {"word": {"type": "string", "x-mcp-header": "Word"}}}


class Site:
    """A web server that speaks MCP in one era."""

    def __init__(self, era: str, *, streamed: bool) -> None:
        self.era = era
        self.streamed = streamed
        self.key: str | None = None
        self.status = 0
        """If not 0, of every answer."""
        self.seen: list[tuple[str, dict[str, str], Json]] = []
        """Method of HTTP, headers, message."""
        self.session = "s-1"
        """An old server's of now."""
        self.gone = threading.Event()
        """The client left while a call ran."""
        handler = type("Handler", (_Handler,), {"site": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/mcp"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, message: Json) -> Json | None:
        """The result, or None where there is no such method in this era."""
        method, modern = message["method"], self.era == "modern"
        told: Json = {"capabilities": {"tools": {}}, "serverInfo": {"name": "site", "version": "2"}}
        match method:
            case "server/discover" if modern:
                return {"resultType": "complete", "supportedVersions": [MODERN], **told}
            case "initialize" if not modern:
                return {"protocolVersion": "2025-06-18", **told}
            case "tools/list":
                return {"tools": [{"name": "echo", "inputSchema": SCHEMA}, {"name": "slow"}, {"name": "polled"}]}
            case "tools/call":
                return {"content": [{"type": "text", "text": f"echo {message['params']['arguments'].get('word')}"}]}
            case _:
                return None


class _Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"

    def log_message(self, *_words: Any, **_more: Any) -> None:
        """Say nothing."""

    def do_DELETE(self) -> None:
        self._plain(200, b"")

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if "last-event-id" not in headers:
            return self._plain(405, b"")
        call = self.site.seen[-1][2]
        self.site.seen.append(("GET", headers, {}))
        result = {"content": [{"type": "text", "text": "the rest"}]}
        body = json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": result}).encode()
        return self._plain(200, b"id: 8\ndata: " + body + b"\n\n", kind="text/event-stream")

    def do_POST(self) -> None:
        message: Json = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.site.seen.append(("POST", headers, message))
        if self.site.status:
            return self._plain(self.site.status, b'{"oops": "canary-4711"}', location="/other")
        if self.site.key and headers.get("authorization") != f"Bearer {self.site.key}":
            return self._plain(401, b"no")
        if headers.get("mcp-session-id", self.site.session) != self.site.session:
            error = {"jsonrpc": "2.0", "error": {"code": -32001, "message": "Session not found"}, "id": None}
            return self._plain(404, json.dumps(error).encode(), kind="application/json")
        if "id" not in message:
            return self._plain(202, b"")
        result = self.site.answer(message)
        if result is None:
            error = {"jsonrpc": "2.0", "error": {"code": -32000, "message": "Bad Request: no session"}, "id": None}
            body = json.dumps(error).encode() if self.site.streamed else b"Bad Request: no session"
            return self._plain(400, body, kind="application/json" if self.site.streamed else "text/plain")
        if message.get("params", {}).get("name") == "slow":
            return self._hang(message)
        if message.get("params", {}).get("name") == "polled":
            return self._plain(200, b"id: 7\nretry: 5\ndata:\n\nid: 8\ndata: {", kind="text/event-stream")
        body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode()
        session = {"mcp-session-id": self.site.session} if message["method"] == "initialize" else {}
        if self.site.streamed:
            self._plain(200, b": hello\n\nevent: message\ndata: " + body + b"\n\n", kind="text/event-stream", **session)
        else:
            self._plain(200, body, kind="application/json", **session)
        return None

    def _hang(self, message: Json) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        params = {"progressToken": message["params"]["_meta"]["progressToken"], "progress": 1, "message": "at it"}
        note = {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}
        self.wfile.write(b"data: " + json.dumps(note).encode() + b"\n\n")
        self.wfile.flush()
        self.connection.settimeout(120)
        if not self.connection.recv(1):
            self.site.gone.set()
        self.close_connection = True

    def _plain(self, status: int, body: bytes, kind: str = "text/plain", **more: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(params=["legacy json", "legacy streamed", "modern json", "modern streamed"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    era, manner = request.param.split()
    site = Site(era, streamed=manner == "streamed")
    yield site
    site.server.shutdown()
    site.server.server_close()


def begun(start: Start, tmp_path: Path, site: Site, **more: Any) -> Daemon:
    root = tmp_path / "root"
    root.mkdir()
    daemon = start()
    daemon.rules = [{"tool": "web__*", "action": "allow"}]
    daemon.initialize({"mcp": {"web": {"url": site.url, **more}}}, roots=[root], permission=True)
    return daemon


def state(daemon: Daemon) -> Json:
    return daemon.call("chat/tools", {"settled": True})["servers"][0]


def test_its_tools_are_called_with_the_key_and_headers_that_its_era_wants(
    start: Start, tmp_path: Path, site: Site
) -> None:
    site.key = KEY
    daemon = begun(start, tmp_path, site, keyEnv=KEY_VARIABLE, headers={"X-Team": "blue"})
    version = {"legacy": "2025-06-18", "modern": MODERN}[site.era]
    assert (state(daemon)["state"], state(daemon)["version"]) == ("ready", version)
    turn = daemon.prompt([{"toolCall": {"name": "web__echo", "arguments": {"word": "ä"}}}], DONE)
    assert turn.said() == "echo ä"
    turn.result()
    _, headers, message = site.seen[-1]
    assert headers["x-team"] == "blue"
    assert headers["mcp-protocol-version"] == version
    if site.era == "modern":
        assert (headers["mcp-method"], headers["mcp-name"]) == ("tools/call", "echo")
        assert headers["mcp-param-word"] == "=?base64?w6Q=?="
        meta = message["params"]["_meta"]
        assert meta["io.modelcontextprotocol/protocolVersion"] == MODERN
        assert meta["io.modelcontextprotocol/clientInfo"]["name"] == "chatls"
        assert "mcp-session-id" not in headers
    else:
        assert headers["mcp-session-id"] == "s-1"
        assert "notifications/initialized" in [item["method"] for _, _, item in site.seen]


def test_a_cancel_reaches_it(start: Start, tmp_path: Path, site: Site) -> None:
    daemon = begun(start, tmp_path, site)
    state(daemon)
    turn = daemon.prompt([{"toolCall": {"name": "web__slow", "arguments": {}}}], DONE)
    assert turn.event("toolRunOutput")["text"] == "1 at it\n"
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    assert site.gone.wait(120)


@pytest.mark.parametrize("site", ["legacy streamed"], indirect=True)
def test_the_rest_of_an_answer_that_breaks_off_is_asked_for_and_a_forgotten_session_begins_anew(
    start: Start, tmp_path: Path, site: Site
) -> None:
    daemon = begun(start, tmp_path, site)
    state(daemon)
    turn = daemon.prompt([{"toolCall": {"name": "web__polled", "arguments": {}}}], DONE)
    assert turn.said() == "the rest"
    turn.result()
    method, headers, _ = site.seen[-1]
    assert (method, headers["last-event-id"], headers["mcp-session-id"]) == ("GET", "7", "s-1")
    site.session = "s-2"
    turn = daemon.prompt([{"toolCall": {"name": "web__echo", "arguments": {}}}], DONE)
    assert "it has forgotten the session" in turn.said()
    turn.result()
    while headers.get("mcp-session-id") != "s-2":
        state(daemon)
        headers = site.seen[-1][1]
    assert state(daemon)["state"] == "ready"


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (401, "it wants a key, or another one: set key_env or key_command; OAuth is not spoken"),
        (302, "it sends requests on to another address, and they are not followed: set url"),
        (404, "there is no MCP server at this address"),
    ],
)
def test_what_it_refuses_is_told_with_what_to_do(start: Start, tmp_path: Path, status: int, why: str) -> None:
    site = Site("modern", streamed=False)
    site.status = status
    server = state(begun(start, tmp_path, site))
    assert (server["state"], why in server["why"]) == ("failed", True), server
    site.server.shutdown()
    site.server.server_close()
