"""Another floor: a bare httpx program, that reads a model's stream, or sends prompts when it is told to.

Run as `python floor_httpx.py read PORT STREAMS WORDS...`: does what floor.py does. Or as `python floor_httpx.py send
PORT`: for every line of stdin, a number and the size of a JSON body, then that body, it posts the body so many times at
once, and writes one frame when all answers were read.
"""

import asyncio
import sys

import httpx
import orjson
from floor import send

HEADERS = {"content-type": "application/json"}


async def read(port: int, streams: int, words: str) -> None:
    """Read so many streams, and write a frame for each piece of text."""
    body = orjson.dumps({"messages": [{"role": "user", "content": words}], "stream": True})
    async with httpx.AsyncClient(timeout=None, trust_env=False) as client:
        await asyncio.gather(*(_read(client, port, number, body) for number in range(streams)))


async def _read(client: httpx.AsyncClient, port: int, number: int, body: bytes) -> None:
    head = b'{"jsonrpc":"2.0","method":"$/progress","params":{"token":%d,"value":' % number
    rest = b""
    async with client.stream("POST", _url(port), content=body, headers=HEADERS) as answer:
        async for data in answer.aiter_bytes():
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.startswith(b"data: {"):
                    text = orjson.loads(line[6:])["choices"][0]["delta"].get("content")
                    if text is not None:
                        frame = head + orjson.dumps({"kind": "textChunk", "text": text}) + b"}}"
                        send(b"Content-Length: %d\r\n\r\n%b" % (len(frame), frame))


async def prompts(port: int) -> None:
    """Send what stdin says, as often as it says."""
    reader, loop = asyncio.StreamReader(limit=2**26), asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    async with httpx.AsyncClient(timeout=None, trust_env=False) as client:
        while line := await reader.readline():
            count, size = map(int, line.split())
            body = await reader.readexactly(size)
            await asyncio.gather(*(_post(client, port, body) for _ in range(count)))
            send(b"Content-Length: 2\r\n\r\n{}")


async def _post(client: httpx.AsyncClient, port: int, body: bytes) -> None:
    async with client.stream("POST", _url(port), content=body, headers=HEADERS) as answer:
        async for _ in answer.aiter_bytes():
            pass


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1/chat/completions"


if __name__ == "__main__":
    if sys.argv[1] == "read":
        asyncio.run(read(int(sys.argv[2]), int(sys.argv[3]), " ".join(sys.argv[4:])))
    else:
        asyncio.run(prompts(int(sys.argv[2])))
