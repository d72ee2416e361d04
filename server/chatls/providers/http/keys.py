"""Where a provider's API key comes from, and how it is kept out of everything that people and programs read."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

import anyio

from chatls.children.pipes import PipeReader
from chatls.children.process import Child
from chatls.errors import ProviderError, SettingsError
from chatls.jsontext import dumps

_LONGEST_OUTPUT = 65536
_LAST_WORDS = 1.0
"""Seconds for output to arrive once the command has ended."""
_SHORTEST_SECRET = 6
"""Characters; blotting out anything shorter would blot out ordinary words."""
_LEAST_IN_BASE64 = 9


_printed: set[str] = set()


def known_keys(environment: Mapping[str, str], names: Iterable[str]) -> list[str]:
    """What must not be written down: the values of these variables, and what commands printed."""
    return [*[environment[name] for name in names if name in environment], *_printed]


class ApiKey:
    """A key that is known, or the command that prints it, which runs at first use."""

    def __init__(self, hint: str, value: str = "", command: tuple[str, ...] = ()) -> None:
        self.hint = hint
        """Where it comes from, for people; never the key itself."""
        self._value = value
        self._command = command
        self._running = anyio.Lock()

    @property
    def known(self) -> tuple[str, ...]:
        """What has to be blotted out."""
        return (self._value,) if self._value else ()

    async def get(self) -> str:
        """The key. Raises `ProviderError` (unauthorized) if there is none that can be sent."""
        async with self._running:
            if not self._value:
                self._value = await self._printed()
                _printed.add(self._value)
        if not is_sendable(self._value):
            raise ProviderError("unauthorized", f"{self.hint} holds characters that no request can carry.")
        return self._value

    async def _printed(self) -> str:
        """What the command prints. Its words never show: they may hold the key."""
        try:
            output, code = await _run(self._command)
        except OSError as error:
            raise ProviderError("unauthorized", f"{self.hint} cannot be started: {error.strerror}.") from error
        lines = output.decode("utf-8", "replace").split()
        if code != 0 or not lines:
            what = f"ended with exit code {code}" if code else "printed nothing"
            raise ProviderError("unauthorized", f"{self.hint} {what}. Run it by hand to see why.")
        return lines[0]


class Blotter:
    """Replaces secrets by `[key]`, wherever a server echoes them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {text for text in secrets if len(text) >= _SHORTEST_SECRET}
        self._secrets = sorted({form for text in known for form in _forms(text)}, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """The text without them.

        >>> Blotter(["sk-12345"]).clean("wrong key sk-12345!")
        'wrong key [key]!'
        >>> Blotter(["sk+12345/6789"]).clean("?k=sk%2B12345%2F6789 Basic bWU6c2srMTIzNDUvNjc4OQ==")
        '?k=[key] Basic bWU6[key]Q=='
        """
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        return text


def _forms(secret: str) -> Iterator[str]:
    """How it may be written: as it is, without the word before it in a header, in an address, inside of base64."""
    yield secret
    scheme, _, bare = secret.partition(" ")
    if scheme in ("Basic", "Bearer") and len(bare) >= _SHORTEST_SECRET:
        yield bare
    yield quote(secret, safe="")
    if len(secret) >= _LEAST_IN_BASE64:
        data = secret.encode("utf-8", "replace")
        for before in range(3):  # what stands before it shifts it; its ends share characters with what stands around
            yield b64encode(bytes(before) + data).decode()[(before * 4 + 2) // 3 : (before + len(data)) * 4 // 3]


def without_keys(keys: Iterable[str], text: str) -> str:
    """JSON text without keys, however they are written in it.

    >>> without_keys(['sk-"quoted"'], '{"text": "sk-\\\\"quoted\\\\""}')
    '{"text": "[key]"}'
    """
    known = list(keys)
    return Blotter([*known, *(dumps(key)[1:-1].decode() for key in known)]).clean(text)


def check_headers(headers: Mapping[str, str], where: str) -> None:
    """Raise `SettingsError` for a header that cannot be sent; it names the header, never its value."""
    for name, value in headers.items():
        if not is_sendable(name) or not name or not is_sendable(value):
            raise SettingsError(f"{where}: the header {name!r} holds characters that no request can carry")


def is_sendable(text: str) -> bool:
    """Whether a request header can carry it: visible ASCII and blanks inside.

    >>> is_sendable("Bearer x"), is_sendable("a\\nb"), is_sendable("schlüssel")
    (True, False, False)
    """
    return text.isascii() and text.isprintable() and text == text.strip()


async def _drain(pipe: PipeReader, into: bytearray) -> None:
    async for data in pipe:
        into += data[: _LONGEST_OUTPUT - len(into)]


async def _run(command: tuple[str, ...]) -> tuple[bytes, int]:
    """Everything that a command prints, and its exit code. Raises `OSError` if it cannot be started."""
    output, code = bytearray(), -1
    async with await Child.start(command, guarded=True) as child, anyio.create_task_group() as tasks:
        tasks.start_soon(_drain, child.stderr, bytearray())
        tasks.start_soon(_drain, child.stdout, output)
        code = await child.wait()
        # Something that it left behind may hold the pipes open for ever.
        tasks.cancel_scope.deadline = anyio.current_time() + _LAST_WORDS
    return bytes(output), code
