"""Discovery of model servers on this machine (localhost): a question that every one of them answers, and no prompt.

By hand over a socket, so that nothing has to be loaded to find out that nobody is there.
"""

from typing import Any
from urllib.parse import urlsplit

import anyio

from chatls import jsontext
from chatls.content import JsonObject
from chatls.shapes import as_list, as_objects, object_or_none
from chatls.values import dataclass

_LONGEST_ANSWER = 1024 * 1024
_ASKED_FOR = 8
"""Models that Ollama is asked about, the newest first: each costs a question."""
_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Found:
    """A model server that said what it is."""

    provider: str
    title: str
    """Its name for people."""
    address: str
    """host:port"""
    model: str


@dataclass(frozen=True, slots=True)
class _Heard:
    server: str
    """Its `Server` header."""
    value: JsonObject


async def find_llamacpp(base_url: str) -> Found | None:
    """llama.cpp's server, if it listens there with a model. Only ever asks this machine."""
    models = await _ask(base_url, "/v1/models")
    if models is None:
        return None
    first, *_ = [*as_objects(models.value.get("data")), JsonObject()]
    own = first.get("owned_by") == "llamacpp" or "llama.cpp" in models.server.lower()
    return _found("llamacpp", "llama.cpp", base_url, first.get("id")) if own else None


async def find_vllm(base_url: str) -> Found | None:
    """vLLM, if it listens there with a model. Only ever asks this machine."""
    return await _owned_by("vllm", "vLLM", base_url)


async def find_sglang(base_url: str) -> Found | None:
    """SGLang, if it listens there with a model. Only ever asks this machine."""
    return await _owned_by("sglang", "SGLang", base_url)


async def find_ollama(base_url: str) -> Found | None:
    """Ollama, if it listens there with a model that can call tools; the newest of them. Only ever asks this machine."""
    listed = await _ask(base_url, "/api/tags")
    entries = as_objects(listed.value.get("models")) if listed else []
    for entry in entries[:_ASKED_FOR]:
        if await _calls_tools(base_url, entry):
            return _found("ollama", "Ollama", base_url, entry.get("name"))
    return None


async def find_lmstudio(base_url: str) -> Found | None:
    """LM Studio, if it listens there with a model; one that is loaded already, if any. Only ever asks this machine."""
    models = await _ask(base_url, "/api/v0/models")
    if models is None:
        return None
    usable = [item for item in as_objects(models.value.get("data")) if item.get("type") in ("llm", "vlm")]
    usable.sort(key=lambda item: item.get("state") != "loaded")
    return _found("lmstudio", "LM Studio", base_url, usable[0].get("id")) if usable else None


async def _calls_tools(base_url: str, entry: JsonObject) -> bool:
    """Whether a model of Ollama can; newer versions say it in the list."""
    if "capabilities" not in entry:
        shown = await _ask(base_url, "/api/show", {"model": entry.get("name")})
        entry = shown.value if shown else {}
    return "tools" in as_list(entry.get("capabilities"))


async def _owned_by(provider: str, title: str, base_url: str) -> Found | None:
    """A server that lists its models as OpenAI does, and says of each that it serves it."""
    models = await _ask(base_url, "/v1/models")
    entries = as_objects(models.value.get("data")) if models else []
    first = next((entry for entry in entries if entry.get("owned_by") == provider), JsonObject())
    return _found(provider, title, base_url, first.get("id"))


def _found(provider: str, title: str, base_url: str, model: Any) -> Found | None:
    return Found(provider, title, urlsplit(base_url).netloc, model) if isinstance(model, str) and model else None


async def _ask(base_url: str, path: str, question: JsonObject | None = None) -> _Heard | None:
    """What a server on this machine answers, if it is a JSON object with status 200."""
    try:
        address = urlsplit(base_url)
        host, port = address.hostname, address.port or 80
    except ValueError:
        return None
    if address.scheme != "http" or host not in _HOSTS:
        return None
    try:
        async with await anyio.connect_tcp(host, port) as stream:
            await stream.send(_request(path, address.netloc, question))
            return _read(await _received(stream))
    except (OSError, anyio.BrokenResourceError, UnicodeEncodeError):
        return None


def _request(path: str, host: str, question: JsonObject | None) -> bytes:
    """HTTP/1.0: the answer comes in one piece and ends with the connection."""
    body = b"" if question is None else jsontext.dumps(question)
    method = "GET" if question is None else "POST"
    head = f"{method} {path} HTTP/1.0\r\nHost: {host}\r\nAccept: application/json\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode("ascii") + b"\r\n" + body


async def _received(stream: anyio.abc.ByteReceiveStream) -> bytes:
    data = bytearray()
    async for piece in stream:
        data += piece
        head, blank, body = bytes(data).partition(b"\r\n\r\n")
        if len(data) > _LONGEST_ANSWER or (blank and len(body) >= _length(head)):
            break
    return bytes(data)


def _length(head: bytes) -> int:
    """How long the body says it is; where it says nothing, the connection's end is its end."""
    text = _header(head, b"content-length")
    return int(text) if text.isdigit() else _LONGEST_ANSWER


def _header(head: bytes, name: bytes) -> str:
    lines = (line.partition(b":") for line in head.split(b"\r\n"))
    return next((value.strip().decode("latin-1") for key, _, value in lines if key.lower() == name), "")


def _read(answer: bytes) -> _Heard | None:
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b"\r\n")[0].split(b" ")
    if status[1:2] != [b"200"] or not status[0].startswith(b"HTTP/"):
        return None
    try:
        value = jsontext.loads(body)
    except ValueError:
        return None
    found = object_or_none(value)
    return None if found is None else _Heard(_header(head, b"server"), found)
