"""A model server for measuring: speaks OpenAI's chat stream over raw sockets, and notes when what happened.

Run as `python model_server.py`; prints its port. The prompt says what to play, as words: `paced N RATE`, `burst N`,
`tool` (a quick tool call, then a text), `early` (a tool call, then two seconds of text), `call NAME ARGUMENTS` (that
tool call, then a text), `wait` (headers and one chunk, then silence), `hold` (nothing before `GET /go`).
Every text chunk is the sending time in nanoseconds of the monotonic clock, which all processes share.

`GET /log` gives and clears what was noted: a JSON list of [what, time in ns, processor time in us of the process that
`GET /watch/PID` named]. `GET /last` gives the last request's body, `GET /v1/models` a list of models, `GET
/silent/models` never anything.
"""

import asyncio
import json
import sys
from contextlib import suppress
from time import clock_gettime_ns, monotonic_ns
from typing import Any

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Notes:
    """What all connections share."""

    def __init__(self) -> None:
        self.list: list[tuple[str, int, float]] = []
        self.watched = 0
        self.last = b""
        self.go = asyncio.Event()

    def add(self, what: str) -> None:
        """Note something."""
        cpu = 0.0
        with suppress(OSError):
            cpu = clock_gettime_ns(~self.watched << 3 | 2) / 1000 if self.watched else 0.0
        self.list.append((what, monotonic_ns(), cpu))


class ModelServer(asyncio.Protocol):
    """One connection."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self._buffer = b""
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._room = asyncio.Event()
        self._room.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task:
            self.notes.add("closed")
            self._task.cancel()

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        if len(body) < length:
            return
        self._buffer = body[length:]
        if head.startswith(b"GET"):
            self._get(head.split()[1].decode())
            return
        self.notes.add("request")
        self.notes.last = body[:length]
        self._task = asyncio.ensure_future(self._play(json.loads(body[:length])))

    def _get(self, path: str) -> None:
        body = b"{}"
        if path == "/log":
            body = json.dumps(self.notes.list).encode()
            self.notes.list.clear()
        elif path == "/last":
            body = self.notes.last
        elif path == "/go":
            self.notes.go.set()
            self.notes.go = asyncio.Event()
        elif path.startswith("/watch/"):
            self.notes.watched = int(path.removeprefix("/watch/"))
        elif path == "/v1/models":
            body = json.dumps({"object": "list", "data": [{"id": "model", "object": "model"}]}).encode()
        elif path.startswith("/silent/"):
            return
        self._write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )

    async def _play(self, request: dict[str, Any]) -> None:
        messages = request["messages"]
        words = next(said(item) for item in reversed(messages) if item["role"] == "user").split()
        if words[0] == "hold":
            await self.notes.go.wait()
        self._write(HEAD)
        if words[0] == "paced":
            await self._paced(int(words[1]), float(words[2]))
        elif words[0] == "burst":
            await self._burst(int(words[1]))
        elif words[0] == "wait":
            self._text()
            await asyncio.Event().wait()
        elif words[0] == "hold" or messages[-1]["role"] == "tool":
            self._text()
        else:
            name, arguments = ("read_file", '{"path": "floor.py", "end_line": 9}')
            if words[0] == "call":
                name, arguments = words[1], " ".join(words[2:])
            await self._call(name, arguments, late=words[0] == "early")
        stop = "tool_calls" if words[0] in ("tool", "early", "call") and messages[-1]["role"] != "tool" else "stop"
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": stop}]})
        self.notes.add("end")
        self._chunk(b"data: [DONE]\n\n")
        self._write(b"0\r\n\r\n")

    async def _paced(self, count: int, rate: float) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        for index in range(count):
            self._text()
            await asyncio.sleep(max(0, start + (index + 1) / rate - loop.time()))

    async def _burst(self, count: int) -> None:
        for _ in range(count):
            await self._room.wait()
            self._text()

    async def _call(self, name: str, arguments: str, *, late: bool) -> None:
        function = {"name": name, "arguments": ""}
        self._calls({"index": 0, "id": "call_1", "type": "function", "function": function})
        self._calls({"index": 0, "function": {"arguments": arguments}})
        self.notes.add("arguments")
        if late:
            await self._paced(100, 50)

    def _calls(self, call: dict[str, Any]) -> None:
        self._event({"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]})

    def _text(self) -> None:
        delta = {"content": f"{monotonic_ns()} "}
        self._event({"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]})

    def _event(self, value: dict[str, Any]) -> None:
        whole = {
            "id": "chatcmpl-BKzWsUUy8pO2HKm4LzVWxWN4VCV6T",
            "object": "chat.completion.chunk",
            "created": 1795168687,
            "model": "bench-model-2026-11-20",
            "system_fingerprint": "fp_f7a584cf1f",
            **value,
        }
        self._chunk(b"data: " + json.dumps(whole, separators=(",", ":")).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self._write(b"%x\r\n%b\r\n" % (len(data), data))

    def _write(self, data: bytes) -> None:
        assert self._transport
        self._transport.write(data)


def said(message: dict[str, Any]) -> str:
    """The text of a message, in either of its two spellings."""
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


async def main() -> None:
    notes = Notes()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ModelServer(notes), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
