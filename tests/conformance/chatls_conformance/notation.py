"""Conversations as they stand in files: `-->` is the client, `<--` the daemon, each line the body of one message
without `"jsonrpc": "2.0"`, as in docs/protocol.md. README.md tells the rest of the notation."""

import json
import re
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from chatls_conformance.framing import Json, frame


@dataclass(frozen=True)
class Line:
    """One line of a scene: what is done, and with what."""

    number: int
    verb: str
    words: tuple[str, ...] = ()
    """A token, names, numbers."""
    values: tuple[Any, ...] = ()
    """JSON values."""
    data: bytes = b""
    within: float | None = None
    """Seconds, where the protocol names a time."""


@dataclass(frozen=True)
class Scene:
    """What is said to try some rules."""

    file: str
    rules: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"{self.file}:{self.lines[0].number if self.lines else 0}"


@dataclass
class Talk:
    """A file of scenes, and the daemon that they are played with."""

    name: str
    capabilities: Json = field(default_factory=dict[str, Any])
    settings: Json = field(default_factory=dict[str, Any])
    needs: tuple[str, ...] = ()
    """Members of the server's `experimental.chat` that have to be true."""
    alone: bool = False
    """Each scene has a daemon of its own, that nobody has greeted."""
    before: list[Line] = field(default_factory=list[Line])
    """Files that there are."""
    scenes: list[Scene] = field(default_factory=list[Scene])


class NotationError(Exception):
    """A line that says nothing."""


_WITHIN = re.compile(r"\((\d+(?:\.\d+)?)\)\s*")
_DECODER = json.JSONDecoder()


def read_talks(folder: str) -> list[Talk]:
    """All files of a folder of the package, by name."""
    found = [item for item in files("chatls_conformance").joinpath(folder).iterdir() if item.name.endswith(".talk")]
    return [parse(item.name, item.read_text("utf-8")) for item in sorted(found, key=lambda item: item.name)]


def parse(name: str, text: str) -> Talk:
    """Read a file. Raises `NotationError`."""
    talk = Talk(name)
    rules: tuple[str, ...] = ()
    lines: list[Line] = []
    for number, whole in _joined(text):
        try:
            if whole.startswith("== "):
                _close(talk, rules, lines)
                rules, lines = tuple(whole.split()[1:]), []
            elif rules:
                lines.append(_line(number, whole))
            else:
                _head(talk, number, whole)
        except ValueError as error:
            raise NotationError(f"{name}:{number}: {error}: {whole}") from error
    _close(talk, rules, lines)
    return talk


def _joined(text: str) -> list[tuple[int, str]]:
    """Lines that say something; one that begins with blanks goes on with the one before."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(" ") and found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        elif line.strip() and not line.startswith("#"):
            found.append((number, line.rstrip()))
    return found


def _close(talk: Talk, rules: tuple[str, ...], lines: list[Line]) -> None:
    if rules:
        talk.scenes.append(Scene(talk.name, rules, tuple(lines)))


def _head(talk: Talk, number: int, whole: str) -> None:
    verb, _, rest = whole.partition(" ")
    match verb:
        case "client":
            talk.capabilities = json.loads(rest)
        case "settings":
            talk.settings = json.loads(rest)
        case "needs":
            talk.needs = tuple(rest.split())
        case "alone":
            talk.alone = True
        case _:
            talk.before.append(_line(number, whole))


def _line(number: int, whole: str) -> Line:
    verb, _, rest = whole.partition(" ")
    within = None
    if found := _WITHIN.match(rest):
        within, rest = float(found[1]), rest[found.end() :]
    if verb == "-->" and rest.startswith(("frame ", "bytes ")):
        kind, _, text = rest.partition(" ")
        data = _bytes(text)
        return Line(number, "write", data=frame(data) if kind == "frame" else data)
    words, values = _pieces(rest)
    return Line(number, verb, words, values, within=within)


def _pieces(text: str) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """The words at the beginning, and the JSON values behind them."""
    words: list[str] = []
    values: list[Any] = []
    text = text.strip()
    while text:
        if text[0] in '{["' or values:
            value, end = _DECODER.raw_decode(text)
            values.append(value)
        else:
            word = text.split(None, 1)[0]
            words.append(word)
            end = len(word)
        text = text[end:].strip()
    return tuple(words), tuple(values)


def _bytes(text: str) -> bytes:
    """JSON texts, one character a byte; `* NUMBER` behind one repeats it."""
    data = b""
    text = text.strip()
    while text:
        value, end = _DECODER.raw_decode(text)
        text = text[end:].strip()
        times = 1
        if found := re.match(r"\*\s*(\d+)\s*", text):
            times, text = int(found[1]), text[found.end() :]
        data += value.encode("latin-1") * times
    return data
