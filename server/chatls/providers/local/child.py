"""The subprocess in which llama.cpp runs: started, asked where it listens, ended. Knows no model and no protocol."""

import json
import re
import secrets
import sys
from pathlib import Path

import anyio

from chatls.children.pipes import PipeReader
from chatls.children.process import Child
from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.providers.http.endpoint import Endpoint
from chatls.providers.http.keys import ApiKey
from chatls.values import dataclass

_PROGRAM = Path(__file__).with_name("server.py")
_READY = b"READY "
_LONGEST_LINE = 1000
_MOMENT = 0.2
"""Seconds between the end of a connection and the end of the process whose it was."""
_LAST_WORDS = 1.0
"""Seconds to read what a dead child complained about."""
_KEPT = 16384
_CAUSE = re.compile(r"error loading model: (.+)")
_STAMP = re.compile(r"^[\d.]+ [A-Z] +")


@dataclass(frozen=True, slots=True)
class LocalChild:
    """A running llama.cpp, which has loaded its model and listens on loopback."""

    child: Child
    endpoint: Endpoint

    @classmethod
    async def start(cls, name: str, wanted: JsonObject, within: float) -> "LocalChild":
        """Start one for the provider `name`; `wanted` is what server.py reads, all but the key.

        Takes at most `within` seconds (0: no limit). Raises `ProviderError`, with the child's own words. If it fails
        or is cancelled, no process is left.
        """
        key = secrets.token_urlsafe(24)
        # -P: nothing is imported from the working directory, which may be anybody's.
        child = await Child.start((sys.executable, "-P", str(_PROGRAM)), stdin=True)
        try:
            with anyio.fail_after(within or None):
                address = await _address(child, {**wanted, "apiKey": key})
        except TimeoutError as error:
            await child.aclose()
            text = f"the model was not loaded within {within:g} s. Raise limits.first_byte_timeout in the settings."
            raise ProviderError("timeout", text, retryable=True) from error
        except BaseException:
            await child.aclose()
            raise
        return cls(child, Endpoint(name, f"{address}/v1", ApiKey("the local server's own key", key)))

    @property
    def ended(self) -> bool:
        """Whether it died."""
        return self.child.ended

    async def has_died(self) -> bool:
        """Whether it died, asked where its connection broke: then its end may still be a moment away."""
        with anyio.move_on_after(_MOMENT):
            await self.child.wait()
        return self.ended

    async def cause_of_death(self) -> ProviderError:
        """Why it died, as far as it said so."""
        code = await self.child.wait()
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        said = await _complaint(self.child)
        text = f"the process of the local model {how}{': ' if said else ''}{said}. The next prompt starts it again."
        return ProviderError("internal", text, retryable=True)

    async def aclose(self) -> None:
        """End it."""
        await self.child.aclose()


async def _address(child: Child, wanted: JsonObject) -> str:
    assert child.stdin is not None
    line = b""
    try:
        await child.stdin.send(json.dumps(wanted).encode() + b"\n")
        line = await _first_line(child.stdout)
    except anyio.BrokenResourceError:
        pass  # it died before it read; what it complained about tells why
    if not line.startswith(_READY):
        said = await _complaint(child)
        raise ProviderError("internal", f"llama.cpp could not load {wanted['model']}: {said or 'it gave no reason'}.")
    return line.removeprefix(_READY).decode().strip()


async def _first_line(pipe: PipeReader) -> bytes:
    data = bytearray()
    async for piece in pipe:
        data += piece
        if b"\n" in data or len(data) > _LONGEST_LINE:
            break
    return bytes(data).partition(b"\n")[0]


async def _complaint(child: Child) -> str:
    """The cause that llama.cpp names, else the last line of what the child wrote before it died."""
    data = bytearray()
    with anyio.move_on_after(_LAST_WORDS):
        async for piece in child.stderr:
            data += piece
            del data[:-_KEPT]
    text = data.decode("utf-8", "replace").strip()
    if cause := _CAUSE.search(text):
        return cause.group(1).strip()
    return _STAMP.sub("", text.rpartition("\n")[2])[:300].rstrip(".")
