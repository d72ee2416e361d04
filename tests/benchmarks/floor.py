"""The floor: what reading a model's stream and writing one frame a chunk costs with nothing else around it.

Run as `python floor.py PORT STREAMS WORDS...`; opens that many raw connections, writes a frame for every text chunk to
stdout, and ends when all streams have ended.
"""

import asyncio
import os
import sys

import orjson


class Floor(asyncio.Protocol):
    """One stream."""

    def __init__(self, number: int, request: bytes, done: asyncio.Event) -> None:
        self._head = b'{"jsonrpc":"2.0","method":"$/progress","params":{"token":%d,"value":' % number
        self._request = request
        self._done = done
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data: {"):
                text = orjson.loads(line[6:])["choices"][0]["delta"].get("content")
                if text is not None:
                    body = self._head + orjson.dumps({"kind": "textChunk", "text": text}) + b"}}"
                    send(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            elif line == b"data: [DONE]":
                self._done.set()


def send(data: bytes) -> None:
    """Write everything; the reader is expected to keep up."""
    while data:
        data = data[os.write(1, data) :]


async def main(port: int, streams: int, words: str) -> None:
    body = orjson.dumps({"messages": [{"role": "user", "content": words}], "stream": True})
    request = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    loop = asyncio.get_running_loop()
    ends = [asyncio.Event() for _ in range(streams)]
    for number, end in enumerate(ends):
        await loop.create_connection(lambda n=number, e=end: Floor(n, request, e), "127.0.0.1", port)
    for end in ends:
        await end.wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), " ".join(sys.argv[3:])))
